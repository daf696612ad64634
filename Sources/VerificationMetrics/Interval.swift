/// An interval for a rate or a difference of rates, and what may be claimed of it.
public struct Interval: Hashable, Sendable, Codable {
    /// What an interval leaves out; a report must print it.
    public enum Caveat: String, Hashable, Sendable, Codable, CustomStringConvertible {
        /// The threshold was taken as given, though the same data chose it.
        case thresholdUncertaintyOmitted = "threshold-uncertainty-omitted"
        /// Comparisons that share a subject were counted as independent.
        case subjectsTakenAsIndependent = "subjects-taken-as-independent"
        /// All replicates gave one value: the data are too few to show any spread, which is not a spread of zero. Wilson's
        /// interval then counts each subject once; percentiles have no width.
        case noVariation = "no-variation"
        /// Some replicates held no genuine or no impostor comparison and were left out.
        case replicatesDiscarded = "replicates-discarded"
        /// The FAR target allows less than one impostor of these data.
        case unresolvedTarget = "unresolved-target"

        /// The caveat in words, without a full stop.
        public var description: String {
            switch self {
            case .thresholdUncertaintyOmitted: "the uncertainty of the threshold itself is left out"
            case .subjectsTakenAsIndependent: "comparisons that share a subject are taken as independent"
            case .noVariation: "every replicate gave the same value: too few data to show a spread"
            case .replicatesDiscarded: "replicates without genuine or impostor comparisons were left out"
            case .unresolvedTarget: "the FAR target allows less than one impostor comparison"
            }
        }
    }

    /// The lower end.
    public let low: Double
    /// The upper end.
    public let high: Double
    /// The nominal coverage: 0.95.
    public let level: Double
    /// How it was made.
    public let method: Method
    /// How many replicates it rests on; 0 for a method without.
    public let replicates: Int
    /// The number of independent trials that would spread as the replicates do; nil for a method without.
    public let effectiveCount: Double?
    /// What it leaves out.
    public let caveats: [Caveat]

    /// Wraps an interval.
    public init(
        low: Double,
        high: Double,
        level: Double,
        method: Method,
        replicates: Int,
        effectiveCount: Double? = nil,
        caveats: [Caveat]
    ) {
        self.low = low
        self.high = high
        self.level = level
        self.method = method
        self.replicates = replicates
        self.effectiveCount = effectiveCount
        self.caveats = caveats
    }
}

extension Interval {
    /// How an interval was made; its ``description`` stands wherever an interval stands.
    public enum Method: String, Hashable, Sendable, Codable, CaseIterable, CustomStringConvertible {
        /// Wilson's interval on the number of independent trials that would spread as the rate does over resampled subjects;
        /// the threshold is found anew in each replicate.
        case subjectBootstrapWilson = "subject-bootstrap-wilson"
        /// Percentiles over resampled subjects; the threshold is found anew in each replicate.
        case subjectBootstrap = "subject-bootstrap"
        /// Wilson's interval on the number of independent trials that a variance linearised over subjects amounts to.
        case subjectLinearised = "subject-linearised-wilson"
        /// Wilson's score interval at a fixed threshold.
        case wilson

        /// The method in a few words, for a table's heading or a line of text.
        public var description: String {
            switch self {
            case .subjectBootstrapWilson: "subject bootstrap, Wilson on n_eff"
            case .subjectBootstrap: "subject bootstrap, percentiles"
            case .subjectLinearised: "linearised over subjects, Wilson on n_eff"
            case .wilson: "Wilson on bare scores: covers 45–87 %"
            }
        }
    }
}

extension Interval {
    /// Wilson's score interval for a share, the fallback where no subjects are known.
    ///
    /// Source: E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, 1927; without
    /// continuity correction.
    ///
    /// - Parameters:
    ///   - successes: Accepted comparisons, 0 … `trials`.
    ///   - trials: All comparisons.
    ///   - level: Nominal coverage, in (0, 1).
    /// - Returns: The interval with its caveats, or `noGenuine` without trials.
    public static func wilson(successes: Int, trials: Int, level: Double = 0.95) -> Outcome<Interval> {
        precondition(successes >= 0 && successes <= max(trials, 0), "successes must be in 0 ... trials")
        guard trials > 0 else { return .failure(.noGenuine) }
        guard let deviate = normalDeviate((1 + level) / 2) else { preconditionFailure("level must be in (0, 1)") }
        let ends = wilsonEnds(share: Double(successes) / Double(trials), count: Double(trials), deviate: deviate)
        return .success(
            Interval(
                low: ends.low,
                high: ends.high,
                level: level,
                method: .wilson,
                replicates: 0,
                caveats: [.thresholdUncertaintyOmitted, .subjectsTakenAsIndependent]
            )
        )
    }

    static func wilsonEnds(share: Double, count: Double, deviate: Double) -> (low: Double, high: Double) {
        let square = deviate * deviate
        let centre = (share + square / (2 * count)) / (1 + square / count)
        let variance = share * (1 - share) / count + square / (4 * count * count)
        let reach = deviate * variance.squareRoot() / (1 + square / count)
        // At the ends the formula gives 0 and 1 up to rounding.
        return (share == 0 ? 0 : max(0, centre - reach), share == 1 ? 1 : min(1, centre + reach))
    }

    /// Wilson's interval on an effective number of trials: n_eff = p(1−p)/Var, with Var that of bootstrap replicates.
    ///
    /// - Var is S/(S−1) times the variance of the S subjects' replicates, less what products of weights give the threshold
    ///   too much: (1 − `observed.thresholdShare`) times the variance of the data's TAR at the replicates' thresholds.
    /// - The normal deviate is replaced by Student's with S−1 degrees of freedom: Var is estimated from S subjects.
    /// - n_eff is never more than the number of trials, and where nothing varies it is S, with the normal deviate.
    /// - Where the data give 0 or 1 and yet the replicates vary, p(1−p) is that of their mean.
    /// - Where fewer than 3 effective trials fail (or succeed), the end on that side is the lower end for a Poisson mean at
    ///   one-sided `level`: Wilson's misses there (L. D. Brown, T. T. Cai and A. DasGupta, *Interval estimation for a
    ///   binomial proportion*, 2001, section 4.1.1).
    ///
    /// - Parameters:
    ///   - observed: The rate of the data themselves.
    ///   - values: One per replicate that has one.
    ///   - drawn: How many replicates were drawn.
    ///   - level: Nominal coverage, in (0, 1).
    ///   - caveats: What else it leaves out.
    static func effectiveWilson(
        _ observed: ObservedRate,
        values: [ReplicateRate],
        drawn: Int,
        level: Double,
        caveats: [Caveat]
    ) -> Outcome<Interval> {
        guard values.count * 2 > drawn, let first = values.first else { return .failure(.tooFewReplicates) }
        guard let deviate = normalDeviate((1 + level) / 2), let oneSided = normalDeviate(level) else {
            preconditionFailure("level must be in (0, 1)")
        }
        let subjects = Double(observed.subjects)
        let rates = values.map(\.tar)
        let varies = values.contains { $0.tar != first.tar }
        let total = rates.variance
        // What is left is never less than half of what it was: the two estimates are of different kinds.
        let surplus = (1 - observed.thresholdShare) * values.map(\.dataTAR).variance
        let variance = max(total - surplus, total / 2) * subjects / max(subjects - 1, 1)
        let mean = rates.reduce(0, +) / Double(rates.count)
        let share = observed.rate > 0 && observed.rate < 1 ? observed.rate : mean
        let count = varies ? min(share * (1 - share) / variance, Double(observed.trials)) : subjects
        var ends = wilsonEnds(
            share: observed.rate,
            count: count,
            deviate: varies ? studentDeviate(deviate, freedom: max(subjects - 1, 1)) : deviate
        )
        if let fails = poissonLow(count * (1 - observed.rate), oneSided) {
            ends.high = max(ends.high, 1 - fails / count)
        }
        if let succeeds = poissonLow(count * observed.rate, oneSided) { ends.low = min(ends.low, succeeds / count) }
        var caveats = caveats
        if !varies { caveats.append(.noVariation) }
        if values.count < drawn { caveats.append(.replicatesDiscarded) }
        return .success(
            Interval(
                low: ends.low,
                high: ends.high,
                level: level,
                method: .subjectBootstrapWilson,
                replicates: values.count,
                effectiveCount: count,
                caveats: caveats
            )
        )
    }

    /// Student's quantile from the normal one: the first terms of Cornish and Fisher's expansion, within 2 % from 4 degrees
    /// of freedom on.
    static func studentDeviate(_ deviate: Double, freedom: Double) -> Double {
        let (z, z3) = (deviate, deviate * deviate * deviate)
        let z5 = z3 * z * z
        return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom)
    }

    /// The lower end for a Poisson mean of which a few events were seen, by Wilson and Hilferty's form of the gamma
    /// quantile; nil for none or more than 3.
    private static func poissonLow(_ events: Double, _ deviate: Double) -> Double? {
        guard events > 0, events <= 3 else { return nil }
        let root = 1 - 1 / (9 * events) - deviate / (3 * events.squareRoot())
        return root > 0 ? events * root * root * root : 0
    }

    /// The percentile interval of bootstrap replicates.
    ///
    /// - Parameters:
    ///   - values: One per replicate that has one.
    ///   - drawn: How many replicates were drawn.
    ///   - level: Nominal coverage, in (0, 1).
    ///   - caveats: What else it leaves out.
    static func percentiles(
        of values: [Double],
        drawn: Int,
        level: Double,
        caveats: [Caveat]
    ) -> Outcome<Interval> {
        guard values.count * 2 > drawn else { return .failure(.tooFewReplicates) }
        let sorted = values.sorted()
        guard let lowest = sorted.first, let highest = sorted.last else { return .failure(.tooFewReplicates) }
        var caveats = caveats
        if lowest == highest { caveats.append(.noVariation) }
        if values.count < drawn { caveats.append(.replicatesDiscarded) }
        return .success(
            Interval(
                low: sorted.quantile((1 - level) / 2),
                high: sorted.quantile((1 + level) / 2),
                level: level,
                method: .subjectBootstrap,
                replicates: values.count,
                caveats: caveats
            )
        )
    }
}

extension [Double] {
    /// The variance with n − 1 in the denominator; 0 for a single value.
    var variance: Double {
        let mean = reduce(0, +) / Double(count)
        return reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(Swift.max(count - 1, 1))
    }

    /// In a sorted array: the quantile by linear interpolation between order statistics (R's type 7, NumPy's default).
    func quantile(_ share: Double) -> Double {
        let position = share * Double(count - 1)
        let below = Swift.min(Swift.max(Int(position.rounded(.down)), 0), count - 1)
        let above = Swift.min(below + 1, count - 1)
        return self[below] + (position - Double(below)) * (self[above] - self[below])
    }
}

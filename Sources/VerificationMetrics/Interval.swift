/// An interval for a rate or a difference of rates, and what may be claimed of it.
public struct Interval: Hashable, Sendable {
    /// How an interval was made.
    public enum Method: String, Hashable, Sendable {
        /// Percentiles over resampled subjects; the threshold is found anew in each replicate.
        case subjectBootstrap = "subject-bootstrap"
        /// Wilson's score interval at a fixed threshold.
        case wilson
    }

    /// What an interval leaves out; a report must print it.
    public enum Caveat: String, Hashable, Sendable, CustomStringConvertible {
        /// The threshold was taken as given, though the same data chose it.
        case thresholdUncertaintyOmitted = "threshold-uncertainty-omitted"
        /// Comparisons that share a subject were counted as independent.
        case subjectsTakenAsIndependent = "subjects-taken-as-independent"
        /// All replicates gave one value: the data are too few to show any spread, which is not a spread of zero.
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
    /// What it leaves out.
    public let caveats: [Caveat]

    /// Wraps an interval.
    public init(low: Double, high: Double, level: Double, method: Method, replicates: Int, caveats: [Caveat]) {
        self.low = low
        self.high = high
        self.level = level
        self.method = method
        self.replicates = replicates
        self.caveats = caveats
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
        let count = Double(trials)
        let share = Double(successes) / count
        let square = deviate * deviate
        let centre = (share + square / (2 * count)) / (1 + square / count)
        let variance = share * (1 - share) / count + square / (4 * count * count)
        let reach = deviate * variance.squareRoot() / (1 + square / count)
        return .success(
            Interval(
                // At the ends the formula gives 0 and 1 up to rounding.
                low: successes == 0 ? 0 : max(0, centre - reach),
                high: successes == trials ? 1 : min(1, centre + reach),
                level: level,
                method: .wilson,
                replicates: 0,
                caveats: [.thresholdUncertaintyOmitted, .subjectsTakenAsIndependent]
            )
        )
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
    /// In a sorted array: the quantile by linear interpolation between order statistics (R's type 7, NumPy's default).
    func quantile(_ share: Double) -> Double {
        let position = share * Double(count - 1)
        let below = Swift.min(Swift.max(Int(position.rounded(.down)), 0), count - 1)
        let above = Swift.min(below + 1, count - 1)
        return self[below] + (position - Double(below)) * (self[above] - self[below])
    }
}

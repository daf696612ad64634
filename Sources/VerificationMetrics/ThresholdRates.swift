internal import Parallelism

/// A rate and an interval for it.
public struct MeasuredRate: Hashable, Sendable, Codable {
    /// The share, in [0, 1].
    public let rate: Double
    public let interval: Outcome<Interval>

    public init(rate: Double, interval: Outcome<Interval>) {
        self.rate = rate
        self.interval = interval
    }

    /// The share of images or templates that failed, taken as independent; nil where the counts are not known.
    public init?(failed: Int?, of total: Int?) {
        guard let failed, let total, total > 0, (0...total).contains(failed) else { return nil }
        rate = Double(failed) / Double(total)
        interval = Interval.wilson(successes: failed, trials: total).map { $0.without(.thresholdUncertaintyOmitted) }
    }
}

/// The error rates of a given threshold: of one that was not chosen on the same scores.
///
/// FMR and FNMR are those of ISO/IEC 19795-1: of the comparisons whose templates exist. FAR and FRR are its generalised
/// rates: a comparison of a template that failed to enrol counts as rejected.
public struct ThresholdRates: Hashable, Sendable, Codable {
    /// Scores from here on are accepted.
    public let threshold: Double
    public let acceptedImpostors: Int
    public let acceptedGenuine: Int
    /// Accepted impostors over impostors with a score.
    public let fmr: Outcome<MeasuredRate>
    /// Rejected genuines over genuines with a score.
    public let fnmr: Outcome<MeasuredRate>
    /// Accepted impostors over all impostors.
    public let far: Outcome<MeasuredRate>
    /// Rejected genuines over all genuines.
    public let frr: Outcome<MeasuredRate>

    /// Measures thresholds.
    ///
    /// The intervals resample subjects where `subjects` and `bootstrap` are given, and are Wilson's on bare scores otherwise;
    /// the threshold stays as it is.
    ///
    /// - Parameters:
    ///   - thresholds: In any order.
    ///   - scores: One per comparison; −∞ where a template failed to enrol.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - subjects: Whom each comparison compares, where known.
    ///   - bootstrap: How subjects are resampled.
    ///   - level: Nominal coverage of Wilson's intervals on bare scores.
    /// - Throws: ``MetricsError`` for scores, labels or subjects that do not fit.
    public static func measure(
        _ thresholds: [Double],
        scores: ScoreValues,
        labels: [UInt8],
        subjects: ComparisonSubjects?,
        bootstrap: SubjectBootstrap?,
        level: Double = 0.95
    ) throws(MetricsError) -> [ThresholdRates] {
        guard scores.count == labels.count else {
            throw MetricsError(.countMismatch, "\(scores.count) scores but \(labels.count) labels")
        }
        guard !thresholds.isEmpty else { return [] }
        let decided = thresholds.map { DecidedComparisons(scores, labels, threshold: $0) }
        guard let subjects, let bootstrap else {
            return decided.map { decided in
                ThresholdRates(decided) { _, count, trials in
                    Interval.wilson(successes: count, trials: trials, level: level)
                        .map { $0.without(.thresholdUncertaintyOmitted) }
                }
            }
        }
        try scores.check(labels: labels, subjects: subjects)
        let resampling = ThresholdResampling(decided, labels: labels, subjects: subjects)
        guard resampling.subjectCount >= 2 else {
            return decided.map { ThresholdRates($0) { _, _, _ in .failure(.tooFewSubjects) } }
        }
        let replicates = resampling.run(bootstrap)
        return decided.enumerated()
            .map { index, decided in
                ThresholdRates(decided) { rate, count, trials in
                    bootstrap.interval(
                        ObservedRate(
                            rate: Double(count) / Double(trials),
                            trials: trials,
                            subjects: rate.isOfGenuine ? resampling.genuineSubjectCount : resampling.subjectCount
                        ),
                        values: replicates.map { rate.share(of: $0[index]) },
                        caveats: []
                    )
                }
            }
    }

    private init(_ decided: DecidedComparisons, _ interval: (ErrorRate, Int, Int) -> Outcome<Interval>) {
        func measured(_ rate: ErrorRate) -> Outcome<MeasuredRate> {
            let count = rate.errors.reduce(0) { $0 + decided.counts[$1.rawValue] }
            let trials = rate.trials.reduce(0) { $0 + decided.counts[$1.rawValue] }
            guard trials > 0 else { return .failure(decided.isEmpty(rate.isOfGenuine) ? rate.noTrials : .allRejected) }
            return .success(
                MeasuredRate(rate: Double(count) / Double(trials), interval: interval(rate, count, trials))
            )
        }
        threshold = decided.threshold
        acceptedImpostors = decided.counts[Decision.acceptedImpostor.rawValue]
        acceptedGenuine = decided.counts[Decision.acceptedGenuine.rawValue]
        fmr = measured(.fmr)
        fnmr = measured(.fnmr)
        far = measured(.far)
        frr = measured(.frr)
    }
}

extension Interval {
    /// The same interval where a caveat does not hold.
    fileprivate func without(_ caveat: Caveat) -> Interval {
        Interval(
            low: low,
            high: high,
            level: level,
            method: method,
            replicates: replicates,
            caveats: caveats.filter { $0 != caveat }
        )
    }
}

/// What becomes of a comparison at a threshold; the rejected have no score.
private enum Decision: Int, CaseIterable {
    case acceptedGenuine, missedGenuine, rejectedGenuine
    case acceptedImpostor, rejectedImpostor, otherImpostor
}

/// Which comparisons a rate counts, and out of which.
private struct ErrorRate: Sendable {
    let errors: [Decision]
    let trials: [Decision]
    let isOfGenuine: Bool

    static let fmr = ErrorRate(
        errors: [.acceptedImpostor],
        trials: [.acceptedImpostor, .otherImpostor],
        isOfGenuine: false
    )
    static let far = ErrorRate(
        errors: [.acceptedImpostor],
        trials: [.acceptedImpostor, .rejectedImpostor, .otherImpostor],
        isOfGenuine: false
    )
    static let fnmr = ErrorRate(
        errors: [.missedGenuine],
        trials: [.acceptedGenuine, .missedGenuine],
        isOfGenuine: true
    )
    static let frr = ErrorRate(
        errors: [.missedGenuine, .rejectedGenuine],
        trials: [.acceptedGenuine, .missedGenuine, .rejectedGenuine],
        isOfGenuine: true
    )

    var noTrials: UndefinedResult { isOfGenuine ? .noGenuine : .noImpostor }

    /// The rate of a replicate's weights, by decision; nil without trials.
    func share(of weights: [UInt64]) -> Double? {
        let total = trials.reduce(0) { $0 + weights[$1.rawValue] }
        return total > 0 ? Double(errors.reduce(0) { $0 + weights[$1.rawValue] }) / Double(total) : nil
    }
}

/// What a threshold decides of each comparison.
private struct DecidedComparisons {
    let threshold: Double
    /// Comparisons by decision, without the other impostors, of whom there may be millions.
    private(set) var lists = [[UInt32]](repeating: [], count: Decision.otherImpostor.rawValue)
    /// How many comparisons each decision has.
    private(set) var counts = [Int](repeating: 0, count: Decision.allCases.count)

    init(_ scores: ScoreValues, _ labels: [UInt8], threshold: Double) {
        self.threshold = threshold
        switch scores {
        case .single(let scores): decide(scores, labels)
        case .double(let scores): decide(scores, labels)
        }
    }

    private mutating func decide<Score: RadixScore>(_ scores: [Score], _ labels: [UInt8]) {
        var otherImpostors = 0
        for (index, score) in scores.enumerated() {
            let isGenuine = labels[index] == 1
            let decision: Decision
            if Double(score) >= threshold {
                decision = isGenuine ? .acceptedGenuine : .acceptedImpostor
            } else if score == -.infinity {
                decision = isGenuine ? .rejectedGenuine : .rejectedImpostor
            } else if isGenuine {
                decision = .missedGenuine
            } else {
                otherImpostors += 1
                continue
            }
            lists[decision.rawValue].append(UInt32(truncatingIfNeeded: index))
        }
        counts = lists.map(\.count) + [otherImpostors]
    }

    /// Whether there is no genuine, or no impostor comparison.
    func isEmpty(_ isOfGenuine: Bool) -> Bool { (isOfGenuine ? counts[..<3] : counts[3...]).allSatisfy { $0 == 0 } }
}

/// Resampled subjects with thresholds that stay.
private struct ThresholdResampling: Sendable {
    private let lists: [[ComparisonRows]]
    private let pairs: PairCounts
    let subjectCount: Int
    let genuineSubjectCount: Int

    init(_ decided: [DecidedComparisons], labels: [UInt8], subjects: ComparisonSubjects) {
        let numbering = SubjectNumbering(subjects)
        subjectCount = numbering.count
        pairs = PairCounts(subjects: subjects, labels: labels, numbering: numbering)
        lists = decided.map { $0.lists.map { ComparisonRows($0, subjects, numbering) } }
        genuineSubjectCount = Set(lists.first.map { $0[..<3].flatMap(\.first) } ?? []).count
    }

    /// The weights of every replicate at every threshold by decision: `[replicates][thresholds][decisions]`.
    func run(_ bootstrap: SubjectBootstrap) -> [[[UInt64]]] {
        let blocks = ThreadPool(bootstrap.threads)
            .map(ReplicateWeights.blockCount(bootstrap.replicates)) { weights($0, seed: bootstrap.seed) }
        return Array(blocks.joined().prefix(bootstrap.replicates))
    }

    private func weights(_ block: Int, seed: UInt64) -> [[[UInt64]]] {
        let weights = ReplicateWeights(
            seed: seed,
            firstReplicate: block * ReplicateWeights.laneCount,
            subjectCount: subjectCount
        )
        let impostors = pairs.totals(weights)
        let sums = lists.map { $0.map { $0.totals(weights) } }
        return (0..<ReplicateWeights.laneCount)
            .map { lane in
                sums.map { sums in
                    let listed = sums.map { $0[lane] }
                    return listed + [impostors[lane] - listed[3] - listed[4]]
                }
            }
    }
}

extension ComparisonRows {
    /// The weight of all comparisons in each of 64 replicates.
    fileprivate func totals(_ weights: ReplicateWeights) -> [UInt64] {
        var sum = LaneSum()
        for start in stride(from: 0, to: count, by: weights.room) {
            sum.add(self, start..<Swift.min(start + weights.room, count), weights)
        }
        return sum.wide
    }
}

public import LargeArrays

/// A rate and an interval for it.
public struct MeasuredRate: Hashable, Sendable {
    /// The share, in [0, 1].
    public let rate: Double
    /// An interval for it.
    public let interval: Outcome<Interval>
}

/// The error rates of a given threshold: of one that was not chosen on the same scores.
///
/// FMR and FNMR are those of ISO/IEC 19795-1: of the comparisons whose templates exist. FAR and FRR are its generalised
/// rates: a comparison of a template that failed to enrol counts as rejected.
public struct ThresholdRates: Hashable, Sendable {
    /// Scores from here on are accepted.
    public let threshold: Double
    /// What it accepts.
    public let accepted: AcceptedCounts
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
        labels: LargeArray<UInt8>,
        subjects: ComparisonSubjects?,
        bootstrap: SubjectBootstrap?,
        level: Double = 0.95
    ) async throws(MetricsError) -> [ThresholdRates] {
        guard scores.count == labels.count else {
            throw MetricsError(.countMismatch, "\(scores.count) scores but \(labels.count) labels")
        }
        guard !thresholds.isEmpty else { return [] }
        let decisions = thresholds.map { DecidedComparisons(scores, labels, threshold: $0) }
        guard let subjects, let bootstrap else {
            return zip(thresholds, decisions)
                .map { threshold, decided in
                    ThresholdRates(threshold, decided) { count, trials in
                        Interval.wilson(successes: count, trials: trials, level: level)
                            .map { $0.without(.thresholdUncertaintyOmitted) }
                    }
                }
        }
        try scores.check(labels: labels, subjects: subjects)
        let resampling = ThresholdResampling(decisions, labels: labels, subjects: subjects)
        guard resampling.subjectCount >= 2 else {
            return zip(thresholds, decisions)
                .map { threshold, decided in ThresholdRates(threshold, decided) { _, _ in .failure(.tooFewSubjects) } }
        }
        let replicates = await resampling.run(bootstrap)
        return thresholds.indices.map { index in
            let decided = decisions[index]
            let drawn = replicates.map { $0.map { $0[index] } }
            func interval(_ count: Int, _ trials: Int, _ subjects: Int, _ value: (ReplicateWeight) -> Double?)
                -> Outcome<Interval>
            {
                bootstrap.interval(
                    ObservedRate(rate: Double(count) / Double(max(trials, 1)), trials: trials, subjects: subjects),
                    values: drawn.map { $0.flatMap(value) },
                    caveats: []
                )
            }
            let (genuine, impostor) = (resampling.genuineSubjectCount, resampling.subjectCount)
            return ThresholdRates(
                threshold: thresholds[index],
                accepted: decided.accepted,
                fmr: decided.fmr { interval($0, $1, impostor, \.fmr) },
                fnmr: decided.fnmr { interval($0, $1, genuine, \.fnmr) },
                far: decided.far { interval($0, $1, impostor, \.far) },
                frr: decided.frr { interval($0, $1, genuine, \.frr) }
            )
        }
    }

    private init(
        _ threshold: Double,
        _ decided: DecidedComparisons,
        _ interval: (Int, Int) -> Outcome<Interval>
    ) {
        self.init(
            threshold: threshold,
            accepted: decided.accepted,
            fmr: decided.fmr(interval),
            fnmr: decided.fnmr(interval),
            far: decided.far(interval),
            frr: decided.frr(interval)
        )
    }

    private init(
        threshold: Double,
        accepted: AcceptedCounts,
        fmr: Outcome<MeasuredRate>,
        fnmr: Outcome<MeasuredRate>,
        far: Outcome<MeasuredRate>,
        frr: Outcome<MeasuredRate>
    ) {
        self.threshold = threshold
        self.accepted = accepted
        self.fmr = fmr
        self.fnmr = fnmr
        self.far = far
        self.frr = frr
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

/// What a threshold decides of each comparison.
private struct DecidedComparisons: Sendable {
    /// Comparisons by what becomes of them; only accepted impostors are listed, of the others there may be millions.
    var acceptedGenuine: [UInt32] = []
    var missedGenuine: [UInt32] = []
    var rejectedGenuine: [UInt32] = []
    var acceptedImpostors: [UInt32] = []
    var rejectedImpostors: [UInt32] = []
    var impostorCount = 0

    init(_ scores: ScoreValues, _ labels: LargeArray<UInt8>, threshold: Double) {
        switch scores {
        case .single(let scores): add(scores, labels, threshold)
        case .double(let scores): add(scores, labels, threshold)
        }
    }

    private mutating func add<Score: RadixScore>(
        _ scores: LargeArray<Score>,
        _ labels: LargeArray<UInt8>,
        _ threshold: Double
    ) {
        var decided = self
        scores.forEachBlock(with: labels) { start, scores, labels in
            for index in 0..<labels.count {
                let place = UInt32(truncatingIfNeeded: start + index)
                let isAccepted = Double(scores[index]) >= threshold
                if labels[index] == 1 {
                    if isAccepted {
                        decided.acceptedGenuine.append(place)
                    } else if scores[index] > -.infinity {
                        decided.missedGenuine.append(place)
                    } else {
                        decided.rejectedGenuine.append(place)
                    }
                } else {
                    decided.impostorCount += 1
                    if isAccepted {
                        decided.acceptedImpostors.append(place)
                    } else if scores[index] == -.infinity {
                        decided.rejectedImpostors.append(place)
                    }
                }
            }
        }
        self = decided
    }

    var accepted: AcceptedCounts {
        AcceptedCounts(impostors: acceptedImpostors.count, genuine: acceptedGenuine.count)
    }

    func fmr(_ interval: (Int, Int) -> Outcome<Interval>) -> Outcome<MeasuredRate> {
        rate(acceptedImpostors.count, impostorCount - rejectedImpostors.count, impostorCount, .noImpostor, interval)
    }

    func far(_ interval: (Int, Int) -> Outcome<Interval>) -> Outcome<MeasuredRate> {
        rate(acceptedImpostors.count, impostorCount, impostorCount, .noImpostor, interval)
    }

    func fnmr(_ interval: (Int, Int) -> Outcome<Interval>) -> Outcome<MeasuredRate> {
        let scored = acceptedGenuine.count + missedGenuine.count
        return rate(missedGenuine.count, scored, scored + rejectedGenuine.count, .noGenuine, interval)
    }

    func frr(_ interval: (Int, Int) -> Outcome<Interval>) -> Outcome<MeasuredRate> {
        let rejected = missedGenuine.count + rejectedGenuine.count
        let all = acceptedGenuine.count + rejected
        return rate(rejected, all, all, .noGenuine, interval)
    }

    private func rate(
        _ count: Int,
        _ trials: Int,
        _ all: Int,
        _ none: UndefinedResult,
        _ interval: (Int, Int) -> Outcome<Interval>
    ) -> Outcome<MeasuredRate> {
        guard trials > 0 else { return .failure(all > 0 ? .allRejected : none) }
        return .success(MeasuredRate(rate: Double(count) / Double(trials), interval: interval(count, trials)))
    }
}

/// The weights of one replicate at one threshold.
private struct ReplicateWeight: Sendable {
    var acceptedGenuine: UInt64
    var missedGenuine: UInt64
    var rejectedGenuine: UInt64
    var acceptedImpostors: UInt64
    var rejectedImpostors: UInt64
    var impostors: UInt64

    var fmr: Double? { Self.share(acceptedImpostors, impostors - rejectedImpostors) }
    var far: Double? { Self.share(acceptedImpostors, impostors) }
    var fnmr: Double? { Self.share(missedGenuine, acceptedGenuine + missedGenuine) }
    var frr: Double? {
        Self.share(missedGenuine + rejectedGenuine, acceptedGenuine + missedGenuine + rejectedGenuine)
    }

    private static func share(_ count: UInt64, _ total: UInt64) -> Double? {
        total > 0 ? Double(count) / Double(total) : nil
    }
}

/// Resampled subjects with thresholds that stay.
private struct ThresholdResampling: Sendable {
    private let lists: [[ComparisonRows]]
    private let pairs: PairCounts
    let subjectCount: Int
    let genuineSubjectCount: Int

    init(_ decisions: [DecidedComparisons], labels: LargeArray<UInt8>, subjects: ComparisonSubjects) {
        let numbering = SubjectNumbering(subjects)
        subjectCount = numbering.count
        pairs = PairCounts(subjects: subjects, labels: labels, numbering: numbering)
        lists = decisions.map { decided in
            [
                decided.acceptedGenuine, decided.missedGenuine, decided.rejectedGenuine, decided.acceptedImpostors,
                decided.rejectedImpostors,
            ]
            .map { ComparisonRows($0, subjects, numbering) }
        }
        genuineSubjectCount = Set(lists.first.map { $0[..<3].flatMap(\.first) } ?? []).count
    }

    /// The weights of every replicate at every threshold: `[replicates][thresholds]`.
    func run(_ bootstrap: SubjectBootstrap) async -> [[ReplicateWeight]?] {
        let blockCount = (bootstrap.replicates + ReplicateWeights.laneCount - 1) / ReplicateWeights.laneCount
        let threads = min(bootstrap.threads, blockCount)
        let blocks = await withTaskGroup(of: [Int: [[ReplicateWeight]]].self) { group in
            for worker in 0..<threads {
                group.addTask {
                    var done: [Int: [[ReplicateWeight]]] = [:]
                    for block in stride(from: worker, to: blockCount, by: threads) {
                        done[block] = weights(block, seed: bootstrap.seed)
                    }
                    return done
                }
            }
            var all: [Int: [[ReplicateWeight]]] = [:]
            for await part in group { all.merge(part) { $1 } }
            return all
        }
        return Array((0..<blockCount).flatMap { blocks[$0] ?? [] }.prefix(bootstrap.replicates))
    }

    private func weights(_ block: Int, seed: UInt64) -> [[ReplicateWeight]] {
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
                    ReplicateWeight(
                        acceptedGenuine: sums[0][lane],
                        missedGenuine: sums[1][lane],
                        rejectedGenuine: sums[2][lane],
                        acceptedImpostors: sums[3][lane],
                        rejectedImpostors: sums[4][lane],
                        impostors: impostors[lane]
                    )
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

/// How the accuracies of two systems differ over the same folds of the same pairs, LFW's way of measuring.
public struct FoldedDifference: Hashable, Sendable, Codable {
    public let folds: Int
    public let pairs: Int
    /// Accuracy of the first system.
    public let firstAccuracy: MeanAndDeviation
    /// Accuracy of the second.
    public let secondAccuracy: MeanAndDeviation
    /// The second's mean less the first's.
    public let difference: Double
    /// The standard error of ``difference`` over the folds.
    public let standardError: Double
    /// The lower end of an interval for ``difference``: leaves out zero exactly where ``pValue`` is at most 1 − level.
    public let low: Double
    /// The upper end.
    public let high: Double
    /// Nominal coverage of that interval.
    public let level: Double
    /// The paired t-test over folds, which have no subject in common: pairs of one subject may depend on each other.
    public let pValue: Double
    /// Pairs that only the second decides rightly.
    public let gained: Int
    /// Pairs that only the first decides rightly.
    public let lost: Int
    /// McNemar's exact test over pairs, as though all were independent.
    public let pairPValue: Double

    /// Compares two systems.
    ///
    /// - Parameters:
    ///   - first: One score per pair of the first system.
    ///   - second: Of the second, in the same order.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - folds: The fold of each pair.
    ///   - level: Nominal coverage of the interval.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit.
    public init(
        _ first: [Double],
        _ second: [Double],
        labels: [UInt8],
        folds: Folds,
        level: Double = 0.95
    ) throws(MetricsError) {
        try self.init(
            FoldedDecisions(first, labels: labels, folds: folds),
            FoldedDecisions(second, labels: labels, folds: folds),
            level: level
        )
    }

    init(_ first: FoldedDecisions, _ second: FoldedDecisions, level: Double) {
        folds = first.accuracies.count
        pairs = first.isRight.count
        firstAccuracy = MeanAndDeviation(of: first.accuracies)
        secondAccuracy = MeanAndDeviation(of: second.accuracies)
        self.level = level
        let differences = zip(first.accuracies, second.accuracies).map { $1 - $0 }
        let degrees = Double(differences.count - 1)
        difference = differences.mean
        standardError = (differences.variance / Double(differences.count)).squareRoot()
        let reach = standardError * Significance.studentDeviate(level: level, degreesOfFreedom: degrees)
        low = difference - reach
        high = difference + reach
        pValue = difference == 0 ? 1 : Significance.student(difference / standardError, degreesOfFreedom: degrees)
        gained = zip(first.isRight, second.isRight).count { !$0 && $1 }
        lost = zip(first.isRight, second.isRight).count { $0 && !$1 }
        pairPValue = Significance.signTest(gained: gained, lost: lost)
    }

    /// The rank of each system by accuracy: paired t-tests over folds of all pairs, by Holm's correction.
    ///
    /// - Parameters:
    ///   - systems: One score per pair and system.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - folds: The fold of each pair.
    ///   - level: The chance that all intervals hold together.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit.
    public static func rankIntervals(
        _ systems: [[Double]],
        labels: [UInt8],
        folds: Folds,
        level: Double = 0.95
    ) throws(MetricsError) -> [RankInterval] {
        var decisions: [FoldedDecisions] = []
        for scores in systems { decisions.append(try FoldedDecisions(scores, labels: labels, folds: folds)) }
        let pairs = decisions.indices.flatMap { first in
            decisions.indices.filter { $0 > first }.map { (first: first, second: $0) }
        }
        let tests = pairs.map { FoldedDifference(decisions[$0.first], decisions[$0.second], level: level) }
        let adjusted = Significance.holm(tests.map(\.pValue))
        var isBetter: Set<[Int]> = []
        for ((pair, test), pValue) in zip(zip(pairs, tests), adjusted) where pValue <= 1 - level + 1e-12 {
            isBetter.insert(test.difference > 0 ? [pair.second, pair.first] : [pair.first, pair.second])
        }
        return RankInterval.all(decisions.count) { isBetter.contains([$0, $1]) }
    }
}

/// What a system decides of each pair, by the threshold of the other folds.
struct FoldedDecisions {
    let accuracies: [Double]
    let isRight: [Bool]

    init(_ scores: [Double], labels: [UInt8], folds: Folds) throws(MetricsError) {
        let measured = try FoldedVerification(
            scores: scores,
            labels: labels,
            folds: folds,
            farTarget: FARTarget("1e-3")
        )
        accuracies = measured.folds.map(\.accuracy)
        isRight = scores.indices.map { pair in
            (scores[pair] >= measured.folds[folds.foldOfPair[pair]].threshold) == (labels[pair] == 1)
        }
    }
}

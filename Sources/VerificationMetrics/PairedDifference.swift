internal import LargeArrays

/// How two systems differ at one FAR, over the same comparisons.
public struct PairedDifference: Hashable, Sendable {
    /// The rate asked for.
    public let farTarget: FARTarget
    /// The first system, at its own threshold.
    public let first: OperatingPoint
    /// The second system, at its own threshold.
    public let second: OperatingPoint
    /// TAR of the second less TAR of the first.
    public let tarDifference: Double
    /// An interval for ``tarDifference``.
    public let interval: Interval
    /// The chance, if the systems were alike, of a difference as large in either direction.
    ///
    /// Twice the smaller share of replicates at or beyond zero, each share counted with one replicate more
    /// (B. Efron and R. J. Tibshirani, *An Introduction to the Bootstrap*, 1993, by inversion of the percentile
    /// interval); so never below 2 / (replicates + 1), and 1 for equal systems.
    public let pValue: Double
}

extension SubjectBootstrap {
    /// Compares two systems by one resampling: each replicate draws the same subjects for both.
    ///
    /// - Parameters:
    ///   - first: The first system's scores, one per comparison.
    ///   - second: The second system's scores, of the same comparisons in the same order.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - subjects: Whom each comparison compares.
    ///   - targets: In any order.
    /// - Returns: One difference per target, or the reason why there is none: `noGenuine`, `noImpostor`,
    ///   `tooFewSubjects` or `tooFewReplicates`.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit.
    public func compare(
        _ first: ScoreValues,
        _ second: ScoreValues,
        labels: some Collection<UInt8>,
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) async throws(MetricsError) -> [Outcome<PairedDifference>] {
        let labels = LargeArray(labels)
        let rates = try await replicateRates([first, second], labels: labels, subjects: subjects, targets: targets)
        let firstSet = try ScoreSet(scores: first, labels: labels)
        let secondSet = try ScoreSet(scores: second, labels: labels)
        return targets.indices.map { index in
            rates.flatMap { rates in
                firstSet.operatingPoint(at: targets[index])
                    .flatMap { firstPoint in
                        secondSet.operatingPoint(at: targets[index])
                            .flatMap { secondPoint in
                                let differences = zip(rates[0][index], rates[1][index])
                                    .compactMap { first, second in
                                        first.flatMap { first in second.map { $0 - first } }
                                    }
                                return difference(firstPoint, secondPoint, differences)
                            }
                    }
            }
        }
    }

    private func difference(
        _ first: OperatingPoint,
        _ second: OperatingPoint,
        _ differences: [Double]
    ) -> Outcome<PairedDifference> {
        Interval.percentiles(
            of: differences,
            drawn: replicates,
            level: level,
            caveats: first.resolved ? [] : [.unresolvedTarget]
        )
        .map { interval in
            let notAbove = differences.count { $0 <= 0 }
            let notBelow = differences.count { $0 >= 0 }
            let tail = Double(min(notAbove, notBelow) + 1) / Double(differences.count + 1)
            return PairedDifference(
                farTarget: first.farTarget,
                first: first,
                second: second,
                tarDifference: second.tar - first.tar,
                interval: interval,
                pValue: min(1, 2 * tail)
            )
        }
    }
}

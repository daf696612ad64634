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
    /// The standard error of ``tarDifference``, linearised and robust to shared subjects; 0 where nothing varies.
    public let standardError: Double
    /// An interval for ``tarDifference``: leaves out zero exactly where ``pValue`` is at most 1 − level.
    public let interval: Interval
    /// The chance, if the systems were alike, of a difference as many standard errors from zero: the share of replicates
    /// that are, with one more than was drawn; so never below 1 / (replicates + 1), and 1 for equal systems.
    public let pValue: Double
    /// ``pValue`` by Holm's correction for all resolved targets that were asked for together; nil for an unresolved one.
    public let adjustedPValue: Double?
    /// The same quotient held against Student's t with subjects − 1 degrees of freedom; nil where a system accepts no
    /// impostor.
    public let linearisedPValue: Double?
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
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit, and (`invalidOption`) for fewer than
    ///   ``leastTestReplicates`` replicates.
    public func compare(
        _ first: ScoreValues,
        _ second: ScoreValues,
        labels: [UInt8],
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) throws(MetricsError) -> [Outcome<PairedDifference>] {
        let drawn = try jointly([first, second], labels: labels, subjects: subjects, targets: targets)
        return switch drawn {
        case .failure(let reason): targets.map { _ in .failure(reason) }
        case .success(let joint): Self.differences(joint, targets: targets).map { .success($0) }
        }
    }

    private static func differences(_ joint: JointResampling, targets: [FARTarget]) -> [PairedDifference] {
        let tests = targets.indices.map { joint.test([-1, 1], target: $0) }
        let resolved = targets.indices.filter { joint.points[0][$0].resolved }
        let adjusted = Dictionary(
            uniqueKeysWithValues: zip(resolved, Significance.holm(resolved.map { tests[$0].pValue }))
        )
        return targets.indices.map { index in
            PairedDifference(
                farTarget: targets[index],
                first: joint.points[0][index],
                second: joint.points[1][index],
                tarDifference: joint.points[1][index].tar - joint.points[0][index].tar,
                standardError: tests[index].standardError,
                interval: tests[index].interval,
                pValue: tests[index].pValue,
                adjustedPValue: adjusted[index],
                linearisedPValue: tests[index].linearisedPValue
            )
        }
    }
}

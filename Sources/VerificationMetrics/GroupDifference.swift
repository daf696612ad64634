/// How two groups of systems differ at one FAR, over the same comparisons: the runs of one training with several seeds
/// against those of another.
public struct GroupDifference: Hashable, Sendable {
    /// A difference and what may be said of it.
    public struct Finding: Hashable, Sendable {
        /// The chance, if there were none, of one as large in either direction.
        public let pValue: Double
        /// The lower end of an interval for the difference.
        public let low: Double
        /// The upper end.
        public let high: Double
    }

    /// The rate asked for.
    public let farTarget: FARTarget
    /// Each system's TAR.
    public let tars: [Double]
    /// Their mean.
    public let meanTAR: Double
    /// An interval for ``meanTAR`` over resampled subjects; the seeds stay as they are.
    public let interval: Interval
    /// The mean TAR less that of the baseline group.
    public let difference: Double
    /// Of these very networks on other subjects, as ``PairedDifference/pValue``: says nothing of another training.
    public let overSubjects: Finding
    /// Of other trainings on these very subjects; nil for fewer than two seeds in either group.
    ///
    /// A t-test over the seeds: paired where both groups have as many, Welch's where not.
    public let overSeeds: Finding?
    /// Of other trainings on other subjects; nil where ``overSeeds`` is.
    ///
    /// Both variances are added and held against Student's t with Satterthwaite's degrees of freedom.
    public let overBoth: Finding?
    /// What so many allowed impostors can show.
    public let resolution: FARResolution
    /// Whether the protocol allows an impostor at that FAR.
    public var resolved: Bool { resolution != .unresolved }
}

extension SubjectBootstrap {
    /// Compares groups of systems with a baseline group: each replicate draws the same subjects for all.
    ///
    /// - Parameters:
    ///   - groups: Scores of every system of every group, one per comparison; no group is empty. Groups of as many systems
    ///     are paired in their order.
    ///   - baseline: The group that the others are compared with.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - subjects: Whom each comparison compares.
    ///   - targets: In any order.
    /// - Returns: `[groups][targets]`, or the reason why there is no number.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit, and (`invalidOption`) for fewer than
    ///   ``leastTestReplicates`` replicates.
    public func compareGroups(
        _ groups: [[ScoreValues]],
        baseline: Int,
        labels: [UInt8],
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) throws(MetricsError) -> [[Outcome<GroupDifference>]] {
        guard groups.indices.contains(baseline), groups.allSatisfy({ !$0.isEmpty }) else {
            throw MetricsError(.invalidOption, "a group without systems, or no baseline")
        }
        let systems = groups.flatMap { $0 }
        let drawn = try jointly(systems, labels: labels, subjects: subjects, targets: targets)
        var starts = [0]
        for group in groups { starts.append(starts[starts.count - 1] + group.count) }
        let members = groups.indices.map { starts[$0]..<starts[$0 + 1] }
        return groups.indices.map { group in
            targets.indices.map { target in
                drawn.flatMap { $0.difference(members[group], from: members[baseline], target: target) }
            }
        }
    }
}

extension JointResampling {
    fileprivate func difference(_ group: Range<Int>, from baseline: Range<Int>, target: Int) -> Outcome<GroupDifference>
    {
        func weights(_ members: Range<Int>) -> [Double] {
            points.indices.map { members.contains($0) ? 1 / Double(members.count) : 0 }
        }
        let tars = group.map { points[$0][target].tar }
        let others = baseline.map { points[$0][target].tar }
        let isBaseline = group == baseline
        let tested = test(zip(weights(group), weights(baseline)).map { $0 - $1 }, target: target)
        let seeds = isBaseline ? nil : SeedDifference(tars, others)
        let means = rates[0][target].indices
            .map { replicate in
                group.reduce(0) { $0 + rates[$1][target][replicate] } / Double(group.count)
            }
        let point = points[group.lowerBound][target]
        let trials = observed[group.lowerBound][target]
        return
            bootstrap.interval(
                ObservedRate(rate: tars.mean, trials: trials.trials, subjects: trials.subjects),
                values: means.map { Optional($0) },
                caveats: point.resolved ? [] : [.unresolvedTarget]
            )
            .map { own in
                GroupDifference(
                    farTarget: point.farTarget,
                    tars: tars,
                    meanTAR: tars.mean,
                    interval: own,
                    difference: tars.mean - others.mean,
                    overSubjects: GroupDifference.Finding(
                        pValue: tested.pValue,
                        low: tested.interval.low,
                        high: tested.interval.high
                    ),
                    overSeeds: seeds?.finding(level: level),
                    overBoth: seeds?
                        .adding(
                            variance: tested.standardError * tested.standardError,
                            degreesOfFreedom: Double(subjectCount - 1)
                        )
                        .finding(level: level),
                    resolution: point.resolution
                )
            }
    }
}

/// A difference of means over seeds: its variance and what Student's t that has.
private struct SeedDifference {
    private let difference: Double
    private let variance: Double
    private let degreesOfFreedom: Double

    private init(difference: Double, variance: Double, degreesOfFreedom: Double) {
        self.difference = difference
        self.variance = variance
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// Paired where both have as many; nil for fewer than two in either.
    init?(_ values: [Double], _ others: [Double]) {
        guard values.count > 1, others.count > 1 else { return nil }
        let difference = values.mean - others.mean
        guard values.count != others.count else {
            let differences = zip(values, others).map { $0 - $1 }
            self.init(
                difference: difference,
                variance: differences.variance / Double(differences.count),
                degreesOfFreedom: Double(differences.count - 1)
            )
            return
        }
        let first = SeedDifference(difference: difference, variance: 0, degreesOfFreedom: 1)
        self =
            first
            .adding(variance: values.variance / Double(values.count), degreesOfFreedom: Double(values.count - 1))
            .adding(variance: others.variance / Double(others.count), degreesOfFreedom: Double(others.count - 1))
    }

    /// With another, independent source of variance: degrees of freedom by Satterthwaite's approximation.
    func adding(variance other: Double, degreesOfFreedom otherDegrees: Double) -> SeedDifference {
        let sum = variance + other
        let denominator = variance * variance / degreesOfFreedom + other * other / otherDegrees
        return SeedDifference(
            difference: difference,
            variance: sum,
            degreesOfFreedom: denominator > 0 ? sum * sum / denominator : max(degreesOfFreedom, otherDegrees)
        )
    }

    func finding(level: Double) -> GroupDifference.Finding {
        let error = variance.squareRoot()
        let reach = error * Significance.studentDeviate(level: level, degreesOfFreedom: degreesOfFreedom)
        let pValue =
            difference == 0 ? 1 : Significance.student(difference / error, degreesOfFreedom: degreesOfFreedom)
        return GroupDifference.Finding(pValue: pValue, low: difference - reach, high: difference + reach)
    }
}

extension [Double] {
    /// The mean; NaN of none.
    var mean: Double { reduce(0, +) / Double(count) }
}

/// Intervals from resampled subjects.
///
/// Each replicate draws as many subjects as there are, with replacement; w_a is how often a was drawn. A comparison
/// within subject a weighs w_a, one between a and b weighs w_a·w_b. Threshold and TAR are found anew in each
/// replicate, by the `at-most` rule on the weighted counts: k = ⌊α·N⌋ with N the replicate's total impostor weight,
/// a block of ties at the boundary excluded whole. The interval is Wilson's on n_eff = p(1−p)/Var, with p the TAR of the
/// data and Var the variance of the replicates, or else lies between percentiles of the replicates.
///
/// The result depends on the seed and on nothing else: not on the number of threads, nor on the order of comparisons.
public struct SubjectBootstrap: Hashable, Sendable {
    /// How many replicates to draw.
    public let replicates: Int
    /// The seed; replicate r reads stream r of it.
    public let seed: UInt64
    /// Nominal coverage of the intervals, in (0, 1).
    public let level: Double
    /// How many threads may work at once.
    public let threads: Int
    /// How an interval is made of replicates.
    public let ends: Ends

    /// How an interval is made of replicates.
    public enum Ends: String, Hashable, Sendable, CaseIterable {
        /// Wilson's interval on the effective number of trials: ``Interval/Method/subjectBootstrapWilson``.
        case wilson
        /// Percentiles of the replicates: ``Interval/Method/subjectBootstrap``. They cover badly near 0 and 1, and where no
        /// replicate differs they have no width.
        case percentile
    }

    /// Chooses how to resample.
    ///
    /// - Throws: ``MetricsError`` (`invalidOption`) for no replicates or threads, or a level outside (0, 1).
    public init(
        replicates: Int = 1000,
        seed: UInt64,
        level: Double = 0.95,
        threads: Int = 1,
        ends: Ends = .wilson
    ) throws(MetricsError) {
        guard replicates > 0, threads > 0, level > 0, level < 1 else {
            throw MetricsError(
                .invalidOption,
                "replicates and threads must be above 0 and the level between 0 and 1"
                    + " (found \(replicates), \(threads) and \(level))"
            )
        }
        self.replicates = replicates
        self.seed = seed
        self.level = level
        self.threads = threads
        self.ends = ends
    }

    /// An interval for the TAR at each FAR.
    ///
    /// - Parameters:
    ///   - scores: One per comparison; −∞ cannot be accepted.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - subjects: Whom each comparison compares.
    ///   - targets: In any order.
    /// - Returns: One interval per target, or the reason why there is none: `noGenuine`, `noImpostor`,
    ///   `tooFewSubjects` or `tooFewReplicates`.
    /// - Throws: ``MetricsError`` for scores, labels or counts that do not fit.
    public func tarIntervals(
        scores: ScoreValues,
        labels: [UInt8],
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) throws(MetricsError) -> [Outcome<Interval>] {
        let impostorCount = labels.count { $0 == 0 }
        let drawn = try replicates(of: [scores], labels: labels, subjects: subjects, targets: targets)
        return targets.indices.map { index in
            drawn.flatMap { drawn in
                interval(
                    drawn.observed[0][index],
                    values: drawn.rates[0][index],
                    caveats: targets[index].caveats(impostorCount: impostorCount)
                )
            }
        }
    }

    /// The interval of a rate, by ``ends``.
    ///
    /// - Parameters:
    ///   - observed: The rate of the data themselves.
    ///   - values: One per replicate, nil where it has none.
    ///   - caveats: What it leaves out.
    package func interval(
        _ observed: ObservedRate,
        values: [ReplicateRate?],
        caveats: [Interval.Caveat] = []
    ) -> Outcome<Interval> {
        let known = values.compactMap { $0 }
        return switch ends {
        case .percentile:
            Interval.percentiles(of: known.map(\.tar), drawn: values.count, level: level, caveats: caveats)
        case .wilson:
            Interval.effectiveWilson(observed, values: known, drawn: values.count, level: level, caveats: caveats)
        }
    }

    /// The same for a rate without a threshold of its own, or whose threshold is a subject's like the rate.
    func interval(_ observed: ObservedRate, values: [Double?], caveats: [Interval.Caveat]) -> Outcome<Interval> {
        interval(
            observed,
            values: values.map { $0.map { ReplicateRate(tar: $0, dataTAR: observed.rate) } },
            caveats: caveats
        )
    }

    /// How often each of the subjects that occur, in ascending order of their numbers, is drawn in one replicate.
    package func weights(replicate: Int, subjectCount: Int) -> [UInt8] {
        ReplicateWeights.draw(seed: seed, replicate: replicate, subjectCount: subjectCount)
    }

    /// The TAR of each system, target and replicate; nil where a replicate holds only one class.
    ///
    /// - Returns: `[systems][targets][replicates]`.
    package func replicateRates(
        _ systems: [ScoreValues],
        labels: [UInt8],
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) throws(MetricsError) -> Outcome<[[[Double?]]]> {
        try replicates(of: systems, labels: labels, subjects: subjects, targets: targets)
            .map { $0.rates.map { $0.map { $0.map { $0?.tar } } } }
    }

    /// The TAR of each system and target, of the data themselves and of every replicate.
    package func replicates(
        of systems: [ScoreValues],
        labels: [UInt8],
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) throws(MetricsError) -> Outcome<BootstrapReplicates> {
        for scores in systems { try scores.check(labels: labels, subjects: subjects) }
        guard labels.contains(1) else { return .failure(.noGenuine) }
        guard labels.contains(0) else { return .failure(.noImpostor) }
        let problem = problem(systems, labels: labels, subjects: subjects, targets: targets)
        guard problem.subjectCount >= 2 else { return .failure(.tooFewSubjects) }
        return .success(replicates(of: problem, rankings: problem.rankings(), targets: targets))
    }

    /// The problem over targets in ascending order.
    func problem(
        _ systems: [ScoreValues],
        labels: [UInt8],
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) -> BootstrapProblem {
        BootstrapProblem(systems: systems, labels: labels, subjects: subjects, targets: targets.sorted(), seed: seed)
    }

    /// The replicates of a problem, targets in the caller's order.
    func replicates(
        of problem: BootstrapProblem,
        rankings: [RankedComparisons],
        targets: [FARTarget]
    ) -> BootstrapReplicates {
        let drawn = problem.run(rankings, replicates: replicates, threads: threads)
        let ascending = targets.sorted()
        let places = targets.map { target in ascending.firstIndex(of: target) ?? 0 }
        return BootstrapReplicates(
            rates: drawn.rates.map { rates in places.map { rates[$0] } },
            observed: drawn.observed.map { observed in places.map { observed[$0] } }
        )
    }
}

/// A rate of the data themselves, and how many they rest on.
package struct ObservedRate: Hashable, Sendable {
    /// Accepted over all trials.
    package let rate: Double
    /// How many trials the rate is of.
    package let trials: Int
    /// How many subjects these are of.
    package let subjects: Int
    /// How much of the variance that the threshold makes is kept: see ``ThresholdVariance``.
    package var thresholdShare = 1.0
}

/// What the replicates of a bootstrap give.
package struct BootstrapReplicates: Sendable {
    /// `[systems][targets][replicates]`; nil where a replicate holds only one class.
    package let rates: [[[ReplicateRate?]]]
    /// `[systems][targets]`.
    package let observed: [[ObservedRate]]
}

extension FARTarget {
    /// What every interval at this target leaves out.
    func caveats(impostorCount: Int) -> [Interval.Caveat] {
        allowedImpostors(of: impostorCount) == 0 ? [.unresolvedTarget] : []
    }
}

internal import LargeArrays

/// Intervals from resampled subjects.
///
/// Each replicate draws as many subjects as there are, with replacement; w_a is how often a was drawn. A comparison
/// within subject a weighs w_a, one between a and b weighs w_a·w_b. Threshold and TAR are found anew in each
/// replicate, by the `at-most` rule on the weighted counts: k = ⌊α·N⌋ with N the replicate's total impostor weight,
/// a block of ties at the boundary excluded whole. The interval's ends are percentiles over the replicates.
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

    /// Chooses how to resample.
    ///
    /// - Throws: ``MetricsError`` (`invalidOption`) for no replicates or threads, or a level outside (0, 1).
    public init(replicates: Int = 1000, seed: UInt64, level: Double = 0.95, threads: Int = 1) throws(MetricsError) {
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
        labels: some Collection<UInt8>,
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) async throws(MetricsError) -> [Outcome<Interval>] {
        let labels = LargeArray(labels)
        let rates = try await replicateRates([scores], labels: labels, subjects: subjects, targets: targets)
        let impostorCount = labels.reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
        return targets.indices.map { index in
            rates.flatMap { rates in
                Interval.percentiles(
                    of: rates[0][index].compactMap { $0 },
                    drawn: replicates,
                    level: level,
                    caveats: targets[index].caveats(impostorCount: impostorCount)
                )
            }
        }
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
        labels: some Collection<UInt8>,
        subjects: ComparisonSubjects,
        targets: [FARTarget]
    ) async throws(MetricsError) -> Outcome<[[[Double?]]]> {
        let labels = LargeArray(labels)
        for scores in systems { try scores.check(labels: labels, subjects: subjects) }
        guard labels.contains(1) else { return .failure(.noGenuine) }
        guard labels.contains(0) else { return .failure(.noImpostor) }
        let ascending = targets.indices.sorted { (targets[$0], $0) < (targets[$1], $1) }
        let problem = BootstrapProblem(
            systems: systems,
            labels: labels,
            subjects: subjects,
            targets: ascending.map { targets[$0] },
            seed: seed
        )
        guard problem.subjectCount >= 2 else { return .failure(.tooFewSubjects) }
        let blocks = await problem.run(replicates: replicates, threads: threads)
        // From [blocks][systems][ascending targets][64] to the caller's order.
        return .success(
            systems.indices.map { system in
                targets.indices.map { target in
                    let place = ascending.firstIndex(of: target) ?? target
                    return Array(blocks.flatMap { $0[system][place] }.prefix(replicates))
                }
            }
        )
    }
}

extension FARTarget {
    /// What every interval at this target leaves out.
    func caveats(impostorCount: Int) -> [Interval.Caveat] {
        allowedImpostors(of: impostorCount) == 0 ? [.unresolvedTarget] : []
    }
}

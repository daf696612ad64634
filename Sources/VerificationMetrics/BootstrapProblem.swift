internal import Parallelism

/// What all replicates share: the impostors counted by pair of subjects, and each system's comparisons ranked.
struct BootstrapProblem: Sendable {
    /// `[systems][targets][64]` of one block.
    typealias BlockRates = [[[ReplicateRate?]]]

    /// How many subjects occur.
    var subjectCount: Int { numbering.count }
    private let systems: [ScoreValues]
    private let labels: [UInt8]
    private let subjects: ComparisonSubjects
    private let numbering: SubjectNumbering
    private let targets: [FARTarget]
    private let seed: UInt64
    /// The impostors by pair of subjects.
    let pairs: PairCounts

    /// Wraps checked input; `targets` in ascending order.
    init(
        systems: [ScoreValues],
        labels: [UInt8],
        subjects: ComparisonSubjects,
        targets: [FARTarget],
        seed: UInt64
    ) {
        self.systems = systems
        self.labels = labels
        self.subjects = subjects
        self.targets = targets
        self.seed = seed
        numbering = SubjectNumbering(subjects)
        pairs = PairCounts(subjects: subjects, labels: labels, numbering: numbering)
    }

    /// Each system's comparisons, as far down as replicates usually look.
    func rankings() -> [RankedComparisons] {
        // A replicate rarely needs more than a few percent beyond what the largest target accepts; one that does
        // is run again with the whole ranking.
        let largest = targets.last?.allowedImpostors(of: labels.count) ?? 0
        return rankings(impostorLimit: largest + largest / 4 + 10_000)
    }

    /// Runs so many replicates, in blocks.
    ///
    /// - Parameters:
    ///   - rankings: ``rankings()``.
    ///   - replicates: How many.
    ///   - threads: How many threads share the blocks.
    /// - Returns: Rates by system and ascending target.
    func run(_ rankings: [RankedComparisons], replicates: Int, threads: Int) -> BootstrapReplicates {
        let pool = ThreadPool(threads)
        var blocks = pool.map(ReplicateWeights.blockCount(replicates)) { rates(block: $0, rankings) }
        let unfinished = blocks.indices.filter { blocks[$0] == nil }
        if !unfinished.isEmpty {
            let whole = self.rankings(impostorLimit: .max)
            let again = pool.map(unfinished.count) { rates(block: unfinished[$0], whole) }
            for (place, rates) in zip(unfinished, again) { blocks[place] = rates }
        }
        let drawn = blocks.compactMap { $0 }
        let variance = ThresholdVariance(pairs: pairs, subjectCount: subjectCount)
        return BootstrapReplicates(
            rates: systems.indices.map { system in
                targets.indices.map { target in Array(drawn.flatMap { $0[system][target] }.prefix(replicates)) }
            },
            observed: rankings.map { ranking in targets.map { ranking.observed(at: $0, variance: variance) } }
        )
    }

    private func rankings(impostorLimit: Int) -> [RankedComparisons] {
        systems.map {
            RankedComparisons(
                scores: $0,
                labels: labels,
                subjects: subjects,
                numbering: numbering,
                impostorLimit: impostorLimit
            )
        }
    }

    /// The rates of a block; nil where a ranking is too short for it.
    private func rates(block: Int, _ rankings: [RankedComparisons]) -> BlockRates? {
        let block = ReplicateBlock(
            seed: seed,
            firstReplicate: block * ReplicateWeights.laneCount,
            subjectCount: subjectCount,
            pairs: pairs
        )
        var rates: BlockRates = []
        for ranking in rankings {
            guard let ranked = block.rates(ranking, targets: targets) else { return nil }
            rates.append(ranked)
        }
        return rates
    }
}

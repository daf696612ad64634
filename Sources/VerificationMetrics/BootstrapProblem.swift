internal import LargeArrays

/// What all replicates share: the impostors counted by pair of subjects, and each system's comparisons ranked.
struct BootstrapProblem: Sendable {
    /// `[systems][targets][64]` of one block.
    typealias BlockRates = [[[ReplicateRate?]]]

    /// How many subjects occur.
    var subjectCount: Int { numbering.count }
    private let systems: [ScoreValues]
    private let labels: LargeArray<UInt8>
    private let subjects: ComparisonSubjects
    private let numbering: SubjectNumbering
    private let targets: [FARTarget]
    private let seed: UInt64
    /// The impostors by pair of subjects.
    let pairs: PairCounts

    /// Wraps checked input; `targets` in ascending order.
    init(
        systems: [ScoreValues],
        labels: LargeArray<UInt8>,
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
    ///   - threads: How many tasks share the blocks.
    /// - Returns: Rates by system and ascending target.
    func run(_ rankings: [RankedComparisons], replicates: Int, threads: Int) async -> BootstrapReplicates {
        let blocks = Array(0..<(replicates + ReplicateWeights.laneCount - 1) / ReplicateWeights.laneCount)
        var done = await run(blocks, rankings, threads: threads)
        let unfinished = blocks.filter { done[$0] == nil }
        if !unfinished.isEmpty {
            let again = await run(unfinished, self.rankings(impostorLimit: .max), threads: threads)
            done.merge(again) { $1 }
        }
        let drawn = blocks.compactMap { done[$0] }
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

    /// Runs some blocks; one that a ranking is too short for is missing in the result.
    private func run(
        _ blocks: [Int],
        _ rankings: [RankedComparisons],
        threads: Int
    ) async -> [Int: BlockRates] {
        await withTaskGroup(of: [Int: BlockRates].self) { group in
            for worker in 0..<min(threads, blocks.count) {
                group.addTask {
                    var done: [Int: BlockRates] = [:]
                    for place in stride(from: worker, to: blocks.count, by: threads) {
                        done[blocks[place]] = rates(block: blocks[place], rankings)
                    }
                    return done
                }
            }
            var all: [Int: BlockRates] = [:]
            for await part in group { all.merge(part) { $1 } }
            return all
        }
    }

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

extension ScoreValues {
    /// Refuses what no bootstrap can be run on.
    func check(labels: LargeArray<UInt8>, subjects: ComparisonSubjects) throws(MetricsError) {
        guard count == labels.count, count == subjects.count else {
            throw MetricsError(
                .countMismatch,
                "\(count) scores, \(labels.count) labels and subjects of \(subjects.count) comparisons"
            )
        }
        guard count <= Int(UInt32.max) else {
            throw MetricsError(.invalidOption, "more than \(UInt32.max) comparisons cannot be resampled")
        }
        _ = try labels.genuineCount()
        switch self {
        case .single(let scores): try scores.checkValid()
        case .double(let scores): try scores.checkValid()
        }
    }
}

extension LargeArray where Element: RadixScore {
    fileprivate func checkValid() throws(MetricsError) {
        try forEachBlock { start, scores throws(MetricsError) in
            if let index = scores.firstIndex(where: { !($0 < .infinity) }) { throw invalidScore(at: start + index) }
        }
    }
}

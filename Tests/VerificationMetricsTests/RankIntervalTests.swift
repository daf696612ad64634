import SeededRandom
import Testing
import VerificationMetrics

@Suite struct RankIntervalTests {
    private let experiment = SubjectExperiment(seed: 11, subjects: 60)
    private let bootstrap: SubjectBootstrap

    init() throws { bootstrap = try SubjectBootstrap(replicates: 400, seed: 2, threads: 2) }

    /// A system with noise of its own and genuine scores so much higher.
    private func system(_ seed: UInt64, _ gain: Float) -> ScoreValues {
        var generator = SeededGenerator(seed: seed, stream: 3)
        return .single(
            zip(experiment.scores, experiment.labels)
                .map { $0 + Float(0.3 * generator.normal()) + ($1 == 1 ? gain : 0) }
        )
    }

    private func ranks(_ systems: [ScoreValues]) throws -> [RankInterval] {
        try bootstrap.rankIntervals(
            systems,
            labels: experiment.labels,
            subjects: experiment.subjects(),
            target: FARTarget("0.05")
        )
        .get()
    }

    @Test func systemsFarApartAreRankedAndLikeOnesShareRanks() throws {
        let found = try ranks([system(1, 0), system(2, 2), system(3, 0), system(4, 2)])
        #expect(found.map(\.best) == [3, 1, 3, 1])
        #expect(found.map(\.worst) == [4, 2, 4, 2])
    }

    @Test func oneSystemAndCopiesOfItAreNotRanked() throws {
        #expect(try ranks([system(1, 0)]) == [RankInterval(best: 1, worst: 1)])
        let copies = try ranks([system(1, 0), system(1, 0), system(1, 0)])
        #expect(copies == [RankInterval](repeating: RankInterval(best: 1, worst: 3), count: 3))
    }

    @Test func theOrderOfTheSystemsChangesNoRank() throws {
        let systems = (0..<5).map { system(UInt64($0), 0.3 * Float($0)) }
        let found = try ranks(systems)
        #expect(try ranks(systems.reversed()) == found.reversed())
    }

    /// With two systems the largest quotient is the only one: ranks differ exactly where the paired test finds a difference.
    @Test func twoSystemsAreRankedWhereThePairedTestTellsThemApart() throws {
        var findings = Set<Bool>()
        for step in -4..<4 {
            let pair = [system(1, 0), system(2, 0.3 * Float(step))]
            let difference =
                try
                bootstrap.compare(
                    pair[0],
                    pair[1],
                    labels: experiment.labels,
                    subjects: experiment.subjects(),
                    targets: [FARTarget("0.05")]
                )[0]
                .get()
            let isRanked = try ranks(pair)[0].worst != (try ranks(pair))[1].worst
            #expect(isRanked == (difference.pValue <= 0.05))
            findings.insert(isRanked)
        }
        #expect(findings.count == 2)
    }

    /// Equal systems: in at least 95 % of the experiments no rank of any of the four is told apart.
    @Test func equalSystemsAreRarelyRanked() throws {
        var wrong = 0
        for simulation in 0..<100 {
            let experiment = SubjectExperiment(seed: UInt64(7000 + simulation), subjects: 40)
            var generator = SeededGenerator(seed: UInt64(simulation), stream: 9)
            let systems = (0..<4)
                .map { _ in ScoreValues.single(experiment.scores.map { $0 + Float(0.5 * generator.normal()) }) }
            let found = try SubjectBootstrap(replicates: 200, seed: UInt64(simulation))
                .rankIntervals(
                    systems,
                    labels: experiment.labels,
                    subjects: experiment.subjects(),
                    target: FARTarget("0.05")
                )
                .get()
            if found.contains(where: { $0 != RankInterval(best: 1, worst: 4) }) { wrong += 1 }
        }
        // Binomial(100, 0.05) exceeds 12 once in a thousand times.
        #expect(wrong <= 12, "\(wrong) of 100")
    }
}

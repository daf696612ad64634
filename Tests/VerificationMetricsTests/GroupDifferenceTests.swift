import SeededRandom
import Testing
import VerificationMetrics

@Suite struct GroupDifferenceTests {
    private let experiment = SubjectExperiment(seed: 31, subjects: 40)

    private func group(_ gains: [Float], seed: UInt64) -> [ScoreValues] {
        gains.enumerated()
            .map { index, gain in
                var generator = SeededGenerator(seed: seed, stream: UInt64(index))
                return .single(
                    zip(experiment.scores, experiment.labels)
                        .map { $0 + Float(0.2 * generator.normal()) + ($1 == 1 ? gain : 0) }
                )
            }
    }

    private func compare(_ groups: [[ScoreValues]]) throws -> [GroupDifference] {
        try SubjectBootstrap(replicates: 400, seed: 1, threads: 2)
            .compareGroups(
                groups,
                baseline: 0,
                labels: experiment.labels,
                subjects: experiment.subjects(),
                targets: [FARTarget("0.05")]
            )
            .map { try $0[0].get() }
    }

    @Test func threeSeedsThatScatterProveLessThanTheSubjectsSay() throws {
        let found = try compare([group([0, 0, 0], seed: 1), group([0.2, 0.6, 1.6], seed: 2)])[1]
        let seeds = try #require(found.overSeeds)
        let both = try #require(found.overBoth)
        #expect(found.overSubjects.pValue < 0.01 && seeds.pValue > 0.05 && both.pValue > 0.05)
        #expect(both.low < found.overSubjects.low && both.high > found.overSubjects.high)
    }

    /// The paired t-test by its closed form for two degrees of freedom.
    @Test func theSeedLevelTestIsThePairedTTest() throws {
        let all = try compare([group([0, 0.1, 0.3], seed: 1), group([0.5, 0.6, 0.7], seed: 2)])
        let differences = zip(all[1].tars, all[0].tars).map { $0 - $1 }
        let mean = differences.reduce(0, +) / 3
        let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2 / 3
        let t = abs(mean) / variance.squareRoot()
        let seeds = try #require(all[1].overSeeds)
        #expect(abs(seeds.pValue - (1 - t / (2 + t * t).squareRoot())) < 1e-9)
        #expect(all[0].overSeeds == nil && all[0].overSubjects.pValue == 1)
    }

    @Test func oneSeedSaysNothingOfAnother() throws {
        let found = try compare([group([0, 0.1], seed: 1), group([0.5], seed: 2)])[1]
        #expect(found.overSeeds == nil && found.overBoth == nil)
        let unequal = try compare([group([0, 0.1], seed: 1), group([0.5, 0.6, 0.7], seed: 2)])[1]
        #expect(unequal.overSeeds != nil && unequal.overBoth != nil)
    }
}

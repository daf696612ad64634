import LargeArrays
import SeededRandom
import Testing
import VerificationMetrics

@Suite struct PairedDifferenceTests {
    private let experiment = SubjectExperiment(seed: 21, subjects: 30)

    private func compare(_ first: [Float], _ second: [Float], level: Double = 0.95) async throws -> [PairedDifference] {
        try await SubjectBootstrap(replicates: 200, seed: 5, level: level, threads: 2)
            .compare(
                .single(first),
                .single(second),
                labels: experiment.labels,
                subjects: experiment.subjects(),
                targets: [FARTarget("0.1"), FARTarget("0.02")]
            )
            .map { try $0.get() }
    }

    @Test func aSystemDoesNotDifferFromItselfNorFromItsRescaling() async throws {
        for second in [experiment.scores, experiment.scores.map { $0 * 4 - 1 }] {
            for difference in try await compare(experiment.scores, second) {
                #expect(difference.tarDifference == 0 && difference.pValue == 1)
                #expect(difference.interval.low == 0 && difference.interval.high == 0)
                #expect(difference.interval.caveats == [.noVariation])
            }
        }
    }

    @Test func swappingTheSystemsTurnsTheSign() async throws {
        var generator = SeededGenerator(seed: 3)
        let other = experiment.scores.map { $0 + Float(generator.normal()) }
        let there = try await compare(experiment.scores, other)
        let back = try await compare(other, experiment.scores)
        for (there, back) in zip(there, back) {
            #expect(there.tarDifference == -back.tarDifference && there.pValue == back.pValue)
            #expect(abs(there.interval.low + back.interval.high) < 1e-15)
            #expect(there.first == back.second)
        }
    }

    @Test func differencesAreThoseOfTheReplicates() async throws {
        var generator = SeededGenerator(seed: 4)
        let other = experiment.scores.map { $0 + Float(0.3 * generator.normal()) }
        let target = try FARTarget("0.1")
        let bootstrap = try SubjectBootstrap(replicates: 201, seed: 6, level: 0.9)
        let subjects = try experiment.subjects()
        let difference =
            try await
            bootstrap.compare(
                .single(experiment.scores),
                .single(other),
                labels: experiment.labels,
                subjects: subjects,
                targets: [target]
            )[0]
            .get()
        var differences: [Double] = []
        for replicate in 0..<201 {
            let drawn = bootstrap.weights(replicate: replicate, subjectCount: 30)
            let weights = Dictionary(uniqueKeysWithValues: drawn.enumerated().map { (UInt32($0), UInt64($1)) })
            let first = try #require(experiment.naiveRate(experiment.scores, weights: weights, target: target))
            let second = try #require(experiment.naiveRate(other, weights: weights, target: target))
            differences.append(second - first)
        }
        let sorted = differences.sorted()
        #expect(difference.interval.low == sorted[10] && difference.interval.high == sorted[190])
        let tail = min(differences.count { $0 <= 0 }, differences.count { $0 >= 0 })
        #expect(difference.pValue == min(1, 2 * Double(tail + 1) / 202))
        #expect(difference.first.acceptedImpostors <= 43 && difference.first.allowedImpostors == 43)
    }
}

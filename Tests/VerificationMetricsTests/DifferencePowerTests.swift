import SeededRandom
import Testing
import VerificationMetrics

/// How often the tests of a difference find one that is not there, and one that is, where few impostors are allowed.
@Suite struct DifferencePowerTests {
    private static let simulations = 80

    private struct Counts {
        var resampled = 0
        var linearised = 0
        /// Twice the smaller share of replicates at or beyond zero, the usual percentile test.
        var percentile = 0

        mutating func add(_ difference: PairedDifference, _ replicates: [Double]) throws {
            if difference.pValue <= 0.05 { resampled += 1 }
            if try #require(difference.linearisedPValue) <= 0.05 { linearised += 1 }
            let tail = min(replicates.count { $0 <= 0 }, replicates.count { $0 >= 0 })
            if 2 * Double(tail + 1) / Double(replicates.count + 1) <= 0.05 { percentile += 1 }
        }
    }

    /// 100 subjects, 4,950 impostors, of which 19 are allowed; two systems that see the same faces with noise of their own.
    @Test func theLevelIsKeptAndThePowerIsMoreThanThePercentiles() throws {
        let target = try FARTarget("4e-3")
        var equal = Counts()
        var better = Counts()
        for simulation in 0..<Self.simulations {
            let experiment = SubjectExperiment(seed: UInt64(5000 + simulation), subjects: 100)
            var generator = SeededGenerator(seed: UInt64(simulation), stream: 1)
            let first = experiment.scores.map { $0 + Float(0.5 * generator.normal()) }
            let second = experiment.scores.map { $0 + Float(0.5 * generator.normal()) }
            let gained = zip(second, experiment.labels).map { $0 + ($1 == 1 ? 0.3 : 0) }
            for (other, isBetter) in [(second, false), (gained, true)] {
                let bootstrap = try SubjectBootstrap(replicates: 200, seed: UInt64(simulation), threads: 2)
                let subjects = try experiment.subjects()
                let difference =
                    try
                    bootstrap.compare(
                        .single(first),
                        .single(other),
                        labels: experiment.labels,
                        subjects: subjects,
                        targets: [target]
                    )[0]
                    .get()
                let rates =
                    try bootstrap.replicateRates(
                        [.single(first), .single(other)],
                        labels: experiment.labels,
                        subjects: subjects,
                        targets: [target]
                    )
                    .get()
                let replicates = zip(rates[0][0], rates[1][0])
                    .compactMap { a, b in a.flatMap { a in b.map { $0 - a } } }
                if isBetter { try better.add(difference, replicates) } else { try equal.add(difference, replicates) }
            }
        }
        // 4 false alarms of 80 expected; more than 11 once in a thousand times.
        #expect(equal.resampled <= 11 && equal.linearised <= 11, "\(equal)")
        #expect(better.resampled >= 2 * better.percentile && better.linearised >= 2 * better.percentile, "\(better)")
        #expect(better.resampled >= 35, "\(better)")
    }
}

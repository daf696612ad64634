import SeededRandom
import Testing
import VerificationMetrics

@Suite struct PairedDifferenceTests {
    private let experiment = SubjectExperiment(seed: 21, subjects: 30)

    private func compare(
        _ first: [Float],
        _ second: [Float],
        replicates: Int = 400,
        seed: UInt64 = 5,
        at targets: [String] = ["0.1", "0.02"]
    ) throws -> [PairedDifference] {
        try SubjectBootstrap(replicates: replicates, seed: seed, threads: 2)
            .compare(
                .single(first),
                .single(second),
                labels: experiment.labels,
                subjects: experiment.subjects(),
                targets: targets.map { try FARTarget($0) }
            )
            .map { try $0.get() }
    }

    @Test func aSystemDoesNotDifferFromItselfNorFromItsRescaling() throws {
        for second in [experiment.scores, experiment.scores.map { $0 * 4 - 1 }] {
            for difference in try compare(experiment.scores, second) {
                #expect(difference.tarDifference == 0 && difference.pValue == 1 && difference.adjustedPValue == 1)
                #expect(difference.linearisedPValue == 1 && difference.standardError == 0)
                #expect(difference.interval.low == 0 && difference.interval.high == 0)
                #expect(difference.interval.caveats == [.noVariation])
            }
        }
    }

    @Test func swappingTheSystemsTurnsTheSign() throws {
        let there = try compare(experiment.scores, noisy(seed: 3, 1))
        let back = try compare(noisy(seed: 3, 1), experiment.scores)
        for (there, back) in zip(there, back) {
            #expect(there.tarDifference == -back.tarDifference && there.pValue == back.pValue)
            #expect(abs(there.interval.low + back.interval.high) < 1e-12)
            #expect(there.first == back.second)
        }
    }

    /// The definition, written down without sharing anything: every comparison's influence, summed by pair of subjects.
    @Test func theStandardErrorIsThatOfSumsOverPairsOfSubjects() throws {
        let other = noisy(seed: 4, 0.3)
        let found = try compare(experiment.scores, other)
        for difference in found {
            var dyads: [[UInt32]: Double] = [:]
            for (scores, point, sign) in [(experiment.scores, difference.first, -1.0), (other, difference.second, 1)] {
                let slope = slope(scores, accepted: point.acceptedImpostors)
                for index in scores.indices {
                    let accepted = Double(scores[index]) >= (point.threshold ?? .infinity) ? 1.0 : 0
                    let pair = [experiment.first[index], experiment.second[index]]
                        .map { experiment.subjectOfTemplate[Int($0)] }.sorted()
                    dyads[pair, default: 0] +=
                        sign
                        * (experiment.labels[index] == 1
                            ? (accepted - point.tar) / 90
                            : -slope * (accepted / Double(point.acceptedImpostors) - 1.0 / 435))
                }
            }
            var bySubject = [Double](repeating: 0, count: 30)
            var (single, within) = (0.0, 0.0)
            for (pair, value) in dyads {
                for subject in Set(pair) { bySubject[Int(subject)] += value }
                if pair[0] == pair[1] { within += value * value } else { single += value * value }
            }
            let variance = max(bySubject.reduce(0) { $0 + $1 * $1 } - single, within + single) * 30 / 29
            #expect(abs(difference.standardError - variance.squareRoot()) < 1e-12)
            let quotient = difference.tarDifference / variance.squareRoot()
            let p = try #require(difference.linearisedPValue)
            #expect(abs(p - Significance.student(quotient, degreesOfFreedom: 29)) < 1e-9)
        }
    }

    /// p and interval from the replicates by the definition; the interval leaves out zero exactly where p ≤ 0.05.
    @Test func pAndIntervalAreThoseOfTheReplicatesAndAgree() throws {
        let bootstrap = try SubjectBootstrap(replicates: 399, seed: 6)
        let target = try FARTarget("0.1")
        var (inside, outside) = (0, 0)
        for step in 0..<24 {
            let other = zip(noisy(seed: UInt64(step), 0.3), experiment.labels)
                .map { $0 + ($1 == 1 ? 0.04 * Float(step) : 0) }
            let subjects = try experiment.subjects()
            let difference =
                try
                bootstrap.compare(
                    .single(experiment.scores),
                    .single(other),
                    labels: experiment.labels,
                    subjects: subjects,
                    targets: [target]
                )[0]
                .get()
            let rates =
                try bootstrap.replicateRates(
                    [.single(experiment.scores), .single(other)],
                    labels: experiment.labels,
                    subjects: subjects,
                    targets: [target]
                )
                .get()
            let differences = zip(rates[0][0], rates[1][0])
                .compactMap { one, two in one.flatMap { a in two.map { $0 - a } } }
            let mean = differences.reduce(0, +) / 399
            let spread = (differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399).squareRoot()
            let quotient = abs(difference.tarDifference) / difference.standardError
            let beyond = differences.count { abs($0 - mean) / spread >= quotient }
            #expect(abs(difference.pValue - Double(beyond + 1) / 400) < 1.5 / 400)
            let leavesOut = difference.interval.low > 0 || difference.interval.high < 0
            #expect(leavesOut == (difference.pValue <= 0.05), "\(difference)")
            if leavesOut { outside += 1 } else { inside += 1 }
        }
        #expect(inside > 3 && outside > 3)
    }

    @Test func severalTargetsAreCorrectedTogetherAndUnresolvedOnesNotCounted() throws {
        // 435 impostors: 1e-3 allows none.
        let found = try compare(experiment.scores, noisy(seed: 9, 1), at: ["0.1", "1e-3", "0.02"])
        #expect(found[1].adjustedPValue == nil && found[1].linearisedPValue == nil)
        let values = [found[0].pValue, found[2].pValue]
        #expect([found[0].adjustedPValue, found[2].adjustedPValue] == Significance.holm(values).map { $0 })
    }

    @Test func tooFewReplicatesAreRefused() throws {
        let error = #expect(throws: MetricsError.self) {
            _ = try compare(experiment.scores, experiment.scores, replicates: 199)
        }
        #expect(error?.description.contains("at least 200 replicates (found 199)") == true)
    }

    private func noisy(seed: UInt64, _ deviation: Double) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return experiment.scores.map { $0 + Float(deviation * generator.normal()) }
    }

    private func slope(_ scores: [Float], accepted: Int) -> Double {
        let impostors = zip(scores, experiment.labels).filter { $0.1 == 0 }.map(\.0).sorted(by: >)
        let genuine = zip(scores, experiment.labels).filter { $0.1 == 1 }.map(\.0)
        let reach = (2 * Double(accepted).squareRoot()).rounded()
        let low = max(0, Double(accepted) - reach)
        let high = min(434, Double(accepted) + reach)
        func rate(_ rank: Double) -> Double { Double(genuine.count { $0 > impostors[Int(rank)] }) / 90 }
        return (rate(high) - rate(low)) / logarithm((high + 0.5) / (low + 0.5))
    }

    /// ln x = ∫ dt/t, by Simpson's rule in steps of a factor.
    private func logarithm(_ x: Double) -> Double {
        var (power, count) = (x, 1.0)
        while power > 1.001 { (power, count) = (power.squareRoot(), count * 2) }
        return count * (power - 1) / 6 * (1 + 8 / (1 + power) + 1 / power)
    }
}

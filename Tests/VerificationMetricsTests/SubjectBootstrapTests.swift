import SeededRandom
import Testing
import VerificationMetrics

/// A verification experiment over subjects with their own easiness, so that comparisons are not independent.
struct SubjectExperiment {
    var scores: [Float] = []
    var labels: [UInt8] = []
    var first: [UInt32] = []
    var second: [UInt32] = []
    let subjectOfTemplate: [UInt32]

    /// Template 2s and 2s + 1 are subject s's.
    init(seed: UInt64, subjects: Int, levels: Double = 1e6, failures: Double = 0) {
        var generator = SeededGenerator(seed: seed)
        let easiness = (0..<subjects).map { _ in 0.5 * generator.normal() }
        subjectOfTemplate = (0..<2 * subjects).map { UInt32($0 / 2) }
        for subject in 0..<subjects {
            for _ in 0..<3 {
                let score = 2.5 + easiness[subject] + generator.normal()
                append(score, 1, 2 * subject, 2 * subject + 1)
            }
            for other in 0..<subject {
                let score = 0.5 * (easiness[subject] + easiness[other]) + generator.normal()
                append(score, 0, 2 * subject + generator.index(below: 2), 2 * other + generator.index(below: 2))
            }
        }
        scores = scores.map {
            generator.uniform() < failures ? -.infinity : Float((Double($0) * levels).rounded() / levels)
        }
    }

    mutating func append(_ score: Double, _ label: UInt8, _ firstTemplate: Int, _ secondTemplate: Int) {
        scores.append(Float(score))
        labels.append(label)
        first.append(UInt32(firstTemplate))
        second.append(UInt32(secondTemplate))
    }

    func subjects() throws -> ComparisonSubjects {
        try ComparisonSubjects(firstTemplate: first, secondTemplate: second, subjectOfTemplate: subjectOfTemplate)
    }

    /// One replicate's TAR by the definition: comparisons counted as often as their weight, threshold by threshold.
    func naiveRate(_ scores: [Float], weights: [UInt32: UInt64], target: FARTarget) -> Double? {
        var blocks: [Float: (impostor: UInt64, genuine: UInt64)] = [:]
        for index in scores.indices {
            let subjects = (subjectOfTemplate[Int(first[index])], subjectOfTemplate[Int(second[index])])
            let firstWeight = weights[subjects.0] ?? 0
            let weight = subjects.0 == subjects.1 ? firstWeight : firstWeight * (weights[subjects.1] ?? 0)
            if labels[index] == 1 {
                blocks[scores[index], default: (0, 0)].genuine += weight
            } else {
                blocks[scores[index], default: (0, 0)].impostor += weight
            }
        }
        let totals = blocks.values.reduce((0, 0)) { ($0.0 + $1.impostor, $0.1 + $1.genuine) }
        guard totals.0 > 0, totals.1 > 0 else { return nil }
        let allowed = UInt64(target.allowedImpostors(of: Int(totals.0)))
        var accepted: (impostor: UInt64, genuine: UInt64) = (0, 0)
        for (score, block) in blocks.sorted(by: { $0.key > $1.key }) {
            if score == -.infinity || accepted.impostor + block.impostor > allowed { break }
            accepted = (accepted.impostor + block.impostor, accepted.genuine + block.genuine)
        }
        return Double(accepted.genuine) / Double(totals.1)
    }
}

private let targets: [FARTarget] = ["0.1", "1e-3", "0.01", "0.5", "1", "0.1"].compactMap { try? FARTarget($0) }

@Suite struct SubjectBootstrapTests {
    private func rates(
        _ experiment: SubjectExperiment,
        replicates: Int,
        seed: UInt64 = 9,
        threads: Int = 1,
        at targets: [FARTarget] = targets
    ) throws -> [[Double?]] {
        let bootstrap = try SubjectBootstrap(replicates: replicates, seed: seed, threads: threads)
        let all = try bootstrap.replicateRates(
            [.single(experiment.scores)],
            labels: experiment.labels,
            subjects: experiment.subjects(),
            targets: targets
        )
        return try all.get()[0]
    }

    /// Compares every replicate with the slow definition under the same weights.
    private func expectNaive(
        _ experiment: SubjectExperiment,
        replicates: Int,
        at targets: [FARTarget] = targets
    ) throws {
        let found = try rates(experiment, replicates: replicates, at: targets)
        let occurring = Set((experiment.first + experiment.second).map { experiment.subjectOfTemplate[Int($0)] })
            .sorted()
        let bootstrap = try SubjectBootstrap(replicates: replicates, seed: 9)
        for replicate in 0..<replicates {
            let drawn = bootstrap.weights(replicate: replicate, subjectCount: occurring.count)
            #expect(drawn.reduce(0) { $0 + Int($1) } == occurring.count)
            let weights = Dictionary(uniqueKeysWithValues: zip(occurring, drawn.map { UInt64($0) }))
            for (place, target) in targets.enumerated() {
                let expected = experiment.naiveRate(experiment.scores, weights: weights, target: target)
                #expect(found[place][replicate] == expected, "replicate \(replicate) at \(target)")
            }
        }
    }

    @Test(arguments: [
        (seed: 1 as UInt64, subjects: 30, levels: 1e6, failures: 0.0),
        (seed: 2, subjects: 25, levels: 2, failures: 0),
        (seed: 3, subjects: 25, levels: 10, failures: 0.2),
        (seed: 4, subjects: 3, levels: 1e6, failures: 0),
        (seed: 5, subjects: 2, levels: 1, failures: 0.5),
    ])
    func eachReplicateAgreesWithTheDefinition(seed: UInt64, subjects: Int, levels: Double, failures: Double)
        async throws
    {
        try expectNaive(
            SubjectExperiment(seed: seed, subjects: subjects, levels: levels, failures: failures),
            replicates: 70
        )
    }

    @Test func contradictoryLabelsAndForeignNumbersAreWeightedByTheSameRule() throws {
        var experiment = SubjectExperiment(seed: 6, subjects: 12)
        experiment.append(3, 1, 0, 9)  // genuine, yet of two subjects
        experiment.append(2, 0, 4, 5)  // impostor, yet of one
        let numbers = experiment.subjectOfTemplate.map { 4_000_000_000 - 1000 * $0 }
        var renumbered = SubjectExperiment(experiment, subjectOfTemplate: numbers)
        try expectNaive(renumbered, replicates: 65)
        // A subject that no comparison mentions changes nothing.
        renumbered = SubjectExperiment(renumbered, subjectOfTemplate: numbers + [17, 17])
        try expectNaive(renumbered, replicates: 3)
    }

    /// The highest impostors all belong to two subjects: replicates without one of them must look further down than
    /// the part that is ranked at first.
    @Test func replicatesThatNeedMoreThanTheTopOfTheRankingGetIt() throws {
        var experiment = SubjectExperiment(seed: 7, subjects: 5)
        var generator = SeededGenerator(seed: 70)
        for _ in 0..<13_000 { experiment.append(5 + generator.uniform(), 0, 0, 2) }
        for _ in 0..<2_000 { experiment.append(generator.normal(), 0, 4, 6) }
        try expectNaive(experiment, replicates: 66, at: [FARTarget("0.01")])
    }

    /// So many comparisons of one pair that 16-bit sums must be emptied in between.
    @Test func sumsDoNotOverflow() throws {
        var experiment = SubjectExperiment(seed: 8, subjects: 2)
        for place in 0..<70_000 { experiment.append(Double(place) * 1e-4, 0, 0, 2) }
        for place in 0..<40_000 { experiment.append(5 + Double(place) * 1e-4, 1, 0, 1) }
        try expectNaive(experiment, replicates: 6, at: [FARTarget("0.01")])
    }

    @Test func neitherThreadsNorOrderNorSwappedPairsChangeAnything() throws {
        let experiment = SubjectExperiment(seed: 11, subjects: 30, levels: 5)
        let expected = try rates(experiment, replicates: 200)
        #expect(try rates(experiment, replicates: 200, threads: 2) == expected)
        #expect(try rates(experiment, replicates: 200, threads: 7) == expected)
        #expect(
            try rates(experiment, replicates: 100).map { Array($0) } == expected.map { Array($0.prefix(100)) }
        )
        var generator = SeededGenerator(seed: 1)
        var shuffled = experiment
        let order = generator.permutation(of: experiment.scores.count)
        shuffled.scores = order.map { experiment.scores[$0] }
        shuffled.labels = order.map { experiment.labels[$0] }
        shuffled.first = order.map { experiment.second[$0] }
        shuffled.second = order.map { experiment.first[$0] }
        #expect(try rates(shuffled, replicates: 200) == expected)
        #expect(try rates(experiment, replicates: 200, seed: 10) != expected)
    }

    @Test func doubleScoresGiveTheSameAsSingleOnes() throws {
        let experiment = SubjectExperiment(seed: 12, subjects: 25, levels: 50)
        let bootstrap = try SubjectBootstrap(replicates: 64, seed: 1)
        let subjects = try experiment.subjects()
        let single = try bootstrap.tarIntervals(
            scores: .single(experiment.scores),
            labels: experiment.labels,
            subjects: subjects,
            targets: targets
        )
        let double = try bootstrap.tarIntervals(
            scores: .double(experiment.scores.map { Double($0) }),
            labels: experiment.labels,
            subjects: subjects,
            targets: targets
        )
        #expect(single == double)
    }

    @Test func intervalsArePercentilesWithTheirCaveats() throws {
        let experiment = SubjectExperiment(seed: 13, subjects: 20)
        let rates = try rates(experiment, replicates: 101, seed: 3)
        let bootstrap = try SubjectBootstrap(replicates: 101, seed: 3, level: 0.9, ends: .percentile)
        let intervals = try bootstrap.tarIntervals(
            scores: .single(experiment.scores),
            labels: experiment.labels,
            subjects: experiment.subjects(),
            targets: targets
        )
        for (place, outcome) in intervals.enumerated() {
            let interval = try outcome.get()
            let sorted = rates[place].compactMap { $0 }.sorted()
            // 101 replicates: the 5 % and 95 % quantiles are the 6th and the 96th.
            #expect(interval.low == sorted[5] && interval.high == sorted[95])
            #expect(interval.level == 0.9 && interval.replicates == 101 && interval.method == .subjectBootstrap)
        }
        // 190 impostors: 1e-3 is unresolved; at FAR 1 everything is always accepted.
        #expect(try intervals[1].get().caveats == [.unresolvedTarget])
        #expect(try intervals[4].get().caveats == [.noVariation])
        #expect(try intervals[0].get().caveats == [])
        #expect(intervals[0] == intervals[5])
    }

    /// Where nothing varies each subject counts once, however many comparisons it has.
    @Test(arguments: [5, 30, 100]) func allAcceptedIsAsSureAsThereAreSubjects(subjects: Int) throws {
        var experiment = SubjectExperiment(seed: 14, subjects: subjects)
        for index in experiment.scores.indices { experiment.scores[index] += experiment.labels[index] == 1 ? 100 : 0 }
        func interval(_ ends: SubjectBootstrap.Ends) throws -> Interval {
            try SubjectBootstrap(replicates: 64, seed: 1, ends: ends)
                .tarIntervals(
                    scores: .single(experiment.scores),
                    labels: experiment.labels,
                    subjects: experiment.subjects(),
                    targets: [targets[0]]
                )[0]
                .get()
        }
        let wilson = try interval(.wilson)
        #expect(wilson.method == .subjectBootstrapWilson && wilson.effectiveCount == Double(subjects))
        #expect(try wilson.low == Interval.wilson(successes: subjects, trials: subjects).get().low && wilson.high == 1)
        #expect(wilson.caveats.contains(.noVariation))
        let percentile = try interval(.percentile)
        #expect(percentile.low == 1 && percentile.high == 1 && percentile.effectiveCount == nil)
        #expect(percentile.method == .subjectBootstrap && percentile.caveats.contains(.noVariation))
    }

    /// Σ_a(Σ_b h)² over that and Σ_ab h², with h the accepted impostors of a pair less their share of its comparisons.
    @Test(arguments: [1e6, 3]) func thresholdShareIsTheJackknifesOfTheProductWeights(levels: Double) throws {
        var experiment = SubjectExperiment(seed: 21, subjects: 15, levels: levels)
        for place in 0..<40 { experiment.append(Double(place % 5), 0, place % 3, 8 + place % 7) }
        experiment.append(9, 0, 4, 5)  // impostor, yet of one subject
        let impostors = experiment.labels.indices.filter { experiment.labels[$0] == 0 }
        let sorted = impostors.map { experiment.scores[$0] }.sorted(by: >)
        let found = try SubjectBootstrap(replicates: 1, seed: 1)
            .replicates(
                of: [.single(experiment.scores)],
                labels: experiment.labels,
                subjects: experiment.subjects(),
                targets: targets
            )
            .get()
            .observed[0]
        for (target, observed) in zip(targets, found) {
            let allowed = target.allowedImpostors(of: impostors.count)
            let bound = allowed < sorted.count ? sorted[allowed] : -.infinity
            let accepted = impostors.count { experiment.scores[$0] > bound }
            let rate = Double(accepted) / Double(impostors.count)
            var (ofPairs, ofSubjects): ([Set<UInt32>: Double], [UInt32: Double]) = ([:], [:])
            for index in impostors {
                let pair = Set([experiment.first[index] / 2, experiment.second[index] / 2])
                let value = (experiment.scores[index] > bound ? 1 : 0) - rate
                ofPairs[pair, default: 0] += value
                for subject in pair { ofSubjects[subject, default: 0] += value }
            }
            let pairSum = ofPairs.values.reduce(0) { $0 + $1 * $1 }
            let subjectSum = ofSubjects.values.reduce(0) { $0 + $1 * $1 }
            let expected = accepted > 0 && subjectSum > 1e-9 ? subjectSum / (subjectSum + pairSum) : 1
            #expect(abs(observed.thresholdShare - expected) < 1e-9, "\(target)")
            #expect(observed.subjects == 15 && observed.trials == 45)
        }
    }

    @Test func whatCannotBeResampledHasAReason() throws {
        let bootstrap = try SubjectBootstrap(replicates: 50, seed: 1)
        func outcome(_ labels: [UInt8], _ subjectOfTemplate: [UInt32]) throws -> Outcome<Interval> {
            let subjects = try ComparisonSubjects(
                firstTemplate: [0, 1],
                secondTemplate: [1, 2],
                subjectOfTemplate: subjectOfTemplate
            )
            return
                try
                bootstrap.tarIntervals(
                    scores: .single([0.5, 0.1]),
                    labels: labels,
                    subjects: subjects,
                    targets: [targets[0]]
                )[0]
        }
        #expect(try outcome([0, 0], [0, 1, 2]).undefinedReason == .noGenuine)
        #expect(try outcome([1, 1], [0, 1, 2]).undefinedReason == .noImpostor)
        #expect(try outcome([1, 0], [0, 0, 0]).undefinedReason == .tooFewSubjects)
        // Two subjects are both drawn in half of the replicates; of many more, rarely these two.
        var sparse = SubjectExperiment(seed: 1, subjects: 2)
        sparse = SubjectExperiment(sparse, subjectOfTemplate: [0, 1, 2, 3])
        let subjects = try sparse.subjects()
        let few = try bootstrap.tarIntervals(
            scores: .single(sparse.scores),
            labels: sparse.labels,
            subjects: subjects,
            targets: [targets[0]]
        )
        #expect(few[0].undefinedReason == .tooFewReplicates)
    }

    @Test func badInputIsRefused() throws {
        let experiment = SubjectExperiment(seed: 1, subjects: 3)
        let subjects = try experiment.subjects()
        let bootstrap = try SubjectBootstrap(replicates: 2, seed: 1)
        var scores = experiment.scores
        scores[4] = .nan
        #expect(throws: MetricsError(.scoreNotANumber, "the score is not a number", index: 4)) {
            try bootstrap.tarIntervals(
                scores: .single(scores),
                labels: experiment.labels,
                subjects: subjects,
                targets: targets
            )
        }
        #expect(throws: MetricsError.self) {
            try bootstrap.tarIntervals(
                scores: .single([1]),
                labels: experiment.labels,
                subjects: subjects,
                targets: targets
            )
        }
        #expect(throws: MetricsError.self) {
            try bootstrap.tarIntervals(
                scores: .single(experiment.scores),
                labels: experiment.labels.map { $0 + 1 },
                subjects: subjects,
                targets: targets
            )
        }
        #expect(throws: MetricsError.self) { try SubjectBootstrap(replicates: 0, seed: 1) }
        #expect(throws: MetricsError.self) { try SubjectBootstrap(seed: 1, level: 1) }
        #expect(throws: MetricsError.self) { try SubjectBootstrap(seed: 1, threads: 0) }
    }
}

extension SubjectExperiment {
    init(_ other: SubjectExperiment, subjectOfTemplate: [UInt32]) {
        self.init(
            scores: other.scores,
            labels: other.labels,
            first: other.first,
            second: other.second,
            subjectOfTemplate: subjectOfTemplate
        )
    }

    private init(
        scores: [Float],
        labels: [UInt8],
        first: [UInt32],
        second: [UInt32],
        subjectOfTemplate: [UInt32]
    ) {
        self.scores = scores
        self.labels = labels
        self.first = first
        self.second = second
        self.subjectOfTemplate = subjectOfTemplate
    }
}

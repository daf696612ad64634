import SeededRandom
import Testing
import VerificationMetrics

/// Galleries searched with the same probes, as in IJB-C: who has a mate in one has none in the other.
private struct SearchExperiment {
    /// One result for each gallery.
    var results: [IdentificationResult]

    /// - Parameters:
    ///   - levels: Scores are rounded to so many steps per unit, for ties.
    ///   - failures: The share of probes that failed to enrol.
    init(seed: UInt64, subjects: Int = 24, probesEach: Int = 4, levels: Double = 1e6, failures: Double = 0) throws {
        var generator = SeededGenerator(seed: seed)
        let easiness = (0..<subjects).map { _ in 0.6 * generator.normal() }
        // Two templates for every third subject; subjects 0 ..< 2/3 in the first gallery, 1/3 ..< 1 in the second.
        let enrolled = (0..<subjects).flatMap { [UInt32](repeating: UInt32($0), count: $0 % 3 == 0 ? 2 : 1) }
        let galleries = [
            enrolled.filter { $0 < UInt32(subjects * 2 / 3) }, enrolled.filter { $0 >= UInt32(subjects / 3) },
        ]
        var outcomes: [[ProbeOutcome]] = [[], []]
        for subject in (0..<subjects).flatMap({ [Int](repeating: $0, count: probesEach) }) {
            let hasFailed = generator.uniform() < failures
            for (place, gallery) in galleries.enumerated() {
                let scores = gallery.map { other in
                    let mean = other == UInt32(subject) ? 2 + easiness[subject] : 0
                    let score = Float(((mean + generator.normal()) * levels).rounded() / levels)
                    return hasFailed ? -Float.infinity : score
                }
                outcomes[place]
                    .append(
                        try ProbeOutcome(scores: scores, gallery: Gallery(subjects: gallery), subject: UInt32(subject))
                    )
            }
        }
        results = outcomes.map { IdentificationResult(probes: $0) }
    }

    init(_ results: [IdentificationResult]) { self.results = results }

    /// The results with each probe copied as often as its subject was drawn.
    func resampled(_ bootstrap: SubjectBootstrap, replicate: Int) -> [IdentificationResult] {
        let numbers = Set(results.flatMap { $0.probes.map(\.subject) }).sorted()
        let drawn = bootstrap.weights(replicate: replicate, subjectCount: numbers.count)
        return results.map { result in
            IdentificationResult(
                probes: result.probes.flatMap { probe in
                    let place = numbers.firstIndex(of: probe.subject) ?? 0
                    return [ProbeOutcome](repeating: probe, count: Int(drawn[place]))
                }
            )
        }
    }
}

private let ranks = [1, 2, 5]
private let targets = ["0.02", "0.1", "0.5", "1"].compactMap { try? FARTarget($0) }

@Suite struct IdentificationBootstrapTests {
    /// The rates of a gallery, or of the average over some, counted from nothing.
    private func recount(_ results: [IdentificationResult]) -> [Double?] {
        func mean(_ rates: [Double?]) -> Double? {
            rates.contains(nil) ? nil : rates.compactMap { $0 }.reduce(0, +) / Double(rates.count)
        }
        return ranks.map { rank in mean(results.map { $0.rate(atRank: rank).value }) }
            + targets.map { target in mean(results.map { $0.operatingPoint(at: target).value?.tar }) }
    }

    private func intervals(
        _ results: [IdentificationResult],
        replicates: Int,
        seed: UInt64 = 1,
        level: Double = 0.95,
        threads: Int = 1,
        ends: SubjectBootstrap.Ends = .percentile
    ) throws -> [[Outcome<Interval>]] {
        let bootstrap = try SubjectBootstrap(
            replicates: replicates,
            seed: seed,
            level: level,
            threads: threads,
            ends: ends
        )
        return IdentificationBootstrap(bootstrap).intervals(of: results, ranks: ranks, targets: targets)
            .map { $0.ranks + $0.openSet }
    }

    /// With one replicate, both ends are that replicate's rate: the one of a set in which every probe stands as often as
    /// its subject was drawn.
    @Test(arguments: [
        (levels: 1e6, failures: 0.0, subjects: 24), (levels: 2, failures: 0, subjects: 24),
        (levels: 5, failures: 0.2, subjects: 12), (levels: 1, failures: 0.5, subjects: 3),
    ])
    func oneReplicateIsARecountOfTheResampledProbes(levels: Double, failures: Double, subjects: Int) throws {
        let experiment = try SearchExperiment(seed: 3, subjects: subjects, levels: levels, failures: failures)
        var undefinedCount = 0
        for seed in 0..<40 as Range<UInt64> {
            let found = try intervals(experiment.results, replicates: 1, seed: seed)
            let drawn = experiment.resampled(try SubjectBootstrap(replicates: 1, seed: seed), replicate: 0)
            let expected = drawn.map { recount([$0]) } + [recount(drawn)]
            try #require(found.count == 3)
            for (one, other) in zip(found.joined(), expected.joined()) {
                #expect(one.value?.low == one.value?.high)
                if let rate = other {
                    #expect(abs((one.value?.low ?? -1) - rate) < 1e-15, "seed \(seed)")
                } else {
                    #expect(one.undefinedReason == .tooFewReplicates)
                    undefinedCount += 1
                }
            }
        }
        #expect((undefinedCount > 0) == (subjects == 3))
    }

    @Test(arguments: [0.5, 0.9]) func endsArePercentilesOverTheReplicates(level: Double) throws {
        let experiment = try SearchExperiment(seed: 5, levels: 4, failures: 0.05)
        let bootstrap = try SubjectBootstrap(replicates: 41, seed: 8, level: level)
        let found = try intervals(experiment.results, replicates: 41, seed: 8, level: level)
        let sets = (0..<41).map { experiment.resampled(bootstrap, replicate: $0) }
        // 41 values: the ends of these levels fall on a value, without interpolation.
        let outside = Int((20 * (1 - level)).rounded())
        for (place, intervals) in found.enumerated() {
            let rates = sets.map { recount(place < 2 ? [$0[place]] : $0) }
            for (index, outcome) in intervals.enumerated() {
                let sorted = rates.compactMap { $0[index] }.sorted()
                let interval = try outcome.get()
                try #require(sorted.count == 41)
                #expect(abs(interval.low - sorted[outside]) < 1e-12)
                #expect(abs(interval.high - sorted[40 - outside]) < 1e-12)
                #expect(interval.level == level && interval.replicates == 41)
                #expect(interval.method == .subjectBootstrap)
                #expect(interval.low < interval.high)
            }
        }
    }

    @Test func pointsLieInTheirIntervals() throws {
        for seed in 0..<5 as Range<UInt64> {
            let results = try SearchExperiment(seed: seed, subjects: 40).results
            let points = results.map { recount([$0]) } + [recount(results)]
            for (outcome, point) in zip(try intervals(results, replicates: 200).joined(), points.joined()) {
                let (interval, rate) = (try outcome.get(), try #require(point))
                #expect(interval.low <= rate && rate <= interval.high)
                #expect(interval.high - interval.low < 0.6)
            }
        }
    }

    /// Seed and probes alone decide: neither threads, nor the order of probes, nor how scores are scaled or subjects
    /// numbered as long as their order stays.
    @Test func nothingElseMatters() throws {
        let results = try SearchExperiment(seed: 11, levels: 8).results
        let expected = try intervals(results, replicates: 60)
        #expect(try intervals(results, replicates: 60) == expected)
        #expect(try intervals(results, replicates: 60, threads: 4) == expected)
        #expect(try intervals(results, replicates: 60, seed: 2) != expected)
        var generator = SeededGenerator(seed: 1)
        let shuffled = results.map { result in
            IdentificationResult(probes: generator.permutation(of: result.probes.count).map { result.probes[$0] })
        }
        #expect(try intervals(shuffled, replicates: 60) == expected)
        let swapped = try intervals(results.reversed(), replicates: 60)
        #expect([swapped[1], swapped[0]] == Array(expected.prefix(2)))
        // A mate's rank and the highest score are all that a probe keeps, so they are put into a gallery of two.
        let gallery = Gallery(subjects: [7, 1_000_000])
        func probe(_ subject: UInt32, _ scores: [Float]) throws -> ProbeOutcome {
            try ProbeOutcome(scores: scores, gallery: gallery, subject: subject)
        }
        func made(_ scale: (Float) -> Float, unmated: (Int) -> UInt32) throws -> IdentificationResult {
            var generator = SeededGenerator(seed: 2)
            return IdentificationResult(
                probes: try (0..<60)
                    .map { place in
                        let scores = (0..<2).map { _ in scale(Float(generator.normal())) }
                        return try probe(place % 3 == 0 ? 7 : unmated(place % 10), scores)
                    }
            )
        }
        let plain = try intervals([try made({ $0 }, unmated: { UInt32(10 + $0) })], replicates: 60)
        #expect(try intervals([try made({ $0 * 3 + 100 }, unmated: { UInt32(10 + $0) })], replicates: 60) == plain)
        #expect(
            try intervals([try made({ $0 }, unmated: { UInt32(4_000_000_000 + 5 * $0) })], replicates: 60) == plain
        )
    }

    /// Galleries that share their probes rise and fall together: the average of one with itself is no surer than it.
    @Test func anAverageKnowsThatGalleriesShareProbes() throws {
        let result = try SearchExperiment(seed: 13).results[0]
        let found = try intervals([result, result], replicates: 100)
        for (single, average) in zip(found[0], found[2]) {
            #expect(abs(try single.get().low - average.get().low) < 1e-15)
            #expect(abs(try single.get().high - average.get().high) < 1e-15)
        }
        #expect(found[0] == found[1])
    }

    @Test func dataWithoutSpreadSaySo() throws {
        let gallery = Gallery(subjects: (0..<10).map { UInt32($0) })
        func probe(_ subject: Int, isFound: Bool) throws -> ProbeOutcome {
            let scores = (0..<10).map { Float($0 == subject ? (isFound ? 2 : 0) : 1) }
            return try ProbeOutcome(scores: scores, gallery: gallery, subject: UInt32(subject))
        }
        // Everybody is found; or everybody once and once not, so that it does not matter who is drawn.
        for (patterns, rate) in [([true], 1.0), ([true, false], 0.5), ([false], 0)] {
            let probes = try (0..<20).flatMap { subject in try patterns.map { try probe(subject, isFound: $0) } }
            let found = try intervals([IdentificationResult(probes: probes)], replicates: 50)
            let interval = try found[0][0].get()
            #expect(interval.low == rate && interval.high == rate)
            #expect(interval.caveats == [.noVariation])
            // Strangers score 1: found mates, at 2, pass at every FPIR.
            #expect(try found[0][ranks.count + 1].get().low == rate)
        }
    }

    @Test func tooLittleDataIsAReasonOrACaveat() throws {
        let gallery = Gallery(subjects: [1, 2])
        let mated = try ProbeOutcome(scores: [1, 0], gallery: gallery, subject: 1)
        let unmated = try ProbeOutcome(scores: [0.5, 0], gallery: gallery, subject: 3)
        let alone = try intervals([IdentificationResult(probes: [mated, mated])], replicates: 30)
        #expect(alone.count == 2)
        #expect(alone.allSatisfy { $0.count == ranks.count + targets.count })
        #expect(alone.joined().allSatisfy { $0.undefinedReason == .tooFewSubjects })
        #expect(
            try intervals([IdentificationResult(probes: [])], replicates: 30)[0][0].undefinedReason == .tooFewSubjects
        )
        // Of three subjects the only mated one is missing from (2/3)³ of the replicates.
        let other = try ProbeOutcome(scores: [0.4, 0], gallery: gallery, subject: 4)
        let few = try intervals([IdentificationResult(probes: [mated, unmated, other])], replicates: 300)
        let rank = try few[0][0].get()
        #expect(rank.caveats == [.noVariation, .replicatesDiscarded] && abs(Double(rank.replicates) - 211) < 35)
        let open = try few[0][ranks.count].get()
        #expect(open.caveats.contains(.unresolvedTarget) && open.replicates <= rank.replicates)
        // Without strangers there is no FPIR in any replicate; the closed set has its interval.
        let second = try ProbeOutcome(scores: [0, 1], gallery: gallery, subject: 2)
        let closed = try intervals([IdentificationResult(probes: [mated, second])], replicates: 30)
        #expect(closed[0][ranks.count].undefinedReason == .tooFewReplicates)
        #expect(try closed[0][0].get().low == 1)
        // An average is unresolved where one of its galleries is.
        let rich = try SearchExperiment(seed: 1).results[0]
        let third = try ProbeOutcome(scores: [0.4, 0], gallery: gallery, subject: 5)
        let poor = IdentificationResult(probes: [mated, second, unmated, other, third])
        let mixed = try intervals([rich, poor], replicates: 100)
        #expect(try !mixed[0][ranks.count + 1].get().caveats.contains(.unresolvedTarget))
        #expect(try mixed[2][ranks.count + 1].get().caveats.contains(.unresolvedTarget))
    }

    /// People are found nearly always or seldom, three probes each: intervals that took probes as independent would hold
    /// the truth in about 81 % of the experiments.
    @Test func intervalsHoldTheTruthAsOftenAsTheySay() throws {
        let gallery = Gallery(subjects: (0..<60).map { UInt32($0) })
        let truth = (0.98 + 0.2) / 2
        var hits = 0
        let experiments = 200
        for experiment in 0..<experiments {
            var generator = SeededGenerator(seed: 21, stream: UInt64(experiment))
            var probes: [ProbeOutcome] = []
            for subject in 0..<60 {
                let chance = generator.uniform() < 0.5 ? 0.98 : 0.2
                for _ in 0..<3 {
                    let isFound = generator.uniform() < chance
                    let scores = (0..<60).map { Float($0 == subject ? (isFound ? 2 : 0) : 1) }
                    probes.append(try ProbeOutcome(scores: scores, gallery: gallery, subject: UInt32(subject)))
                }
            }
            let bootstrap = try SubjectBootstrap(replicates: 200, seed: UInt64(experiment))
            let found = IdentificationBootstrap(bootstrap)
                .intervals(of: [IdentificationResult(probes: probes)], ranks: [1], targets: [])
            let interval = try found[0].ranks[0].get()
            hits += interval.low <= truth && truth <= interval.high ? 1 : 0
        }
        // 190 are expected of exact intervals; percentiles of 60 people hold a little less; ± 3 standard deviations.
        #expect((178...199).contains(hits), "\(hits) of \(experiments)")
    }
}

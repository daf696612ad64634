import SeededRandom
import Testing
import VerificationMetrics

/// FMR and FNMR at given thresholds, and the intervals of EER and AUC.
@Suite struct ThresholdRatesTests {
    /// Comparisons of a few subjects with two templates each, with ties and failures to enrol.
    private struct Sample {
        var scores: [Double] = []
        var labels: [UInt8] = []
        var first: [UInt32] = []
        var second: [UInt32] = []
        let subjectOfTemplate: [UInt32]

        init(subjects: Int, seed: UInt64, failures: Bool = true) {
            var generator = SeededGenerator(seed: seed, stream: 0)
            subjectOfTemplate = (0..<UInt32(2 * subjects)).map { $0 / 2 }
            let ability = (0..<subjects).map { _ in Double(generator.index(below: 100)) / 100 }
            for one in 0..<UInt32(2 * subjects) {
                for other in 0..<one {
                    let pair = (Int(one / 2), Int(other / 2))
                    let noise = Double(generator.index(below: 100)) / 50
                    labels.append(pair.0 == pair.1 ? 1 : 0)
                    let isFailed = failures && one == 3
                    let score = (pair.0 == pair.1 ? 1.2 : 0) + ability[pair.0] + ability[pair.1] + noise
                    scores.append(isFailed ? -.infinity : (score * 200).rounded() / 200)
                    first.append(one)
                    second.append(other)
                }
            }
        }

        func subjects() throws -> ComparisonSubjects {
            try ComparisonSubjects(firstTemplate: first, secondTemplate: second, subjectOfTemplate: subjectOfTemplate)
        }

        /// Weighted rates by plain loops: accepted, scored and all comparisons of each class.
        func rates(threshold: Double, weights: [UInt8]) -> (fmr: Double?, fnmr: Double?, far: Double?, frr: Double?) {
            var sums = [[Int]](repeating: [0, 0, 0], count: 2)
            for index in scores.indices {
                let pair = (subjectOfTemplate[Int(first[index])], subjectOfTemplate[Int(second[index])])
                let weight = Int(weights[Int(pair.0)]) * (pair.0 == pair.1 ? 1 : Int(weights[Int(pair.1)]))
                sums[Int(labels[index])][2] += weight
                if scores[index] > -.infinity { sums[Int(labels[index])][1] += weight }
                if scores[index] >= threshold { sums[Int(labels[index])][0] += weight }
            }
            func share(_ count: Int, _ total: Int) -> Double? { total > 0 ? Double(count) / Double(total) : nil }
            let (impostor, genuine) = (sums[0], sums[1])
            return (
                share(impostor[0], impostor[1]), share(genuine[1] - genuine[0], genuine[1]),
                share(impostor[0], impostor[2]), share(genuine[2] - genuine[0], genuine[2])
            )
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func ratesAndReplicatesAreThoseOfPlainLoops(_ seed: UInt64) throws {
        let sample = Sample(subjects: 14, seed: seed)
        let bootstrap = try SubjectBootstrap(replicates: 150, seed: seed, threads: 2, ends: .percentile)
        let thresholds = [1.9, 0.5, 99]
        let found = try ThresholdRates.measure(
            thresholds,
            scores: .double(sample.scores),
            labels: sample.labels,
            subjects: sample.subjects(),
            bootstrap: bootstrap
        )
        for (threshold, rates) in zip(thresholds, found) {
            let plain = sample.rates(threshold: threshold, weights: [UInt8](repeating: 1, count: 14))
            let drawn = (0..<150)
                .map { replicate in
                    sample.rates(
                        threshold: threshold,
                        weights: bootstrap.weights(replicate: replicate, subjectCount: 14)
                    )
                }
            let pairs: [(Outcome<MeasuredRate>, Double?, [Double])] = [
                (rates.fmr, plain.fmr, drawn.compactMap(\.fmr)), (rates.fnmr, plain.fnmr, drawn.compactMap(\.fnmr)),
                (rates.far, plain.far, drawn.compactMap(\.far)), (rates.frr, plain.frr, drawn.compactMap(\.frr)),
            ]
            for (own, expected, replicates) in pairs {
                let rate = try own.get()
                #expect(rate.rate == expected)
                let interval = try rate.interval.get()
                let sorted = replicates.sorted()
                // The 2.5 % quantile lies between its neighbours in order.
                let place = 0.025 * Double(sorted.count - 1)
                #expect((sorted[Int(place)]...sorted[Int(place) + 1]).contains(interval.low))
                let upper = 0.975 * Double(sorted.count - 1)
                #expect((sorted[Int(upper)]...sorted[min(Int(upper) + 1, sorted.count - 1)]).contains(interval.high))
            }
        }
    }

    @Test func withoutSubjectsWilsonStandsAndSaysSo() throws {
        let scores: [Double] = [0.9, 0.8, 0.2, -.infinity, 0.7, 0.1, -.infinity]
        let found = try ThresholdRates.measure(
            [0.5],
            scores: .double(scores),
            labels: [1, 1, 1, 1, 0, 0, 0],
            subjects: nil,
            bootstrap: nil
        )
        let rates = try #require(found.first)
        #expect(try rates.fmr.get().rate == 0.5 && rates.far.get().rate == 1.0 / 3)
        #expect(try rates.fnmr.get().rate == 1.0 / 3 && rates.frr.get().rate == 0.5)
        let interval = try rates.fnmr.get().interval.get()
        let wilson = try Interval.wilson(successes: 1, trials: 3).get()
        #expect(interval.low == wilson.low && interval.high == wilson.high)
        #expect(interval.caveats == [.subjectsTakenAsIndependent])
        let none = try ThresholdRates.measure(
            [0],
            scores: .double([-.infinity, 1]),
            labels: [1, 1],
            subjects: nil,
            bootstrap: nil
        )
        #expect(none.first?.fmr.undefinedReason == .noImpostor)
    }

    /// With two subjects for every comparison and none shared, the variance is DeLong's.
    @Test func theVarianceOfTheAreaIsDeLongsWhereNothingIsShared() throws {
        var generator = SeededGenerator(seed: 5, stream: 0)
        let labels: [UInt8] = (0..<160).map { $0 % 4 == 0 ? 1 : 0 }
        let scores: [Double] = labels.map { label in
            let noise = Double(generator.index(below: 40)) / 10
            return label == 1 ? noise + 1 : noise
        }
        let subjects = try ComparisonSubjects(
            firstTemplate: Array(stride(from: 0 as UInt32, to: 320, by: 2)),
            secondTemplate: Array(stride(from: 1 as UInt32, to: 320, by: 2)),
            subjectOfTemplate: Array(0..<(320 as UInt32))
        )
        func placements(of label: UInt8, sign: Double) -> [Double] {
            let others = scores.indices.filter { labels[$0] != label }.map { scores[$0] }
            return scores.indices.filter { labels[$0] == label }
                .map { index in
                    var better = 0.0
                    for other in others {
                        let gap = (scores[index] - other) * sign
                        if gap > 0 { better += 1 } else if gap == 0 { better += 0.5 }
                    }
                    return better / Double(others.count)
                }
        }
        let genuine = placements(of: 1, sign: 1)
        let impostor = placements(of: 0, sign: -1)
        let area = genuine.reduce(0, +) / Double(genuine.count)
        func variance(_ values: [Double]) -> Double {
            var sum = 0.0
            for value in values { sum += (value - area) * (value - area) }
            return sum / Double(values.count * values.count)
        }
        // A genuine comparison of two subjects counts for both here, so only impostors' own terms are taken off.
        let expected = (variance(genuine) + variance(impostor)) * 320 / 319
        for scores in [ScoreValues.double(scores), .single(scores.map { Float($0) })] {
            let interval = try Interval.areaUnderCurve(scores: scores, labels: labels, subjects: subjects)
                .get()
            let count = try #require(interval.effectiveCount)
            #expect(abs(count - min(area * (1 - area) / expected, 160)) < 1e-6 * count)
            #expect(interval.low < area && area < interval.high)
            #expect(interval.method == Interval.Method.subjectLinearised)
        }
    }

    @Test(arguments: [7, 8] as [UInt64]) func theEqualErrorRateIsFoundAnewInEveryReplicate(_ seed: UInt64) throws {
        let sample = Sample(subjects: 12, seed: seed, failures: false)
        let bootstrap = try SubjectBootstrap(replicates: 100, seed: seed, threads: 2, ends: .percentile)
        let set = try ScoreSet(scores: sample.scores, labels: sample.labels)
        let observed = try set.equalErrorRate.get()
        let interval =
            try bootstrap.equalErrorRateInterval(
                observed,
                scores: .double(sample.scores),
                labels: sample.labels,
                subjects: sample.subjects()
            )
            .get()
        // Each comparison repeated by its weight, and the point estimate of those: ties aside, the replicate's rate.
        let replicates = (0..<100)
            .compactMap { replicate -> Double? in
                let weights = bootstrap.weights(replicate: replicate, subjectCount: 12)
                var (scores, labels): ([Double], [UInt8]) = ([], [])
                for index in sample.scores.indices {
                    let one = sample.subjectOfTemplate[Int(sample.first[index])]
                    let other = sample.subjectOfTemplate[Int(sample.second[index])]
                    let weight = Int(weights[Int(one)]) * (one == other ? 1 : Int(weights[Int(other)]))
                    scores += [Double](repeating: sample.scores[index], count: weight)
                    labels += [UInt8](repeating: sample.labels[index], count: weight)
                }
                return try? ScoreSet(scores: scores, labels: labels).equalErrorRate.get().rate
            }
            .sorted()
        // The replicate's two states are those around one impostor rather than one score: never more than a step apart.
        #expect(abs(interval.low - replicates[2]) < 0.04 && abs(interval.high - replicates[97]) < 0.04)
        #expect(interval.low <= observed.rate && observed.rate <= interval.high)
    }
}

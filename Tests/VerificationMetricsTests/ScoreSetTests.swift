import SeededRandom
import Testing
import VerificationMetrics

@Suite struct ScoreSetTests {
    @Test func aScoreThatIsNoNumberIsRefusedByItsIndex() {
        let labels: [UInt8] = [0, 1, 0, 1]
        #expect(throws: MetricsError(.scoreNotANumber, "the score is not a number", index: 2)) {
            try ScoreSet(scores: [0, 1, .nan, .nan] as [Float], labels: labels)
        }
        #expect(throws: MetricsError(.scoreInfinite, "the score is +infinity", index: 3)) {
            try ScoreSet(scores: [0, 1, 2, .infinity] as [Double], labels: labels)
        }
        #expect(throws: MetricsError(.scoreNotANumber, "the score is not a number", index: 1)) {
            try ScoreSet(genuine: [0, 1] as [Float], impostor: [0, .nan])
        }
    }

    @Test func otherLabelsAndCountsAreRefused() {
        #expect(throws: MetricsError(.invalidLabel, "the label is 2, expected 0 or 1", index: 1)) {
            try ScoreSet(scores: [0, 1, 2] as [Float], labels: [1, 2, 3])
        }
        #expect(throws: MetricsError(.countMismatch, "2 scores but 1 labels")) {
            try ScoreSet(scores: [0, 1] as [Float], labels: [1])
        }
        #expect(
            MetricsError(.invalidLabel, "the label is 2, expected 0 or 1", index: 1).description
                == "comparison 1: the label is 2, expected 0 or 1"
        )
    }

    /// A change of unit changes only what has a unit: 1e200 is as good as 1.
    @Test(arguments: [-1000, -600, -520, 510, 600, 1000]) func noUnitIsTooLargeOrTooSmall(_ exponent: Int) throws {
        let unit = Double(sign: .plus, exponent: exponent, significand: 1)
        let genuine = [0.9, 0.7, 0.4, 1.5]
        let impostor = [0.1, -0.3, 0.45, 0.2, -1]
        let plain = try ScoreSet(genuine: genuine, impostor: impostor)
        let scaled = try ScoreSet(genuine: genuine.map { $0 * unit }, impostor: impostor.map { $0 * unit })
        #expect(scaled.dPrime == plain.dPrime)
        for (own, other) in [
            (try scaled.genuineSummary.get(), try plain.genuineSummary.get()),
            (try scaled.impostorSummary.get(), try plain.impostorSummary.get()),
        ] {
            #expect(own.mean == other.mean * unit && own.minimum == other.minimum * unit)
            #expect(own.standardDeviation == other.standardDeviation.map { $0 * unit })
        }
        #expect(scaled.histogram(bins: 7).value?.genuine == plain.histogram(bins: 7).value?.genuine)
        #expect(scaled.areaUnderCurve == plain.areaUnderCurve)
    }

    @Test func theLargestNumbersHaveAHistogram() throws {
        let largest = Double.greatestFiniteMagnitude
        let set = try ScoreSet(genuine: [largest, 0.5 * largest], impostor: [-largest, 0])
        let histogram = try set.histogram(bins: 4).get()
        #expect(histogram.genuine == [0, 0, 0, 2] && histogram.impostor == [1, 0, 1, 0])
        #expect(try set.impostorSummary.get().mean == -largest / 2)
    }

    @Test func zerosOfEitherSignTie() throws {
        let set = try ScoreSet(genuine: [0.0, -0.0] as [Float], impostor: [-0.0, 0.0, -0.0])
        #expect(try set.wholeCurve(droppingCollinear: false).get().points.count == 2)
        #expect(try set.areaUnderCurve.get() == 0.5)
    }

    @Test func doublePrecisionTellsApartWhatSinglePrecisionTies() throws {
        let genuine = [0.9, 0.9 + 1e-12]
        let impostor = [0.9 - 1e-12, 0.1]
        #expect(try ScoreSet(genuine: genuine, impostor: impostor).areaUnderCurve.get() == 1)
        let rounded = try ScoreSet(genuine: genuine.map { Float($0) }, impostor: impostor.map { Float($0) })
        #expect(try rounded.areaUnderCurve.get() == 0.75)
    }

    /// The sort, through the curve that it makes: all magnitudes and signs, both widths, above its small-array bound.
    @Test(arguments: [3, 400, 401, 5000])
    func everyBitPatternIsSortedAsANumber(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let singles = (0..<count)
            .map { _ -> Float in
                let score = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
                return score.isFinite ? score : -.infinity
            }
        let doubles = (0..<count)
            .map { _ -> Double in
                let score = Double(bitPattern: generator.next())
                return score.isFinite ? score : -.infinity
            }
        let singleCurve = try ScoreSet(genuine: singles, impostor: [0]).wholeCurve(droppingCollinear: false).get()
        #expect(
            singleCurve.points.compactMap(\.threshold)
                == Set(singles + [0]).filter { $0 > -.infinity }.sorted(by: >).map { Double($0) }
        )
        let doubleCurve = try ScoreSet(genuine: doubles, impostor: [0]).wholeCurve(droppingCollinear: false).get()
        #expect(
            doubleCurve.points.compactMap(\.threshold) == Set(doubles + [0]).filter { $0 > -.infinity }.sorted(by: >)
        )
    }

    @Test func neighbouringAndExtremeScoresHaveAThresholdBetweenThem() throws {
        let pairs: [(Double, Double)] = [
            (1, 1.0.nextUp), (0, .leastNonzeroMagnitude), (-.leastNonzeroMagnitude, 0),
            (-.greatestFiniteMagnitude, .greatestFiniteMagnitude), (1e308, 1.7e308),
        ]
        for (low, high) in pairs {
            let set = try ScoreSet(genuine: [high], impostor: [low])
            let threshold = try #require(try set.operatingPoint(at: FARTarget("0.5")).get().threshold)
            #expect(threshold > low && threshold <= high && threshold.isFinite)
        }
        // Nothing is above the greatest number: no threshold, rather than infinity.
        let top = try ScoreSet(genuine: [0.0], impostor: [Double.greatestFiniteMagnitude])
        #expect(try top.operatingPoint(at: FARTarget("0.5")).get().threshold == nil)
    }

    @Test func hardestComparisonsAreTheHighestImpostorsAndTheLowestGenuines() throws {
        let scores: [Float] = [0.9, 0.1, 0.8, 0.8, 0.2, -.infinity, 0.1, 0.5]
        let labels: [UInt8] = [0, 1, 0, 0, 1, 1, 1, 0]
        let hardest = try HardestComparisons(scores: .single(scores), labels: labels, count: 3)
        #expect(hardest.impostors == [0, 2, 3] && hardest.genuine == [1, 6, 4])
        #expect(try HardestComparisons(scores: .single(scores), labels: labels, count: 0).impostors.isEmpty)
        #expect(try HardestComparisons(scores: .single(scores), labels: labels, count: 99).genuine == [1, 6, 4])
    }
}

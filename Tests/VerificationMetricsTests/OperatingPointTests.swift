import SeededRandom
import Testing
import VerificationMetrics

@Suite struct OperatingPointTests {
    @Test func aFARIsResolvedByTheRuleOfThirty() {
        let states = [0, 1, 29, 30, 688].map(FARResolution.init(allowedImpostors:))
        #expect(states == [.unresolved, .few, .few, .resolved, .resolved])
    }

    @Test func aCaseByHand() throws {
        // Impostors 9 7 7 5 3, genuines 10 8 7 4.
        let set = try ScoreSet(genuine: [10, 8, 7, 4] as [Float], impostor: [7, 3, 9, 5, 7])
        let none = try set.operatingPoint(at: FARTarget("0.1")).get()
        #expect(none.allowedImpostors == 0 && !none.resolved)
        #expect(none.acceptedImpostors == 0 && none.acceptedGenuine == 1 && none.tar == 0.25 && none.threshold == 9.5)
        let one = try set.operatingPoint(at: FARTarget("0.2")).get()
        #expect(one.allowedImpostors == 1 && one.resolved && one.acceptedImpostors == 1)
        // Above the second highest impostor, 7: 10 and 8; any threshold in (7, 8] decides alike.
        #expect(one.acceptedGenuine == 2 && one.tar == 0.5 && one.far == 0.2 && one.threshold == 7.5)
        // Two allowed, but the second and third are tied: both are left out.
        let two = try set.operatingPoint(at: FARTarget("0.4")).get()
        #expect(two.allowedImpostors == 2 && two.acceptedImpostors == 1 && two.acceptedGenuine == 2)
        let three = try set.operatingPoint(at: FARTarget("0.6")).get()
        #expect(three.acceptedImpostors == 3 && three.acceptedGenuine == 3 && three.threshold == 6)
        let all = try set.operatingPoint(at: FARTarget("1")).get()
        #expect(all.acceptedImpostors == 5 && all.acceptedGenuine == 4 && all.threshold == 3)
    }

    /// Halfway between neighbours in single precision rounds to the even one, which may be the rejected impostor's.
    @Test(arguments: [Float(0.5), Float(0.5).nextUp, Float(-1).nextUp, .leastNonzeroMagnitude, 3e38])
    func aThresholdStoredInSinglePrecisionDecidesAlike(_ impostor: Float) throws {
        let target = try FARTarget("0.1")
        for set in [
            try ScoreSet(genuine: [impostor.nextUp], impostor: [impostor]),
            try ScoreSet(genuine: [Double(impostor.nextUp)], impostor: [Double(impostor)]),
        ] {
            let threshold = try #require(try set.operatingPoint(at: target).get().threshold)
            #expect(threshold > Double(impostor) && threshold <= Double(impostor.nextUp))
            #expect(Float(threshold) > impostor && Float(threshold) <= impostor.nextUp)
        }
        // Nothing in single precision lies between these: the midpoint serves those who keep it whole.
        let close = try ScoreSet(genuine: [0.1 + 1e-12], impostor: [0.1])
        let threshold = try #require(try close.operatingPoint(at: target).get().threshold)
        #expect(threshold > 0.1 && threshold < 0.1 + 1e-12)
    }

    @Test func anEmptyClassHasNoNumberButAReason() throws {
        let target = try FARTarget("0.1")
        let noGenuine = try ScoreSet(genuine: [] as [Float], impostor: [1])
        let noImpostor = try ScoreSet(genuine: [1] as [Float], impostor: [])
        let nothing = try ScoreSet(scores: [] as [Float], labels: [])
        for (set, reason) in [
            (noGenuine, UndefinedResult.noGenuine), (noImpostor, .noImpostor), (nothing, .noGenuine),
        ] {
            #expect(set.operatingPoint(at: target).undefinedReason == reason)
            #expect(set.nearestPoint(to: target).undefinedReason == reason)
            #expect(set.equalErrorRate.undefinedReason == reason)
            #expect(set.areaUnderCurve.undefinedReason == reason)
            #expect(set.rocCurve().undefinedReason == reason)
            #expect(set.wholeCurve(droppingCollinear: true).undefinedReason == reason)
        }
        #expect(nothing.histogram(bins: 3).undefinedReason == .allRejected)
        #expect(noGenuine.dPrime.undefinedReason == .allRejected)
    }

    @Test func allEqualScoresAreRejectedWholeUnlessAllMayPass() throws {
        let set = try ScoreSet(genuine: [Float](repeating: 0.5, count: 4), impostor: [Float](repeating: 0.5, count: 10))
        let half = try set.operatingPoint(at: FARTarget("0.5")).get()
        #expect(half.acceptedImpostors == 0 && half.acceptedGenuine == 0 && half.resolved)
        #expect(half.threshold == Double(Float(0.5).nextUp))
        let all = try set.operatingPoint(at: FARTarget("1")).get()
        #expect(all.acceptedImpostors == 10 && all.acceptedGenuine == 4 && all.threshold == 0.5)
    }

    @Test(arguments: try Goldens.scoreSets())
    func countsAgreeWithExactArithmetic(golden: ScoreSetGolden) throws {
        let set = try golden.scoreSet()
        for expected in golden.atMost {
            let point = try set.operatingPoint(at: FARTarget(expected.target)).get()
            #expect(point.allowedImpostors == expected.allowed)
            #expect(point.acceptedImpostors == expected.acceptedImpostors)
            #expect(point.acceptedGenuine == expected.acceptedGenuine)
            #expect(point.resolved == (expected.allowed > 0))
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func pointsAgreeWithBruteForceAndTheirThresholdReproducesThem(seed: UInt64) throws {
        let levels = [1, 3, 10, 1_000_000][Int(seed % 4)]
        let random = RandomScores(
            seed: seed,
            count: Int(2 + seed * 23),
            levels: levels,
            failures: seed.isMultiple(of: 3) ? 0.2 : 0
        )
        let set = try ScoreSet(scores: random.scores, labels: random.labels)
        let bruteForce = random.bruteForce
        for text in ["1e-6", "0.01", "0.03", "0.1", "0.34", "0.7", "0.95", "1"] {
            let target = try FARTarget(text)
            let point = try set.operatingPoint(at: target).get()
            let allowed = target.allowedImpostors(of: bruteForce.impostor.count)
            let expected = bruteForce.atMost(allowed)
            let found = AcceptedCounts(impostors: point.acceptedImpostors, genuine: point.acceptedGenuine)
            #expect(found == expected)
            #expect(point.far <= target.value)
            #expect(point.tar == Double(expected.genuine) / Double(bruteForce.genuine.count))
            if let threshold = point.threshold {
                #expect(set.accepted(atThreshold: threshold) == expected)
                #expect(bruteForce.accepted(threshold) == expected)
            }
        }
    }

    @Test func nothingDependsOnTheOrderOrOnMonotoneRescaling() throws {
        for seed in 0..<10 as Range<UInt64> {
            let random = RandomScores(seed: seed, count: 700, levels: seed.isMultiple(of: 2) ? 4 : 100_000)
            let variants = [
                random, random.shuffled(seed: seed + 100), random.mapped { $0 * 0.25 }, random.mapped { $0 * $0 * $0 },
                random.mapped { $0 - 16 },
            ]
            // Cubing and shifting may round neighbours together; keep only what is still strictly monotone.
            let distinct = Set(random.scores).count
            let sets = try variants.filter { Set($0.scores).count == distinct }
                .map { try ScoreSet(scores: $0.scores, labels: $0.labels) }
            #expect(sets.count >= 3)
            for text in ["1e-3", "0.02", "0.1", "0.5"] {
                let target = try FARTarget(text)
                let counts = try sets.map { try $0.operatingPoint(at: target).get() }
                    .map { AcceptedCounts(impostors: $0.acceptedImpostors, genuine: $0.acceptedGenuine) }
                #expect(Set(counts).count == 1)
                #expect(try Set(sets.map { try $0.nearestPoint(to: target).get().accepted }).count == 1)
            }
            #expect(try Set(sets.map { try $0.areaUnderCurve.get() }).count == 1)
            #expect(try Set(sets.map { try $0.equalErrorRate.get().rate }).count == 1)
        }
    }

    @Test func negatedScoresWithSwappedClassesMirrorTheCurve() throws {
        let random = RandomScores(seed: 5, count: 900, levels: 8)
        let mirrored = RandomScores(scores: random.scores.map { -$0 }, labels: random.labels.map { 1 - $0 })
        let set = try ScoreSet(scores: random.scores, labels: random.labels)
        let other = try ScoreSet(scores: mirrored.scores, labels: mirrored.labels)
        #expect(try set.areaUnderCurve.get() == other.areaUnderCurve.get())
        #expect(abs(try set.equalErrorRate.get().rate - other.equalErrorRate.get().rate) < 1e-15)
    }
}

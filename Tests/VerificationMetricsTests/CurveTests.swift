import Testing
import VerificationMetrics

@Suite struct CurveTests {
    @Test(arguments: try Goldens.scoreSets())
    func areaEqualErrorRateAndDPrimeAgreeWithSciPy(golden: ScoreSetGolden) throws {
        let set = try golden.scoreSet()
        // The goldens come from other formulas of the same numbers: a few roundings apart (and 1e-12 of a root finder).
        #expect(abs(try set.areaUnderCurve.get() - golden.area) < 1e-14)
        #expect(abs(try set.equalErrorRate.get().rate - golden.equalErrorRate) < 1e-12)
        if let expected = golden.dPrime {
            // Means lose the digits in which the scores do not differ.
            let genuine = try set.genuineSummary.get()
            let conditioning = 1 + abs(genuine.mean) / (genuine.standardDeviation ?? 1)
            #expect(abs(try set.dPrime.get() - expected) <= 1e-14 * conditioning * (1 + abs(expected)))
        } else {
            #expect(set.dPrime.undefinedReason == .noSpread)
        }
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func areaAndEqualErrorRateAgreeWithBruteForce(seed: UInt64) throws {
        let random = RandomScores(
            seed: seed,
            count: Int(2 + seed * 29),
            levels: [1, 5, 1_000_000][Int(seed % 3)],
            failures: seed.isMultiple(of: 2) ? 0.15 : 0
        )
        let set = try ScoreSet(scores: random.scores, labels: random.labels)
        #expect(abs(try set.areaUnderCurve.get() - random.bruteForce.area) < 1e-12)
        if let expected = random.bruteForce.equalErrorRate {
            #expect(abs(try set.equalErrorRate.get().rate - expected) < 1e-12)
        } else {
            #expect(set.equalErrorRate.undefinedReason == .errorRatesNeverMeet)
        }
    }

    @Test func equalErrorRateByHand() throws {
        // FMR 0 at FNMR 1/2, then FMR 1/4 at FNMR 1/2, then FMR 1/2 at FNMR 0: half way up the last step at 3/8.
        let set = try ScoreSet(genuine: [9, 3] as [Float], impostor: [5, 3, 1, 0])
        let rate = try set.equalErrorRate.get()
        #expect(abs(rate.rate - (0.25 + 1.0 / 3 * 0.25)) < 1e-15 && rate.threshold == 3)
        let perfect = try ScoreSet(genuine: [2, 3] as [Float], impostor: [0, 1])
        #expect(try perfect.equalErrorRate.get().rate == 0)
        #expect(try perfect.areaUnderCurve.get() == 1)
        let worst = try ScoreSet(genuine: [0, 1] as [Float], impostor: [2, 3])
        #expect(try worst.equalErrorRate.get().rate == 1)
        #expect(try worst.areaUnderCurve.get() == 0)
    }

    @Test func failuresToEnrolCountInTheDenominatorsAndNeverPass() throws {
        let failed = -Float.infinity
        let set = try ScoreSet(genuine: [3, 2, failed, failed] as [Float], impostor: [1, 0, failed, failed, failed])
        #expect(set.counts.genuine == 4 && set.counts.rejectedGenuine == 2)
        #expect(set.counts.impostor == 5 && set.counts.rejectedImpostor == 3)
        let all = try set.operatingPoint(at: FARTarget("1")).get()
        #expect(all.acceptedImpostors == 2 && all.acceptedGenuine == 2 && all.tar == 0.5 && all.far == 0.4)
        let two = try set.operatingPoint(at: FARTarget("0.4")).get()
        #expect(two.allowedImpostors == 2 && two.acceptedImpostors == 2 && two.threshold == 0)
        #expect(set.accepted(atThreshold: -.greatestFiniteMagnitude) == AcceptedCounts(impostors: 2, genuine: 2))
        #expect(set.equalErrorRate.undefinedReason == .errorRatesNeverMeet)
        // 2·5 wins, and 2·3 ties among the rejected.
        #expect(try set.areaUnderCurve.get() == (10.0 + 3) / 20)
        #expect(try set.rocCurve().get().points.last?.tar == 0.5)
        let nobody = try ScoreSet(genuine: [failed], impostor: [failed, failed])
        let point = try nobody.operatingPoint(at: FARTarget("1")).get()
        #expect(point.tar == 0 && point.far == 0 && point.threshold == nil)
        #expect(try nobody.nearestPoint(to: FARTarget("0.5")).get().tar == 0)
        #expect(nobody.histogram(bins: 4).undefinedReason == .allRejected)
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func theThinnedCurveIsASubsetThatKeepsBothTails(seed: UInt64) throws {
        let random = RandomScores(seed: seed, count: 3000, levels: seed.isMultiple(of: 2) ? 30 : 1_000_000)
        let set = try ScoreSet(scores: random.scores, labels: random.labels)
        let whole = try set.wholeCurve(droppingCollinear: false).get().points
        let thin = try set.rocCurve(pointsPerDecade: 20).get().points
        #expect(Set(thin).isSubset(of: Set(whole)))
        #expect(thin.first == whole.first && thin.last == whole.last)
        #expect(thin.count < 300)
        for (earlier, later) in zip(thin, thin.dropFirst()) {
            #expect(earlier.far <= later.far && earlier.tar <= later.tar && earlier != later)
        }
        // Every point with the largest TAR of its few false accepts is there.
        for count in 0...8 {
            let best = whole.last { $0.accepted.impostors <= count }
            #expect(best.map(thin.contains) == true)
        }
        // And between neighbours on the FAR axis there is nothing that the eye could tell from them.
        for point in whole where point.accepted.impostors > 0 {
            let before = thin.last { $0.accepted.impostors <= point.accepted.impostors }
            #expect(Double(point.accepted.impostors) <= 1.2 * Double(before?.accepted.impostors ?? 0) + 30)
        }
    }

    @Test func detPointsAreTheNormalDeviatesOfTheCurve() throws {
        let random = RandomScores(seed: 3, count: 2000, levels: 1_000_000)
        let curve = try ScoreSet(scores: random.scores, labels: random.labels).rocCurve().get()
        let points = curve.detPoints
        #expect(points.count == curve.points.count { $0.far > 0 && $0.far < 1 && $0.tar > 0 && $0.tar < 1 })
        for point in points {
            #expect(normalDeviate(point.far) == point.farDeviate)
            #expect(normalDeviate(point.fnmr) == point.fnmrDeviate)
        }
    }

    @Test func theHistogramCountsEveryScoreOnce() throws {
        let set = try ScoreSet(genuine: [0, 1, 1, 2, 4] as [Float], impostor: [-4, -3, 0, 4, -.infinity])
        let histogram = try set.histogram(bins: 4).get()
        #expect(histogram.low == -4 && histogram.high == 4)
        #expect((0...4).map(histogram.edge) == [-4, -2, 0, 2, 4])
        #expect(histogram.genuine == [0, 0, 3, 2])
        #expect(histogram.impostor == [2, 0, 1, 1])
        #expect(
            try ScoreSet(genuine: [1, 1] as [Float], impostor: [1]).histogram(bins: 4).undefinedReason == .noSpread
        )
    }

    @Test func summariesByHand() throws {
        let set = try ScoreSet(genuine: [1, 2, 3, 4] as [Double], impostor: [5, -.infinity])
        let genuine = try set.genuineSummary.get()
        #expect(genuine.mean == 2.5 && genuine.minimum == 1 && genuine.maximum == 4 && genuine.count == 4)
        #expect(abs((genuine.standardDeviation ?? 0) - (5.0 / 3).squareRoot()) < 1e-15)
        #expect(try set.impostorSummary.get().standardDeviation == nil)
        #expect(set.dPrime.undefinedReason == .noSpread)
    }

    @Test func normalDeviatesAgreeWithSciPy() throws {
        for pair in try Goldens.closedForms().normalDeviates {
            let deviate = try #require(normalDeviate(pair[0]))
            #expect(abs(deviate - pair[1]) <= 2e-15 * max(1, abs(pair[1])), "at \(pair[0])")
        }
        for outside in [0, 1, -0.5, 2, Double.nan] { #expect(normalDeviate(outside) == nil) }
    }
}

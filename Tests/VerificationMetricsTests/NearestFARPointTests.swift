import Testing
import VerificationMetrics

@Suite struct NearestFARPointTests {
    @Test(arguments: try Goldens.scoreSets())
    func theSelectionIsScikitLearnsAndInsightFaces(golden: ScoreSetGolden) throws {
        let set = try golden.scoreSet()
        for expected in golden.nearest {
            let point = try set.nearestPoint(to: FARTarget(expected.target)).get()
            #expect(point.tar == expected.tar, "at \(expected.target)")
            #expect(point.far == expected.far, "at \(expected.target)")
            #expect(point.threshold == expected.threshold, "at \(expected.target)")
        }
    }

    @Test(arguments: try Goldens.scoreSets())
    func theWholeCurveIsScikitLearns(golden: ScoreSetGolden) throws {
        let set = try golden.scoreSet()
        let corners = try set.wholeCurve(droppingCollinear: true).get().points
        #expect(corners.map { [$0.accepted.impostors, $0.accepted.genuine] } == golden.corners)
        #expect(try set.wholeCurve(droppingCollinear: false).get().points.count == golden.wholeCurvePoints)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func theSelectionIsThatOfTheWholeList(seed: UInt64) throws {
        let levels = [1, 2, 6, 1_000_000][Int(seed % 4)]
        let random = RandomScores(seed: seed, count: Int(2 + seed * 11), levels: levels)
        let set = try ScoreSet(scores: random.scores, labels: random.labels)
        let reversed = try set.wholeCurve(droppingCollinear: true).get().points.reversed()
        for text in ["1e-6", "0.004", "0.01", "0.02", "0.05", "0.1", "0.125", "0.25", "0.5", "0.75", "0.99", "1"] {
            let target = try FARTarget(text)
            // min over (distance, index) of the reversed arrays.
            let expected = reversed.enumerated()
                .min {
                    (abs($0.element.far - target.value), $0.offset) < (abs($1.element.far - target.value), $1.offset)
                }
            let point = try set.nearestPoint(to: target).get()
            #expect(point.accepted == expected?.element.accepted)
            #expect(point.threshold == expected?.element.threshold)
        }
    }

    @Test func aTieIsWonByTheLargerRateAndTheLargestTAR() throws {
        // FAR 0 and 0.5 are equally far from 0.25; at FAR 0.5 TAR is 1/3, then 2/3.
        let set = try ScoreSet(genuine: [3, 2, 0] as [Float], impostor: [4, 1])
        let point = try set.nearestPoint(to: FARTarget("0.25")).get()
        #expect(point.far == 0.5 && point.accepted.genuine == 2 && point.threshold == 2)
        // Nearer to 0: the point (0, 0), which no score is a threshold of.
        let nothing = try set.nearestPoint(to: FARTarget("0.2")).get()
        #expect(nothing.far == 0 && nothing.tar == 0 && nothing.threshold == nil)
    }
}

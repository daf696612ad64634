import Testing
import VerificationMetrics

@Suite struct FoldedVerificationTests {
    /// 300 impostors in ten folds: a threshold is chosen on 270, of which 1e-3 allows none.
    @Test func aFoldsFARRestsOnTheOtherFolds() throws {
        func allowed(_ target: String) throws -> Int {
            try FoldedVerification(
                scores: (0..<600).map { Double($0 % 7) },
                labels: (0..<600).map { UInt8($0 % 2) },
                folds: Folds(pairs: 600),
                farTarget: FARTarget(target)
            )
            .allowedImpostors
        }
        #expect(try allowed("1e-3") == 0)
        #expect(try allowed("0.1") == 27)
    }

    @Test func foldSizesAreScikitLearns() throws {
        for golden in try Goldens.folds() {
            let folds = try Folds(pairs: golden.scores.count)
            #expect((0..<10).map { fold in folds.foldOfPair.count { $0 == fold } } == golden.sizes)
            #expect(folds.foldOfPair == folds.foldOfPair.sorted())
        }
    }

    @Test func onInsightFacesGridTheAccuracyIsInsightFaces() throws {
        for golden in try Goldens.folds() {
            let result = try FoldedVerification(
                scores: golden.scores,
                labels: golden.labels,
                folds: Folds(pairs: golden.scores.count),
                farTarget: FARTarget("1e-3"),
                candidates: FoldedVerification.squaredDistanceGrid
            )
            #expect(result.folds.map(\.accuracy) == golden.accuracies)
            for (fold, threshold) in zip(result.folds, golden.thresholds) {
                #expect(abs(fold.threshold - threshold) < 1e-12)
            }
            #expect(abs(result.accuracy.mean - golden.mean) < 1e-15)
            #expect(abs(result.accuracy.standardDeviation - golden.standardDeviation) < 1e-15)
        }
    }

    @Test func theThresholdIsTheStrictestOfTheBestAndNeverSeesItsOwnFold() throws {
        for golden in try Goldens.folds() {
            let folds = try Folds(pairs: golden.scores.count)
            func run(_ scores: [Double]) throws -> FoldedVerification {
                try FoldedVerification(
                    scores: scores,
                    labels: golden.labels,
                    folds: folds,
                    farTarget: FARTarget("0.1")
                )
            }
            let result = try run(golden.scores)
            for fold in 0..<10 {
                let training = golden.scores.indices.filter { folds.foldOfPair[$0] != fold }
                func correct(_ threshold: Double) -> Int {
                    training.count { (golden.scores[$0] >= threshold) == (golden.labels[$0] == 1) }
                }
                let best = training.map { correct(golden.scores[$0]) }.max() ?? 0
                #expect(correct(result.folds[fold].threshold) == best)
                let strictest = training.map { golden.scores[$0] }.filter { correct($0) == best }.max() ?? 0
                #expect(result.folds[fold].threshold <= strictest)
                #expect(
                    training.allSatisfy {
                        golden.scores[$0] <= result.folds[fold].threshold || golden.scores[$0] >= strictest
                    }
                )
                // Scrambling a fold's own scores moves its accuracy but not its threshold.
                var scrambled = golden.scores
                for pair in scrambled.indices where folds.foldOfPair[pair] == fold {
                    scrambled[pair] = -scrambled[pair]
                }
                #expect(try run(scrambled).folds[fold].threshold == result.folds[fold].threshold)
            }
        }
    }

    @Test func tarAndFarAreMeasuredOnTheHeldOutFold() throws {
        let golden = try Goldens.folds()[0]
        let folds = try Folds(pairs: golden.scores.count)
        let target = try FARTarget("0.02")
        let result = try FoldedVerification(
            scores: golden.scores,
            labels: golden.labels,
            folds: folds,
            farTarget: target
        )
        for fold in 0..<10 {
            let inside = golden.scores.indices.filter { folds.foldOfPair[$0] == fold }
            let outside = golden.scores.indices.filter { folds.foldOfPair[$0] != fold }
            let training = try ScoreSet(
                scores: outside.map { golden.scores[$0] },
                labels: outside.map { golden.labels[$0] }
            )
            let threshold = try #require(try training.operatingPoint(at: target).get().threshold)
            let genuine = inside.filter { golden.labels[$0] == 1 }
            let impostor = inside.filter { golden.labels[$0] == 0 }
            #expect(
                try result.folds[fold].tar.get()
                    == Double(genuine.count { golden.scores[$0] >= threshold }) / Double(genuine.count)
            )
            #expect(
                try result.folds[fold].far.get()
                    == Double(impostor.count { golden.scores[$0] >= threshold }) / Double(impostor.count)
            )
        }
        #expect(try result.tar.get().mean > 0.5)
    }

    @Test func foldsWithoutAClassAndFailuresHaveDefinedAccuracy() throws {
        // Fold 0 holds only genuine pairs, fold 1 only impostors; the rejected pair is a wrong decision.
        let result = try FoldedVerification(
            scores: [0.9, 0.8, -.infinity, 0.1, 0.2, 0.3],
            labels: [1, 1, 1, 0, 0, 0],
            folds: Folds(foldOfPair: [0, 0, 0, 1, 1, 1]),
            farTarget: FARTarget("0.5")
        )
        #expect(result.far.undefinedReason != nil && result.tar.undefinedReason != nil)
        // Trained on impostors alone, nothing is the best threshold: none of fold 0's is accepted rightly.
        #expect(result.folds[0].threshold > 0.3)
        #expect(result.folds[1].accuracy == 1)
        #expect(throws: MetricsError.self) { try Folds(foldOfPair: [0, 2]) }
        #expect(throws: MetricsError.self) { try Folds(pairs: 5, folds: 10) }
        #expect(throws: MetricsError.self) {
            try FoldedVerification(
                scores: [1, 2],
                labels: [1, 0],
                folds: Folds(foldOfPair: [0, 1, 1]),
                farTarget: FARTarget("0.5")
            )
        }
    }
}

import ArtifactFiles
import Testing
import TrainingData

@Suite struct SamplerTests {
    @Test(arguments: [(10, 3, true), (10, 3, false), (12, 4, true), (1, 1, true), (5, 7, false)])
    func anEpochHoldsEverySampleOnce(_ count: Int, _ batchSize: Int, _ dropsLast: Bool) throws {
        let sampler = try ShuffledSampler(sampleCount: count, batchSize: batchSize, dropsLast: dropsLast, seed: 4)
        for epoch in 0..<5 {
            let steps = epoch * sampler.stepsPerEpoch..<(epoch + 1) * sampler.stepsPerEpoch
            let batches = steps.map(sampler.batch(at:))
            let samples = batches.flatMap(\.samples)
            #expect(samples.count == (dropsLast ? count / batchSize * batchSize : count))
            #expect(Set(samples).count == samples.count)
            #expect(samples.allSatisfy { (0..<count).contains($0) })
            #expect(batches.allSatisfy { $0.epoch == epoch && $0.round == epoch })
        }
    }

    @Test func epochsDifferAndDependOnTheSeed() throws {
        func order(_ seed: UInt64, epoch: Int) throws -> [Int] {
            try ShuffledSampler(sampleCount: 100, batchSize: 100, seed: seed).batch(at: epoch).samples
        }
        #expect(try order(1, epoch: 0) != order(1, epoch: 1))
        #expect(try order(1, epoch: 0) != order(2, epoch: 0))
        #expect(try order(1, epoch: 7) == order(1, epoch: 7))
    }

    /// What is left out of an epoch is drawn anew: no sample is left out for good.
    @Test func whatIsLeftOutChanges() throws {
        let sampler = try ShuffledSampler(sampleCount: 7, batchSize: 3, seed: 9)
        var seen = Set<Int>()
        for step in 0..<40 { seen.formUnion(sampler.batch(at: step).samples) }
        #expect(seen.count == 7)
    }

    @Test func anyStepCanBeAskedForFirst() throws {
        let source = FormulaSource(classes: 7, perClass: 5)
        let samplers: [@Sendable () throws -> any TrainingSampler] = [
            { try ShuffledSampler(sampleCount: 35, batchSize: 4, seed: 3) },
            { try BalancedSampler(source, identitiesPerBatch: 3, picturesPerIdentity: 2, seed: 3) },
            { try SequentialSampler(sampleCount: 35, batchSize: 4) },
            {
                try MixedSampler(source, randomCount: 4, identitiesPerBatch: 3, picturesPerIdentity: 2, seed: 3)
            },
        ]
        for make in samplers {
            let inOrder = try make()
            let expected = (0..<60).map(inOrder.batch(at:))
            for step in [59, 0, 31, 30, 8] { #expect(try make().batch(at: step) == expected[step]) }
            for step in (0..<60).reversed() { #expect(inOrder.batch(at: step) == expected[step]) }
        }
    }

    /// The random half is a shuffle of its own, as if there were no other; the balanced half comes behind it.
    @Test func mixedBatchesAreARandomAndABalancedOne() throws {
        let source = FormulaSource(classes: 7, perClass: 5)
        let mixed = try MixedSampler(source, randomCount: 4, identitiesPerBatch: 3, picturesPerIdentity: 2, seed: 3)
        let random = try ShuffledSampler(sampleCount: 35, batchSize: 4, seed: 3)
        let balanced = try BalancedSampler(source, identitiesPerBatch: 3, picturesPerIdentity: 2, seed: 3)
        #expect(mixed.batchSize == 10 && mixed.stepsPerEpoch == 35 / 4)
        for step in 0..<40 {
            let batch = mixed.batch(at: step)
            #expect(batch.samples == random.batch(at: step).samples + balanced.batch(at: step).samples)
            #expect(batch.classifiedCount == 4)
            #expect(batch.epoch == step / 8 && batch.round == step)
        }
    }

    @Test func balancedBatchesHoldIdentitiesTimesPictures() throws {
        let source = FormulaSource(classes: 11, perClass: 6)
        let sampler = try BalancedSampler(source, identitiesPerBatch: 4, picturesPerIdentity: 3, seed: 1)
        #expect(sampler.batchSize == 12)
        for round in 0..<20 {
            var identities: [Int] = []
            for place in 0..<2 {
                let samples = sampler.batch(at: round * 2 + place).samples
                #expect(Set(samples).count == 12)
                let labels = samples.map(source.label(of:))
                for start in stride(from: 0, to: 12, by: 3) {
                    #expect(Set(labels[start..<start + 3]).count == 1)
                    identities.append(labels[start])
                }
            }
            #expect(Set(identities).count == identities.count, "no identity twice in a round")
        }
    }

    @Test func identitiesWithFewPicturesRepeatThemEvenly() throws {
        let source = FormulaSource(labels: [0, 0, 0, 1, 3, 3])
        let sampler = try BalancedSampler(source, identitiesPerBatch: 3, picturesPerIdentity: 8, seed: 1)
        for step in 0..<10 {
            let samples = sampler.batch(at: step).samples
            var counts: [Int: Int] = [:]
            for sample in samples { counts[sample, default: 0] += 1 }
            #expect(counts[3] == 8)
            #expect(counts[4] == 4)
            #expect(counts[5] == 4)
            #expect((0..<3).allSatisfy { [2, 3].contains(counts[$0] ?? 0) })
        }
    }

    @Test func everyPictureOfAnIdentityIsEquallyLikely() throws {
        let source = FormulaSource(classes: 2, perClass: 5)
        let sampler = try BalancedSampler(source, identitiesPerBatch: 2, picturesPerIdentity: 2, seed: 5)
        var counts = [Int](repeating: 0, count: 10)
        for step in 0..<2000 { for sample in sampler.batch(at: step).samples { counts[sample] += 1 } }
        // 2000 draws of 2 in 5: mean 800, σ ≈ 22.
        #expect(counts.allSatisfy { abs($0 - 800) < 110 }, "\(counts)")
    }

    @Test func impossibleBatchesAreNamed() {
        let source = FormulaSource(classes: 3, perClass: 2)
        #expect(inputError { _ = try ShuffledSampler(sampleCount: 3, batchSize: 4, seed: 0) }?.code == .usage)
        #expect(inputError { _ = try ShuffledSampler(sampleCount: 3, batchSize: 0, seed: 0) }?.code == .usage)
        #expect(inputError { _ = try SequentialSampler(sampleCount: 0, batchSize: 1) }?.code == .usage)
        let error = inputError {
            _ = try BalancedSampler(source, identitiesPerBatch: 4, picturesPerIdentity: 1, seed: 0)
        }
        #expect(error?.description.contains("1 … 3 identities") == true)
    }
}

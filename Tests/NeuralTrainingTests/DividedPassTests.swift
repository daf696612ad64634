import ArtifactFiles
import FaceImaging
import NeuralCompute
import NeuralGraph
import NeuralTraining
import Testing
import TrainingData

/// A loss that couples every face with every other: no mean over parts of a batch gives it.
///
/// L = ‖Σ_i o_i‖² / n + Σ_i ‖t_i‖² / n + Σ o_i · w, with outputs o, taps t and an array w of its own.
private final class CoupledObjective: TrainingObjective {
    let weights: TrainedArray
    let tapCount: Int
    let state: [String: Tensor] = [:]
    private(set) var batchSizes: [Int] = []

    init(dimensions: Int, tapCount: Int) {
        weights = TrainedArray(
            name: "weights",
            shape: [1, dimensions],
            values: (0..<dimensions).map { Float($0) / 10 - 0.2 }
        )
        self.tapCount = tapCount
    }

    var arrays: [TrainedArray] { [weights] }
    func restore(_ state: [String: Tensor]) throws(InputError) {}

    func evaluate(_ step: ObjectiveStep) throws(InputError) -> ObjectiveResult {
        let dimensions = weights.shape[1]
        let count = step.batch.count
        batchSizes.append(count)
        var sum = [Float](repeating: 0, count: dimensions)
        for face in 0..<count { for index in 0..<dimensions { sum[index] += step.output[face * dimensions + index] } }
        var loss: Float = 0
        for index in 0..<dimensions {
            loss += sum[index] * sum[index] / Float(count) + sum[index] * weights.values[index]
            weights.gradient[index] = sum[index]
        }
        let gradient = (0..<count * dimensions)
            .map { 2 * sum[$0 % dimensions] / Float(count) + weights.values[$0 % dimensions] }
        var tapGradients: [Int: [Float]] = [:]
        for (tap, values) in step.taps.enumerated() {
            for value in values.values { loss += value * value / Float(count) }
            tapGradients[tap] = values.values.map { 2 * $0 / Float(count) }
        }
        return ObjectiveResult(
            loss: loss,
            terms: [ObjectiveResult.Term(name: "coupled", value: loss)],
            outputGradient: gradient,
            tapGradients: tapGradients,
            arrayGradients: ["weights": .dense]
        )
    }
}

/// Batches that go through the network in parts.
@Suite struct DividedPassTests {
    private let preprocessing = FacePreprocessing.insightface(side: 8)

    /// Convolution, optionally batch normalisation, PReLU, dropout, linear layer.
    private func plan(batchSize: Int, normalizes: Bool, taps: [String]) throws -> any TrainingPlan {
        var builder = GraphBuilder(inputShape: .spatial(height: 8, width: 8, channels: 3))
        var value = builder.append(
            "conv",
            .convolution(
                Convolution(
                    outChannels: 6,
                    kernel: Extent(3),
                    stride: Extent(2),
                    padding: Padding(1),
                    weight: "conv.weight"
                )
            ),
            [.input]
        )
        if normalizes {
            value = builder.append(
                "bn",
                .batchNormalization(
                    BatchNormalization(mean: "bn.mean", variance: "bn.var", scale: "bn.weight", shift: "bn.bias")
                ),
                [value]
            )
        }
        value = builder.append("prelu", .activation(.prelu(slope: "prelu.weight")), [value])
        value = builder.append("flat", .flatten, [value])
        value = builder.append("drop", .dropout(rate: 0.3), [value])
        let output = builder.append("fc", .linear(Linear(outFeatures: 5, weight: "fc.weight")), [value])
        let graph = try builder.graph(output: output)
        var weights = Weights()
        for (place, parameter) in graph.parameters.enumerated() {
            let count = parameter.shape.reduce(1, *)
            let isOne = parameter.name == "bn.var" || parameter.name == "bn.weight"
            let values = (0..<count).map { isOne ? 1 : Float(($0 * 37 + place) % 17) / 34 - 0.25 }
            weights[parameter.name] = Tensor(shape: parameter.shape, values: values)
        }
        return try ComputeBackends.all[0]
            .trainingPlan(
                graph: graph,
                weights: weights,
                options: TrainingOptions(batchSize: batchSize, threads: 2, taps: taps)
            )
    }

    private func trainer(
        holding batchSize: Int,
        normalizes: Bool,
        taps: [String]
    ) throws -> (Trainer, CoupledObjective) {
        let objective = CoupledObjective(dimensions: 5, tapCount: taps.count)
        let trainer = try Trainer(
            plan: try plan(batchSize: batchSize, normalizes: normalizes, taps: taps),
            objective: objective,
            settings: TrainerSettings(
                totalSteps: 10,
                stepsPerEpoch: 2,
                optimizer: OptimizerSettings(clipNorm: 5),
                schedule: LearningRateSchedule(rate: 0.05),
                seed: 5
            )
        )
        return (trainer, objective)
    }

    private func batches(_ count: Int) throws -> BatchLoader {
        let source = PatternSource()
        return try BatchLoader(
            source: source,
            sampler: try ShuffledSampler(sampleCount: source.sampleCount, batchSize: count, seed: 5),
            settings: LoaderSettings(augmentation: .flip, preprocessings: [preprocessing], seed: 5, threads: 0)
        )
    }

    /// Without batch normalisation nothing but the order of sums differs from the undivided batch: a loss over pairs,
    /// gradients into feature maps, dropout and clipping included.
    @Test(arguments: [1, 5, 6, 11], [[], ["prelu"]])
    func partsGiveTheStepOfTheWholeBatch(_ partSize: Int, _ taps: [String]) throws {
        let (whole, _) = try trainer(holding: 12, normalizes: false, taps: taps)
        let (divided, objective) = try trainer(holding: partSize, normalizes: false, taps: taps)
        let (first, second) = (try batches(12), try batches(12))
        for _ in 0..<6 {
            let (expected, found) = (try whole.takeStep(first.next()), try divided.takeStep(second.next()))
            #expect(abs(expected.loss - found.loss) <= 2e-5 * max(1, abs(expected.loss)))
            #expect(abs(expected.gradientNorm - found.gradientNorm) <= 1e-4 * expected.gradientNorm)
        }
        #expect(objective.batchSizes == Array(repeating: 12, count: 6))
        let (expected, found) = (try whole.state(), try divided.state())
        for name in expected.names {
            let (a, b) = (try #require(expected[name]).values, try #require(found[name]).values)
            for (x, y) in zip(a, b) { #expect(abs(x - y) <= 1e-4, "\(name)") }
        }
    }

    /// A batch that fits takes the ordinary way, whatever the plan could hold.
    @Test func aBatchThatFitsGivesTheSameBytes() throws {
        let (tight, _) = try trainer(holding: 12, normalizes: true, taps: [])
        let (roomy, _) = try trainer(holding: 13, normalizes: true, taps: [])
        let (first, second) = (try batches(12), try batches(12))
        for _ in 0..<3 { #expect(try tight.takeStep(first.next()) == roomy.takeStep(second.next())) }
    }

    /// Running statistics move once for each part, as if the parts had gone by one after the other.
    @Test func statisticsMoveOncePerPart() throws {
        let (divided, _) = try trainer(holding: 5, normalizes: true, taps: [])
        let apart = try plan(batchSize: 5, normalizes: true, taps: [])
        let batch = try batches(12).next()
        let size = apart.inputShape.count
        batch.faces.withUnsafeBufferPointer { faces in
            for part in [0..<5, 5..<10, 10..<12] {
                apart.forward(
                    UnsafeBufferPointer(rebasing: faces[part.lowerBound * size..<part.upperBound * size]),
                    count: part.count,
                    mode: .training(randomSeed: 0)
                )
            }
        }
        _ = try divided.takeStep(batch)
        for name in ["bn.mean", "bn.var"] {
            #expect(divided.plan.weights[name]?.values == apart.weights[name]?.values, "\(name)")
        }
        #expect(divided.plan.weights["bn.mean"]?.values.contains { $0 != 0 } == true)
    }
}

/// Batches of which the classifier sees a part.
@Suite struct MixedBatchTests {
    /// The classifier's loss and gradients are those of the random half alone; the other half gets none.
    @Test(arguments: [HeadSettings.Loss.softmax, .arcFace])
    func theClassifierSeesTheRandomHalf(_ loss: HeadSettings.Loss) throws {
        let source = PatternSource()
        let preprocessing = FacePreprocessing.insightface(side: 8)
        func batch(_ sampler: any TrainingSampler) throws -> TrainingBatch {
            try BatchLoader(
                source: source,
                sampler: sampler,
                settings: LoaderSettings(augmentation: .flip, preprocessings: [preprocessing], seed: 5, threads: 0)
            )
            .next()
        }
        func result(_ batch: TrainingBatch) throws -> (ObjectiveResult, [Float]) {
            var settings = HeadSettings()
            settings.loss = loss
            let (weights, bias) = ClassifierObjective.Classifier.initial(settings, classes: 4, dimensions: 3, seed: 1)
            let classifier = ClassifierObjective.Classifier(
                settings: settings,
                weights: TrainedArray(name: "head.weight", shape: [4, 3], values: weights),
                bias: bias.map { TrainedArray(name: "head.bias", shape: [1, 4], values: $0) }
            )
            let output = (0..<batch.count * 3).map { Float(($0 * 7) % 11) / 5 - 1 }
            let found = try output.withUnsafeBufferPointer { output in
                try ClassifierObjective(classifier: classifier, threads: 1, seed: 1)
                    .evaluate(ObjectiveStep(index: 0, epoch: 0, batch: batch, output: output, taps: [], randomSeed: 0))
            }
            return (found, Array(classifier.weights.gradient))
        }
        let random = try batch(ShuffledSampler(sampleCount: source.sampleCount, batchSize: 6, seed: 3))
        let mixed = try batch(
            MixedSampler(source, randomCount: 6, identitiesPerBatch: 2, picturesPerIdentity: 2, seed: 3)
        )
        #expect(mixed.count == 10 && mixed.classifiedCount == 6 && random.classifiedCount == nil)
        let (alone, aloneGradient) = try result(random)
        let (found, gradient) = try result(mixed)
        #expect(found.loss == alone.loss)
        #expect(found.outputGradient.count == 30)
        #expect(Array(found.outputGradient.prefix(18)) == alone.outputGradient)
        #expect(found.outputGradient.dropFirst(18).allSatisfy { $0 == 0 })
        for (a, b) in zip(gradient, aloneGradient) { #expect(abs(a - b) <= 1e-6) }
    }
}

extension FacePreprocessing {
    fileprivate static func insightface(side: Int) -> FacePreprocessing {
        var value = FacePreprocessing.insightface
        (value.width, value.height) = (side, side)
        return value
    }
}

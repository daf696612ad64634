import ArtifactFiles
import FaceImaging
import NeuralCompute
import NeuralGraph
import NeuralTraining
import TestSupport
import Testing
import TrainingData

/// A loss that couples every face with every other: no mean over parts of a batch gives it.
///
/// L = ‖Σ_i o_i‖² / n + Σ_i ‖t_i‖² / n + Σ o_i · w, with outputs o, taps t and an array w of its own.
private final class CoupledLoss: TrainingLoss {
    let name = "coupled"
    let parameters: [ExtraParameter]
    private(set) var batchSizes: [Int] = []

    init(dimensions: Int) {
        let values = (0..<dimensions).map { Float($0) / 10 - 0.2 }
        parameters = [
            ExtraParameter("coupled.w", role: .linearWeight, initial: Tensor(shape: [dimensions], values: values))
        ]
    }

    func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let count = Float(context.batchSize)
        batchSizes.append(context.batchSize)
        let sum = context.embeddings.columnSums
        var loss = sum.squared.sum / count + (sum * (try context.parameter("coupled.w"))).sum
        for tap in context.studentTaps { loss = loss + tap.value.squared.sum / count }
        return [LossTerm(name, loss)]
    }
}

/// A teacher that is not asked anything: it names the student's taps.
private final class NoFeatures: TeacherFeatures {
    let dimensions = 1
    let tapShapes: [ActivationShape] = []
    let preprocessing: FacePreprocessing? = nil
    private let device: any Device

    init(_ device: any Device) { self.device = device }

    func output(of batch: TrainingBatch) -> TeacherOutput {
        TeacherOutput(embeddings: device.zeros(rows: batch.count, columns: 1))
    }
}

/// Batches that go through the network in parts.
@Suite struct DividedPassTests {
    private let preprocessing = FacePreprocessing.insightface(side: 8)

    /// Convolution, optionally batch normalisation, PReLU, dropout, linear layer.
    private func plan(
        batchSize: Int,
        normalizes: Bool,
        taps: [String],
        on device: any Device = CPUDevice(threads: 2)
    ) throws -> any TrainingPlan {
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
        return try device.trainingPlan(
            graph: graph,
            weights: weights,
            options: TrainingOptions(batchSize: batchSize, taps: taps)
        )
    }

    private func trainer(
        holding batchSize: Int,
        normalizes: Bool,
        taps: [String],
        on device: any Device = CPUDevice(threads: 2)
    ) throws -> (Trainer, CoupledLoss) {
        let plan = try plan(batchSize: batchSize, normalizes: normalizes, taps: taps, on: device)
        let loss = CoupledLoss(dimensions: 5)
        let trainer = try Trainer(
            plan: plan,
            objective: TrainingObjective(
                losses: [WeightedLoss(loss)],
                teacher: Teacher(NoFeatures(plan.device), studentTapNames: taps, device: plan.device),
                device: plan.device,
                seed: 5
            ),
            settings: TrainerSettings(
                totalSteps: 10,
                stepsPerEpoch: 2,
                optimizer: OptimizerSettings(clipNorm: 5),
                schedule: LearningRateSchedule(rate: 0.05),
                seed: 5
            )
        )
        return (trainer, loss)
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
        let (divided, loss) = try trainer(holding: partSize, normalizes: false, taps: taps)
        let (first, second) = (try batches(12), try batches(12))
        for _ in 0..<6 {
            let (expected, found) = (try whole.takeStep(first.next()), try divided.takeStep(second.next()))
            #expect(abs(expected.loss - found.loss) <= 2e-5 * max(1, abs(expected.loss)))
            #expect(abs(expected.gradientNorm - found.gradientNorm) <= 1e-4 * expected.gradientNorm)
        }
        #expect(loss.batchSizes == Array(repeating: 12, count: 6))
        let (expected, found) = (whole.state(), divided.state())
        for name in expected.names {
            let (a, b) = (try #require(expected[name]).values, try #require(found[name]).values)
            for (x, y) in zip(a, b) { #expect(abs(x - y) <= 1e-4, "\(name)") }
        }
    }

    /// Started on the CPU, gone on with on another device, and back.
    @Test(arguments: Devices.tested.dropFirst())
    func aStateGoesOnOnAnotherDevice(_ name: String) throws {
        func trainer(_ device: any Device) throws -> Trainer {
            try self.trainer(holding: 5, normalizes: true, taps: ["prelu"], on: device).0
        }
        let (undisturbed, other) = (try trainer(CPUDevice()), try trainer(Devices.open(name, threads: 2)))
        let (all, loader) = (try batches(12), try batches(12))
        let started = try trainer(CPUDevice())
        for _ in 0..<2 { _ = (try undisturbed.takeStep(all.next()), try started.takeStep(loader.next())) }
        try other.restore(started.state(), step: 2)
        for _ in 0..<2 {
            let (expected, found) = (try undisturbed.takeStep(all.next()), try other.takeStep(loader.next()))
            #expect(abs(expected.loss - found.loss) <= 1e-4 * abs(expected.loss) && found.step == expected.step)
        }
        try started.restore(other.state(), step: 4)
        let (expected, found) = (try undisturbed.takeStep(all.next()), try started.takeStep(loader.next()))
        #expect(abs(expected.loss - found.loss) <= 1e-4 * abs(expected.loss))
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
        for part in [0..<5, 5..<10, 10..<12] {
            apart.forward(batch.faces, range: part, mode: .training(randomSeed: 0))
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
        func result(
            _ batch: TrainingBatch,
            weight: Float = 1
        ) throws -> (loss: Float, output: [Float], weights: [Float]) {
            let device = CPUDevice()
            var settings = HeadSettings()
            settings.loss = loss
            let (weights, bias) = Classifier.initial(settings, classes: 4, dimensions: 3, seed: 1)
            let classifier = Classifier(
                settings: settings,
                weights: TrainingParameter(
                    name: "head.weight",
                    initial: Tensor(shape: [4, 3], values: weights),
                    device: device
                ),
                bias: bias.map {
                    TrainingParameter(name: "head.bias", initial: Tensor(shape: [1, 4], values: $0), device: device)
                }
            )
            let output = (0..<batch.count * 3).map { Float(($0 * 7) % 11) / 5 - 1 }
            let found = try TrainingObjective(
                losses: [WeightedLoss(ClassificationLoss(settings), weight: weight)],
                classifier: classifier,
                device: device,
                seed: 1
            )
            .evaluate(
                ObjectiveStep(
                    index: 0,
                    batch: batch,
                    output: device.tensor(Matrix(rows: batch.count, columns: 3, elements: output))
                )
            )
            return (
                found.loss, device.matrix(of: try #require(found.outputGradient)).elements,
                device.matrix(of: classifier.weights.gradient).elements
            )
        }
        let random = try batch(ShuffledSampler(sampleCount: source.sampleCount, batchSize: 6, seed: 3))
        let mixed = try batch(
            MixedSampler(source, randomCount: 6, identitiesPerBatch: 2, picturesPerIdentity: 2, seed: 3)
        )
        #expect(mixed.count == 10 && mixed.classifiedCount == 6 && random.classifiedCount == nil)
        let (alone, found) = (try result(random), try result(mixed))
        #expect(found.loss == alone.loss)
        #expect(found.output.count == 30)
        #expect(Array(found.output.prefix(18)) == alone.output)
        #expect(found.output.dropFirst(18).allSatisfy { $0 == 0 })
        for (a, b) in zip(found.weights, alone.weights) { #expect(abs(a - b) <= 1e-6) }
        let half = try result(random, weight: 0.5)
        #expect(half.loss == 0.5 * alone.loss && half.output == alone.output.map { 0.5 * $0 })
    }
}

extension FacePreprocessing {
    fileprivate static func insightface(side: Int) -> FacePreprocessing {
        var value = FacePreprocessing.insightface
        (value.width, value.height) = (side, side)
        return value
    }
}

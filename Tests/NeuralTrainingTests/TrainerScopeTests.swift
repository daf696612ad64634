import ArtifactFiles
import FaceImaging
import Foundation
import NeuralCompute
import NeuralGraph
import NeuralTraining
import TestSupport
import Testing
import TrainingData

/// Which parameters clipping covers, and which a sampled head moves: one linear layer with a classifier behind it.
@Suite struct TrainerScopeTests {
    private static let (classes, dimensions, batch) = (9, 5, 3)

    private struct Source: TrainingSource {
        let summary = "noise"
        let sampleCount = 12
        let classCount = classes
        let pictureSize = PictureSize(4)
        var digest: ContentDigest { ContentDigest(of: summary) }
        func label(of sample: Int) -> Int { (sample * 5) % classCount }
        func name(of sample: Int) -> String { "\(sample)" }
        func makeReader() -> any TrainingReader { Reader() }

        final class Reader: TrainingReader {
            func read(_ sample: Int, into image: inout RGBImage) throws(InputError) {
                let pixels = (0..<4 * 4 * 3).map { UInt8(truncatingIfNeeded: $0 &* 83 &+ sample &* 57 &+ $0 &* $0) }
                image = RGBImage(width: 4, height: 4, pixels: pixels)
            }
        }
    }

    private struct Setup {
        var optimizer: OptimizerSettings
        var sampleShare: Double?
        var partialFC = PartialFCVersion.untouched
    }

    /// Takes steps; network and class weights before the first step and after each.
    private func run(_ setup: Setup, steps: Int) throws -> [(network: [Float], head: [Float], report: StepReport?)] {
        var builder = GraphBuilder(inputShape: .spatial(height: 4, width: 4, channels: 3))
        let flat = builder.append("flat", .flatten, [.input])
        let output = builder.append("fc", .linear(Linear(outFeatures: Self.dimensions, weight: "fc.weight")), [flat])
        let graph = try builder.graph(output: output)
        var weights = Weights()
        let count = 48 * Self.dimensions
        weights["fc.weight"] = Tensor(
            shape: [Self.dimensions, 48],
            values: (0..<count).map { Float(($0 * 37) % 17) / 34 - 0.25 }
        )
        let plan = try CPUDevice(threads: 2)
            .trainingPlan(graph: graph, weights: weights, options: TrainingOptions(batchSize: Self.batch))
        let settings = HeadSettings(loss: .cosFace, scale: 8, margin: 0.1)
        let head = TrainingParameter(
            name: "head.weight",
            initial: Tensor(
                shape: [Self.classes, Self.dimensions],
                values: (0..<Self.classes * Self.dimensions).map { Float(($0 * 29 + 7) % 31) / 31 - 0.4 }
            ),
            group: .head,
            device: plan.device
        )
        let objective = try TrainingObjective(
            losses: [WeightedLoss(ClassificationLoss(settings))],
            classifier: Classifier(
                settings: settings,
                weights: head,
                sampleShare: setup.sampleShare,
                partialFC: setup.partialFC
            ),
            device: plan.device,
            seed: 3
        )
        let trainer = try Trainer(
            plan: plan,
            objective: objective,
            settings: TrainerSettings(
                totalSteps: 10,
                stepsPerEpoch: 4,
                optimizer: setup.optimizer,
                schedule: LearningRateSchedule(kind: .constant, rate: Self.rate),
                seed: 3
            )
        )
        let preprocessing = try FacePreprocessing(
            width: 4,
            height: 4,
            channels: .rgb,
            mean: [127.5, 127.5, 127.5],
            std: [127.5, 127.5, 127.5],
            template: "arcface"
        )
        let source = Source()
        let loader = try BatchLoader(
            source: source,
            sampler: try ShuffledSampler(sampleCount: source.sampleCount, batchSize: Self.batch, seed: 3),
            settings: LoaderSettings(augmentation: .none, preprocessings: [preprocessing], seed: 3, threads: 1),
            firstStep: 0,
            endStep: steps
        )
        var states: [(network: [Float], head: [Float], report: StepReport?)] = []
        func note(_ report: StepReport?) {
            states.append((plan.weights["fc.weight"]?.values ?? [], head.tensor.values, report))
        }
        note(nil)
        for _ in 0..<steps { note(try trainer.takeStep(loader.next())) }
        return states
    }

    private static let rate = 0.05

    private func length(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

    /// Without momentum and decay the first step is −rate · gradient.
    private func firstStep(_ setup: Setup) throws -> (network: [Double], head: [Double], norm: Double) {
        let states = try run(setup, steps: 1)
        func difference(_ a: [Float], _ b: [Float]) -> [Double] {
            zip(a, b).map { (Double($0) - Double($1)) / -Self.rate }
        }
        return (
            difference(states[1].network, states[0].network), difference(states[1].head, states[0].head),
            try #require(states[1].report).gradientNorm
        )
    }

    @Test func clippingCoversTheBackboneByDefaultAndEverythingByName() throws {
        func step(_ clipNorm: Double?, _ scope: OptimizerSettings.ClipScope? = nil) throws -> (
            network: [Double], head: [Double], norm: Double
        ) {
            var settings = OptimizerSettings(momentum: 0, weightDecay: 0, clipNorm: clipNorm)
            if let scope { settings.clipScope = scope }
            return try firstStep(Setup(optimizer: settings))
        }
        let free = try step(nil)
        let (backbone, all) = (length(free.network), length(free.network + free.head))
        #expect(abs(free.norm / all - 1) < 1e-3)
        // A bound between the two lengths: only the scope that has the head in it exceeds the upper one.
        let bound = backbone / 2
        let byBackbone = try step(bound)
        #expect(FiniteDifferences.relativeError(byBackbone.network, free.network.map { $0 / 2 }) < 1e-3)
        #expect(FiniteDifferences.relativeError(byBackbone.head, free.head) < 1e-3)
        let byAll = try step(bound, .all)
        let factor = bound / all
        #expect(FiniteDifferences.relativeError(byAll.network, free.network.map { $0 * factor }) < 1e-3)
        #expect(FiniteDifferences.relativeError(byAll.head, free.head.map { $0 * factor }) < 1e-3)
        let loose = try step((backbone + all) / 2)
        #expect(FiniteDifferences.relativeError(loose.network, free.network) < 1e-6)
        #expect(byAll.norm == free.norm)
    }

    @Test func unsampledClassesStayInVersion1AndDecayWithMomentumInVersion2() throws {
        let optimizer = OptimizerSettings(momentum: 0.9, weightDecay: 0.1)
        let steps = 4
        func sampled(_ step: Int) -> Set<Int> {
            let sampler = try? ShuffledSampler(sampleCount: 12, batchSize: Self.batch, seed: 3)
            let labels = (sampler?.batch(at: step).samples ?? []).map { Source().label(of: $0) }
            return Set(
                ClassSample(labels: labels, classCount: Self.classes, sampleCount: 4, seed: 3, step: step).classes
            )
        }
        for version in PartialFCVersion.allCases {
            let states = try run(Setup(optimizer: optimizer, sampleShare: 0.5, partialFC: version), steps: steps)
            // v of each row in Double, from what the rows did: v = (w_before − w_after) / rate.
            var velocity = [[Double]](repeating: [0, 0, 0, 0, 0], count: Self.classes)
            var unsampledCount = 0
            for step in 0..<steps {
                let rows = sampled(step)
                #expect(rows.count == 4)
                for row in 0..<Self.classes {
                    let range = row * Self.dimensions..<(row + 1) * Self.dimensions
                    let (before, after) = (
                        states[step].head[range].map { Double($0) }, states[step + 1].head[range].map { Double($0) }
                    )
                    if rows.contains(row) {
                        velocity[row] = zip(before, after).map { ($0 - $1) / Self.rate }
                        continue
                    }
                    unsampledCount += 1
                    switch version {
                    case .untouched: #expect(after == before, "step \(step), row \(row)")
                    case .dense:
                        velocity[row] = zip(velocity[row], before).map { 0.9 * $0 + 0.1 * $1 }
                        let expected = zip(before, velocity[row]).map { $0 - Self.rate * $1 }
                        #expect(FiniteDifferences.relativeError(after, expected) < 1e-5, "step \(step), row \(row)")
                    }
                }
            }
            #expect(unsampledCount == steps * (Self.classes - 4))
        }
        // The first step samples the same and sees the same: there the sampled rows of both versions agree.
        func head(_ version: PartialFCVersion) throws -> [Float] {
            try run(Setup(optimizer: optimizer, sampleShare: 0.5, partialFC: version), steps: 1)[1].head
        }
        let (first, second) = (try head(.untouched), try head(.dense))
        for row in sampled(0) {
            let range = row * Self.dimensions..<(row + 1) * Self.dimensions
            #expect(first[range] == second[range])
        }
    }
}

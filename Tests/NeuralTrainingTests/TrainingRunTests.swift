import ArtifactFiles
import FaceImaging
import Foundation
import NeuralCompute
import NeuralGraph
import NeuralTraining
import Testing
import TrainingData

/// The squared distance of each output to a target of its class, one matrix of its own, and a memory.
private final class PullLoss: TrainingLoss {
    let name = "pull"
    let parameters: [ExtraParameter]
    private var memory: Float = 0
    private var last: TapeValue?
    private let poisonAt: Int?

    init(classes: Int, dimensions: Int, poisonAt: Int?) {
        let values = (0..<classes * dimensions).map { Float(($0 * 7919) % 13) / 13 - 0.5 }
        let initial = Tensor(shape: [classes, dimensions], values: values)
        parameters = [ExtraParameter("pull.centres", role: .linearWeight, initial: initial)]
        self.poisonAt = poisonAt
    }

    var state: [String: Tensor] { ["pull.memory": Tensor(shape: [], values: [memory])] }

    func restore(_ state: [String: Tensor]) throws(InputError) {
        guard let memory = state["pull.memory"]?.values.first else { throw InputError(.missing, "no memory") }
        self.memory = memory
    }

    func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let centres = try context.parameter("pull.centres").rows(context.labels)
        let loss = (context.embeddings - centres - 0.01 * memory).squared.sum
        last = loss
        return [LossTerm(name, context.step == poisonAt ? loss * .nan : loss)]
    }

    func finishStep(_ context: LossContext) {
        memory = 0.9 * memory + 0.1 * (last?.scalar ?? 0).squareRoot() / 100
        last = nil
    }
}

/// Pictures whose pixels follow from their number.
struct PatternSource: TrainingSource {
    let summary = "patterns"
    let sampleCount = 24
    let classCount = 4
    let pictureSize = PictureSize(8)
    var digest: ContentDigest { ContentDigest(of: summary) }
    func label(of sample: Int) -> Int { sample % classCount }
    func name(of sample: Int) -> String { "pattern \(sample)" }
    func makeReader() -> any TrainingReader { Reader() }

    final class Reader: TrainingReader {
        func read(_ sample: Int, into image: inout RGBImage) throws(InputError) {
            let pixels = (0..<8 * 8 * 3).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ sample &* 57) ^ ($0 >> 3)) }
            image = RGBImage(width: 8, height: 8, pixels: pixels)
        }
    }
}

private final class SilentObserver: TrainingObserver {
    var notes: [String] = []
    var stopsAfter: Int?
    /// Asks to end after so many steps.
    var asksToStopAfter: Int?
    /// Steps whose rows take long.
    var longAfter: Set<Int> = []
    private var steps = 0
    struct Killed: Error {}
    var asksToStop: Bool { asksToStopAfter.map { steps >= $0 } ?? false }
    func isLong(after steps: Int) -> Bool { longAfter.contains(steps) }
    func didStep(_ report: StepReport, faces: Int) { steps = report.step + 1 }
    func rows(after steps: Int) throws -> [LogRow] {
        if steps == stopsAfter { throw Killed() }
        return steps % 5 == 0 ? [LogRow(table: "fives", header: "step", line: "\(steps)")] : []
    }
    func didSave(steps: Int) {}
    func note(_ text: String) { notes.append(text) }
}

@Suite struct TrainingRunTests {
    private func run(
        in folder: String,
        steps: Int = 17,
        resumes: Bool = false,
        killedAfter: Int? = nil,
        stoppedAfter: Int? = nil,
        longAfter: Set<Int> = [],
        poisonAt: Int? = nil,
        identity: [String: String] = ["recipe": "a"]
    ) throws -> SilentObserver {
        var builder = GraphBuilder(inputShape: .spatial(height: 8, width: 8, channels: 3))
        let convolution = builder.append(
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
        let norm = builder.append(
            "bn",
            .batchNormalization(
                BatchNormalization(mean: "bn.mean", variance: "bn.var", scale: "bn.weight", shift: "bn.bias")
            ),
            [convolution]
        )
        let flat = builder.append("flat", .flatten, [norm])
        let dropped = builder.append("drop", .dropout(rate: 0.2), [flat])
        let output = builder.append("fc", .linear(Linear(outFeatures: 5, weight: "fc.weight")), [dropped])
        let graph = try builder.graph(output: output)
        var weights = Weights()
        for (place, parameter) in graph.parameters.enumerated() {
            let count = parameter.shape.reduce(1, *)
            let isVariance = parameter.name == "bn.var" || parameter.name == "bn.weight"
            let values = (0..<count).map { isVariance ? 1 : Float(($0 * 37 + place) % 17) / 34 - 0.25 }
            weights[parameter.name] = Tensor(shape: parameter.shape, values: values)
        }
        let plan = try CPUDevice(threads: 2)
            .trainingPlan(graph: graph, weights: weights, options: TrainingOptions(batchSize: 6))
        let objective = try TrainingObjective(
            losses: [WeightedLoss(PullLoss(classes: 4, dimensions: 5, poisonAt: poisonAt))],
            device: plan.device,
            seed: 5
        )
        let source = PatternSource()
        let sampler = try ShuffledSampler(sampleCount: source.sampleCount, batchSize: 6, seed: 5)
        let trainer = try Trainer(
            plan: plan,
            objective: objective,
            settings: TrainerSettings(
                totalSteps: steps,
                stepsPerEpoch: Double(sampler.stepsPerEpoch),
                optimizer: OptimizerSettings(clipNorm: 5),
                schedule: LearningRateSchedule(rate: 0.01, warmUpEpochs: 1),
                seed: 5
            )
        )
        let observer = SilentObserver()
        observer.stopsAfter = killedAfter
        observer.asksToStopAfter = stoppedAfter
        observer.longAfter = longAfter
        let preprocessing = try FacePreprocessing(
            width: 8,
            height: 8,
            channels: .rgb,
            mean: [127.5, 127.5, 127.5],
            std: [127.5, 127.5, 127.5],
            template: "arcface"
        )
        let isFinished = try TrainingRun(
            trainer: trainer,
            folder: folder,
            identity: identity,
            stepsPerState: 4,
            source: source,
            observer: observer
        ) { firstStep in
            try BatchLoader(
                source: source,
                sampler: sampler,
                settings: LoaderSettings(augmentation: .flip, preprocessings: [preprocessing], seed: 5, threads: 2),
                firstStep: firstStep,
                endStep: steps
            )
        }
        .run(resumes: resumes)
        #expect(isFinished == (stoppedAfter == nil))
        return observer
    }

    private func temporaryFolder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.path + "/verifar-run-\(UUID().uuidString)"
        try FileSystem.createFolder(folder)
        return folder
    }

    private func bytes(_ folder: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in [
            "metrics.csv", "fives.csv", "state/state-000000016.safetensors", "state/state-000000017.safetensors",
        ] {
            found[name] = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
        }
        return found
    }

    @Test(arguments: [1, 3, 4, 5, 10, 16])
    func aKilledRunEndsWithTheBytesOfAnUndisturbedOne(_ killedAfter: Int) throws {
        let (undisturbed, killed) = (try temporaryFolder(), try temporaryFolder())
        defer { for folder in [undisturbed, killed] { FileSystem.remove(folder) } }
        _ = try run(in: undisturbed)
        #expect(throws: SilentObserver.Killed.self) { try run(in: killed, killedAfter: killedAfter) }
        _ = try run(in: killed, resumes: true)
        #expect(try bytes(killed) == bytes(undisturbed))
    }

    /// Asked to stop, a run saves the step that it is at: the next one goes on behind it.
    @Test(arguments: [1, 4, 5, 10, 16])
    func aStoppedRunLosesNoStep(_ stoppedAfter: Int) throws {
        let (undisturbed, stopped) = (try temporaryFolder(), try temporaryFolder())
        defer { for folder in [undisturbed, stopped] { FileSystem.remove(folder) } }
        _ = try run(in: undisturbed)
        _ = try run(in: stopped, stoppedAfter: stoppedAfter)
        #expect(try RunStateFolder(stopped + "/state").steps().first == stoppedAfter)
        let observer = try run(in: stopped, resumes: true)
        #expect(observer.notes == ["going on after step \(stoppedAfter)"])
        #expect(try bytes(stopped) == bytes(undisturbed))
    }

    /// What a long evaluation adds is owed when the run ends within it, by a kill or by request, and added by the next one.
    @Test(arguments: [5, 10], [true, false])
    func aRunThatEndsWithinAnEvaluationLosesNoStep(_ step: Int, _ isKilled: Bool) throws {
        let (undisturbed, folder) = (try temporaryFolder(), try temporaryFolder())
        defer { for folder in [undisturbed, folder] { FileSystem.remove(folder) } }
        _ = try run(in: undisturbed)
        if isKilled {
            #expect(throws: SilentObserver.Killed.self) { try run(in: folder, killedAfter: step, longAfter: [5, 10]) }
        } else {
            _ = try run(in: folder, stoppedAfter: step, longAfter: [5, 10])
        }
        let observer = try run(in: folder, resumes: true)
        #expect(observer.notes == ["going on after step \(step)"])
        #expect(try bytes(folder) == bytes(undisturbed))
    }

    @Test func onlyTheLastTwoStatesAreKept() throws {
        let folder = try temporaryFolder()
        defer { FileSystem.remove(folder) }
        _ = try run(in: folder)
        #expect(
            try FileSystem.names(inFolder: folder + "/state").sorted()
                == ["state-000000016.safetensors", "state-000000017.safetensors"]
        )
    }

    @Test func aDamagedStateIsPassedOver() throws {
        let (undisturbed, folder) = (try temporaryFolder(), try temporaryFolder())
        defer { for folder in [undisturbed, folder] { FileSystem.remove(folder) } }
        _ = try run(in: undisturbed)
        #expect(throws: SilentObserver.Killed.self) { try run(in: folder, killedAfter: 14) }
        let newest = folder + "/state/state-000000012.safetensors"
        var data = try Data(contentsOf: URL(fileURLWithPath: newest))
        data[data.count - 3] ^= 1
        try data.write(to: URL(fileURLWithPath: newest))
        let observer = try run(in: folder, resumes: true)
        #expect(observer.notes.contains { $0.contains("damaged") })
        #expect(try bytes(folder) == bytes(undisturbed))
    }

    @Test func anotherRecipeCannotGoOn() throws {
        let folder = try temporaryFolder()
        defer { FileSystem.remove(folder) }
        #expect(throws: SilentObserver.Killed.self) { try run(in: folder, killedAfter: 9) }
        let error = #expect(throws: InputError.self) { try run(in: folder, resumes: true, identity: ["recipe": "b"]) }
        #expect("\(try #require(error))".contains("the recipe has changed"))
        #expect(throws: InputError.self) { try run(in: folder) }
    }

    @Test func aLossThatIsNoNumberNamesStepAndPicturesAndLeavesTheState() throws {
        let folder = try temporaryFolder()
        defer { FileSystem.remove(folder) }
        let error = #expect(throws: InputError.self) { try run(in: folder, poisonAt: 9) }
        let text = "\(try #require(error))"
        #expect(text.contains("step 9") && text.contains("pattern ") && text.contains("loss"))
        #expect(try RunStateFolder(folder + "/state").steps() == [8, 4])
    }
}

import ArtifactFiles
import Backbones
import Checkpoints
import EvaluationRuns
import FaceEvaluation
import FaceImaging
import Foundation
import Recipes
import Reporting
import Synchronization
import SyntheticFaces
import TestSupport
import Testing
import TrainingSessions

/// Takes what a run tells.
private final class Told: Sendable {
    private let events = Mutex([RunEvent]())

    var listener: RunListener { { event in self.events.withLock { $0.append(event) } } }
    var notes: [String] { events.withLock { $0.compactMap { if case .note(let text) = $0 { text } else { nil } } } }
    var results: [String] { events.withLock { $0.compactMap { if case .result(let text) = $0 { text } else { nil } } } }
    var steps: [Int] { events.withLock { $0.compactMap { if case .step(let step) = $0 { step.step } else { nil } } } }
}

private func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "verifar-sessions-\(UUID().uuidString)"
    defer { FileSystem.remove(folder) }
    try FileSystem.createFolder(folder)
    try await body(folder)
}

/// Evaluations without a command line.
@Suite struct EvaluationTests {
    /// A protocol of synthetic faces and an untrained network.
    private func prepare(in folder: String) async throws -> Evaluation {
        let population = try SyntheticPopulation(
            seed: 3,
            diversity: 1,
            strength: .named("standard"),
            settings: SyntheticFaceSettings(imageSize: 112)
        )
        var faces = SyntheticDataSet(population, identities: 8)
        faces.options = SyntheticProtocolPlan.Options(imagesPerIdentity: 2)
        try faces.write(to: folder + "/faces")
        let backbone = try BackboneCatalogue.backbone(named: "mbf")
        var configuration = backbone.defaultConfiguration
        (configuration.widthMultiplier, configuration.embeddingSize) = (0.25, 32)
        let checkpoint = try ResolvedCheckpoint(
            backbone: backbone,
            configuration: configuration,
            weights: try backbone.initialWeights(configuration, seed: 1),
            preprocessing: PreprocessingChoice.metadata(of: .insightface)
        )
        try CheckpointWriter.write(checkpoint, to: folder + "/net.safetensors", as: .safetensors)
        let selection = ProtocolSelection(folder + "/faces/protocol.yml", dataFolder: folder + "/faces")
        return Evaluation(checkpoint: folder + "/net.safetensors", on: selection)
    }

    @Test func theReportIsWhatTheFolderHolds() async throws {
        try await withTemporaryFolder { folder in
            var evaluation = try await prepare(in: folder)
            let told = Told()
            evaluation.listener = told.listener
            let report = try await evaluation.run(writingTo: folder + "/run")
            #expect(report.protocol.genuine == 8)
            #expect(report.name == "net.safetensors")
            #expect(try RunFolder(path: folder + "/run").report == report)
            // What was told is what the log keeps.
            let log = try String(contentsOfFile: folder + "/run/run.log", encoding: .utf8)
            #expect(log == told.notes.map { $0 + "\n" }.joined())
            #expect(told.results.count == 1)
        }
    }

    @Test func aProtocolThatWasReadBeforeGivesTheSameScores() async throws {
        try await withTemporaryFolder { folder in
            var evaluation = try await prepare(in: folder)
            try await evaluation.run(writingTo: folder + "/run")
            let scores = try ContentDigest(ofFile: folder + "/run/scores.npy")
            await #expect(throws: InputError.self) { try await evaluation.run(writingTo: folder + "/run") }
            evaluation.overwrites = true
            evaluation.threads = 3
            try await evaluation.run(writingTo: folder + "/run", reading: try evaluation.selection.read())
            #expect(try ContentDigest(ofFile: folder + "/run/scores.npy") == scores)
        }
    }

    @Test func singleValuesReplaceTheCheckpoints() async throws {
        try await withTemporaryFolder { folder in
            let file = try await prepare(in: folder).checkpoint
            var overrides = PreprocessingOverrides()
            overrides.channels = .bgr
            let network = try FaceNetwork(file: file, preprocessing: overrides)
            #expect(network.choice.preprocessing.channels == .bgr)
            #expect(network.choice.preprocessing.mean == FacePreprocessing.insightface.mean)
            #expect(network.choice.origin == "the checkpoint's own metadata, with single values overridden")
            (overrides.width, overrides.height) = (96, 112)
            let error = #expect(throws: InputError.self) { try FaceNetwork(file: file, preprocessing: overrides) }
            #expect(error?.found == "96x112 with 3 channels")
        }
    }
}

/// Trainings without a command line.
@Suite struct TrainingSessionTests {
    private func session(in folder: String, _ overrides: [RecipeOverride] = []) throws -> TrainingSession {
        let path = folder + "/recipe.yml"
        try AtomicFile.write(
            """
            name: tiny
            seed: 7
            network: {architecture: resnet8, width: 0.5, embedding: 32}
            data: {cifar100: {path: \(Fixture.path("VerifarCLI/cifar/train.bin"))}}
            training: {batch: 8, epochs: 2, drop-last: false}
            head: {loss: softmax}
            schedule: {kind: step, rate: 0.05, milestones: [1]}
            saving: {every-steps: 2}

            """,
            to: path
        )
        return try TrainingSession(RecipeFile(path: path, overrides: overrides), outputFolder: folder + "/out")
    }

    @Test func aStoppedSessionGoesOnToTheSameBytes() async throws {
        try await withTemporaryFolder { folder in
            try await session(in: folder).run()
            let files = ["network.safetensors", "classifier.safetensors", "metrics.csv"].map { "\(folder)/out/\($0)" }
            let expected = try files.map { try ContentDigest(ofFile: $0) }
            FileSystem.remove(folder + "/out")
            var stopped = try session(in: folder)
            let told = Told()
            stopped.listener = told.listener
            stopped.stop.ask()
            let error = await #expect(throws: TrainingStopped.self) { try await stopped.run() }
            #expect(error?.step == 1 && error?.total == 6)
            #expect(told.steps == [1])
            // Nobody waits for a state where no step is being taken.
            #expect(!stopped.stop.askToSave())
            var rest = try session(in: folder)
            rest.resumes = true
            rest.listener = told.listener
            try await rest.run()
            #expect(told.steps == Array(1...6))
            #expect(try files.map { try ContentDigest(ofFile: $0) } == expected)
        }
    }

    /// Their labels could be none of the classifier's: the process ended where it looked.
    @Test func labelledImagesOfOtherClassesAreRefused() async throws {
        try await withTemporaryFolder { folder in
            for (person, shade) in [("a", 40), ("a", 90), ("b", 160), ("b", 220)] {
                try FileSystem.createFolder("\(folder)/faces/\(person)")
                let pixels = [UInt8](repeating: UInt8(shade), count: 32 * 32 * 3)
                try AtomicFile.write(
                    RGBImage(width: 32, height: 32, pixels: pixels).pngData(),
                    to: "\(folder)/faces/\(person)/\(shade).png"
                )
            }
            let overrides = [
                RecipeOverride(key: "data", value: "{folder: {path: \(folder)/faces}}"),
                RecipeOverride(
                    key: "evaluation",
                    value: "{accuracy: {cifar100: {path: \(Fixture.path("VerifarCLI/cifar/test.bin"))}}}"
                ),
                RecipeOverride(key: "training.batch", value: "2"),
            ]
            let session = try session(in: folder, overrides)
            let error = await #expect(throws: InputError.self) { try await session.run() }
            #expect(error?.place == "key \"evaluation.accuracy\"")
            #expect(error?.found == "100")
        }
    }
}

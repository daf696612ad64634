import ArtifactFiles
import Checkpoints
import Foundation
import NeuralGraph
import Synchronization
import TestSupport
import VerifarCLI

/// A command as a user types it, without a process.
struct CommandLineRun {
    let status: Int32
    /// What it printed.
    let output: String
    let errors: String

    init(_ arguments: [String]) async {
        final class Lines: Sendable { let text = Mutex("") }
        let (printed, lines) = (Lines(), Lines())
        status = await VerifarCommand.run(
            arguments,
            standardOutput: { text in printed.text.withLock { $0 += text } },
            standardError: { line in lines.text.withLock { $0 += line + "\n" } }
        )
        output = printed.text.withLock { $0 }
        errors = lines.text.withLock { $0 }
    }

    /// What it printed as JSON.
    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
    }
}

/// A folder that is gone after the test.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "verifar-training-\(UUID().uuidString)"
    defer { FileSystem.remove(folder) }
    try FileSystem.createFolder(folder)
    try await body(folder)
}

/// The text of a file.
func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

/// A run's table: its columns by name.
func table(_ path: String) throws -> [String: [String]] {
    let lines = try text(path).split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    guard let header = lines.first else { return [:] }
    var columns: [String: [String]] = [:]
    for (place, name) in header.enumerated() { columns[String(name)] = lines.dropFirst().map { String($0[place]) } }
    return columns
}

/// Trainings of small networks on the 20 pictures of `Fixtures/VerifarCLI/cifar`.
enum TinyTraining {
    static func fixture(_ name: String) -> String { Fixture.path("VerifarCLI/cifar/" + name) }

    /// A recipe: resnet8 at half width, six steps in two epochs.
    static func recipe(
        head: String = "{loss: softmax}",
        network: String = "{architecture: resnet8, width: 0.5, embedding: 32}",
        distillation: String? = nil
    ) -> String {
        """
        name: tiny
        seed: 7
        network: \(network)
        preprocessing:
          mean: [129.3105, 124.1085, 112.404]
          std: [68.2125, 65.4075, 70.4055]
        data:
          cifar100:
            path: \(fixture("train.bin"))
        augmentation: {flip: 0.5, crop-padding: 4}
        training: {batch: 8, epochs: 2, drop-last: false}
        head: \(head)
        \(distillation.map { "distillation: \($0)" } ?? "")
        optimizer: {kind: sgd, momentum: 0.9, weight-decay: 0.0005}
        schedule: {kind: step, rate: 0.05, milestones: [1]}
        evaluation:
          accuracy:
            cifar100:
              path: \(fixture("test.bin"))
        saving: {every-steps: 2}

        """
    }

    /// What a recipe says of the fixture's teacher.
    static func teacher(_ methods: String, more: String = "") -> String {
        "{teacher: {checkpoint: \(fixture("teacher.pth")), cache: true\(more)}, methods: \(methods)}"
    }

    /// The fixture's student's class weights, as the classifier file of a training with CosFace.
    static func cosines(in folder: String, scale: Int, bias: Bool = false) throws -> String {
        try classifier("cosines", of: "student.pth", ["loss": "cosface", "scale": "\(scale)"], in: folder, bias: bias)
    }

    /// A classifier's file with a fixture's class weights, and its bias if asked for.
    static func classifier(
        _ name: String,
        of fixture: String,
        _ strings: [String: String],
        in folder: String,
        bias: Bool,
        factor: Float = 1
    ) throws -> String {
        let tensors =
            try CheckpointReader.read(
                path: Self.fixture(fixture),
                companions: ["fc.weight", "fc.bias"]
            )
            .companions
        var kept = Weights()
        kept["weight"] = tensors["fc.weight"]
        if bias, let stored = tensors["fc.bias"] {
            kept["bias"] = Tensor(shape: stored.shape, values: stored.values.map { factor * $0 })
        }
        let path = "\(folder)/\(name).safetensors"
        try TensorFile(
            tensors: kept,
            strings: strings.merging(strings.isEmpty ? [:] : ["verifar.classifier": "1"]) { first, _ in first }
        )
        .write(to: path)
        return path
    }

    /// Writes a recipe and runs it.
    static func run(_ command: String, _ recipe: String, in folder: String, _ more: [String] = []) async throws
        -> CommandLineRun
    {
        let path = folder + "/recipe.yml"
        try AtomicFile.write(recipe, to: path)
        return await CommandLineRun(
            [command, "--recipe", path, "--output", folder + "/out", "--quiet", "--threads", "1"] + more
        )
    }
}

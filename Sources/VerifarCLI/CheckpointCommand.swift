internal import ArgumentParser
internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
internal import FaceEvaluation
internal import FaceImaging
internal import Foundation
internal import NeuralCompute
internal import NeuralGraph

struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Look into checkpoints and convert them.",
        discussion: "Nothing in a checkpoint is ever executed: a pickle that asks for more than tensors is refused.",
        subcommands: [Inspect.self, Convert.self, Create.self]
    )
}

extension CheckpointCommand {
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect",
            abstract:
                "What is in a checkpoint: architecture, parameters, MACs, tensors, digests, and what was stripped."
        )

        @Argument(help: .value("file", "The file."), completion: .file())
        var file: String

        @Option(help: .value("name", "What the checkpoint is; recognised without it."))
        var architecture: String?

        @Flag(help: "List every tensor with its shape and range.")
        var tensors = false

        @Flag(help: "Time every layer on one core: share of the time, rate, share of the core's peak.")
        var profile = false

        @OptionGroup(title: "Network, for --profile") var compute: ComputeOptions
        @OptionGroup(title: "Result") var result: ResultOptions

        func validate() throws {
            if profile, result.json { throw ValidationError("--profile is a table of text; leave out --json") }
        }

        func run() throws {
            var inspection = try CheckpointInspection(path: file, architecture: architecture)
            if !tensors { inspection.tensors = [] }
            try result.show(inspection, text: inspection.lines.joined(separator: "\n"))
            guard profile else { return }
            try printProfile(of: CheckpointReader.read(path: file, architecture: architecture))
        }

        private func printProfile(of checkpoint: ResolvedCheckpoint) throws {
            guard let plan = try compute.settings.plan(checkpoint) as? any ProfilingPlan else {
                throw InputError(.usage, "this device cannot profile", found: compute.device)
            }
            for line in ProfileText.lines(plan.profile(passes: 20), facesPerPass: plan.facesPerPass) { print(line) }
        }
    }

    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "convert",
            abstract: "Write a checkpoint as safetensors or ONNX.",
            discussion: """
                The output's ending chooses the format. A stated preprocessing goes into the file's metadata, so that \
                evaluate needs no option for it.

                  verifar checkpoint convert model.pth model.safetensors --preprocess imagenet
                  verifar checkpoint convert model.safetensors model.onnx
                """
        )

        @Argument(help: .value("input", "The file to read."), completion: .file())
        var input: String

        @Argument(help: .value("output", "The file to write: .safetensors or .onnx."), completion: .file())
        var output: String

        @Option(help: .value("name", "What the checkpoint is; recognised without it."))
        var architecture: String?

        @Flag(name: .customLong("fp16"), help: "Store matrices in half precision (safetensors only).")
        var isHalf = false

        @OptionGroup(title: "Preprocessing to record") var preprocessing: PreprocessingOptions

        func run() throws {
            let format = try CheckpointOutputFormat(forPath: output)
            var checkpoint = try CheckpointReader.read(path: input, architecture: architecture)
            let overrides = try preprocessing.overrides
            if overrides.isStated {
                let choice = try PreprocessingChoice(overrides, checkpoint: checkpoint)
                checkpoint.metadata.preprocessing = PreprocessingChoice.metadata(of: choice.preprocessing)
            }
            try CheckpointWriter.write(checkpoint, to: output, as: format, precision: isHalf ? .float16 : .float32)
            print("\(output): \(checkpoint.architectureName), \(checkpoint.graph.parameterCount) parameters")
        }
    }
}

extension CheckpointCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Write an untrained network with seeded weights, initialised as its reference code does.",
            discussion: "One of: \(BackboneCatalogue.all.map(\.name).joined(separator: ", "))."
        )

        @Argument(help: .value("name", "The architecture."))
        var architecture: String

        @Argument(help: .value("output", "The file to write: .safetensors or .onnx."), completion: .file())
        var output: String

        @Option(help: .value("n", "Seed of the weights."))
        var seed: UInt64 = 1

        @Option(help: .value("n", "Length of the embedding."))
        var embedding: Int?

        @Option(help: .value("x", "A factor on the channel counts."))
        var width: Double = 1

        func run() throws {
            let format = try CheckpointOutputFormat(forPath: output)
            let backbone = try BackboneCatalogue.backbone(named: architecture)
            var configuration = backbone.defaultConfiguration
            configuration.embeddingSize = embedding ?? configuration.embeddingSize
            configuration.widthMultiplier = width
            guard configuration.embeddingSize > 0, (0.05...8).contains(width) else {
                throw InputError(.usage, "--embedding or --width is out of range")
            }
            let weights = try backbone.initialWeights(configuration, seed: seed)
            let checkpoint = try ResolvedCheckpoint(
                backbone: backbone,
                configuration: configuration,
                weights: weights,
                preprocessing: PreprocessingChoice.metadata(of: .insightface),
                strings: ["verifar.note.training": "untrained: seeded weights"]
            )
            try CheckpointWriter.write(checkpoint, to: output, as: format)
            print("\(output): untrained \(architecture), \(checkpoint.graph.parameterCount) parameters, seed \(seed)")
        }
    }
}

/// A profile as a table: a roofline in words.
enum ProfileText {
    /// One line per step, then the sum.
    static func lines(_ profile: InferenceProfile, facesPerPass: Int) -> [String] {
        let total = profile.seconds
        var lines = [
            "",
            "layer".padded(30) + "kernel".padded(18) + "output".padded(14)
                + "    MMACs      us   time   GFLOP/s   of peak",
        ]
        for step in profile.steps {
            lines.append(
                String(step.name.suffix(29)).padded(30) + step.kernel.padded(18) + "\(step.shape)".padded(14)
                    + numbers(step.multiplyAccumulates, step.seconds, total, profile.peakOperationsPerSecond)
            )
        }
        let all = profile.steps.reduce(0) { $0 + $1.multiplyAccumulates }
        lines.append("all".padded(62) + numbers(all, total, total, profile.peakOperationsPerSecond))
        lines.append(
            String(
                format:
                    "one core, %d faces per pass: %.1f faces/s; the fp32 dense kernel's peak in cache is %.0f GFLOP/s",
                facesPerPass,
                1 / total,
                profile.peakOperationsPerSecond * 1e-9
            )
        )
        return lines
    }

    private static func numbers(_ macs: Int, _ seconds: Double, _ total: Double, _ peak: Double) -> String {
        let rate = seconds > 0 ? 2 * Double(macs) / seconds : 0
        return String(
            format: "%9.2f%8.1f%6.1f%%%10.1f%9.0f%%",
            Double(macs) * 1e-6,
            seconds * 1e6,
            100 * seconds / total,
            rate * 1e-9,
            100 * rate / peak
        )
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}

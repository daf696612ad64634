internal import ArgumentParser
internal import ArtifactFiles
internal import Checkpoints
internal import FaceEvaluation
internal import NeuralCompute
internal import NeuralGraph

extension CheckpointCommand {
    /// `verifar checkpoint inspect`.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect",
            abstract:
                "What is in a checkpoint: architecture, parameters, MACs, tensors, digests, and what was stripped."
        )

        @Argument(help: ArgumentHelp("The file.", valueName: "file"), completion: .file())
        var file: String

        @Option(help: ArgumentHelp("What the checkpoint is; recognised without it.", valueName: "name"))
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

    /// `verifar checkpoint convert`.
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

        @Argument(help: ArgumentHelp("The file to read.", valueName: "input"), completion: .file())
        var input: String

        @Argument(
            help: ArgumentHelp("The file to write: .safetensors or .onnx.", valueName: "output"),
            completion: .file()
        )
        var output: String

        @Option(help: ArgumentHelp("What the checkpoint is; recognised without it.", valueName: "name"))
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

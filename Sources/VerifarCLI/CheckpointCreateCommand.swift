internal import ArgumentParser
internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
internal import FaceEvaluation
internal import FaceImaging
internal import NeuralGraph

extension CheckpointCommand {
    /// `verifar checkpoint create`.
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Write an untrained network with seeded weights, initialised as its reference code does.",
            discussion: "One of: \(BackboneCatalogue.all.map(\.name).joined(separator: ", "))."
        )

        @Argument(help: ArgumentHelp("The architecture.", valueName: "name"))
        var architecture: String

        @Argument(
            help: ArgumentHelp("The file to write: .safetensors or .onnx.", valueName: "output"),
            completion: .file()
        )
        var output: String

        @Option(help: ArgumentHelp("Seed of the weights.", valueName: "n"))
        var seed: UInt64 = 1

        @Option(help: ArgumentHelp("Length of the embedding.", valueName: "n"))
        var embedding: Int?

        @Option(help: ArgumentHelp("A factor on the channel counts.", valueName: "x"))
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

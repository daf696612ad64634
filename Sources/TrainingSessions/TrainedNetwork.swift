internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
internal import FaceEvaluation
internal import FaceImaging
internal import NeuralCompute
internal import NeuralGraph
internal import Recipes

/// The network of a recipe: architecture, preprocessing and the weights to begin with.
struct TrainedNetwork {
    let backbone: any Backbone
    let configuration: BackboneConfiguration
    let preprocessing: FacePreprocessing
    let graph: Graph
    /// What people should know of the checkpoint that it starts from.
    let startingNote: String?
    private let initialWeights: Weights

    /// - Throws: `InputError` for an unknown architecture, a configuration that does not fit, or a checkpoint to start from
    ///   that is another network's.
    init(_ recipe: TrainingRecipe) throws(InputError) {
        let settings = recipe.network
        let catalogued = try BackboneCatalogue.backbone(named: settings.architecture)
        backbone =
            try settings.projector.map { projector throws(InputError) in
                try ProjectedBackbone(catalogued, projector.projector)
            } ?? catalogued
        var configuration = backbone.defaultConfiguration
        configuration.embeddingSize = settings.embedding ?? configuration.embeddingSize
        configuration.widthMultiplier = settings.width
        if let input = settings.input { (configuration.inputWidth, configuration.inputHeight) = (input[0], input[1]) }
        self.configuration = configuration
        graph = try backbone.graph(configuration)
        preprocessing = try recipe.preprocessing.preprocessing(
            width: configuration.inputWidth,
            height: configuration.inputHeight
        )
        if let path = settings.startFrom {
            // A projected network is described by its file.
            let architecture = settings.projector == nil ? backbone.name : nil
            let checkpoint = try CheckpointReader.read(path: path, architecture: architecture)
            guard checkpoint.graph == graph else {
                throw InputError(
                    .mismatch,
                    "the checkpoint to start from is another network",
                    file: path,
                    expected: backbone.name,
                    found: checkpoint.architectureName
                )
            }
            initialWeights = checkpoint.weights
            startingNote = try PreprocessingChoice.difference(of: checkpoint, from: preprocessing)
                .map { "warning: starting from \(path): \($0)" }
        } else {
            initialWeights = try backbone.initialWeights(configuration, seed: recipe.seed)
            startingNote = nil
        }
    }

    /// One line for logs.
    var summary: String {
        "\(backbone.name), \(graph.parameterCount) parameters, \(graph.multiplyAccumulateCount) MACs, "
            + "input \(configuration.inputWidth)x\(configuration.inputHeight), embedding \(graph.shape(of: graph.output).count)"
    }

    /// Compiles the network for training.
    func trainingPlan(on device: any Device, batchSize: Int, taps: [String]) throws(InputError) -> any TrainingPlan {
        try device.trainingPlan(
            graph: graph,
            weights: initialWeights,
            options: TrainingOptions(batchSize: batchSize, taps: taps)
        )
    }

    /// The network with these weights, ready to embed faces.
    func faceNetwork(
        _ weights: Weights,
        recipe: TrainingRecipe,
        device: String
    ) throws(InputError) -> FaceNetwork {
        try FaceNetwork(
            checkpoint(weights, recipe: recipe),
            choice: PreprocessingChoice(preprocessing, origin: "the recipe's"),
            compute: ComputeSettings(device: device)
        )
    }

    /// The network with these weights.
    func checkpoint(_ weights: Weights, recipe: TrainingRecipe) throws(InputError) -> ResolvedCheckpoint {
        try ResolvedCheckpoint(
            backbone: backbone,
            configuration: configuration,
            weights: weights,
            preprocessing: PreprocessingChoice.metadata(of: preprocessing),
            strings: ["verifar.note.training": recipe.name]
        )
    }
}

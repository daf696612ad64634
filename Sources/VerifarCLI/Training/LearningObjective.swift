internal import ArtifactFiles
internal import Checkpoints
internal import FaceImaging
internal import NeuralGraph
internal import NeuralTraining
internal import Recipes
internal import TrainingData

/// What a recipe minimises: the classifier's loss, and what a teacher adds to it.
struct LearningObjective {
    let objective: ClassifierObjective
    /// The preprocessings in which the teacher wants the faces, where it sees them itself.
    let teacherPreprocessings: [FacePreprocessing] = []

    init(
        recipe: TrainingRecipe,
        network: TrainedNetwork,
        data: any TrainingSource,
        threads: Int
    ) throws(InputError) {
        let dimensions = network.graph.shape(of: network.graph.output).count
        objective = ClassifierObjective(
            classifier: try Self.classifier(recipe, classes: data.classCount, dimensions: dimensions),
            threads: threads,
            seed: recipe.seed
        )
    }

    /// The classifier of a recipe: new, or from a file.
    static func classifier(
        _ recipe: TrainingRecipe,
        classes: Int,
        dimensions: Int
    ) throws(InputError) -> ClassifierObjective.Classifier {
        let settings = recipe.head
        var (weights, bias) = ClassifierObjective.Classifier.initial(
            settings.head,
            classes: classes,
            dimensions: dimensions,
            seed: recipe.seed
        )
        if let path = settings.startFrom {
            let file = try ClassifierFile(path: path)
            try file.check(classes: classes, dimensions: dimensions)
            weights = file.weights.values
            if bias != nil { bias = file.bias?.values ?? [Float](repeating: 0, count: classes) }
        }
        return ClassifierObjective.Classifier(
            settings: settings.head,
            weights: TrainedArray(
                name: "head.weight",
                shape: [classes, dimensions],
                values: weights,
                group: .head,
                isFrozen: settings.frozen
            ),
            bias: bias.map {
                TrainedArray(
                    name: "head.bias",
                    shape: [1, classes],
                    values: $0,
                    group: .head,
                    isFrozen: settings.frozen
                )
            },
            sampleShare: settings.sample,
            weight: Float(settings.weight)
        )
    }

    /// What to note at the end of an epoch.
    func epochRows(steps: Int) -> [LogRow] { [] }
}

/// A classifier's weights in a file.
struct ClassifierFile {
    let path: String
    /// `[classes, dimensions]`.
    let weights: Tensor
    /// `[classes]`.
    let bias: Tensor?

    /// Reads `weight` and `bias`.
    ///
    /// - Throws: `InputError` when there is no matrix of that name.
    init(path: String) throws(InputError) {
        self.path = path
        let tensors = try TensorFile(path: path).tensors
        guard let weights = tensors["weight"], weights.shape.count == 2 else {
            throw InputError(
                .missing,
                "no classifier",
                file: path,
                expected: "a tensor 'weight' of [classes, dimensions]",
                found: tensors.names.prefix(5).joined(separator: ", ")
            )
        }
        self.weights = weights
        bias = tensors["bias"]
    }

    /// - Throws: `InputError` with both sizes.
    func check(classes: Int, dimensions: Int) throws(InputError) {
        guard weights.shape == [classes, dimensions] else {
            throw InputError(
                .mismatch,
                "the classifier does not fit data and network ([classes, dimensions])",
                file: path,
                expected: "[\(classes), \(dimensions)]",
                found: "\(weights.shape)"
            )
        }
        guard bias.map({ $0.values.count == classes }) ?? true else {
            throw InputError(.mismatch, "the classifier's bias has not one number per class", file: path)
        }
    }
}

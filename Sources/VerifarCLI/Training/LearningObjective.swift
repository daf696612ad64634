internal import ArtifactFiles
internal import Checkpoints
internal import Distillation
internal import FaceImaging
internal import NeuralGraph
internal import NeuralTraining
internal import Recipes
internal import TrainingData

/// What a recipe minimises: the classifier's loss, and what a teacher adds to it.
struct LearningObjective {
    let objective: ClassifierObjective
    /// The preprocessings in which the teacher wants the faces, where it sees them itself.
    let teacherPreprocessings: [FacePreprocessing]
    private let teacherClassifier: DistillationLoss.TeacherClassifier?

    /// - Parameters:
    ///   - recipe: The recipe.
    ///   - network: The network that is trained.
    ///   - data: What it is trained on.
    ///   - sampler: How many faces a step has, and an epoch steps.
    ///   - teacher: The recipe's teacher; nil without one.
    ///   - cacheFolder: Where a teacher's features are kept.
    ///   - threads: Threads to use.
    ///   - isQuiet: Whether no progress is shown.
    init(
        recipe: TrainingRecipe,
        network: TrainedNetwork,
        data: any TrainingSource,
        sampler: any TrainingSampler,
        teacher: RecipeTeacher?,
        cacheFolder: String,
        threads: Int,
        isQuiet: Bool
    ) throws(InputError) {
        let dimensions = network.graph.shape(of: network.graph.output).count
        var classifier = try Self.classifier(recipe, classes: data.classCount, dimensions: dimensions)
        var loss: DistillationLoss?
        var features: (any TeacherFeatures)?
        teacherClassifier = try teacher?.classifier(data, threads: threads)
        if let teacher {
            let projector =
                teacher.settings.projector
                ? EmbeddingProjector(
                    studentDimensions: dimensions,
                    teacherDimensions: teacher.dimensions,
                    seed: recipe.seed
                ) : nil
            let teacherTaps = try teacher.tapNames()
            let studentTaps = teacherTaps.isEmpty ? [] : try teacher.tapNames(of: network.backbone)
            let problem = DistillationProblem(
                studentDimensions: projector == nil ? dimensions : teacher.dimensions,
                teacherDimensions: teacher.dimensions,
                classCount: data.classCount,
                studentHead: recipe.head.head.kind,
                isStudentHeadFrozen: recipe.head.frozen,
                teacherHead: teacherClassifier?.kind,
                teacherClassCount: teacherClassifier?.weights.shape[0],
                studentTaps: network.graph.shapes(ofNodes: studentTaps),
                teacherTaps: teacher.checkpoint.graph.shapes(ofNodes: teacherTaps),
                sampleLabels: (0..<data.sampleCount).map { data.label(of: $0) },
                seed: recipe.seed
            )
            let methods = try MethodCombination(
                teacher.settings.methods.map { settings throws(InputError) in
                    MethodCombination.Part(
                        try DistillationMethods.make(settings.method, settings: settings, problem: problem),
                        weight: Float(settings.weight)
                    )
                }
            )
            if methods.replacesClassificationLoss, recipe.head.weight == nil { classifier.weight = 0 }
            let needsTaps = methods.needs.contains(.featureTaps)
            let found = try teacher.features(
                withTaps: needsTaps,
                data: data,
                batchSize: sampler.batchSize,
                cacheFolder: cacheFolder,
                threads: threads,
                isQuiet: isQuiet
            )
            loss = DistillationLoss(
                methods: methods,
                teacher: found,
                classifier: teacherClassifier,
                projector: projector,
                tapNames: needsTaps ? studentTaps : [],
                stepsPerEpoch: Double(sampler.stepsPerEpoch)
            )
            features = found
        }
        objective = ClassifierObjective(classifier: classifier, auxiliary: loss, threads: threads, seed: recipe.seed)
        teacherPreprocessings = [features?.preprocessing].compactMap { $0 }
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
            weight: Float(settings.weight ?? 1)
        )
    }

    /// The classifiers that a prediction may use: the network's own, and its teacher's where the embedding fits it.
    var heads: [ClassificationAccuracy.Head] {
        let own = objective.classifier
        let columns = own.weights.shape[1]
        var heads = [
            ClassificationAccuracy.Head(
                name: "student",
                kind: own.settings.kind,
                weights: Matrix(
                    rows: own.weights.shape[0],
                    columns: columns,
                    elements: Array(own.weights.values)
                ),
                bias: own.bias.map { Array($0.values) }
            )
        ]
        if let teacher = teacherClassifier, teacher.weights.shape[1] == columns {
            heads.append(
                ClassificationAccuracy.Head(
                    name: "teacher",
                    kind: teacher.kind,
                    weights: Matrix(
                        rows: teacher.weights.shape[0],
                        columns: columns,
                        elements: teacher.weights.values
                    ),
                    bias: teacher.bias?.values
                )
            )
        }
        return heads
    }

    /// The mean cosine of corresponding rows of the student's and the teacher's classifiers.
    func epochRows(steps: Int) -> [LogRow] {
        let student = objective.classifier.weights
        guard let teacher = teacherClassifier?.weights, teacher.shape == student.shape else { return [] }
        let columns = teacher.shape[1]
        var sum = 0.0
        for row in 0..<teacher.shape[0] {
            var (product, left, right) = (0.0, 0.0, 0.0)
            for index in row * columns..<(row + 1) * columns {
                let (a, b) = (Double(student.values[index]), Double(teacher.values[index]))
                product += a * b
                left += a * a
                right += b * b
            }
            sum += product / max(1e-30, (left * right).squareRoot())
        }
        let mean = sum / Double(teacher.shape[0])
        return [LogRow(table: "classifiers", header: "step,mean_row_cosine", line: "\(steps),\(mean)")]
    }
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

extension Graph {
    /// The shapes of what these nodes make.
    fileprivate func shapes(ofNodes names: [String]) -> [ActivationShape] {
        names.compactMap { value(named: $0) }.map { shape(of: $0) }
    }
}

internal import ArtifactFiles
internal import Checkpoints
internal import Distillation
internal import EvaluationRuns
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
    ///   - listener: Takes what the run tells.
    init(
        recipe: TrainingRecipe,
        network: TrainedNetwork,
        data: any TrainingSource,
        sampler: any TrainingSampler,
        teacher: RecipeTeacher?,
        cacheFolder: String,
        threads: Int,
        listener: @escaping RunListener
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
                batchSize: sampler.batchSize,
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
            if methods.reusesTeacherClassifier, recipe.head.startFrom == nil, let teacherClassifier {
                try classifier.reuse(teacherClassifier)
            }
            let needsTaps = methods.needs.contains(.featureTaps)
            let found = try teacher.features(
                withTaps: needsTaps,
                data: data,
                batchSize: min(recipe.training.microBatch ?? sampler.batchSize, sampler.batchSize),
                cacheFolder: cacheFolder,
                threads: threads,
                listener: listener
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
            try file.check(against: settings.head.kind, isFrozen: settings.frozen)
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
            partialFC: settings.partialFC,
            weight: Float(settings.weight ?? 1)
        )
    }

    /// What the logits of both classifiers are, where there is a teacher's.
    var classifierSummary: String? {
        teacherClassifier.map {
            "classifiers: the student's gives \(objective.classifier.settings.kind), the teacher's \($0.kind)"
        }
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
        if let teacherHead, teacherHead.weights.columns == columns { heads.append(teacherHead) }
        return heads
    }

    /// The teacher's classifier, where it has one.
    var teacherHead: ClassificationAccuracy.Head? {
        teacherClassifier.map { teacher in
            ClassificationAccuracy.Head(
                name: "teacher",
                kind: teacher.kind,
                weights: Matrix(
                    rows: teacher.weights.shape[0],
                    columns: teacher.weights.shape[1],
                    elements: teacher.weights.values
                ),
                bias: teacher.bias?.values
            )
        }
    }

    /// How alike the student's and the teacher's classifiers are; nil where they cannot be compared.
    var similarity: ClassifierSimilarity? {
        let student = objective.classifier
        guard let teacher = teacherClassifier, teacher.weights.shape == student.weights.shape else { return nil }
        return ClassifierSimilarity(
            student.weights.tensor,
            teacher.weights,
            biases: student.bias.flatMap { own in teacher.bias.map { (Array(own.values), $0.values) } }
        )
    }

    /// What is noted at the end of each epoch.
    func epochRows(steps: Int) -> [LogRow] { similarity.map { [$0.logRow(steps: steps)] } ?? [] }
}

extension ClassifierObjective.Classifier {
    /// Takes a teacher's weights in place of its own, frozen.
    ///
    /// - Throws: `InputError` when they are for other classes or embeddings.
    fileprivate mutating func reuse(_ teacher: DistillationLoss.TeacherClassifier) throws(InputError) {
        guard teacher.weights.shape == weights.shape else {
            throw InputError(
                .mismatch,
                "the teacher's classifier cannot become the student's ([classes, dimensions])",
                expected: "\(weights.shape)",
                found: "\(teacher.weights.shape)"
            )
        }
        func frozen(_ array: TrainedArray, _ values: [Float]) -> TrainedArray {
            TrainedArray(name: array.name, shape: array.shape, values: values, group: array.group, isFrozen: true)
        }
        weights = frozen(weights, teacher.weights.values)
        bias = bias.map { frozen($0, teacher.bias?.values ?? [Float](repeating: 0, count: $0.values.count)) }
    }
}

extension Graph {
    /// The shapes of what these nodes make.
    fileprivate func shapes(ofNodes names: [String]) -> [ActivationShape] {
        names.compactMap { value(named: $0) }.map { shape(of: $0) }
    }
}

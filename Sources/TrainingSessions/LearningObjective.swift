internal import ArtifactFiles
internal import Checkpoints
internal import Distillation
internal import EvaluationRuns
internal import FaceImaging
internal import NeuralCompute
internal import NeuralGraph
internal import NeuralTraining
internal import Recipes
internal import TrainingData

/// What a recipe minimises: the classifier's loss, and what a teacher adds to it.
struct LearningObjective {
    let objective: TrainingObjective
    /// The preprocessings in which the teacher wants the faces, where it sees them itself.
    let teacherPreprocessings: [FacePreprocessing]
    private let classifier: Classifier
    private let teacherClassifier: TeacherClassifier?

    /// - Parameters:
    ///   - recipe: The recipe.
    ///   - network: The network that is trained.
    ///   - data: What it is trained on.
    ///   - sampler: How many faces a step has, and an epoch steps.
    ///   - teacher: The recipe's teacher; nil without one.
    ///   - cacheFolder: Where a teacher's features are kept.
    ///   - device: Where everything is computed.
    ///   - threads: Threads that read images.
    ///   - listener: Takes what the run tells.
    init(
        recipe: TrainingRecipe,
        network: TrainedNetwork,
        data: any TrainingSource,
        sampler: any TrainingSampler,
        teacher: RecipeTeacher?,
        cacheFolder: String,
        device: any Device,
        threads: Int,
        listener: @escaping RunListener
    ) throws(InputError) {
        let dimensions = network.graph.shape(of: network.graph.output).count
        teacherClassifier = try teacher?.classifier(data, device: device, threads: threads)
        var methods: [(method: any DistillationMethod, weight: Float)] = []
        var placed: Teacher?
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
            methods = try teacher.settings.methods.map { settings throws(InputError) in
                (
                    try DistillationMethods.make(settings.method, settings: settings, problem: problem),
                    Float(settings.weight)
                )
            }
            let needsTaps = methods.contains { $0.method.needs.contains(.featureTaps) }
            let features = try teacher.features(
                withTaps: needsTaps,
                data: data,
                batchSize: min(recipe.training.microBatch ?? sampler.batchSize, sampler.batchSize),
                cacheFolder: cacheFolder,
                device: device,
                threads: threads,
                listener: listener
            )
            placed = Teacher(
                features,
                classifier: teacherClassifier,
                projector: projector,
                studentTapNames: needsTaps ? studentTaps : [],
                device: device
            )
        }
        let reused =
            methods.contains { $0.method.reusesTeacherClassifier } && recipe.head.startFrom == nil
            ? teacherClassifier : nil
        classifier = try Self.classifier(
            recipe,
            classes: data.classCount,
            dimensions: dimensions,
            reusing: reused,
            device: device
        )
        let isReplaced = methods.contains { $0.method.replacesClassificationLoss }
        let weight = Float(recipe.head.weight ?? (isReplaced ? 0 : 1))
        objective = try TrainingObjective(
            losses: (weight > 0 ? [WeightedLoss(ClassificationLoss(recipe.head.head), weight: weight)] : [])
                + methods.map { WeightedLoss($0.method, weight: $0.weight) },
            classifier: classifier,
            teacher: placed,
            device: device,
            stepsPerEpoch: Double(sampler.stepsPerEpoch),
            seed: recipe.seed
        )
        teacherPreprocessings = [placed?.features.preprocessing].compactMap { $0 }
    }

    /// The classifier of a recipe: new, from a file, or a teacher's, which is then frozen.
    ///
    /// - Throws: `InputError` when weights are for other classes or embeddings.
    private static func classifier(
        _ recipe: TrainingRecipe,
        classes: Int,
        dimensions: Int,
        reusing teacher: TeacherClassifier?,
        device: any Device
    ) throws(InputError) -> Classifier {
        let settings = recipe.head
        var (weights, bias) = Classifier.initial(
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
        if let teacher {
            guard teacher.weights.shape == [classes, dimensions] else {
                throw InputError(
                    .mismatch,
                    "the teacher's classifier cannot become the student's ([classes, dimensions])",
                    expected: "\([classes, dimensions])",
                    found: "\(teacher.weights.shape)"
                )
            }
            weights = teacher.weights.values
            if bias != nil { bias = teacher.bias?.values ?? [Float](repeating: 0, count: classes) }
        }
        func parameter(_ name: String, _ shape: [Int], _ values: [Float]) -> TrainingParameter {
            TrainingParameter(
                name: name,
                initial: Tensor(shape: shape, values: values),
                group: .head,
                isFrozen: settings.frozen || teacher != nil,
                device: device
            )
        }
        return Classifier(
            settings: settings.head,
            weights: parameter("head.weight", [classes, dimensions], weights),
            bias: bias.map { parameter("head.bias", [1, classes], $0) },
            sampleShare: settings.sample,
            partialFC: settings.partialFC
        )
    }

    /// What the logits of both classifiers are, where there is a teacher's.
    var classifierSummary: String? {
        teacherClassifier.map {
            "classifiers: the student's gives \(classifier.settings.kind), the teacher's \($0.kind)"
        }
    }

    /// The classifiers that a prediction may use: the network's own, and its teacher's where the embedding fits it.
    var heads: [ClassificationAccuracy.Head] {
        var heads = [
            ClassificationAccuracy.Head(
                name: "student",
                kind: classifier.settings.kind,
                weights: Matrix(classifier.weights.tensor),
                bias: classifier.bias?.tensor.values
            )
        ]
        if let teacherHead, teacherHead.weights.columns == classifier.dimensions { heads.append(teacherHead) }
        return heads
    }

    /// The teacher's classifier, where it has one.
    var teacherHead: ClassificationAccuracy.Head? {
        teacherClassifier.map { teacher in
            ClassificationAccuracy.Head(
                name: "teacher",
                kind: teacher.kind,
                weights: Matrix(teacher.weights),
                bias: teacher.bias?.values
            )
        }
    }

    /// How alike the student's and the teacher's classifiers are; nil where they cannot be compared.
    var similarity: ClassifierSimilarity? {
        guard let teacher = teacherClassifier, teacher.weights.shape == classifier.weights.shape else { return nil }
        return ClassifierSimilarity(
            classifier.weights.tensor,
            teacher.weights,
            biases: classifier.bias.flatMap { own in teacher.bias.map { (own.tensor.values, $0.values) } }
        )
    }

    /// What is noted at the end of each epoch.
    func epochRows(steps: Int) -> [LogRow] { similarity.map { [$0.logRow(steps: steps)] } ?? [] }
}

extension Graph {
    /// The shapes of what these nodes make.
    fileprivate func shapes(ofNodes names: [String]) -> [ActivationShape] {
        names.compactMap { value(named: $0) }.map { shape(of: $0) }
    }
}

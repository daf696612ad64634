internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
internal import Distillation
internal import EvaluationRuns
internal import FaceEvaluation
internal import FaceImaging
internal import NeuralCompute
internal import NeuralGraph
internal import NeuralTraining
internal import Recipes
internal import TrainingData

/// A recipe's teacher: the checkpoint, its preprocessing, its classifier.
struct RecipeTeacher {
    let settings: DistillationSettings
    let checkpoint: ResolvedCheckpoint
    /// What it wants to see, and who says so.
    let choice: PreprocessingChoice
    private let backbone: (any Backbone)?
    private let studentKind: ClassifierHead.Kind
    private let allowsCache: Bool

    /// Reads the checkpoint.
    ///
    /// - Throws: `InputError` for a file that cannot be read or a preprocessing that does not fit it.
    init(_ settings: DistillationSettings, recipe: TrainingRecipe) throws(InputError) {
        self.settings = settings
        checkpoint = try CheckpointReader.read(
            path: settings.teacher.checkpoint,
            architecture: settings.teacher.architecture,
            companions: ["fc.weight", "fc.bias"]
        )
        choice = try PreprocessingChoice(
            settings.teacher.preprocessing,
            checkpoint: checkpoint,
            path: settings.teacher.checkpoint,
            trained: recipe.preprocessing,
            key: "distillation.teacher.preprocessing"
        )
        backbone =
            checkpoint.graphIsCatalogued
            ? BackboneCatalogue.all.first { [checkpoint] in $0.name == checkpoint.architectureName } : nil
        studentKind = recipe.head.head.kind
        allowsCache = settings.teacher.cache && recipe.augmentation.augmentation.isFlipAtMost
    }

    /// What it wants to see.
    var preprocessing: FacePreprocessing { choice.preprocessing }

    /// Length of its embeddings.
    var dimensions: Int { checkpoint.graph.shape(of: checkpoint.graph.output).count }

    /// Its nodes whose feature maps may be compared; none where it is not of the catalogue.
    func tapNames() throws(InputError) -> [String] { try backbone.map(tapNames) ?? [] }

    /// The nodes of a backbone that pair with ``tapNames()``.
    func tapNames(of backbone: any Backbone) throws(InputError) -> [String] {
        let all = backbone.featureTaps
        let stages = settings.stages ?? Array(1..<max(2, all.count))
        return try stages.map { stage throws(InputError) in
            guard all.indices.contains(stage) else {
                throw InputError(
                    .usage,
                    "\(backbone.name) has no such stage",
                    place: "key \"distillation.stages\"",
                    expected: "0 … \(all.count - 1)",
                    found: "\(stage)"
                )
            }
            return settings.preactivations ? all[stage].preactivation : all[stage].output
        }
    }

    /// Its features: from a cache where the augmentation allows that and no feature maps are asked for.
    func features(
        withTaps: Bool,
        data: any TrainingSource,
        batchSize: Int,
        cacheFolder: String,
        device: any Device,
        threads: Int,
        listener: @escaping RunListener
    ) throws(InputError) -> any TeacherFeatures {
        let network = try TeacherNetwork(
            checkpoint,
            preprocessing: preprocessing,
            taps: withTaps ? try tapNames() : [],
            batchSize: batchSize,
            device: device
        )
        guard allowsCache, !withTaps else { return network }
        let progress = RunPart("teacher features", unit: "faces", listener)
        let total = data.sampleCount
        let cache = try TeacherFeatureCache(
            of: network,
            on: data,
            resizes: true,
            folder: cacheFolder,
            device: device,
            threads: threads
        ) { progress.update($0, of: total) }
        progress.finish("\(total) faces, plain and mirrored")
        return cache
    }

    /// Its classifier: of the recipe's file, of its own checkpoint, or class means of the data.
    func classifier(
        _ data: any TrainingSource,
        device: any Device,
        threads: Int
    ) throws(InputError) -> TeacherClassifier? {
        switch settings.teacher.classifier {
        case "class-means":
            let network = try TeacherNetwork(
                checkpoint,
                preprocessing: preprocessing,
                batchSize: 64,
                device: device
            )
            let means = try ClassMeans.centres(network, data, preprocessing, threads: threads)
            // Means are directions: they have no use for a linear classifier's lengths.
            let kind = statedKind ?? (studentKind == .linear ? .cosine(scale: 64) : studentKind)
            return TeacherClassifier(kind: kind, weights: means, bias: nil)
        case let path?:
            let file = try ClassifierFile(path: path)
            try file.check(classes: data.classCount, dimensions: dimensions)
            let kind = try self.kind(ofFile: file.kind, path)
            return TeacherClassifier(kind: kind, weights: file.weights, bias: file.bias)
        case nil:
            guard let weights = checkpoint.companions["fc.weight"], weights.shape.count == 2 else { return nil }
            guard weights.shape[1] == dimensions else {
                throw InputError(
                    .mismatch,
                    "the teacher's classifier does not fit its embeddings",
                    file: settings.teacher.checkpoint,
                    place: "tensor 'fc.weight'",
                    expected: "[classes, \(dimensions)]",
                    found: "\(weights.shape)"
                )
            }
            let bias = checkpoint.companions["fc.bias"]
            let kind = try self.kind(ofFile: bias == nil ? nil : .linear, settings.teacher.checkpoint)
            return TeacherClassifier(kind: kind, weights: weights, bias: bias)
        }
    }

    /// What the recipe says of the teacher's classifier; nil if nothing.
    private var statedKind: ClassifierHead.Kind? {
        let (loss, scale) = (settings.teacher.loss, settings.teacher.scale)
        if let loss { return loss.kind(scale: scale ?? studentKind.scale ?? 64) }
        return scale.map { .cosine(scale: $0) }
    }

    /// What the teacher's classifier is: the file knows, or the recipe says so, or it is what the student's is.
    ///
    /// - Throws: `InputError` that names both where file and recipe contradict each other.
    private func kind(ofFile kind: ClassifierHead.Kind?, _ path: String) throws(InputError) -> ClassifierHead.Kind {
        guard let kind else { return statedKind ?? studentKind }
        let agrees =
            settings.teacher.loss.map { ($0 == .softmax) == (kind == .linear) } ?? true
            && settings.teacher.scale.map { kind == .cosine(scale: $0) } ?? true
        guard agrees else {
            throw InputError(
                .mismatch,
                "the recipe says that the teacher's classifier gives \(statedKind ?? kind), and its file that it gives \(kind)",
                file: path,
                place: "keys \"distillation.teacher.loss\" and \"distillation.teacher.scale\"",
                expected: "what the file says, or neither key"
            )
        }
        return kind
    }
}

extension PreprocessingChoice {
    /// Settles the preprocessing of a checkpoint that a recipe names: what the recipe says, or else the checkpoint itself;
    /// or else that of the network which is trained, but only where the checkpoint's architecture is known to use the same.
    ///
    /// - Parameters:
    ///   - settings: What the recipe says.
    ///   - checkpoint: The checkpoint.
    ///   - path: Its file.
    ///   - trained: The preprocessing of the network that is trained.
    ///   - key: Where the recipe may say it.
    /// - Throws: ``InputError`` (`missing`) that asks for the key where nobody knows.
    fileprivate init(
        _ settings: PreprocessingSettings?,
        checkpoint: ResolvedCheckpoint,
        path: String,
        trained: PreprocessingSettings,
        key: String
    ) throws(InputError) {
        let extent = checkpoint.graph.inputShape.extent
        if let settings {
            self.init(
                try settings.preprocessing(width: extent.width, height: extent.height),
                origin: "the recipe's \(key)"
            )
            return
        }
        if let stated = try Self.stated(by: checkpoint) {
            self.init(stated, origin: "the checkpoint's own metadata")
            return
        }
        let own = try trained.preprocessing(width: extent.width, height: extent.height)
        let architecture = checkpoint.architectureName
        let reason: String
        switch Self.usual(checkpoint) {
        case .ofTheData:
            self.init(own, origin: "the data's, as for every '\(architecture)': neither recipe nor checkpoint says")
            return
        case .named(let name):
            let usual = try PreprocessingSettings(name: name).preprocessing(width: extent.width, height: extent.height)
            if usual == own {
                self.init(
                    own,
                    origin: "'\(name)', as for the published '\(architecture)': neither recipe nor checkpoint says"
                )
                return
            }
            reason = "published checkpoints of '\(architecture)' use '\(name)', the network that is trained another one"
        case .various: reason = "'\(architecture)' is used with more than one"
        case nil: reason = "its architecture is not one that is known"
        }
        throw InputError(
            .missing,
            "the preprocessing of a checkpoint is not stated, neither by the recipe nor in the file, and \(reason)",
            file: path,
            place: "key \"\(key)\"",
            expected:
                "{name: N} with N one of \(FacePreprocessing.all.map(\.name).joined(separator: ", ")); or mean, std, channels",
            found: "nothing"
        )
    }

    private static func usual(_ checkpoint: ResolvedCheckpoint) -> UsualPreprocessing? {
        guard checkpoint.graphIsCatalogued else { return nil }
        return BackboneCatalogue.all.first { $0.name == checkpoint.architectureName }?.usualPreprocessing
    }

    /// What to say where a checkpoint to go on from was trained with another preprocessing than the recipe's; nil where the
    /// same, or where nothing is known.
    static func difference(of checkpoint: ResolvedCheckpoint, from used: FacePreprocessing) throws(InputError)
        -> String?
    {
        var own = try stated(by: checkpoint)
        if own == nil, case .named(let name) = usual(checkpoint) {
            own = try PreprocessingSettings(name: name).preprocessing(width: used.width, height: used.height)
        }
        guard let own, own != used else { return nil }
        return "its own preprocessing is \(own), the recipe's key \"preprocessing\" says \(used)"
    }
}

extension ClassifierHead.Kind {
    /// s of cosines.
    fileprivate var scale: Float? {
        if case .cosine(let scale) = self { scale } else { nil }
    }
}

/// Centres of classes: the mean of the teacher's normalised embeddings.
enum ClassMeans {
    /// `[classes, dimensions]`.
    static func centres(
        _ teacher: TeacherNetwork,
        _ data: any TrainingSource,
        _ preprocessing: FacePreprocessing,
        threads: Int
    ) throws(InputError) -> Tensor {
        let dimensions = teacher.dimensions
        var sums = [Double](repeating: 0, count: data.classCount * dimensions)
        let sweep = try EvaluationSweep(
            source: data,
            preprocessings: [preprocessing],
            batchSize: 64,
            threads: threads,
            resizes: true
        )
        while let batch = try sweep.next() {
            let embeddings = teacher.embeddings(of: batch.faces, count: batch.count)
            for (face, label) in batch.labels.enumerated() {
                let row = embeddings.row(face)
                let length = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
                for (index, value) in row.enumerated() {
                    sums[label * dimensions + index] += Double(value) / max(length, 1e-30)
                }
            }
        }
        return Tensor(shape: [data.classCount, dimensions], values: sums.map(Float.init))
    }
}

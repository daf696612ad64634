internal import ArtifactFiles
public import NeuralTraining

/// The classifier behind the embedding, and its loss.
public struct ClassifierSettings: Hashable, Sendable, Codable {
    /// Loss, scale, margin, and how ArcFace goes about them.
    public var head: HeadSettings
    /// The share of all classes that take part in a step (Partial FC); all of them without it.
    public var sample: Double?
    /// What becomes of the classes that a step leaves out.
    public var partialFC: PartialFCVersion
    /// Whether the classifier stays as it is.
    public var frozen: Bool
    /// A classifier to begin with: `classifier.safetensors` of an earlier run, another safetensors file with a tensor
    /// `weight` of `[classes, dimensions]`, or a checkpoint with `fc.weight` beside its network (RepDistiller,
    /// HeadSharingKD).
    public var startFrom: String?
    /// The weight of this loss beside those of ``DistillationSettings``: 1 without it, or 0 where a method takes its place.
    public var weight: Double?

    /// The keys of a recipe, besides those of the head.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case loss
        case sample
        case partialFC = "partial-fc"
        case frozen
        case startFrom = "start-from"
        case weight
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        _ = try values.decode(HeadLoss.self, forKey: .loss)
        head = try HeadSettings(from: decoder)
        sample = try values.decodeIfPresent(Double.self, forKey: .sample)
        let version = try values.decodeIfPresent(PartialFCVersion.self, forKey: .partialFC)
        partialFC = version ?? .untouched
        frozen = try values.decodeIfPresent(Bool.self, forKey: .frozen) ?? false
        startFrom = try values.decodeIfPresent(String.self, forKey: .startFrom)
        weight = try values.decodeIfPresent(Double.self, forKey: .weight)
        guard weight.map({ $0 >= 0 && $0.isFinite }) ?? true, sample.map({ $0 > 0 && $0 <= 1 }) ?? true, head.scale > 0
        else {
            throw InputError(.usage, "scale, weight or sample is out of range", expected: "sample: above 0, at most 1")
        }
        guard head.margin.map({ (0..<1.5).contains($0) }) ?? true else {
            throw InputError(.usage, "the margin is out of range", expected: "0 ..< 1.5")
        }
        guard !frozen || startFrom != nil else {
            throw InputError(.usage, "a frozen classifier needs 'start-from'", place: "key \"head.frozen\"")
        }
        guard version == nil || sample != nil else {
            throw InputError(
                .usage,
                "'partial-fc' is a version of sampling classes, and none are sampled",
                place: "key \"head.partial-fc\"",
                expected: "'sample' beside it, the share of classes of a step"
            )
        }
        guard sample == nil || head.loss != .softmax else {
            throw InputError(.usage, "classes are sampled for cosine classifiers only", place: "key \"head.sample\"")
        }
    }

    /// Writes what was read, defaults included.
    public func encode(to encoder: any Encoder) throws {
        try head.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(sample, forKey: .sample)
        if sample != nil { try values.encode(partialFC, forKey: .partialFC) }
        try values.encode(frozen, forKey: .frozen)
        try values.encodeIfPresent(startFrom, forKey: .startFrom)
        try values.encodeIfPresent(weight, forKey: .weight)
    }
}

/// What the network learns from a teacher.
public struct DistillationSettings: Hashable, Sendable, Codable {
    /// The teacher.
    public var teacher: TeacherSettings
    /// Methods with their weights, added up.
    public var methods: [MethodSettings]
    /// A trained linear map from the student's embeddings to the teacher's length, between student and methods.
    public var projector: Bool
    /// Stages whose feature maps are compared, 0 being the stem; all after the stem without it.
    public var stages: [Int]?
    /// Whether feature maps are taken before the non-linearity.
    public var preactivations: Bool

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case teacher
        case methods
        case projector
        case stages
        case preactivations
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        teacher = try values.decode(TeacherSettings.self, forKey: .teacher)
        methods = try values.decode([MethodSettings].self, forKey: .methods)
        projector = try values.decodeIfPresent(Bool.self, forKey: .projector) ?? false
        stages = try values.decodeIfPresent([Int].self, forKey: .stages)
        preactivations = try values.decodeIfPresent(Bool.self, forKey: .preactivations) ?? false
        guard !methods.isEmpty else {
            throw InputError(.missing, "a distillation has at least one method", place: "key \"distillation.methods\"")
        }
    }
}

/// A frozen network to learn from.
public struct TeacherSettings: Hashable, Sendable, Codable {
    /// Any checkpoint that `verifar evaluate` reads.
    public var checkpoint: String
    /// What the checkpoint is; recognised from its parameters without it.
    public var architecture: String?
    /// Its preprocessing; what the checkpoint says, or else the recipe's.
    public var preprocessing: PreprocessingSettings?
    /// Its classifier: a file as ``ClassifierSettings/startFrom``, or `class-means` to compute centres from the training
    /// data; without it `fc.weight` and `fc.bias` beside the network in the checkpoint, where they are.
    public var classifier: String?
    /// What its classifier was trained with, where the classifier's file does not say; the loss of the recipe's own head
    /// without it.
    public var loss: HeadLoss?
    /// The scale of its cosines, where the file does not say; that of the recipe's own head without it.
    public var scale: Float?
    /// Whether its embeddings are computed once and kept, where the augmentation allows that (flip only).
    public var cache: Bool
    /// The protocols on which its own TAR is measured before training; all of the recipe's when true.
    public var evaluate: Bool

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case checkpoint
        case architecture
        case preprocessing
        case classifier
        case loss
        case scale
        case cache
        case evaluate
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        checkpoint = try values.decode(String.self, forKey: .checkpoint)
        architecture = try values.decodeIfPresent(String.self, forKey: .architecture)
        preprocessing = try values.decodeIfPresent(PreprocessingSettings.self, forKey: .preprocessing)
        classifier = try values.decodeIfPresent(String.self, forKey: .classifier)
        loss = try values.decodeIfPresent(HeadLoss.self, forKey: .loss)
        scale = try values.decodeIfPresent(Float.self, forKey: .scale)
        guard classifier != "class-means" || loss != .softmax else {
            throw InputError(
                .usage,
                "class means are centres of cosines, and the recipe calls them a linear classifier",
                place: "keys \"distillation.teacher.classifier\" and \"distillation.teacher.loss\"",
                expected: "a loss of cosines, or none",
                found: "class-means and softmax"
            )
        }
        let isFine = scale.map { $0 > 0 && $0.isFinite } ?? true
        guard isFine, scale == nil || loss != .softmax else {
            throw InputError(
                .usage,
                "the scale is out of range, or beside a loss that has none",
                place: "key \"distillation.teacher.scale\"",
                expected: "above 0, for a classifier of cosines",
                found: "\(scale ?? 0)\(loss.map { " with 'loss: \($0.rawValue)'" } ?? "")"
            )
        }
        cache = try values.decodeIfPresent(Bool.self, forKey: .cache) ?? true
        evaluate = try values.decodeIfPresent(Bool.self, forKey: .evaluate) ?? true
    }
}

public import ArtifactFiles
public import NeuralTraining

/// The classifier behind the embedding, and its loss.
public struct ClassifierSettings: SettingsSection {
    /// Loss, scale, margin, and how ArcFace goes about them.
    public var head: HeadSettings
    public var sample: Double?
    public var partialFC: PartialFCVersion
    public var frozen: Bool
    /// A classifier to begin with: `classifier.safetensors` of an earlier run, another safetensors file with a tensor
    /// `weight` of `[classes, dimensions]`, or a checkpoint with `fc.weight` beside its network (RepDistiller,
    /// HeadSharingKD).
    public var startFrom: String?
    public var weight: Double?

    public enum CodingKeys: String, SettingsKey {
        case sample
        case partialFC = "partial-fc"
        case frozen
        case startFrom = "start-from"
        case weight

        public var about: KeyDescription {
            switch self {
            case .sample:
                .init(
                    .number(.above(0, upTo: 1)),
                    .without("all classes"),
                    "The share of all classes that take part in a step (Partial FC).",
                    example: "0.1"
                )
            case .partialFC:
                .init(
                    .integer(.within(1...2)),
                    .without("1, where classes are sampled"),
                    "Partial FC's version: classes that a step leaves out stay untouched (1), or decay and momentum move them (2).",
                    example: "2"
                )
            case .frozen:
                .init(
                    .flag,
                    .standard(false),
                    "Whether the classifier stays as it is; needs `start-from`.",
                    example: "true"
                )
            case .startFrom:
                .init(
                    .text("path"),
                    .without("new numbers from the seed"),
                    "A classifier to begin with: `classifier.safetensors` of a run, or a checkpoint with `fc.weight`.",
                    example: "student/classifier.safetensors"
                )
            case .weight:
                .init(
                    .number(.atLeast(0)),
                    .without("1, or 0 where a distillation method takes this loss's place"),
                    "The factor of this loss beside those of `distillation`.",
                    example: "0.9"
                )
            }
        }
    }

    /// The head's keys and the classifier's own, in one mapping.
    public static var keys: [any SettingsKey] { HeadSettings.keys + Array(CodingKeys.allCases) }

    /// Decodes settings.
    public init(from decoder: any Decoder) throws {
        head = try HeadSettings(from: decoder)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        sample = try values.decodeIfPresent(Double.self, forKey: .sample)
        let version = try values.decodeIfPresent(PartialFCVersion.self, forKey: .partialFC)
        guard version == nil || sample != nil else {
            throw InputError(
                .usage,
                "'partial-fc' is a version of sampling classes, and none are sampled",
                place: "key \"head.partial-fc\"",
                expected: "'sample' beside it, the share of classes of a step"
            )
        }
        partialFC = version ?? .untouched
        frozen = try values.decode(Bool.self, forKey: .frozen)
        startFrom = try values.decodeIfPresent(String.self, forKey: .startFrom)
        weight = try values.decodeIfPresent(Double.self, forKey: .weight)
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

    /// Completes the head; refuses what contradicts.
    public mutating func complete() throws(InputError) {
        head.complete()
        guard !frozen || startFrom != nil else {
            throw InputError(.usage, "a frozen classifier needs 'start-from'", place: "key \"head.frozen\"")
        }
        guard sample == nil || head.loss != .softmax else {
            throw InputError(.usage, "classes are sampled for cosine classifiers only", place: "key \"head.sample\"")
        }
    }
}

/// What the network learns from a teacher.
public struct DistillationSettings: SettingsSection {
    public var teacher: TeacherSettings
    public var methods: [MethodSettings]
    public var projector: Bool
    public var stages: [Int]?
    public var preactivations: Bool

    public enum CodingKeys: String, SettingsKey {
        case teacher
        case methods
        case projector
        case stages
        case preactivations

        public var about: KeyDescription {
            switch self {
            case .teacher:
                .init(
                    .section(TeacherSettings.self),
                    .required,
                    "The frozen network to learn from.",
                    example: "{checkpoint: teacher/network.safetensors}"
                )
            case .methods:
                .init(
                    .list(MethodSettings.kind),
                    .required,
                    "Methods with their weights, added up.",
                    example: "[{method: kd, weight: 0.9, temperature: 4}]"
                )
            case .projector:
                .init(
                    .flag,
                    .standard(false),
                    "A trained linear map from the student's embeddings to the teacher's length.",
                    example: "true"
                )
            case .stages:
                .init(
                    .list(.integer(.atLeast(0))),
                    .without("all after the stem"),
                    "Stages whose feature maps are compared, 0 being the stem.",
                    example: "[2, 3]"
                )
            case .preactivations:
                .init(
                    .flag,
                    .standard(false),
                    "Whether feature maps are taken before the non-linearity.",
                    example: "true"
                )
            }
        }
    }

    /// Refuses a distillation without a method.
    public mutating func complete() throws(InputError) {
        guard !methods.isEmpty else {
            throw InputError(.missing, "a distillation has at least one method", place: "key \"distillation.methods\"")
        }
    }
}

/// A frozen network to learn from.
public struct TeacherSettings: SettingsSection {
    public var checkpoint: String
    public var architecture: String?
    /// Its preprocessing; without it what the checkpoint says, or else the recipe's where its architecture is known to use
    /// the same; otherwise it must be given.
    public var preprocessing: PreprocessingSettings?
    /// Its classifier: a file as ``ClassifierSettings/startFrom``, or `class-means` to compute centres from the training
    /// data; without it `fc.weight` and `fc.bias` beside the network in the checkpoint, where they are.
    public var classifier: String?
    /// What its classifier was trained with, where the classifier's file does not say; the loss of the recipe's own head
    /// without it.
    public var loss: HeadLoss?
    public var scale: Float?
    public var cache: Bool
    public var evaluate: Bool

    public enum CodingKeys: String, SettingsKey {
        case checkpoint
        case architecture
        case preprocessing
        case classifier
        case loss
        case scale
        case cache
        case evaluate

        public var about: KeyDescription {
            switch self {
            case .checkpoint:
                .init(
                    .text("path"),
                    .required,
                    "Any checkpoint that `verifar evaluate` reads.",
                    example: "teacher/network.safetensors"
                )
            case .architecture:
                .init(
                    .text("name"),
                    .without("recognised from its parameters"),
                    "What the checkpoint is.",
                    example: "r100"
                )
            case .preprocessing:
                .init(
                    .section(PreprocessingSettings.self),
                    .without("what the checkpoint says, or else the recipe's"),
                    "What is done to an image before it enters the teacher.",
                    example: "{name: adaface}"
                )
            case .classifier:
                .init(
                    .text("path"),
                    .without("the checkpoint's own `fc.weight` and `fc.bias`, where it has them"),
                    "Its classifier: a file as `head.start-from`, or `class-means` for centres of the training data.",
                    example: "teacher/classifier.safetensors"
                )
            case .loss:
                .init(
                    .choice(HeadLoss.self),
                    .without("what the classifier's file says, or else the loss of `head`"),
                    "What its classifier was trained with, where the file does not say.",
                    example: "arcface"
                )
            case .scale:
                .init(
                    .number(.above(0)),
                    .without("what the classifier's file says, or else the scale of `head`"),
                    "The scale of its cosines, where the file does not say.",
                    example: "64"
                )
            case .cache:
                .init(
                    .flag,
                    .standard(true),
                    "Whether its embeddings are computed once and kept, where nothing but the flip changes images.",
                    example: "false"
                )
            case .evaluate:
                .init(
                    .flag,
                    .standard(true),
                    "Whether it is evaluated itself before the training.",
                    example: "false"
                )
            }
        }
    }

    /// Refuses a linear classifier of class means, and a scale that a linear one has no use for.
    public mutating func complete() throws(InputError) {
        guard classifier != "class-means" || loss != .softmax else {
            throw InputError(
                .usage,
                "class means are centres of cosines, and the recipe calls them a linear classifier",
                place: "keys \"distillation.teacher.classifier\" and \"distillation.teacher.loss\"",
                expected: "a loss of cosines, or none",
                found: "class-means and softmax"
            )
        }
        guard scale == nil || loss != .softmax else {
            throw InputError(
                .usage,
                "the scale stands beside a loss that has none",
                place: "key \"distillation.teacher.scale\"",
                expected: "a classifier of cosines",
                found: "'loss: softmax'"
            )
        }
    }
}

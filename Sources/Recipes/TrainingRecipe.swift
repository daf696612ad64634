public import ArtifactFiles
public import Backbones
internal import NeuralCompute
public import NeuralTraining

/// Everything that a training is made of, as data: a recipe file, strictly decoded.
///
/// Paths are relative to the folder in which the command runs.
public struct TrainingRecipe: SettingsSection {
    public var name: String
    public var seed: UInt64
    public var device: String?
    public var network: NetworkSettings
    public var preprocessing: PreprocessingSettings
    public var population: PopulationSettings?
    public var data: DataSettings
    public var augmentation: AugmentationSettings
    public var training: StepSettings
    public var head: ClassifierSettings
    public var distillation: DistillationSettings?
    public var optimizer: OptimizerSettings
    public var schedule: LearningRateSchedule
    public var evaluation: EvaluationSettings
    public var saving: SavingSettings

    public enum CodingKeys: String, SettingsKey {
        case name
        case seed
        case device
        case network
        case preprocessing
        case population
        case data
        case augmentation
        case training
        case head
        case distillation
        case optimizer
        case schedule
        case evaluation
        case saving

        public var about: KeyDescription {
            switch self {
            case .name:
                .init(.text(), .required, "What reports call the result.", example: "\"MobileFaceNet, ArcFace\"")
            case .seed: .init(.integer(.atLeast(0)), .standard(1), "What everything random follows from.", example: "7")
            case .device:
                .init(
                    .text(),
                    .without("\(Devices.all[0].name)"),
                    "Where it is computed: \(Devices.all.map(\.name).joined(separator: ", ")); `--device` takes its place.",
                    example: "reference"
                )
            case .network:
                .init(
                    .section(NetworkSettings.self),
                    .required,
                    "The network to train.",
                    example: "{architecture: mbf}"
                )
            case .preprocessing:
                .init(
                    .section(PreprocessingSettings.self),
                    .emptySection,
                    "What is done to an image before it enters the network.",
                    example: "{name: insightface}"
                )
            case .population:
                .init(
                    .section(PopulationSettings.self),
                    .without("there are no synthetic people"),
                    "The synthetic people that `data.synthetic` and `evaluation.protocols` refer to.",
                    example: "{identities: 500}"
                )
            case .data:
                .init(
                    .section(DataSettings.self),
                    .required,
                    "What to train on: exactly one source.",
                    example: "{recordio: {path: train.rec}}"
                )
            case .augmentation:
                .init(
                    .section(AugmentationSettings.self),
                    .emptySection,
                    "How images are changed by chance.",
                    example: "{flip: 0.5}"
                )
            case .training:
                .init(.section(StepSettings.self), .required, "Steps and batches.", example: "{batch: 128, epochs: 20}")
            case .head:
                .init(
                    .section(ClassifierSettings.self),
                    .required,
                    "The classifier behind the embedding, and its loss.",
                    example: "{loss: arcface}"
                )
            case .distillation:
                .init(
                    .section(DistillationSettings.self),
                    .without("there is no teacher"),
                    "What the network learns from a teacher.",
                    example: "{teacher: {checkpoint: teacher.pth}, methods: [{method: l2e}]}"
                )
            case .optimizer:
                .init(.section(OptimizerSettings.self), .emptySection, "The optimiser.", example: "{momentum: 0.9}")
            case .schedule:
                .init(.section(LearningRateSchedule.self), .required, "The learning rate.", example: "{rate: 0.1}")
            case .evaluation:
                .init(
                    .section(EvaluationSettings.self),
                    .emptySection,
                    "What to evaluate on.",
                    example: "{every-epochs: 5}"
                )
            case .saving:
                .init(
                    .section(SavingSettings.self),
                    .emptySection,
                    "What is written, and when.",
                    example: "{formats: [safetensors, onnx]}"
                )
            }
        }
    }

    /// Refuses synthetic faces of nobody.
    public mutating func complete() throws(InputError) {
        let needsPopulation = data.source.needsPopulation || evaluation.protocols.contains { $0.synthetic != nil }
        guard !needsPopulation || population != nil else {
            throw InputError(.missing, "synthetic faces need the key 'population'", place: "key \"population\"")
        }
        guard evaluation.accuracy?.source.holdOut == nil else {
            throw InputError(
                .usage,
                "people are held out of what is trained on, not of 'accuracy'",
                place: "key \"evaluation.accuracy.folder.hold-out\""
            )
        }
        let holdOutName = HoldOutSettings.name
        guard data.source.holdOut == nil || !evaluation.protocols.contains(where: { $0.name == holdOutName }) else {
            throw InputError(
                .usage,
                "two protocols have one name: data.folder.hold-out makes one",
                place: "key \"evaluation.protocols\"",
                found: holdOutName
            )
        }
        for settings in evaluation.protocols where settings.protocol != nil && settings.data == nil {
            guard data.source.folderOfProtocols == nil else { continue }
            throw InputError(
                .missing,
                "the protocol '\(settings.name)' has no folder",
                place: "key \"evaluation.protocols\"",
                expected: "'data' (only that of data.recordio goes without saying)"
            )
        }
    }

    /// The learning rates of the run: what ``schedule`` says, for this batch.
    public var scaledSchedule: LearningRateSchedule { schedule.scaled(toBatch: training.batch) }
}

/// The network to train.
public struct NetworkSettings: SettingsSection {
    public var architecture: String
    public var embedding: Int?
    public var width: Double
    public var input: [Int]?
    public var startFrom: String?
    public var projector: ProjectorSettings?

    public enum CodingKeys: String, SettingsKey {
        case architecture
        case embedding
        case width
        case input
        case startFrom = "start-from"
        case projector

        public var about: KeyDescription {
            switch self {
            case .architecture:
                .init(
                    .choice(BackboneCatalogue.all.map { $0.name }),
                    .required,
                    "A network of the catalogue.",
                    example: "mbf"
                )
            case .embedding:
                .init(
                    .integer(.within(1...65536)),
                    .without("the published length"),
                    "Length of the embedding.",
                    example: "512"
                )
            case .width:
                .init(.number(.within(0.05...8)), .standard(1), "A factor on the channel counts.", example: "0.5")
            case .input:
                .init(
                    .list(.integer(.within(8...1024)), count: 2),
                    .without("the published size"),
                    "`[width, height]` of the input.",
                    example: "[112, 112]"
                )
            case .projector:
                .init(
                    .section(ProjectorSettings.self),
                    .without("the architecture's own embedding"),
                    "Trained layers behind the network that stay with it: what is evaluated and exported is projected.",
                    example: "{length: 512}"
                )
            case .startFrom:
                .init(
                    .text("path"),
                    .without("new numbers from the seed"),
                    "A checkpoint whose weights to begin with.",
                    example: "pretrained.pth"
                )
            }
        }
    }
}

/// A trained projector that stays with the network.
public struct ProjectorSettings: SettingsSection {
    public var length: Int
    public var factor: Int
    public var behind: Projector.Place

    public enum CodingKeys: String, SettingsKey {
        case length
        case factor
        case behind

        public var about: KeyDescription {
            switch self {
            case .length:
                .init(.integer(.within(1...65536)), .required, "Length of the projected embedding.", example: "512")
            case .factor:
                .init(
                    .integer(.within(1...65536)),
                    .standard(2),
                    "By what the inner layers are narrower than the result.",
                    example: "4"
                )
            case .behind:
                .init(
                    .choice(Projector.Place.self),
                    .standard(Projector.Place.embedding),
                    "Behind the embedding, or behind the last feature map (in place of what follows it).",
                    example: "features"
                )
            }
        }
    }

    /// The projector.
    public var projector: Projector { Projector(length: length, factor: factor, place: behind) }
}

/// Steps and batches.
public struct StepSettings: SettingsSection {
    public var batch: Int
    /// The most images that go through the network at once; all of a step's without it.
    ///
    /// Gradients add up over a step: only the statistics of batch normalisation are those of the smaller number.
    public var microBatch: Int?
    public var epochs: Double?
    public var steps: Int?
    public var balanced: Balanced?
    public var mixed: Mixed?
    /// Whether samples that do not fill a batch are left out of their epoch; false ends every epoch with a smaller batch,
    /// as PyTorch's `DataLoader` does.
    public var dropLast: Bool
    public var maxFailures: Int

    /// Identities and images of a balanced batch.
    public struct Balanced: SettingsSection {
        public var identities: Int
        public var pictures: Int

        public enum CodingKeys: String, SettingsKey {
            case identities
            case pictures

            public var about: KeyDescription {
                let count = KeyDescription.Kind.integer(.within(1...65536))
                return switch self {
                case .identities: .init(count, .required, "Identities of a step.", example: "32")
                case .pictures: .init(count, .required, "Images of each of them.", example: "4")
                }
            }
        }
    }

    /// The parts of a mixed batch.
    public struct Mixed: SettingsSection {
        public var random: Int
        public var balanced: Balanced

        public enum CodingKeys: String, SettingsKey {
            case random
            case balanced

            public var about: KeyDescription {
                switch self {
                case .random: .init(.integer(.within(1...65536)), .required, "Random images of a step.", example: "64")
                case .balanced:
                    .init(
                        .section(Balanced.self),
                        .required,
                        "The other part: some identities with some images each.",
                        example: "{identities: 16, pictures: 4}"
                    )
                }
            }
        }
    }

    public enum CodingKeys: String, SettingsKey {
        case batch
        case microBatch = "micro-batch"
        case epochs
        case steps
        case balanced
        case mixed
        case dropLast = "drop-last"
        case maxFailures = "max-failures"

        public var about: KeyDescription {
            switch self {
            case .batch: .init(.integer(.within(1...65536)), .required, "Images of a step.", example: "128")
            case .epochs:
                .init(
                    .number(.between(0, 1e6)),
                    .without("`steps` says how long"),
                    "Passes through the data; either this or `steps`.",
                    example: "20"
                )
            case .steps:
                .init(.integer(.atLeast(1)), .without("`epochs` says how long"), "Steps in all.", example: "10000")
            case .balanced:
                .init(
                    .section(Balanced.self),
                    .without("a shuffle of all images"),
                    "Batches of some identities with some images each.",
                    example: "{identities: 32, pictures: 4}"
                )
            case .microBatch:
                .init(
                    .integer(.within(1...65536)),
                    .without("all of a step's"),
                    "The most images that go through the network at once. Gradients add up over the step, so that only the "
                        + "statistics of batch normalisation are those of the smaller number.",
                    example: "128"
                )
            case .mixed:
                .init(
                    .section(Mixed.self),
                    .without("all of a batch is drawn in one way"),
                    "Batches of a random and a balanced part; the classifier's loss sees the random one, methods see both.",
                    example: "{random: 64, balanced: {identities: 16, pictures: 4}}"
                )
            case .dropLast:
                .init(
                    .flag,
                    .standard(true),
                    "Whether samples that do not fill a batch are left out of their epoch; `false` ends every epoch with a "
                        + "smaller batch, as PyTorch's `DataLoader` does.",
                    example: "false"
                )
            case .maxFailures:
                .init(
                    .integer(.atLeast(0)),
                    .standard(100),
                    "Samples that may be unreadable before the run stops.",
                    example: "0"
                )
            }
        }
    }

    /// Refuses a training of two lengths or none, and batches that do not come out even.
    public mutating func complete() throws(InputError) {
        guard (epochs == nil) != (steps == nil) else {
            throw InputError(.usage, "a training has either 'epochs' or 'steps', above 0")
        }
        guard (1...batch).contains(microBatch ?? 1) else {
            throw InputError(
                .usage,
                "no such part of a batch",
                place: "key \"training.micro-batch\"",
                expected: "1 … \(batch), the batch",
                found: "\(microBatch ?? 1)"
            )
        }
        guard balanced == nil || mixed == nil else {
            throw InputError(.usage, "a batch is balanced or mixed, not both", place: "key \"training.mixed\"")
        }
        guard let balanced = balanced ?? mixed?.balanced else { return }
        guard dropLast else {
            throw InputError(.usage, "balanced batches are always full", place: "key \"training.drop-last\"")
        }
        let random = mixed?.random ?? 0
        guard random + balanced.identities * balanced.pictures == batch else {
            throw InputError(
                .mismatch,
                "a balanced batch has identities × pictures faces, a mixed one its random ones besides",
                expected: "batch: \(mixed == nil ? "" : "\(random) + ")\(balanced.identities) × \(balanced.pictures)",
                found: "\(batch)"
            )
        }
    }

    /// Steps in all, for data of a certain size.
    public func total(stepsPerEpoch: Int) -> Int {
        steps ?? max(1, Int((Double(stepsPerEpoch) * (epochs ?? 1)).rounded()))
    }
}

/// What is written, and when.
public struct SavingSettings: SettingsSection {
    public var everySteps: Int
    public var keepEveryEpochs: Int?
    public var formats: [String]
    public var precision: String

    public enum CodingKeys: String, SettingsKey {
        case everySteps = "every-steps"
        case keepEveryEpochs = "keep-every-epochs"
        case formats
        case precision

        public var about: KeyDescription {
            switch self {
            case .everySteps:
                .init(
                    .integer(.atLeast(1)),
                    .standard(200),
                    "Steps between states that `--resume` goes on from.",
                    example: "2000"
                )
            case .keepEveryEpochs:
                .init(
                    .integer(.within(1...1_000_000)),
                    .without("none is kept"),
                    "Epochs between networks that are kept in `epochs/`, with their classifiers.",
                    example: "5"
                )
            case .formats:
                .init(
                    .list(.choice(["safetensors", "onnx"])),
                    .written("[safetensors]"),
                    "Formats of the trained network; safetensors is always among them.",
                    example: "[safetensors, onnx]"
                )
            case .precision:
                .init(
                    .choice(["fp32", "fp16"]),
                    .standard("fp32"),
                    "Numbers of the safetensors file.",
                    example: "fp16"
                )
            }
        }
    }

    /// Refuses a result that no later stage could read.
    public mutating func complete() throws(InputError) {
        guard formats.contains("safetensors") else {
            throw InputError(.usage, "safetensors is always written", place: "key \"saving.formats\"")
        }
    }
}

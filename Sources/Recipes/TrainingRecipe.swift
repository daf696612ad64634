internal import ArtifactFiles
public import NeuralTraining

/// Everything that a training is made of, as data: a recipe file, strictly decoded.
///
/// Paths are relative to the folder in which the command runs.
public struct TrainingRecipe: Hashable, Sendable, Codable {
    /// What reports call the result.
    public var name: String
    /// What everything random follows from.
    public var seed: UInt64
    /// The network to train.
    public var network: NetworkSettings
    /// What is done to a picture before it enters the network.
    public var preprocessing: PreprocessingSettings
    /// The synthetic people that ``data`` and ``evaluation`` may refer to.
    public var population: PopulationSettings?
    /// What to train on.
    public var data: DataSettings
    /// How pictures are changed by chance.
    public var augmentation: AugmentationSettings
    /// Steps and batches.
    public var training: StepSettings
    /// The classifier and its loss.
    public var head: ClassifierSettings
    /// What the network learns from a teacher.
    public var distillation: DistillationSettings?
    /// The optimiser.
    public var optimizer: OptimizerSettings
    /// The learning rate.
    public var schedule: LearningRateSchedule
    /// What to evaluate on.
    public var evaluation: EvaluationSettings
    /// What is written, and when.
    public var saving: SavingSettings

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case seed
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
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed) ?? 1
        network = try values.decode(NetworkSettings.self, forKey: .network)
        preprocessing = try values.decodeIfPresent(PreprocessingSettings.self, forKey: .preprocessing) ?? .insightface
        population = try values.decodeIfPresent(PopulationSettings.self, forKey: .population)
        data = try values.decode(DataSettings.self, forKey: .data)
        augmentation = try values.decodeIfPresent(AugmentationSettings.self, forKey: .augmentation) ?? .flipOnly
        training = try values.decode(StepSettings.self, forKey: .training)
        head = try values.decode(ClassifierSettings.self, forKey: .head)
        distillation = try values.decodeIfPresent(DistillationSettings.self, forKey: .distillation)
        optimizer = try values.decodeIfPresent(OptimizerSettings.self, forKey: .optimizer) ?? OptimizerSettings()
        schedule = try values.decode(LearningRateSchedule.self, forKey: .schedule)
        evaluation = try values.decodeIfPresent(EvaluationSettings.self, forKey: .evaluation) ?? EvaluationSettings()
        saving = try values.decodeIfPresent(SavingSettings.self, forKey: .saving) ?? SavingSettings()
        try check()
    }

    private func check() throws(InputError) {
        let needsPopulation = data.synthetic != nil || evaluation.protocols.contains { $0.synthetic != nil }
        guard !needsPopulation || population != nil else {
            throw InputError(.missing, "synthetic faces need the key 'population'", place: "key \"population\"")
        }
    }
}

/// The network to train.
public struct NetworkSettings: Hashable, Sendable, Codable {
    /// A name of the catalogue.
    public var architecture: String
    /// Length of the embedding; the published one without it.
    public var embedding: Int?
    /// A factor on the channel counts; 1 as published.
    public var width: Double
    /// `[width, height]` of the input; the published one without it.
    public var input: [Int]?
    /// A checkpoint whose weights to begin with.
    public var startFrom: String?

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case architecture
        case embedding
        case width
        case input
        case startFrom = "start-from"
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        architecture = try values.decode(String.self, forKey: .architecture)
        embedding = try values.decodeIfPresent(Int.self, forKey: .embedding)
        width = try values.decodeIfPresent(Double.self, forKey: .width) ?? 1
        input = try values.decodeIfPresent([Int].self, forKey: .input)
        startFrom = try values.decodeIfPresent(String.self, forKey: .startFrom)
        guard (0.05...8).contains(width), embedding.map({ (1...65536).contains($0) }) ?? true,
            input.map({ $0.count == 2 && $0.allSatisfy { (8...1024).contains($0) } }) ?? true
        else {
            throw InputError(.usage, "embedding, width or input is out of range", expected: "input: [width, height]")
        }
    }
}

/// Steps and batches.
public struct StepSettings: Hashable, Sendable, Codable {
    /// Pictures of a step.
    public var batch: Int
    /// Passes through the data; either this or ``steps``.
    public var epochs: Double?
    /// Steps in all.
    public var steps: Int?
    /// Batches of some identities with some pictures each instead of a shuffle.
    public var balanced: Balanced?
    /// Whether samples that do not fill a batch are left out of their epoch; without it they are, `false` ends every epoch
    /// with a smaller batch, as PyTorch's `DataLoader` does.
    public var dropLast: Bool?
    /// Samples that may be unreadable before the run stops.
    public var maxFailures: Int

    /// Identities and pictures of a balanced batch.
    public struct Balanced: Hashable, Sendable, Codable {
        /// Identities of a step.
        public var identities: Int
        /// Pictures of each.
        public var pictures: Int

        /// The keys of a recipe.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case identities
            case pictures
        }
    }

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case batch
        case epochs
        case steps
        case balanced
        case dropLast = "drop-last"
        case maxFailures = "max-failures"
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        batch = try values.decode(Int.self, forKey: .batch)
        epochs = try values.decodeIfPresent(Double.self, forKey: .epochs)
        steps = try values.decodeIfPresent(Int.self, forKey: .steps)
        balanced = try values.decodeIfPresent(Balanced.self, forKey: .balanced)
        dropLast = try values.decodeIfPresent(Bool.self, forKey: .dropLast)
        maxFailures = try values.decodeIfPresent(Int.self, forKey: .maxFailures) ?? 100
        guard (1...65536).contains(batch), maxFailures >= 0 else {
            throw InputError(
                .usage,
                "batch or max-failures is out of range",
                expected: "batch 1 … 65536",
                found: "\(batch)"
            )
        }
        guard (epochs == nil) != (steps == nil), epochs ?? 1 > 0, epochs ?? 1 < 1e6, steps ?? 1 > 0 else {
            throw InputError(.usage, "a training has either 'epochs' or 'steps', above 0")
        }
        guard balanced == nil || dropLast != false else {
            throw InputError(.usage, "balanced batches are always full", place: "key \"training.drop-last\"")
        }
        guard let balanced else { return }
        // Factors beyond the batch could not even be multiplied.
        guard (1...batch).contains(balanced.identities), (1...batch).contains(balanced.pictures),
            balanced.identities * balanced.pictures == batch
        else {
            throw InputError(
                .mismatch,
                "a balanced batch has identities × pictures faces",
                expected: "batch: \(balanced.identities) × \(balanced.pictures)",
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
public struct SavingSettings: Hashable, Sendable, Codable {
    /// Steps between states of the run.
    public var everySteps: Int
    /// Formats of the trained network: `safetensors`, `onnx`.
    public var formats: [String]
    /// `fp32` or `fp16`, of the safetensors file.
    public var precision: String

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case everySteps = "every-steps"
        case formats
        case precision
    }

    /// The defaults: a state every 200 steps, safetensors in single precision.
    public init() {
        everySteps = 200
        formats = ["safetensors"]
        precision = "fp32"
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        everySteps = try values.decodeIfPresent(Int.self, forKey: .everySteps) ?? everySteps
        formats = try values.decodeIfPresent([String].self, forKey: .formats) ?? formats
        precision = try values.decodeIfPresent(String.self, forKey: .precision) ?? precision
        guard everySteps > 0 else { throw InputError(.usage, "every-steps is out of range", found: "\(everySteps)") }
        guard ["fp32", "fp16"].contains(precision) else {
            throw InputError.unknownName(precision, kind: "precision", known: ["fp32", "fp16"])
        }
        guard formats.contains("safetensors") else {
            throw InputError(.usage, "safetensors is always written", place: "key \"formats\"")
        }
    }
}

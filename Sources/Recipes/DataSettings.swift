public import ArtifactFiles
public import FaceImaging
package import SyntheticFaces

/// Synthetic people, some to train on and the others to evaluate with.
public struct PopulationSettings: Hashable, Sendable, Codable {
    /// Everything about them follows from it.
    public var seed: UInt64
    /// People in all.
    public var identities: Int
    /// The share that is trained on.
    public var trainingShare: Double
    /// How far photographs of one person differ: `easy`, `standard`, `hard`.
    public var strength: String
    /// A factor on how far people differ.
    public var diversity: Double
    /// Side of a photograph in pixels.
    public var imageSize: Int

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case seed
        case identities
        case trainingShare = "training-share"
        case strength
        case diversity
        case imageSize = "image-size"
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed) ?? 1
        identities = try values.decode(Int.self, forKey: .identities)
        trainingShare = try values.decodeIfPresent(Double.self, forKey: .trainingShare) ?? 0.6
        strength = try values.decodeIfPresent(String.self, forKey: .strength) ?? "standard"
        diversity = try values.decodeIfPresent(Double.self, forKey: .diversity) ?? 1
        imageSize = try values.decodeIfPresent(Int.self, forKey: .imageSize) ?? 160
        guard (2...10_000_000).contains(identities), trainingShare > 0, trainingShare < 1 else {
            throw InputError(
                .usage,
                "identities or training-share is out of range",
                expected: "a share between 0 and 1"
            )
        }
    }

    package func population() throws(InputError) -> SyntheticPopulation {
        try SyntheticPopulation(
            seed: seed,
            diversity: diversity,
            strength: NuisanceStrength.named(strength),
            settings: SyntheticFaceSettings(imageSize: imageSize)
        )
    }

    package func split() throws(InputError) -> SyntheticIdentitySplit {
        try SyntheticIdentitySplit(count: identities, trainingShare: trainingShare, seed: seed)
    }
}

/// What to train on: exactly one of the sources.
public struct DataSettings: Hashable, Sendable, Codable {
    /// Faces of the recipe's population.
    public var synthetic: Synthetic?
    /// A folder per identity with aligned faces, or with a landmark file.
    public var folder: Folder?
    /// An MXNet record file, as InsightFace distributes its training sets.
    public var recordio: RecordFile?
    /// CIFAR-100 in its binary form.
    public var cifar100: Cifar?
    /// The number of classes, checked against the data.
    public var classes: Int?

    /// Faces of the recipe's population.
    public struct Synthetic: Hashable, Sendable, Codable {
        /// Pictures of each person.
        public var images: Int

        /// The keys of a recipe.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case images
        }
    }

    /// A folder per identity.
    public struct Folder: Hashable, Sendable, Codable {
        /// The folder of folders.
        public var path: String
        /// How a picture gets the network's size: `exact`, `resized`, `centre-crop`, `aligned`.
        public var fit: String?
        /// The landmark file of `aligned`.
        public var landmarks: String?
        /// Whether pixels are taken as they are stored, whatever EXIF's orientation says; false without it.
        public var ignoreExif: Bool?

        /// The keys of a recipe.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case path
            case fit
            case landmarks
            case ignoreExif = "ignore-exif"
        }
    }

    /// A record file.
    public struct RecordFile: Hashable, Sendable, Codable {
        /// `train.rec`; its index is `train.idx` beside it.
        public var path: String
        /// How a picture gets the network's size: `exact`, `resized`, `centre-crop`.
        public var fit: String?
        /// Whether pixels are taken as they are stored, whatever EXIF's orientation says; false without it.
        public var ignoreExif: Bool?

        /// The keys of a recipe.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case path
            case fit
            case ignoreExif = "ignore-exif"
        }
    }

    /// CIFAR-100.
    public struct Cifar: Hashable, Sendable, Codable {
        /// `train.bin` or `test.bin`.
        public var path: String

        /// The keys of a recipe.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case path
        }
    }

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case synthetic
        case folder
        case recordio
        case cifar100
        case classes
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        synthetic = try values.decodeIfPresent(Synthetic.self, forKey: .synthetic)
        folder = try values.decodeIfPresent(Folder.self, forKey: .folder)
        recordio = try values.decodeIfPresent(RecordFile.self, forKey: .recordio)
        cifar100 = try values.decodeIfPresent(Cifar.self, forKey: .cifar100)
        classes = try values.decodeIfPresent(Int.self, forKey: .classes)
        let given = [synthetic != nil, folder != nil, recordio != nil, cifar100 != nil].count { $0 }
        guard given == 1 else {
            throw InputError(
                .usage,
                "data come from exactly one source",
                expected: "one of synthetic, folder, recordio, cifar100",
                found: "\(given)"
            )
        }
    }
}

/// What is done to a picture before it enters the network: a name, with single values overridden.
public struct PreprocessingSettings: Hashable, Sendable, Codable {
    /// A name that `verifar evaluate --preprocess` knows.
    public var name: String
    /// Mean per channel in grey levels.
    public var mean: [Float]?
    /// Standard deviation per channel in grey levels.
    public var std: [Float]?
    /// The order of the channels.
    public var channels: ChannelOrder?

    /// InsightFace's.
    public static let insightface = PreprocessingSettings(name: "insightface")

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case mean
        case std
        case channels
    }

    /// Creates settings from a name.
    public init(name: String) { self.name = name }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decodeIfPresent(String.self, forKey: .name) ?? "insightface"
        mean = try values.decodeIfPresent([Float].self, forKey: .mean)
        std = try values.decodeIfPresent([Float].self, forKey: .std)
        channels = try values.decodeIfPresent(ChannelOrder.self, forKey: .channels)
    }

    /// The preprocessing at a network's input size.
    ///
    /// - Throws: `InputError` for an unknown name or values out of range.
    public func preprocessing(width: Int, height: Int) throws(InputError) -> FacePreprocessing {
        var value = try FacePreprocessing.named(name)
        (value.width, value.height) = (width, height)
        value.mean = mean ?? value.mean
        value.std = std ?? value.std
        value.channels = channels ?? value.channels
        if width == 96, height == 112 { value.template = FaceTemplate.sphereface.name }
        try value.validate()
        return value
    }
}

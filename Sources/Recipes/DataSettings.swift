public import ArtifactFiles
public import FaceImaging
package import SyntheticFaces

/// Synthetic people, some to train on and the others to evaluate with.
public struct PopulationSettings: SettingsSection {
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
    public enum CodingKeys: String, SettingsKey {
        case seed
        case identities
        case trainingShare = "training-share"
        case strength
        case diversity
        case imageSize = "image-size"

        /// What each is for.
        public var about: KeyDescription {
            switch self {
            case .seed:
                .init(.integer(.atLeast(0)), .standard(1), "Everything about the people follows from it.", example: "7")
            case .identities: .init(.integer(.within(2...10_000_000)), .required, "People in all.", example: "500")
            case .trainingShare:
                .init(
                    .number(.between(0, 1)),
                    .standard(0.6),
                    "The share of people to train on; the others are for evaluation.",
                    example: "0.8"
                )
            case .strength:
                .init(
                    .choice(NuisanceStrength.named.map(\.name)),
                    .standard("standard"),
                    "How far photographs of one person differ.",
                    example: "hard"
                )
            case .diversity:
                .init(.number(.above(0)), .standard(1), "A factor on how far people differ.", example: "0.6")
            case .imageSize:
                .init(.integer(.atLeast(1)), .standard(160), "Side of a photograph in pixels.", example: "112")
            }
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
public struct DataSettings: SettingsSection {
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
    public struct Synthetic: SettingsSection {
        /// Images of each person.
        public var images: Int

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case images

            /// What it is for.
            public var about: KeyDescription {
                .init(.integer(.within(1...1_000_000)), .required, "Images of each person.", example: "24")
            }
        }
    }

    /// A folder per identity.
    public struct Folder: SettingsSection {
        /// The folder of folders.
        public var path: String
        /// How an image gets the network's size: `exact`, `resized`, `centre-crop`, `aligned`.
        public var fit: String
        /// The landmark file of `aligned`; `landmarks.txt` in the folder without it.
        public var landmarks: String?
        /// Whether pixels are taken as they are stored, whatever EXIF's orientation says.
        public var ignoreExif: Bool
        /// The share of people who are not trained on: they make the protocol `hold-out`.
        public var holdOut: Double?
        /// Who they are follows from it, and their comparisons, so that seeds of a training share them.
        public var holdOutSeed: UInt64

        /// What the protocol of the people held out is called.
        public static let holdOutName = "hold-out"

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case path
            case fit
            case landmarks
            case ignoreExif = "ignore-exif"
            case holdOut = "hold-out"
            case holdOutSeed = "hold-out-seed"

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .path:
                    .init(.text("path"), .required, "The folder with a folder for each person.", example: "faces")
                case .fit:
                    .init(
                        .choice(["exact", "resized", "centre-crop", "aligned"]),
                        .without("exact; aligned where there are landmarks"),
                        "How an image gets the network's size; `aligned` places the face by its landmarks.",
                        example: "resized"
                    )
                case .landmarks:
                    .init(
                        .text("path"),
                        .without("landmarks.txt in the folder, with `fit: aligned`"),
                        "The file with five landmarks of every image: lines of `person/image x1 y1 … x5 y5`.",
                        example: "landmarks.txt"
                    )
                case .ignoreExif:
                    .init(
                        .flag,
                        .standard(false),
                        "Whether pixels are taken as they are stored, whatever EXIF's orientation says.",
                        example: "true"
                    )
                case .holdOut:
                    .init(
                        .number(.between(0, 1)),
                        .without("everybody is trained on"),
                        "The share of people who are not trained on: their images make the protocol `hold-out`.",
                        example: "0.1"
                    )
                case .holdOutSeed:
                    .init(
                        .integer(.atLeast(0)),
                        .standard(1),
                        "Says who is held out, and which of their images are compared.",
                        example: "2"
                    )
                }
            }
        }

        /// Decodes settings; landmarks alone say that faces are to be aligned.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            path = try values.decode(String.self, forKey: .path)
            landmarks = try values.decodeIfPresent(String.self, forKey: .landmarks)
            fit = try values.decodeIfPresent(String.self, forKey: .fit) ?? (landmarks == nil ? "exact" : "aligned")
            ignoreExif = try values.decode(Bool.self, forKey: .ignoreExif)
            holdOut = try values.decodeIfPresent(Double.self, forKey: .holdOut)
            holdOutSeed = try values.decode(UInt64.self, forKey: .holdOutSeed)
        }

        /// Refuses landmarks that nothing would read.
        public mutating func complete() throws(InputError) {
            guard landmarks == nil || fit == "aligned" else {
                throw InputError(
                    .usage,
                    "'landmarks' are read with 'fit: aligned' alone",
                    expected: "fit: aligned, or no landmarks",
                    found: "fit: \(fit)"
                )
            }
        }
    }

    /// A record file.
    public struct RecordFile: SettingsSection {
        /// `train.rec`; its index is `train.idx` beside it.
        public var path: String
        /// How an image gets the network's size: `exact`, `resized`, `centre-crop`.
        public var fit: String
        /// Whether pixels are taken as they are stored, whatever EXIF's orientation says.
        public var ignoreExif: Bool

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case path
            case fit
            case ignoreExif = "ignore-exif"

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .path:
                    .init(
                        .text("path"),
                        .required,
                        "`train.rec`; its index `train.idx` lies beside it.",
                        example: "train.rec"
                    )
                case .fit:
                    .init(
                        .choice(["exact", "resized", "centre-crop"]),
                        .standard("exact"),
                        "How an image gets the network's size.",
                        example: "resized"
                    )
                case .ignoreExif:
                    .init(
                        .flag,
                        .standard(false),
                        "Whether pixels are taken as they are stored, whatever EXIF's orientation says.",
                        example: "true"
                    )
                }
            }
        }
    }

    /// CIFAR-100.
    public struct Cifar: SettingsSection {
        /// `train.bin` or `test.bin`.
        public var path: String

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case path

            /// What it is for.
            public var about: KeyDescription {
                .init(
                    .text("path"),
                    .required,
                    "`train.bin` or `test.bin` of CIFAR-100's binary version.",
                    example: "cifar-100-binary/train.bin"
                )
            }
        }
    }

    /// The keys of a recipe.
    public enum CodingKeys: String, SettingsKey {
        case synthetic
        case folder
        case recordio
        case cifar100
        case classes

        /// What each is for.
        public var about: KeyDescription {
            let other = KeyDescription.Presence.without("another source is given: exactly one is")
            return switch self {
            case .synthetic:
                .init(.section(Synthetic.self), other, "Faces of the recipe's `population`.", example: "{images: 24}")
            case .folder: .init(.section(Folder.self), other, "A folder for each person.", example: "{path: faces}")
            case .recordio:
                .init(
                    .section(RecordFile.self),
                    other,
                    "An MXNet record file, as InsightFace distributes its training sets.",
                    example: "{path: train.rec}"
                )
            case .cifar100:
                .init(
                    .section(Cifar.self),
                    other,
                    "CIFAR-100 in its binary version.",
                    example: "{path: cifar-100-binary/train.bin}"
                )
            case .classes:
                .init(
                    .integer(.atLeast(1)),
                    .without("as many as the data have"),
                    "The number of classes that the data must have.",
                    example: "93431"
                )
            }
        }
    }

    /// Where protocols without a folder of their own lie: beside the record file, as InsightFace's verification sets do.
    public var folderOfProtocols: String? { recordio.map { FileSystem.parent(of: $0.path) } }

    /// Refuses none or several sources.
    public mutating func complete() throws(InputError) {
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

/// What is done to an image before it enters the network: a name, with single values overridden.
public struct PreprocessingSettings: SettingsSection {
    /// A name that `verifar evaluate --preprocess` knows.
    public var name: String
    /// Mean per channel in grey levels.
    public var mean: [Float]?
    /// Standard deviation per channel in grey levels.
    public var std: [Float]?
    /// The order of the channels.
    public var channels: ChannelOrder?

    /// The keys of a recipe.
    public enum CodingKeys: String, SettingsKey {
        case name
        case mean
        case std
        case channels

        /// What each is for.
        public var about: KeyDescription {
            let own = KeyDescription.Presence.without("the name's own")
            return switch self {
            case .name:
                .init(
                    .choice(FacePreprocessing.all.map(\.name)),
                    .standard("insightface"),
                    "A preprocessing that `verifar evaluate --preprocess` knows.",
                    example: "imagenet"
                )
            case .mean:
                .init(
                    .list(.number(.any), count: 3),
                    own,
                    "Mean of each channel in grey levels, 0 to 255.",
                    example: "[127.5, 127.5, 127.5]"
                )
            case .std:
                .init(
                    .list(.number(.above(0)), count: 3),
                    own,
                    "Standard deviation of each channel in grey levels.",
                    example: "[128, 128, 128]"
                )
            case .channels: .init(.choice(ChannelOrder.self), own, "The order of the channels.", example: "bgr")
            }
        }
    }

    /// A preprocessing by its name alone.
    public init(name: String) { self.name = name }

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

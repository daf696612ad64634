public import ArtifactFiles
public import FaceImaging
public import TrainingData

/// A kind of labelled images that a recipe's `data` may name: the keys that it takes, and how it is opened.
///
/// One file per kind and one line in ``DataSets/all``; `Documentation/AddingADataSet.md` shows the way.
public protocol DataSet: SettingsSection {
    /// Its key in `data`.
    static var key: String { get }
    /// What it is: one sentence.
    static var sentence: String { get }
    /// Settings as they may be written, in YAML.
    static var example: String { get }

    /// Opens the images.
    ///
    /// - Throws: `InputError` naming file, expected and found.
    func open(_ opening: DataSetOpening) throws(InputError) -> any TrainingSource

    /// Whether the images are of the recipe's population.
    var needsPopulation: Bool { get }
    /// People who are not trained on.
    var holdOut: HoldOutSettings? { get }
    /// Where protocols without a folder of their own lie.
    var folderOfProtocols: String? { get }
}

extension DataSet {
    public var needsPopulation: Bool { false }
    public var holdOut: HoldOutSettings? { nil }
    public var folderOfProtocols: String? { nil }
}

/// The kinds of data that recipes know.
public enum DataSets {
    /// One line each, in the order of the reference.
    public static let all: [any DataSet.Type] = [
        SyntheticData.self, FolderData.self, RecordIOData.self, CIFAR100Data.self,
    ]
}

/// What the opening of a data set may need besides its settings.
public struct DataSetOpening: Sendable {
    /// The recipe's people.
    public var population: PopulationSettings?
    /// What the network wants to see: the size of the images, and where a face sits in them.
    public var preprocessing: FacePreprocessing
    /// Where what is rendered or converted may be kept.
    public var cacheFolder: String
    public var threads: Int
    /// Told what is being done, and how many images of how many are done.
    public var progress: @Sendable (String, Int, Int) -> Void

    public init(
        population: PopulationSettings?,
        preprocessing: FacePreprocessing,
        cacheFolder: String,
        threads: Int,
        progress: @escaping @Sendable (String, Int, Int) -> Void = { _, _, _ in }
    ) {
        self.population = population
        self.preprocessing = preprocessing
        self.cacheFolder = cacheFolder
        self.threads = threads
        self.progress = progress
    }

    /// The size that every image gets.
    public var size: PictureSize { PictureSize(preprocessing) }

    /// How an image gets that size, by the name in a recipe.
    ///
    /// - Throws: `InputError` that lists the known names.
    public func fit(_ name: String) throws(InputError) -> PictureFit {
        switch name {
        case "exact": .exact
        case "resized": .resized
        case "centre-crop": .centreCrop(shorterSide: min(size.width, size.height))
        case "aligned": .aligned(template: preprocessing.template)
        default: throw .unknownName(name, kind: "fit", known: ["exact", "resized", "centre-crop", "aligned"])
        }
    }
}

/// People who are not trained on: they make the protocol `hold-out`.
public struct HoldOutSettings: Hashable, Sendable {
    /// Where the images come from, for messages.
    public var folder: String
    /// The share of all people.
    public var share: Double
    /// Who they are follows from it, and their comparisons, so that seeds of a training share them.
    public var seed: UInt64

    /// What their protocol is called.
    public static let name = "hold-out"
}

/// What to train on: exactly one of ``DataSets/all``.
public struct DataSettings: SettingsSection {
    private var given: [any DataSet]
    /// The number of classes, checked against the data.
    public var classes: Int?

    /// The data set.
    public var source: any DataSet { given[0] }

    /// Opens the data and checks the number of classes.
    ///
    /// - Throws: `InputError` naming file, expected and found.
    public func open(_ opening: DataSetOpening) throws(InputError) -> any TrainingSource {
        let opened = try source.open(opening)
        if let classes { try opened.requireClassCount(classes) }
        return opened
    }

    /// The keys of a recipe: those of the kinds, and `classes`.
    public struct CodingKeys: SettingsKey {
        public let stringValue: String
        public let about: KeyDescription
        public var intValue: Int? { nil }

        public static var allCases: [CodingKeys] { DataSets.all.map { CodingKeys($0) } + [classes] }

        static let classes = CodingKeys(
            "classes",
            .init(
                .integer(.atLeast(1)),
                .without("as many as the data have"),
                "The number of classes that the data must have.",
                example: "93431"
            )
        )

        private init(_ name: String, _ about: KeyDescription) {
            stringValue = name
            self.about = about
        }

        init(_ kind: any DataSet.Type) {
            self.init(
                kind.key,
                .init(
                    .section(kind),
                    .without("another source is given: exactly one is"),
                    kind.sentence,
                    example: kind.example
                )
            )
        }

        public init?(stringValue: String) {
            guard let known = Self.allCases.first(where: { $0.stringValue == stringValue }) else { return nil }
            self = known
        }

        public init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func decoded<Kind: DataSet>(_ kind: Kind.Type) throws -> (any DataSet)? {
            try values.decodeIfPresent(kind, forKey: CodingKeys(kind))
        }
        given = try DataSets.all.compactMap { try decoded($0) }
        classes = try values.decodeIfPresent(Int.self, forKey: .classes)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        for data in given { try values.encode(data, forKey: CodingKeys(type(of: data))) }
        try values.encodeIfPresent(classes, forKey: .classes)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.given.map { AnyHashable($0) } == right.given.map { AnyHashable($0) } && left.classes == right.classes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(given.map { AnyHashable($0) })
        hasher.combine(classes)
    }

    /// Refuses none or several sources.
    public mutating func complete() throws(InputError) {
        guard given.count == 1 else {
            throw InputError(
                .usage,
                "data come from exactly one source",
                expected: "one of \(DataSets.all.map { $0.key }.joined(separator: ", "))",
                found: "\(given.count)"
            )
        }
    }
}

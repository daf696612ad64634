public import ArtifactFiles

/// What to evaluate on.
public struct EvaluationSettings: SettingsSection {
    public var everyEpochs: Double?
    public var everySteps: Int?
    public var protocols: [ProtocolSettings]
    public var accuracy: DataSettings?

    public enum CodingKeys: String, SettingsKey {
        case everyEpochs = "every-epochs"
        case everySteps = "every-steps"
        case protocols
        case accuracy

        public var about: KeyDescription {
            switch self {
            case .everyEpochs:
                .init(
                    .number(.between(0, 1e6)),
                    .without("only at the end"),
                    "Epochs between evaluations during training.",
                    example: "5"
                )
            case .everySteps:
                .init(
                    .integer(.atLeast(1)),
                    .without("`every-epochs`, or only at the end"),
                    "Steps between evaluations during training, instead of epochs.",
                    example: "5000"
                )
            case .protocols:
                .init(
                    .list(.section(ProtocolSettings.self)),
                    .written("[]"),
                    "Verification protocols to evaluate on.",
                    example: "[{name: ijbc, protocol: ijbc, data: /data/IJBC}]"
                )
            case .accuracy:
                .init(
                    .section(DataSettings.self),
                    .without("no accuracy is measured"),
                    "A labelled set on which the classifier's accuracy is measured, described as `data` is.",
                    example: "{cifar100: {path: cifar-100-binary/test.bin}}"
                )
            }
        }
    }

    /// Refuses two rhythms, and two protocols of one name.
    public mutating func complete() throws(InputError) {
        guard everySteps == nil || everyEpochs == nil else {
            throw InputError(
                .usage,
                "evaluations come every so many steps or epochs, not both",
                place: "key \"evaluation.every-steps\""
            )
        }
        let names = protocols.map(\.name)
        guard Set(names).count == names.count else {
            throw InputError(.usage, "two protocols have one name", found: names.joined(separator: ", "))
        }
    }
}

extension EvaluationSettings {
    /// Steps between evaluations during training; nil for none.
    public func stepsBetween(stepsPerEpoch: Int) -> Int? {
        everySteps ?? everyEpochs.map { max(1, Int(($0 * Double(stepsPerEpoch)).rounded())) }
    }
}

/// One verification protocol of a recipe.
public struct ProtocolSettings: SettingsSection {
    public var name: String
    /// A known protocol or a description of one.
    public var `protocol`: String?
    public var data: String?
    public var synthetic: SyntheticProtocolSettings?
    public var optional: Bool
    public var onlyAtEnd: Bool

    public enum CodingKeys: String, SettingsKey {
        case name
        case `protocol`
        case data
        case synthetic
        case optional
        case onlyAtEnd = "only-at-end"

        public var about: KeyDescription {
            switch self {
            case .name: .init(.text("name"), .required, "What its folder and table rows are called.", example: "ijbc")
            case .protocol:
                .init(
                    .text("name or path"),
                    .without("the protocol is `synthetic`"),
                    "A known protocol (`verifar protocol list`) or the file that describes one.",
                    example: "ijbc"
                )
            case .data:
                .init(
                    .text("path"),
                    .without("the folder of `data.recordio`"),
                    "The protocol's data folder.",
                    example: "/data/IJBC"
                )
            case .optional:
                .init(
                    .flag,
                    .standard(false),
                    "Whether a run may go without the protocol where its files are missing; the log says so.",
                    example: "true"
                )
            case .onlyAtEnd:
                .init(
                    .flag,
                    .standard(false),
                    "Whether it is left out of evaluations during training.",
                    example: "true"
                )
            case .synthetic:
                .init(
                    .section(SyntheticProtocolSettings.self),
                    .without("`protocol` and `data` are given"),
                    "Instead: the people of `population` who are not trained on.",
                    example: "{images: 6}"
                )
            }
        }
    }

    /// Refuses a protocol of two kinds or none, and a name that is no folder's.
    public mutating func complete() throws(InputError) {
        guard (self.protocol != nil) != (synthetic != nil), self.protocol != nil || data == nil else {
            throw InputError(.usage, "a protocol is either 'protocol' with 'data', or 'synthetic'")
        }
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
        guard !name.isEmpty, name.allSatisfy(allowed.contains), !name.hasPrefix(".") else {
            throw InputError(.usage, "the name becomes a folder's", expected: "letters, digits, - _ .", found: name)
        }
    }
}

/// A protocol over synthetic people.
public struct SyntheticProtocolSettings: SettingsSection {
    public var images: Int
    public var templates: Int
    public var impostors: Int?

    public enum CodingKeys: String, SettingsKey {
        case images
        case templates
        case impostors

        public var about: KeyDescription {
            let count = KeyDescription.Kind.integer(.within(1...1_000_000))
            return switch self {
            case .images: .init(count, .standard(8), "Photographs of each person.", example: "6")
            case .templates:
                .init(
                    count,
                    .standard(1),
                    "Templates of each person: so many enrolled, so many to verify.",
                    example: "2"
                )
            case .impostors:
                .init(
                    .integer(.within(0...1_000_000_000_000)),
                    .without("all of them"),
                    "Impostor comparisons.",
                    example: "100000"
                )
            }
        }
    }
}

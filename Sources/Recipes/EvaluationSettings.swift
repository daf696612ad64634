internal import ArtifactFiles

/// What to evaluate on.
public struct EvaluationSettings: Hashable, Sendable, Codable {
    /// Epochs between evaluations during training; only at the end without it.
    public var everyEpochs: Double?
    /// Verification protocols.
    public var protocols: [ProtocolSettings]
    /// A labelled set on which the classifier's accuracy is measured.
    public var accuracy: DataSettings?

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case everyEpochs = "every-epochs"
        case protocols
        case accuracy
    }

    /// Nothing.
    public init() { protocols = [] }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        everyEpochs = try values.decodeIfPresent(Double.self, forKey: .everyEpochs)
        protocols = try values.decodeIfPresent([ProtocolSettings].self, forKey: .protocols) ?? []
        accuracy = try values.decodeIfPresent(DataSettings.self, forKey: .accuracy)
        guard everyEpochs.map({ $0 > 0 && $0 < 1e6 }) ?? true else {
            throw InputError(.usage, "every-epochs is out of range", expected: "above 0")
        }
        let names = protocols.map(\.name)
        guard Set(names).count == names.count else {
            throw InputError(.usage, "two protocols have one name", found: names.joined(separator: ", "))
        }
    }
}

/// One verification protocol of a recipe.
public struct ProtocolSettings: Hashable, Sendable, Codable {
    /// What its folder and table rows are called.
    public var name: String
    /// A known protocol or a description of one.
    public var `protocol`: String?
    /// The protocol's data folder.
    public var data: String?
    /// Or: the people of the recipe's population who are not trained on.
    public var synthetic: SyntheticProtocolSettings?

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case `protocol`
        case data
        case synthetic
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        self.protocol = try values.decodeIfPresent(String.self, forKey: .protocol)
        data = try values.decodeIfPresent(String.self, forKey: .data)
        synthetic = try values.decodeIfPresent(SyntheticProtocolSettings.self, forKey: .synthetic)
        guard (self.protocol != nil && data != nil) != (synthetic != nil) else {
            throw InputError(.usage, "a protocol is either 'protocol' with 'data', or 'synthetic'")
        }
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
        guard !name.isEmpty, name.allSatisfy(allowed.contains), !name.hasPrefix(".") else {
            throw InputError(.usage, "the name becomes a folder's", expected: "letters, digits, - _ .", found: name)
        }
    }
}

/// A protocol over synthetic people.
public struct SyntheticProtocolSettings: Hashable, Sendable, Codable {
    /// Photographs of each person.
    public var images: Int
    /// Templates of each person: so many enrolled, so many to verify.
    public var templates: Int
    /// Impostor comparisons; all without it.
    public var impostors: Int?

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case images
        case templates
        case impostors
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        images = try values.decodeIfPresent(Int.self, forKey: .images) ?? 8
        templates = try values.decodeIfPresent(Int.self, forKey: .templates) ?? 1
        impostors = try values.decodeIfPresent(Int.self, forKey: .impostors)
        let range = 1...1_000_000
        guard range.contains(images), range.contains(templates),
            impostors.map({ (0...1_000_000_000_000).contains($0) }) ?? true
        else {
            throw InputError(
                .usage,
                "images, templates or impostors is out of range",
                expected: "1 … 1000000 images and templates",
                found: "\(images), \(templates), \(impostors.map { "\($0)" } ?? "all")"
            )
        }
    }
}

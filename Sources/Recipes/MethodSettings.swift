public import ArtifactFiles
public import Distillation

/// A distillation method with its weight and its own settings: `{method: kd, weight: 0.9, temperature: 4}`.
public struct MethodSettings: SettingsSection, DistillationSettingsSource {
    public var method: String
    public var weight: Double
    /// Its own settings, of the method's own type.
    public var settings: any SettingsSection

    public enum CodingKeys: String, SettingsKey {
        case method
        case weight

        public var about: KeyDescription {
            switch self {
            case .method:
                .init(
                    .choice(DistillationMethods.all.map { $0.name }),
                    .required,
                    "The method, whose own settings stand beside it.",
                    example: "th-kd"
                )
            case .weight: .init(.number(.atLeast(0)), .standard(1), "The factor on the method's loss.", example: "0.9")
            }
        }
    }

    /// What may stand in the list of methods.
    static var kind: KeyDescription.Kind {
        .variants(Self.self, by: "method", DistillationMethods.all.map { .init($0.name, settingsType(of: $0)) })
    }

    private static func settingsType<Method: DistillationMethod>(_: Method.Type) -> any SettingsSection.Type {
        Method.Settings.self
    }

    private static func settingsType(of method: any DistillationMethod.Type) -> any SettingsSection.Type {
        settingsType(method)
    }

    /// Decodes the settings, those of the method as the method's type.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        method = try values.decode(String.self, forKey: .method)
        weight = try values.decode(Double.self, forKey: .weight)
        settings = try Self.settingsType(of: DistillationMethods.named(method)).init(from: decoder)
    }

    /// Completes the method's settings.
    public mutating func complete() throws(InputError) { try settings.complete() }

    /// Writes everything, the method's defaults included.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(method, forKey: .method)
        try values.encode(weight, forKey: .weight)
        try settings.encode(to: encoder)
    }

    /// The method's settings, which ``settings`` already are.
    public func decoded<Settings: Decodable>(as type: Settings.Type) throws(InputError) -> Settings {
        guard let settings = settings as? Settings else {
            throw InputError(.mismatch, "settings of another method", place: "method '\(method)'")
        }
        return settings
    }

    /// Whether both say the same.
    public static func == (first: MethodSettings, second: MethodSettings) -> Bool {
        (first.method, first.weight) == (second.method, second.weight)
            && AnyHashable(first.settings) == AnyHashable(second.settings)
    }

    /// Hashes everything.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(method)
        hasher.combine(weight)
        hasher.combine(AnyHashable(settings))
    }
}

/// What settings written by people may hold.
///
/// **To add a key to a recipe**: give the section's struct a property (optional only where absence means something of its
/// own), its `CodingKeys` a case, and that enum's `about` a line that says type, range, default, one sentence and an example:
/// `case .momentum: .init(.number(.from(0, below: 1)), .standard(0.9), "Momentum of SGD.", example: "0.95")`.
/// That is all: the YAML reader puts the default in where the key is missing, refuses what is out of range and names the
/// nearest key for a misspelt one; `verifar recipe explain`, `Documentation/Recipes.md` (written by `recipe explain --markdown`) and
/// the resolved recipe follow from the same line, and the compiler refuses a key without one. What needs two keys to decide
/// or has a default that depends on another key
/// goes into the section's `complete()`. A distillation method's `Settings` is a section too. No `init(from:)` is written by
/// hand where the synthesised one does.
public protocol SettingsSection: Codable, Hashable, Sendable {
    /// The section's own keys.
    associatedtype CodingKeys: SettingsKey

    /// All keys that may stand in the section; its own unless it shares its mapping with another.
    static var keys: [any SettingsKey] { get }

    /// Fills in defaults that depend on other keys and checks what no single key decides; the YAML reader calls it.
    ///
    /// - Throws: `InputError`; the reader adds where the section stands.
    mutating func complete() throws(InputError)
}

extension SettingsSection {
    /// The section's own keys.
    public static var keys: [any SettingsKey] { Array(CodingKeys.allCases) }
    /// Nothing to fill in, nothing to check.
    public mutating func complete() throws(InputError) {}
}

/// A key that says what it is for.
public protocol SettingsKey: CodingKey, CaseIterable, Sendable {
    /// Type, range, default, meaning and example.
    var about: KeyDescription { get }
}

/// Everything that is to be said of one key.
public struct KeyDescription: Sendable {
    /// What may stand at the key.
    public var kind: Kind
    /// What holds where the key is missing.
    public var presence: Presence
    /// What it is for: one sentence.
    public var sentence: String
    /// A value as it may be written, in YAML.
    public var example: String

    /// A description.
    public init(_ kind: Kind, _ presence: Presence, _ sentence: String, example: String = "") {
        self.kind = kind
        self.presence = presence
        self.sentence = sentence
        self.example = example
    }

    /// What holds where a key is missing.
    public enum Presence: Hashable, Sendable {
        /// It must be there.
        case required
        /// This value, in YAML.
        case written(String)
        /// Nothing; the words say what that means.
        case without(String)

        /// A number, truth value or list of them.
        public static func standard(_ value: some CustomStringConvertible) -> Presence { .written("\(value)") }
        /// One of several names.
        public static func standard<Name: RawRepresentable<String>>(_ value: Name) -> Presence {
            .written(value.rawValue)
        }
        /// A section of which every key has a default.
        public static var emptySection: Presence { .written("{}") }
    }

    /// What may stand at a key.
    public indirect enum Kind: Sendable {
        /// A text; the word says of what: `path`, `name`.
        case text(String = "text")
        /// `true` or `false`.
        case flag
        /// A whole number.
        case integer(Bounds)
        /// A number.
        case number(Bounds)
        /// One of these names.
        case choice([String])
        /// A list, of a fixed length where one is given.
        case list(Kind, count: Int? = nil)
        /// Names that people choose, each with a value.
        case map(Kind)
        /// A mapping of keys.
        case section(any SettingsSection.Type)
        /// A mapping whose further keys depend on the name at one of its keys.
        case variants(any SettingsSection.Type, by: String, [Variant])

        /// One of the names of an enumeration.
        public static func choice<Name: CaseIterable & RawRepresentable<String>>(_ names: Name.Type) -> Kind {
            .choice(names.allCases.map(\.rawValue))
        }
    }

    /// The keys that a name brings with it.
    public struct Variant: Sendable {
        /// The name.
        public var name: String
        /// Its keys.
        public var section: any SettingsSection.Type

        /// A variant.
        public init(_ name: String, _ section: any SettingsSection.Type) {
            self.name = name
            self.section = section
        }
    }

    /// A range of numbers, each end with or without its number.
    public struct Bounds: Hashable, Sendable, CustomStringConvertible {
        var lower: Double?
        var includesLower = true
        var upper: Double?
        var includesUpper = true

        /// Both ends may be taken.
        public static func within(_ range: ClosedRange<Double>) -> Bounds {
            Bounds(lower: range.lowerBound, upper: range.upperBound)
        }
        /// This or more.
        public static func atLeast(_ lower: Double) -> Bounds { Bounds(lower: lower) }
        /// This or more, and less than the other.
        public static func from(_ lower: Double, below upper: Double) -> Bounds {
            Bounds(lower: lower, upper: upper, includesUpper: false)
        }
        /// More than this.
        public static func above(_ lower: Double) -> Bounds { Bounds(lower: lower, includesLower: false) }
        /// More than this, at most the other.
        public static func above(_ lower: Double, upTo upper: Double) -> Bounds {
            Bounds(lower: lower, includesLower: false, upper: upper)
        }
        /// More than this, less than the other.
        public static func between(_ lower: Double, _ upper: Double) -> Bounds {
            Bounds(lower: lower, includesLower: false, upper: upper, includesUpper: false)
        }
        /// Any finite number.
        public static var any: Bounds { Bounds() }

        /// Whether a number lies in the range.
        public func contains(_ value: Double) -> Bool {
            guard value.isFinite else { return false }
            if let lower, includesLower ? value < lower : value <= lower { return false }
            if let upper, includesUpper ? value > upper : value >= upper { return false }
            return true
        }

        /// `0 … 1`, `above 0`, `0 or more`.
        public var description: String {
            switch (lower, upper) {
            case (let lower?, let upper?) where includesLower && includesUpper:
                "\(Self.text(lower)) … \(Self.text(upper))"
            case (let lower?, let upper?):
                (includesLower ? "\(Self.text(lower)) or more, " : "above \(Self.text(lower)), ")
                    + (includesUpper ? "at most \(Self.text(upper))" : "below \(Self.text(upper))")
            case (let lower?, nil): includesLower ? "\(Self.text(lower)) or more" : "above \(Self.text(lower))"
            case (nil, let upper?): includesUpper ? "at most \(Self.text(upper))" : "below \(Self.text(upper))"
            case (nil, nil): "any"
            }
        }

        private static func text(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
    }
}

extension KeyDescription.Kind {
    /// What is wrong with a decoded value, if something is: a number out of range, a name that is not known.
    public func objection(to value: Any) -> InputError? {
        switch self {
        case .integer(let bounds), .number(let bounds):
            guard let number = Self.number(value), !bounds.contains(number) else { return nil }
            return InputError(.usage, "out of range", expected: bounds.description, found: "\(value)")
        case .choice(let names):
            guard let name = value as? String, !names.contains(name) else { return nil }
            return .unknownName(name, kind: "value", known: names)
        case .list(let element, let count):
            guard let values = value as? [Any] else { return nil }
            if let count, values.count != count {
                return InputError(.usage, "a list of another length", expected: "\(count)", found: "\(values.count)")
            }
            return values.lazy.compactMap(element.objection).first
        case .text, .flag, .map, .section, .variants: return nil
        }
    }

    private static func number(_ value: Any) -> Double? {
        switch value {
        case let value as any BinaryInteger: Double("\(value)")
        // Through the text: a range is meant as it is written, 0.1 and not the nearest Float's 0.10000000149.
        case let value as Float: Double("\(value)")
        case let value as Double: value
        default: nil
        }
    }

    /// `a number, above 0`, for people.
    public var summary: String {
        switch self {
        case .text(let what): what
        case .flag: "true or false"
        case .integer(let bounds): bounds == .any ? "integer" : "integer, \(bounds)"
        case .number(let bounds): bounds == .any ? "number" : "number, \(bounds)"
        case .choice(let names): names.joined(separator: " | ")
        case .list(let element, nil): "list of: \(element.summary)"
        case .list(let element, let count?): "list of \(count): \(element.summary)"
        case .map(let value): "names with: \(value.summary)"
        case .section: "section"
        case .variants(_, let key, _): "section; its further keys depend on `\(key)`"
        }
    }
}

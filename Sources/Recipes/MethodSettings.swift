public import ArtifactFiles
public import Distillation
internal import StrictYAML

/// A distillation method with its weight and its own settings: `{method: kd, weight: 0.9, temperature: 4}`.
public struct MethodSettings: Hashable, Sendable, Codable, DistillationSettingsSource {
    /// The method's name.
    public var method: String
    /// The factor on its loss.
    public var weight: Double
    /// Its own settings as they were written; what is not given has the method's default.
    public var settings: [String: String]

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        method = try values.decode(String.self, forKey: Key(stringValue: "method"))
        weight = try values.decodeIfPresent(Double.self, forKey: Key(stringValue: "weight")) ?? 1
        settings = [:]
        for key in values.allKeys where !["method", "weight"].contains(key.stringValue) {
            settings[key.stringValue] = try values.decode(String.self, forKey: key)
        }
        guard weight.isFinite, weight >= 0 else {
            throw InputError(
                .usage,
                "the weight of '\(method)' is out of range",
                expected: "0 or more",
                found: "\(weight)"
            )
        }
    }

    /// Writes what was read.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(method, forKey: Key(stringValue: "method"))
        try values.encode(weight, forKey: Key(stringValue: "weight"))
        for (key, value) in settings { try values.encode(value, forKey: Key(stringValue: key)) }
    }

    /// The method's settings in the method's own type.
    ///
    /// - Throws: `InputError` naming the method and a key that it does not have, or a value out of range.
    public func decoded<Settings: Decodable>(as type: Settings.Type) throws(InputError) -> Settings {
        let text =
            settings.isEmpty
            ? "{}"
            : settings.sorted { $0.key < $1.key }
                .map { "\($0.key): \($0.value)" }.joined(separator: "\n")
        do throws(InputError) {
            return try YAMLDocument(text: text).decode(type)
        } catch {
            var located = error
            located.place = "method '\(method)'" + (error.place.map { ", \($0)" } ?? "")
            throw located
        }
    }
}

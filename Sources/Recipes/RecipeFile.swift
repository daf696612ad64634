public import ArtifactFiles
internal import Foundation
internal import StrictYAML

/// A recipe as it was read: file, overrides, and what they come to.
public struct RecipeFile<Recipe: Codable & Sendable>: Sendable {
    /// The decoded recipe.
    public let recipe: Recipe

    /// Reads a recipe.
    ///
    /// - Parameters:
    ///   - path: The YAML file.
    ///   - overrides: `key.path=value`, each value itself YAML.
    /// - Throws: `InputError` with file, line, key, what was expected and what was found; unknown keys are errors.
    public init(path: String, overrides: [String] = []) throws(InputError) {
        var document = try YAMLDocument(path: path)
        for override in overrides {
            guard let equals = override.firstIndex(of: "="), equals != override.startIndex else {
                throw InputError(.usage, "malformed --set", expected: "key.path=value", found: override)
            }
            try document.set(String(override[..<equals]), to: String(override[override.index(after: equals)...]))
        }
        recipe = try document.decode(Recipe.self)
    }

    /// The recipe with every default written out, as YAML in a fixed order: what is saved beside the result, and what a
    /// run is known by.
    ///
    /// - Throws: `InputError` when the recipe has no text form.
    public func resolvedText() throws(InputError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(recipe), let value = try? JSONSerialization.jsonObject(with: data) else {
            throw InputError(.unsupported, "the recipe cannot be written")
        }
        return ResolvedYAML.text(value, indent: 0)
    }

    /// Names the resolved recipe.
    public func digest() throws(InputError) -> ContentDigest { ContentDigest(of: try resolvedText()) }
}

/// Writes decoded values as block YAML that the strict reader reads back.
private enum ResolvedYAML {
    static func text(_ value: Any, indent: Int) -> String {
        let space = String(repeating: " ", count: indent)
        switch value {
        case let mapping as [String: Any]:
            return mapping.sorted { $0.key < $1.key }
                .map { key, value in
                    isBlock(value)
                        ? "\(space)\(key):\n" + text(value, indent: indent + 2)
                        : "\(space)\(key): \(scalar(value))\n"
                }
                .joined()
        case let list as [Any]:
            return
                list.map { item in
                    guard isBlock(item) else { return "\(space)- \(scalar(item))\n" }
                    return "\(space)- " + text(item, indent: indent + 2).dropFirst(indent + 2)
                }
                .joined()
        default:
            return space + scalar(value) + "\n"
        }
    }

    private static func isBlock(_ value: Any) -> Bool {
        switch value {
        case let mapping as [String: Any]: !mapping.isEmpty
        case let list as [Any]: !list.isEmpty
        default: false
        }
    }

    private static func scalar(_ value: Any) -> String {
        switch value {
        case is [String: Any]: return "{}"
        case is [Any]: return "[]"
        case let text as String: return quoted(text)
        case let number as NSNumber:
            if isBoolean(number) { return number.boolValue ? "true" : "false" }
            return number.stringValue
        default: return "null"
        }
    }

    private static func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

    /// Double quotes, with what they need escaped.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }
}

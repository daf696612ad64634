public import ArtifactFiles
internal import Foundation
internal import StrictYAML

/// A value that takes the place of a recipe's.
public struct RecipeOverride: Hashable, Sendable {
    /// Where it stands: `training.batch`.
    public var key: String
    /// The value, in YAML.
    public var value: String

    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// Reads `key.path=value`.
    ///
    /// - Throws: `InputError` (`usage`) for another form.
    public init(_ text: String) throws(InputError) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw InputError(.usage, "malformed --set", expected: "key.path=value", found: text)
        }
        key = String(text[..<equals])
        value = String(text[text.index(after: equals)...])
    }
}

/// A recipe as it was read: file, overrides, and what they come to.
public struct RecipeFile<Recipe: SettingsSection>: Sendable {
    /// The decoded recipe.
    public let recipe: Recipe

    /// Reads a recipe.
    ///
    /// - Parameters:
    ///   - path: The YAML file.
    ///   - overrides: Values that replace the file's.
    /// - Throws: `InputError` with file, line, key, what was expected and what was found; unknown keys are errors.
    public init(path: String, overrides: [RecipeOverride] = []) throws(InputError) {
        var document = try YAMLDocument(path: path)
        for override in overrides { try document.set(override.key, to: override.value) }
        recipe = try document.decode(Recipe.self)
    }

    /// The recipe with every default written out, and `null` where nothing stands, as YAML in a fixed order: what is saved
    /// beside the result, and what a run is known by.
    ///
    /// - Throws: `InputError` when the recipe has no text form.
    public func resolvedText() throws(InputError) -> String { ResolvedYAML.text(try resolved(), indent: 0) }

    private func resolved() throws(InputError) -> Any {
        guard let data = try? JSONEncoder().encode(recipe), let value = try? JSONSerialization.jsonObject(with: data)
        else {
            throw InputError(.unsupported, "the recipe cannot be written")
        }
        return ResolvedYAML.complete(value, Recipe.self)
    }

    /// Checks that a run that has begun is this recipe's.
    ///
    /// - Parameter path: The resolved recipe that the run saved.
    /// - Throws: `InputError` (`mismatch`) that names the values that differ, or those that the run's recipe, written by an
    ///   earlier version, does not name: what they were then cannot be known.
    public func requireSame(asSavedIn path: String) throws(InputError) {
        let saved: RecipeFile
        do throws(InputError) {
            saved = try RecipeFile(path: path)
        } catch {
            var located = error
            located.problem =
                "an earlier version began the run, whose recipe says what is no longer said so: \(error.problem)"
            throw located
        }
        let (now, then) = (ResolvedYAML.leaves(try resolved()), ResolvedYAML.leaves(try saved.resolved()))
        let differing = Set(now.keys).union(then.keys).filter { now[$0] != then[$0] }.sorted()
        func refuse(_ problem: String, _ keys: [String], _ text: (String) -> String) throws(InputError) {
            if keys.isEmpty { return }
            let rest = keys.count > 3 ? ", and \(keys.count - 3) more" : ""
            throw InputError(
                .mismatch,
                "\(problem): " + keys.prefix(3).map(text).joined(separator: ", ") + rest,
                file: path,
                expected: "the same recipe, or another --output"
            )
        }
        try refuse("the run was begun with other values", differing) {
            "\($0) \(then[$0] ?? "absent") there, \(now[$0] ?? "absent") here"
        }
        let document = try YAMLDocument(path: path)
        let silent = then.filter { $0.value != "null" && !document.names($0.key) }.keys.sorted()
        try refuse("an earlier version began the run without writing down", silent) { $0 }
    }
}

/// Writes decoded values as block YAML that the strict reader reads back.
private enum ResolvedYAML {
    /// Puts `null` at the keys of a section that have no value.
    static func complete(_ value: Any, _ section: any SettingsSection.Type) -> Any {
        guard var mapping = value as? [String: Any] else { return value }
        for key in section.keys {
            let name = key.stringValue
            mapping[name] = mapping[name].map { complete($0, key.about.kind) } ?? NSNull()
        }
        return mapping
    }

    private static func complete(_ value: Any, _ kind: KeyDescription.Kind) -> Any {
        switch kind {
        case .section(let section): return complete(value, section)
        case .list(let element, _): return (value as? [Any])?.map { complete($0, element) } ?? value
        case .variants(let common, let key, let variants):
            let name = (value as? [String: Any])?[key] as? String
            let whole = complete(value, common)
            return variants.first { $0.name == name }.map { complete(whole, $0.section) } ?? whole
        case .text, .flag, .integer, .number, .choice, .map: return value
        }
    }

    /// Scalars by their paths: `methods[0].weight`.
    static func leaves(_ value: Any, at path: String = "") -> [String: String] {
        var leaves: [String: String] = [:]
        switch value {
        case let mapping as [String: Any] where !mapping.isEmpty:
            for (key, value) in mapping {
                leaves.merge(self.leaves(value, at: path.isEmpty ? key : "\(path).\(key)")) { $1 }
            }
        case let list as [Any] where !list.isEmpty:
            for (index, value) in list.enumerated() { leaves.merge(self.leaves(value, at: "\(path)[\(index)]")) { $1 } }
        default: leaves[path] = scalar(value)
        }
        return leaves
    }

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

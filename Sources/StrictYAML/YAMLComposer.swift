internal import ArtifactFiles
internal import Yams

/// Text → ``YAMLNode``, through Yams; refuses what strict documents may not hold.
struct YAMLComposer {
    let limits: YAMLDocument.Limits

    func node(of text: String) throws(InputError) -> YAMLNode {
        guard text.utf8.count <= limits.bytes else {
            throw InputError(
                .limitExceeded,
                "the text is too long",
                expected: "at most \(limits.bytes) bytes",
                found: "\(text.utf8.count)"
            )
        }
        try refuseAliases(in: text)
        let parser: Yams.Parser
        let composed: Yams.Node?
        do {
            // The resolver without rules leaves plain scalars as texts, so a tag that is none of the three default
            // ones was written out. The encoding is named because its default reads the environment and prints.
            parser = try Yams.Parser(yaml: text, resolver: .basic, encoding: .utf8)
            composed = try parser.singleRoot()
        } catch {
            throw Self.inputError(of: error)
        }
        // Nodes refer to their anchors weakly; the parser owns them.
        defer { withExtendedLifetime(parser) {} }
        guard let composed else { throw InputError(.malformed, "the document is empty", place: "line 1") }
        return try node(of: composed, depth: 0)
    }

    /// Refuses a text in which some `&name` has a `*name`.
    ///
    /// Yams puts a copy of the anchored value wherever an alias stands and hashes mapping keys, so aliases must be
    /// refused before it runs: nested ones grow exponentially. The search ignores context and so cannot be misled; it
    /// refuses a text that merely speaks of `&x` and `*x`, which no descriptor or recipe does.
    private func refuseAliases(in text: String) throws(InputError) {
        var anchors: Set<[UInt8]> = []
        var aliases: [(name: [UInt8], line: Int)] = []
        let bytes = Array(text.utf8)
        var line = 1
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\n") { line += 1 }
            guard byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*") else { continue }
            let start = index
            while index < bytes.count, Self.isAnchorByte(bytes[index]) { index += 1 }
            guard index > start else { continue }
            let name = Array(bytes[start..<index])
            if byte == UInt8(ascii: "&") { anchors.insert(name) } else { aliases.append((name, line)) }
        }
        if let alias = aliases.first(where: { anchors.contains($0.name) }) {
            throw InputError(
                .unsupported,
                "anchors and aliases are not accepted",
                place: "line \(alias.line)",
                found: "*\(String(decoding: alias.name, as: UTF8.self))"
            )
        }
    }

    /// libyaml's alphabet of anchor names.
    private static func isAnchorByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func node(of composed: Yams.Node, depth: Int) throws(InputError) -> YAMLNode {
        let line = composed.mark?.line ?? 0
        let place = "line \(line)"
        guard depth <= limits.depth else {
            throw InputError(.limitExceeded, "nested too deeply", place: place, expected: "\(limits.depth) levels")
        }
        guard composed.anchor == nil else {
            throw InputError(.unsupported, "anchors and aliases are not accepted", place: place)
        }
        guard [Tag.Name.str, .seq, .map, .implicit].map(\.rawValue).contains(composed.tag.rawValue) else {
            throw InputError(.unsupported, "tags are not accepted", place: place, found: composed.tag.rawValue)
        }
        switch composed {
        case .scalar(let scalar):
            return YAMLNode(content: .scalar(text: scalar.string, isPlain: scalar.style == .plain), line: line)
        case .sequence(let elements):
            var nodes: [YAMLNode] = []
            for element in elements { nodes.append(try node(of: element, depth: depth + 1)) }
            return YAMLNode(content: .sequence(nodes), line: line)
        case .mapping(let mapping):
            return YAMLNode(content: .mapping(try entries(of: mapping, depth: depth + 1)), line: line)
        case .alias:
            throw InputError(.unsupported, "anchors and aliases are not accepted", place: place)
        }
    }

    private func entries(of mapping: Yams.Node.Mapping, depth: Int) throws(InputError) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var lines: [String: Int] = [:]
        for (key, value) in mapping {
            let line = key.mark?.line ?? 0
            guard case .scalar(let text, _) = try node(of: key, depth: depth).content else {
                throw InputError(.malformed, "a key must be a text", place: "line \(line)")
            }
            if let earlier = lines.updateValue(line, forKey: text) {
                throw Self.duplicateKey(text, line: line, earlier: earlier)
            }
            entries.append(.init(key: text, line: line, value: try node(of: value, depth: depth)))
        }
        return entries
    }

    private static func duplicateKey(_ key: String, line: Int, earlier: Int?) -> InputError {
        InputError(
            .malformed,
            "the key occurs twice",
            place: YAMLPlace.text(line: line, key: key),
            found: earlier.map { "it also stands in line \($0)" }
        )
    }

    private static func inputError(of error: any Error) -> InputError {
        guard let error = error as? YamlError else { return InputError(.malformed, "not YAML: \(error)") }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let detail = context.map { " \($0.text)" } ?? ""
            return InputError(.malformed, "not YAML: \(problem)\(detail)", place: "line \(mark.line)")
        case .reader(let problem, let offset, _, let text):
            let line = offset.map { text.prefix($0).count { $0.isNewline } + 1 }
            return InputError(.malformed, "not YAML: \(problem)", place: line.map { "line \($0)" })
        case .duplicatedKeysInMapping(let duplicates, let context):
            return duplicateKey(duplicates.first ?? "", line: context.mark.line, earlier: nil)
        default:
            return InputError(.malformed, "not YAML: \(error)")
        }
    }
}

/// How messages name a place in a document.
enum YAMLPlace {
    /// `line 3, key "a.b"`, without the parts that are not known.
    static func text(line: Int, key: String) -> String {
        [line > 0 ? "line \(line)" : nil, key.isEmpty ? nil : "key \"\(key)\""]
            .compactMap { $0 }
            .joined(separator: ", ")
    }
}

/// One value of a YAML document, and where it stands.
///
/// A tree of our own rather than the parser's: it is `Sendable`, holds only what strict decoding accepts (no aliases,
/// no tags, text keys that occur once), and keeps scalars as written, so that `no` is a text and not a truth value.
package struct YAMLNode: Hashable, Sendable {
    /// What the value is.
    package enum Content: Hashable, Sendable {
        /// A scalar as written; `isPlain` says that it stood without quotes and is not a block text.
        case scalar(text: String, isPlain: Bool)
        /// A list.
        case sequence([YAMLNode])
        /// Keys and values in the order of the document.
        case mapping([Entry])
    }

    /// A key and its value.
    package struct Entry: Hashable, Sendable {
        /// The key's text.
        package var key: String
        /// The key's line, from 1; 0 where the key was set by a caller.
        package var line: Int
        /// The value.
        package var value: YAMLNode
    }

    /// What the value is.
    package var content: Content
    /// Its first line, from 1; 0 where the value was set by a caller.
    package var line: Int

    /// Whether the value is absent: nothing, `~` or `null`.
    package var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The value in a few words, for messages.
    package var summary: String {
        switch content {
        case .scalar where isNull: "nothing"
        case .scalar(let text, isPlain: true): text.count > 40 ? "the text '\(text.prefix(40))…'" : "'\(text)'"
        case .scalar(let text, isPlain: false): "the text \"\(text.prefix(40))\(text.count > 40 ? "…" : "")\""
        case .sequence(let elements): "a list of \(elements.count)"
        case .mapping(let entries): "a mapping of \(entries.count) keys"
        }
    }

    /// The entry of a key, when the value is a mapping that has it.
    package func entry(_ key: String) -> Entry? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }
    }
}

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

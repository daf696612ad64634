public import ArtifactFiles

/// A YAML document that is decoded strictly: what the decoded type does not know is an error, not a silence.
///
/// Differences from a general YAML reader, all deliberate: one document; no anchors, aliases, merge keys or tags; keys
/// are texts and occur once; `true` and `false` are the only truth values; a quoted number is a text; integers have no
/// leading zeros; numbers are finite. A text may stand without quotes and is taken as written.
public struct YAMLDocument: Hashable, Sendable {
    /// Bounds that are checked before, or while, anything is built.
    public struct Limits: Hashable, Sendable {
        /// The longest accepted file.
        public var bytes: Int
        /// The deepest accepted nesting of lists and mappings.
        public var depth: Int

        /// Bounds for descriptors and recipes written by people: 256 KiB and 32 levels.
        public static let standard = Limits(bytes: 1 << 18, depth: 32)

        /// Creates bounds.
        ///
        /// - Parameters:
        ///   - bytes: The longest accepted file.
        ///   - depth: The deepest accepted nesting.
        public init(bytes: Int, depth: Int) {
            self.bytes = bytes
            self.depth = depth
        }
    }

    /// The file it was read from, for messages.
    public let file: String?
    package var root: YAMLNode
    private let limits: Limits

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limits: Bounds on what is accepted.
    /// - Throws: `InputError`: `missing`, `limitExceeded`, `malformed` with the line, or `unsupported`.
    public init(path: String, limits: Limits = .standard) throws(InputError) {
        let mapped = try MappedFile(path: path)
        guard mapped.count <= limits.bytes else {
            throw InputError(
                .limitExceeded,
                "the file is too long",
                file: path,
                expected: "at most \(limits.bytes) bytes",
                found: "\(mapped.count)"
            )
        }
        let bytes = mapped.withBytes { Array($0) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let line = Self.lineOfInvalidText(bytes)
            throw InputError(.malformed, "not UTF-8 text", file: path, place: "line \(line)")
        }
        try self.init(text: text, file: path, limits: limits)
    }

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: The document.
    ///   - file: What messages call it.
    ///   - limits: Bounds on what is accepted.
    /// - Throws: `InputError`: `limitExceeded`, `malformed` with the line, or `unsupported`.
    public init(text: String, file: String? = nil, limits: Limits = .standard) throws(InputError) {
        do {
            root = try YAMLComposer(limits: limits).node(of: text)
        } catch {
            throw file.map(error.inFile) ?? error
        }
        self.file = file
        self.limits = limits
    }

    /// Decodes the document.
    ///
    /// Types should make their `CodingKeys` `CaseIterable`, so that the error of an unknown key can list all the known
    /// ones; otherwise it lists those that had been asked for. An enum that is `CaseIterable` has its values listed.
    ///
    /// - Parameter type: What to decode.
    /// - Returns: The decoded value.
    /// - Throws: `InputError` with file, line, key, what was expected and what was found.
    public func decode<Value: Decodable>(_ type: Value.Type) throws(InputError) -> Value {
        do {
            return try YAMLValueDecoder.decode(type, from: root, path: [])
        } catch let error as InputError {
            throw file.map(error.inFile) ?? error
        } catch {
            throw InputError(.malformed, "cannot be decoded: \(error)", file: file)
        }
    }

    /// Whether the document is a mapping with this key.
    public func hasKey(_ key: String) -> Bool { root.entry(key) != nil }

    /// Where a key stands, for the messages of checks that come after decoding.
    ///
    /// - Parameter keys: The path to the key, outermost first.
    /// - Returns: `line 7, key "counts.images"`; without the line where the document has no such key.
    public func place(of keys: String...) -> String {
        var node = root
        var line = 0
        for key in keys {
            guard let entry = node.entry(key) else {
                line = 0
                break
            }
            line = entry.line
            node = entry.value
        }
        return YAMLPlace.text(line: line, key: keys.joined(separator: "."))
    }

    /// Sets one value, as an option `--set optimizer.momentum=0.9` does.
    ///
    /// The key's parents must be in the document; whether the last key is known is found when the document is decoded.
    ///
    /// - Parameters:
    ///   - keyPath: Keys joined by dots, outermost first.
    ///   - text: The new value, itself YAML: `0.9`, `[1, 2]`, `"text"`.
    /// - Throws: `InputError` naming the key.
    public mutating func set(_ keyPath: String, to text: String) throws(InputError) {
        let keys = keyPath.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !keys.contains("") else {
            throw InputError(.usage, "not a key: '\(keyPath)'", expected: "names joined by dots")
        }
        var value: YAMLNode
        do {
            value = try YAMLComposer(limits: limits).node(of: text)
        } catch {
            var error = error
            error.place = "key \"\(keyPath)\""
            throw error
        }
        value.forgetLines()
        try root.set(keys[...], to: value, keyPath: keyPath)
    }

    private static func lineOfInvalidText(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        return (bad.map { lines.distance(from: lines.startIndex, to: $0) } ?? 0) + 1
    }
}

extension YAMLNode {
    fileprivate mutating func forgetLines() {
        line = 0
        switch content {
        case .scalar: break
        case .sequence(var elements):
            for index in elements.indices { elements[index].forgetLines() }
            content = .sequence(elements)
        case .mapping(var entries):
            for index in entries.indices {
                entries[index].line = 0
                entries[index].value.forgetLines()
            }
            content = .mapping(entries)
        }
    }

    fileprivate mutating func set(
        _ keys: ArraySlice<String>,
        to value: YAMLNode,
        keyPath: String
    ) throws(InputError) {
        guard let key = keys.first else {
            self = value
            return
        }
        guard case .mapping(var entries) = content else {
            throw InputError(
                .usage,
                "cannot set '\(keyPath)': '\(key)' has no mapping to stand in",
                expected: "a mapping",
                found: summary
            )
        }
        if let index = entries.firstIndex(where: { $0.key == key }) {
            try entries[index].value.set(keys.dropFirst(), to: value, keyPath: keyPath)
        } else if keys.count == 1 {
            entries.append(Entry(key: key, line: 0, value: value))
        } else {
            let known = entries.map(\.key).joined(separator: ", ")
            throw InputError(.usage, "cannot set '\(keyPath)': there is no key '\(key)'", expected: "one of \(known)")
        }
        content = .mapping(entries)
    }
}

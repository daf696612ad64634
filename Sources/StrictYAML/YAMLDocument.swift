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

    /// Whether a path that ``set(_:to:)`` would take is in the document.
    public func names(_ keyPath: String) -> Bool {
        var node: YAMLNode? = root
        for key in Self.keys(of: keyPath) {
            switch node?.content {
            case .sequence(let elements)?:
                node = Int(key).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            case .mapping?: node = node?.entry(key)?.value
            case .scalar?, nil: return false
            }
        }
        return node != nil
    }

    /// `a[0].b` is `a.0.b`.
    private static func keys(of path: String) -> [String] {
        path.replacing("[", with: ".").replacing("]", with: "")
            .split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }

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
    /// Parents that the document does not have are made; whether keys are known is found when the document is decoded.
    ///
    /// - Parameters:
    ///   - keyPath: Keys joined by dots, outermost first; an element of a list by its index: `methods[0].weight`.
    ///   - text: The new value, itself YAML: `0.9`, `[1, 2]`, `"text"`.
    /// - Throws: `InputError` naming the key.
    public mutating func set(_ keyPath: String, to text: String) throws(InputError) {
        let keys = Self.keys(of: keyPath)
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
        value = value.withoutLines
        try root.set(keys[...], to: value, keyPath: keyPath)
    }

    private static func lineOfInvalidText(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        return (bad.map { lines.distance(from: lines.startIndex, to: $0) } ?? 0) + 1
    }
}

extension YAMLNode {
    /// The value as a caller sets it, from no line of a file.
    var withoutLines: YAMLNode {
        switch content {
        case .scalar: YAMLNode(content: content, line: 0)
        case .sequence(let elements): YAMLNode(content: .sequence(elements.map(\.withoutLines)), line: 0)
        case .mapping(let entries):
            YAMLNode(
                content: .mapping(entries.map { Entry(key: $0.key, line: 0, value: $0.value.withoutLines) }),
                line: 0
            )
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
        func unfit(_ expected: String) -> InputError {
            InputError(
                .usage,
                "cannot set '\(keyPath)': '\(key)' has nothing to stand in",
                expected: expected,
                found: summary
            )
        }
        if case .sequence(var elements) = content {
            guard let index = Int(key), elements.indices.contains(index) else {
                throw unfit(elements.isEmpty ? "an element" : "an index, 0 … \(elements.count - 1)")
            }
            try elements[index].set(keys.dropFirst(), to: value, keyPath: keyPath)
            content = .sequence(elements)
            return
        }
        var entries: [Entry] = []
        if case .mapping(let present) = content { entries = present } else if !isNull { throw unfit("a mapping") }
        if !entries.contains(where: { $0.key == key }) {
            let empty = YAMLNode(content: .scalar(text: "", isPlain: true), line: 0)
            entries.append(Entry(key: key, line: 0, value: empty))
        }
        for index in entries.indices where entries[index].key == key {
            try entries[index].value.set(keys.dropFirst(), to: value, keyPath: keyPath)
        }
        content = .mapping(entries)
    }
}

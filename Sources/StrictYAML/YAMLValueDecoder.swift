internal import ArtifactFiles

/// The `Decoder` over one ``YAMLNode``.
struct YAMLValueDecoder: Decoder {
    let node: YAMLNode
    let codingPath: [any CodingKey]
    let ledger: YAMLKeyLedger
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Decodes a value and then checks that each key of its mapping was asked for.
    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from node: YAMLNode,
        path: [any CodingKey]
    ) throws -> Value {
        let ledger = YAMLKeyLedger()
        let decoder = YAMLValueDecoder(node: node, codingPath: path, ledger: ledger)
        do {
            let value = try Value(from: decoder)
            try ledger.checkAllKeysAreUsed(of: node, path: path)
            guard var section = value as? any SettingsSection else { return value }
            try section.complete()
            return section as? Value ?? value
        } catch {
            // A misspelt key leaves another one missing; the misspelling is the better message.
            if isMissingKey(error, of: path) { try ledger.checkAllKeysAreRecognised(of: node, path: path) }
            throw inputError(error, decoding: type, node: node, path: path)
        }
    }

    private static func isMissingKey(_ error: any Error, of path: [any CodingKey]) -> Bool {
        guard case DecodingError.keyNotFound(_, let context) = error else { return false }
        return context.codingPath.count == path.count
    }

    private static func inputError<Value>(
        _ error: any Error,
        decoding type: Value.Type,
        node: YAMLNode,
        path: [any CodingKey]
    ) -> any Error {
        if var error = error as? InputError {
            // Thrown by the decoded type itself, which knows what is wrong but not where.
            error.place = error.place ?? place(of: node, path: path)
            return error
        }
        guard let error = error as? DecodingError else { return error }
        let here = place(of: node, path: path)
        switch error {
        case .keyNotFound(let key, _):
            return InputError(.missing, "the key '\(key.stringValue)' is missing", place: here)
        case .dataCorrupted(let context):
            if case .scalar(let text, _) = node.content, let known = knownValues(of: type) {
                var unknown = InputError.unknownName(text, kind: "value", known: known)
                unknown.place = here
                return unknown
            }
            return InputError(.malformed, context.debugDescription, place: here, found: node.summary)
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return InputError(.malformed, context.debugDescription, place: here, found: node.summary)
        @unknown default:
            return InputError(.malformed, "cannot be decoded: \(error)", place: here)
        }
    }

    private static func knownValues<Value>(of type: Value.Type) -> [String]? {
        func names<Listed: CaseIterable>(_ listed: Listed.Type) -> [String] {
            Listed.allCases.map { value in
                (value as? any RawRepresentable<String>)?.rawValue ?? "\(value)"
            }
        }
        return (type as? any CaseIterable.Type).map { names($0) }
    }

    static func place(of node: YAMLNode, path: [any CodingKey]) -> String? {
        let text = YAMLPlace.text(line: node.line, key: keyText(path))
        return text.isEmpty ? nil : text
    }

    static func keyText(_ path: [any CodingKey]) -> String {
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return text
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .mapping(let entries) = node.content else { throw mismatch("a mapping of keys") }
        ledger.note(type)
        return KeyedDecodingContainer(
            YAMLKeyedContainer<Key>(entries: entries, node: node, codingPath: codingPath, ledger: ledger)
        )
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .sequence(let elements) = node.content else { throw mismatch("a list") }
        return YAMLListContainer(elements: elements, node: node, codingPath: codingPath, ledger: ledger)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        YAMLScalarContainer(node: node, codingPath: codingPath)
    }

    func mismatch(_ expected: String) -> InputError {
        InputError(
            .malformed,
            "wrong type",
            place: Self.place(of: node, path: codingPath),
            expected: expected,
            found: node.summary
        )
    }
}

/// Which keys of one mapping a type knows and asked for.
final class YAMLKeyLedger {
    private var asked: [String] = []
    private var listed: [String] = []
    private var recognisers: [(String) -> Bool] = []
    /// The decoders handed out for values inside this one; their keys are checked with this one's.
    private var children: [YAMLValueDecoder] = []

    func child(of node: YAMLNode, path: [any CodingKey]) -> YAMLValueDecoder {
        let decoder = YAMLValueDecoder(node: node, codingPath: path, ledger: YAMLKeyLedger())
        children.append(decoder)
        return decoder
    }

    func note<Key: CodingKey>(_ type: Key.Type) {
        recognisers.append { Key(stringValue: $0) != nil }
        func keys<Listed: CaseIterable>(_ listed: Listed.Type) -> [String] {
            Listed.allCases.compactMap { ($0 as? any CodingKey)?.stringValue }
        }
        if let type = type as? any CaseIterable.Type { listed += keys(type) }
    }

    func ask(_ key: String) {
        if !asked.contains(key) { asked.append(key) }
    }

    func checkAllKeysAreUsed(of node: YAMLNode, path: [any CodingKey]) throws(InputError) {
        for child in children { try child.ledger.checkAllKeysAreUsed(of: child.node, path: child.codingPath) }
        // A type that asked for no container (a text, a number) has nothing to check.
        guard !recognisers.isEmpty else { return }
        try check(node, path: path) { asked.contains($0) }
    }

    func checkAllKeysAreRecognised(of node: YAMLNode, path: [any CodingKey]) throws(InputError) {
        try check(node, path: path) { key in asked.contains(key) || recognisers.contains { $0(key) } }
    }

    private func check(
        _ node: YAMLNode,
        path: [any CodingKey],
        isKnown: (String) -> Bool
    ) throws(InputError) {
        guard case .mapping(let entries) = node.content else { return }
        guard let unknown = entries.first(where: { !isKnown($0.key) }) else { return }
        let known = listed.isEmpty ? asked : listed
        var error = InputError.unknownName(unknown.key, kind: "key", known: known)
        if known.contains(unknown.key) {
            error = InputError(.malformed, "the key '\(unknown.key)' has no use beside the others")
        }
        let parent = YAMLValueDecoder.keyText(path)
        error.place = YAMLPlace.text(line: unknown.line, key: parent.isEmpty ? unknown.key : "\(parent).\(unknown.key)")
        throw error
    }
}

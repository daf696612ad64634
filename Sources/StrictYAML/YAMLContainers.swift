internal import ArtifactFiles

/// A key or index that no coding-key type stands for.
struct YAMLPathKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}

/// The keys of a mapping.
struct YAMLKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let entries: [YAMLNode.Entry]
    let node: YAMLNode
    let codingPath: [any CodingKey]
    let ledger: YAMLKeyLedger

    var allKeys: [Key] { entries.compactMap { Key(stringValue: $0.key) } }

    private func value(_ key: any CodingKey) throws -> YAMLNode {
        ledger.ask(key.stringValue)
        guard let entry = entries.first(where: { $0.key == key.stringValue }) else {
            throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: ""))
        }
        return entry.value
    }

    func contains(_ key: Key) -> Bool {
        ledger.ask(key.stringValue)
        return entries.contains { $0.key == key.stringValue }
    }

    func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        guard let about = (key as? any SettingsKey)?.about else {
            return try YAMLValueDecoder.decode(type, from: try value(key), path: codingPath + [key])
        }
        if case .written(let standard) = about.presence, try !contains(key) || decodeNil(forKey: key) {
            let node = try YAMLComposer(limits: .standard).node(of: standard).withoutLines
            return try YAMLValueDecoder.decode(type, from: node, path: codingPath + [key])
        }
        let node = try value(key)
        let value = try YAMLValueDecoder.decode(type, from: node, path: codingPath + [key])
        if var objection = about.kind.objection(to: value) {
            objection.place = YAMLValueDecoder.place(of: node, path: codingPath + [key])
            throw objection
        }
        return value
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        return try decode(type, forKey: key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try superDecoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try superDecoder(forKey: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        YAMLValueDecoder(node: node, codingPath: codingPath, ledger: ledger)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        ledger.child(of: try value(key), path: codingPath + [key])
    }
}

/// The elements of a list.
struct YAMLListContainer: UnkeyedDecodingContainer {
    let elements: [YAMLNode]
    let node: YAMLNode
    let codingPath: [any CodingKey]
    let ledger: YAMLKeyLedger
    private(set) var currentIndex = 0

    init(elements: [YAMLNode], node: YAMLNode, codingPath: [any CodingKey], ledger: YAMLKeyLedger) {
        self.elements = elements
        self.node = node
        self.codingPath = codingPath
        self.ledger = ledger
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private func current() throws(InputError) -> YAMLNode {
        guard currentIndex < elements.count else {
            throw InputError(
                .malformed,
                "the list is too short",
                place: YAMLValueDecoder.place(of: node, path: codingPath),
                found: node.summary
            )
        }
        return elements[currentIndex]
    }

    mutating func decodeNil() throws -> Bool {
        guard try current().isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let path = codingPath + [YAMLPathKey(intValue: currentIndex)]
        let value = try YAMLValueDecoder.decode(type, from: try current(), path: path)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try superDecoder().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try superDecoder().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder {
        let element = try current()
        currentIndex += 1
        return ledger.child(of: element, path: codingPath + [YAMLPathKey(intValue: currentIndex - 1)])
    }
}

/// One scalar.
struct YAMLScalarContainer: SingleValueDecodingContainer {
    let node: YAMLNode
    let codingPath: [any CodingKey]

    private func mismatch(_ expected: String) -> InputError {
        InputError(
            .malformed,
            "wrong type",
            place: YAMLValueDecoder.place(of: node, path: codingPath),
            expected: expected,
            found: node.summary
        )
    }

    private var plainText: String? {
        guard case .scalar(let text, isPlain: true) = node.content else { return nil }
        return text
    }

    func decodeNil() -> Bool { node.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        switch plainText {
        case "true": return true
        case "false": return false
        default: throw mismatch("true or false")
        }
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .scalar(let text, _) = node.content, !node.isNull else { throw mismatch("a text") }
        return text
    }

    private func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
        let digits = plainText.map { $0.first == "-" ? $0.dropFirst() : $0[...] } ?? ""
        guard let text = plainText, !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }),
            digits.utf8.first != 48 || digits.utf8.count == 1
        else { throw mismatch("an integer") }
        guard let value = Integer(text) else { throw mismatch("an integer from \(Integer.min) to \(Integer.max)") }
        return value
    }

    private func number() throws -> Double {
        guard let text = plainText, text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }),
            let value = Double(text)
        else { throw mismatch("a number") }
        guard value.isFinite else { throw mismatch("a finite number") }
        return value
    }

    func decode(_ type: Double.Type) throws -> Double { try number() }

    func decode(_ type: Float.Type) throws -> Float {
        let value = Float(try number())
        guard value.isFinite else { throw mismatch("a number in the range of Float") }
        return value
    }

    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try YAMLValueDecoder.decode(type, from: node, path: codingPath)
    }
}

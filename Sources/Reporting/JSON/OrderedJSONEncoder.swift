/// Encodes to JSON with keys in the order of the type's declaration and numbers in their shortest exact form.
///
/// Foundation's encoder can sort keys but not keep their order, and puts each number of a list on a line of its own.
/// The bytes depend on the value alone.
package enum OrderedJSONEncoder {
    /// The JSON text, with a line feed at its end.
    ///
    /// - Throws: `EncodingError` for a number that is NaN or infinite.
    package static func text(of value: some Encodable) throws -> String {
        let root = JSONNode()
        try value.encode(to: NodeEncoder(node: root, codingPath: []))
        return root.text
    }
}

private struct NodeEncoder: Encoder {
    let node: JSONNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.kind = .object
        return KeyedEncodingContainer(ObjectContainer<Key>(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.kind = .list
        return ListContainer(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ScalarContainer(node: node, codingPath: codingPath)
    }
}

extension JSONNode {
    fileprivate func set(_ value: some Encodable, path: [any CodingKey]) throws {
        switch value {
        case let value as String: kind = .scalar(JSONText.quoted(value))
        case let value as Double:
            guard value.isFinite else {
                let context = EncodingError.Context(codingPath: path, debugDescription: "\(value) is no JSON number")
                throw EncodingError.invalidValue(value, context)
            }
            kind = .scalar(JSONText.number(value))
        case let value as Bool: kind = .scalar(value ? "true" : "false")
        case let value as any FixedWidthInteger: kind = .scalar("\(value)")
        default: try value.encode(to: NodeEncoder(node: self, codingPath: path))
        }
    }
}

private struct ObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { _ = node.member(key.stringValue) }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        try node.member(key.stringValue).set(value, path: codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        NodeEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key]).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        NodeEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key]).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { NodeEncoder(node: node.member("super"), codingPath: codingPath) }

    func superEncoder(forKey key: Key) -> any Encoder {
        NodeEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key])
    }
}

private struct ListContainer: UnkeyedEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey]
    var count: Int { node.children.count }

    func encodeNil() { _ = node.element() }

    func encode(_ value: some Encodable) throws { try node.element().set(value, path: codingPath) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        NodeEncoder(node: node.element(), codingPath: codingPath).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        NodeEncoder(node: node.element(), codingPath: codingPath).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { NodeEncoder(node: node.element(), codingPath: codingPath) }
}

private struct ScalarContainer: SingleValueEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey]

    func encodeNil() { node.kind = .null }

    func encode(_ value: some Encodable) throws { try node.set(value, path: codingPath) }
}

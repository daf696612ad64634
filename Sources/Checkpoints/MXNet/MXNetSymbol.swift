internal import ArtifactFiles
internal import NeuralGraph

/// The nodes of an MXNet `-symbol.json`.
struct MXNetSymbol {
    private(set) var nodes: [MXNetOperator] = []
    /// The node whose first output is the embedding.
    let output: Int

    /// What InsightFace calls the embedding, whatever stands behind it in a training symbol.
    private static let embeddingName = "fc1"

    /// Reads the file.
    init(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        var parser = StrictJSONParser(bytes, part: "symbol")
        let root = try parser.parse()
        guard case .array(let items)? = root["nodes"] else {
            throw InputError(.malformed, "no list of nodes", place: "symbol")
        }
        for (index, item) in items.enumerated() { nodes.append(try MXNetOperator(item, index: index)) }
        let heads = Self.heads(root)
        let embedding = nodes.lastIndex { $0.name == Self.embeddingName && !$0.isVariable }
        guard let output = embedding ?? heads.first, nodes.indices.contains(output) else {
            throw InputError(.malformed, "no output", place: "symbol")
        }
        self.output = output
    }

    private static func heads(_ root: StrictJSON) -> [Int] {
        guard case .array(let heads)? = root["heads"] else { return [] }
        return heads.compactMap { $0.integers?.first }
    }

    /// The nodes that the output needs, in order.
    func reachable() -> [Int] {
        var needed = Set([output])
        for index in nodes.indices.reversed() where needed.contains(index) { needed.formUnion(nodes[index].inputs) }
        return needed.sorted()
    }
}

/// One node of a symbol, with checked access to its attributes, which are all text.
struct MXNetOperator {
    let name: String
    /// The operator; `null` for inputs and parameters.
    let type: String
    /// Nodes that are read, each before this one.
    let inputs: [Int]
    private var attributes: [String: String] = [:]

    init(_ json: StrictJSON, index: Int) throws(InputError) {
        guard let name = json["name"]?.text, let type = json["op"]?.text, case .array(let sources)? = json["inputs"]
        else {
            throw InputError(.malformed, "no name, op and inputs", place: "symbol node \(index)")
        }
        self.name = name
        self.type = type
        var inputs: [Int] = []
        for source in sources {
            guard let entry = source.integers, entry.count >= 2, (0..<index).contains(entry[0]), entry[1] == 0 else {
                throw InputError(.malformed, "reads what no earlier node makes", place: "node '\(name)' (\(type))")
            }
            inputs.append(entry[0])
        }
        self.inputs = inputs
        // MXNet 1.x, 0.11 and 0.9 use these keys.
        for key in ["attrs", "attr", "param"] {
            for member in json[key]?.members ?? [] { attributes[member.key] = member.value.text }
        }
    }

    /// Whether it is an input or a parameter.
    var isVariable: Bool { type == "null" }

    /// Where an error is.
    var place: String { "node '\(name)' (\(type))" }

    func unsupported(_ problem: String, expected: String? = nil, found: String? = nil) -> InputError {
        InputError(.unsupported, problem, place: place, expected: expected, found: found)
    }

    func text(_ key: String, default value: String) -> String { attributes[key] ?? value }

    func flag(_ key: String, default value: Bool) throws(InputError) -> Bool {
        switch attributes[key] {
        case nil: return value
        case "True", "true", "1": return true
        case "False", "false", "0": return false
        default: throw unsupported("\(key) is no flag", found: attributes[key])
        }
    }

    func integer(_ key: String, default value: Int?) throws(InputError) -> Int {
        guard let text = attributes[key] else {
            guard let value else { throw unsupported("\(key) is missing") }
            return value
        }
        guard let number = Int(text), number.magnitude < 1 << 30 else {
            throw unsupported("\(key) is no integer", found: text)
        }
        return number
    }

    func float(_ key: String, default value: Float) throws(InputError) -> Float {
        guard let text = attributes[key] else { return value }
        guard let number = Float(text), number.isFinite else { throw unsupported("\(key) is no number", found: text) }
        return number
    }

    /// `(3, 3)`; nil when it is left out or empty.
    func pair(_ key: String) throws(InputError) -> Extent? {
        let text = attributes[key] ?? "()"
        let numbers = text.split { "()[], L".contains($0) }.map { Int($0) }
        if numbers.isEmpty { return nil }
        guard numbers.count == 2, let rows = numbers[0], let columns = numbers[1], (0...1 << 20).contains(rows),
            (0...1 << 20).contains(columns)
        else { throw unsupported("only two-dimensional \(key)", found: text) }
        return Extent(rows, columns)
    }
}

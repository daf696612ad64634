internal import ArtifactFiles
internal import NeuralGraph

/// Turns an ONNX graph into a ``NeuralGraph/Graph``: per face, channels last, constants folded.
///
/// Every ONNX name becomes a constant, an activation with the meaning of its axes, or a norm. Chains that compute the
/// shape of a flatten are evaluated with the batch size as a symbol, so that a file exported for one face and one
/// exported for any number give the same graph.
struct ONNXImporter {
    private(set) var nodes: [Node] = []
    private(set) var shapes: [ActivationShape] = []
    private(set) var weights = Weights()
    private(set) var notes: [String] = []
    /// Values that are the square of another: for norms spelt as √Σx².
    var squares: [ValueID: ValueID] = [:]
    /// The batch size that the file fixes.
    let fixedBatch: Int?
    /// Whether pixels go in as they are.
    let takesBytes: Bool

    private let opset: Int
    private let graph: ONNXGraph
    private var values: [String: ONNXValue] = [:]
    private var initializers: [String: ONNXTensor] = [:]
    private var readers: [String: Int] = [:]
    private var makers: [ValueID: String] = [:]
    private var nameCounts: [String: Int] = [:]
    private var parameterCounts: [String: Int] = [:]
    private var reader: ONNXTensorReader
    /// How many elements constants and parameters may still make: a few times what the file can hold.
    private var budget: Int

    /// Reads a model.
    ///
    /// - Parameters:
    ///   - model: The file's content.
    ///   - external: Gives tensors that lie in other files.
    ///   - fileSize: Bytes of the file and of those beside it.
    ///   - inputSize: Rows and columns where the file leaves them open.
    init(
        model: ONNXModel,
        external: ONNXExternalData,
        fileSize: Int,
        inputSize: Extent?
    ) throws(InputError) {
        graph = model.graph
        guard graph.node.count <= Self.mostNodes else {
            throw InputError(.limitExceeded, "the graph has too many nodes", found: "\(graph.node.count)")
        }
        budget = fileSize + 1 << 20
        opset = try Self.operatorSet(of: model)
        reader = ONNXTensorReader(external: external)
        for tensor in graph.initializer {
            guard initializers.updateValue(tensor, forKey: tensor.name) == nil else {
                throw InputError(.malformed, "two initialisers have this name", place: "tensor '\(tensor.name)'")
            }
        }
        let input = try ONNXInput(graph: graph, initializers: Set(initializers.keys), givenSize: inputSize)
        fixedBatch = input.fixedBatch
        takesBytes = input.takesBytes
        shapes = [input.shape]
        notes = input.notes
        values[input.name] = .activation(ONNXActivation(value: .input, axes: input.axes))
        if opset > Self.newestKnownOpset { notes.append("operator set \(opset) is newer than this reader") }
    }

    /// The newest operator set whose changes were looked at.
    static let newestKnownOpset = 26

    private static let mostNodes = 100_000

    private static func operatorSet(of model: ONNXModel) throws(InputError) -> Int {
        guard model.hasGraph else { throw InputError(.malformed, "the file holds no graph") }
        let sets = model.opsetImport.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
        guard let version = sets.first?.version else {
            throw InputError(.malformed, "the file does not say which operator set it uses")
        }
        guard version >= 7 else {
            throw InputError(.unsupported, "the operator set is too old", expected: "7 or later", found: "\(version)")
        }
        return Int(clamping: version)
    }

    /// Precisions of the constants that were read.
    var elementTypes: [ElementType: Int] { reader.elementTypes }

    /// Reads the nodes that the output needs, and drops what turned out unused.
    mutating func run() throws(InputError) -> Graph {
        let output = try ONNXOutput(graph: graph)
        notes += output.notes
        let needed = try ONNXReachability(graph: graph).nodes(for: output.name)
        readers[output.name, default: 0] += 1
        for index in needed { for input in graph.node[index].input { readers[input, default: 0] += 1 } }
        try ONNXOperators.checkAllKnown(needed.map { ONNXOperator(graph.node[$0], opset: opset) })
        for index in needed {
            do {
                try read(graph.node[index])
            } catch {
                throw error.at(ONNXOperator(graph.node[index], opset: opset).place)
            }
        }
        guard case .activation(let result)? = values[output.name] else {
            throw InputError(.unsupported, "the output does not depend on the input", place: "output '\(output.name)'")
        }
        guard result.value != .input else { throw InputError(.unsupported, "the output is the input") }
        return try Graph(inputShape: shapes[0], pruning: nodes, output: result.value)
    }

    private mutating func read(_ node: ONNXNode) throws(InputError) {
        guard let first = node.output.first else { throw InputError(.malformed, "no output") }
        var inputs: [ONNXValue?] = []
        for name in node.input { inputs.append(name.isEmpty ? nil : try value(named: name)) }
        let made = try ONNXOperators.read(ONNXOperator(node, opset: opset, inputs: inputs), &self)
        values[first] = made
        if case .activation(let activation) = made, makers[activation.value] == nil { makers[activation.value] = first }
    }

    private mutating func value(named name: String) throws(InputError) -> ONNXValue {
        if let value = values[name] { return value }
        guard let tensor = initializers[name] else {
            throw InputError(.malformed, "reads '\(name)', which no earlier node makes")
        }
        let value = ONNXValue.constant(try reader.constant(tensor))
        values[name] = value
        return value
    }

    /// Reads a tensor that stands in an attribute.
    mutating func constant(_ tensor: ONNXTensor) throws(InputError) -> ONNXConstant { try reader.constant(tensor) }

    /// Whether this name is the value's own, not one for a view of it, and only one node reads it: then nothing else
    /// sees a change of the layer that makes it.
    func isReadOnce(_ name: String, as value: ValueID) -> Bool { readers[name] == 1 && makers[value] == name }

    /// Counts elements that an operator makes or keeps.
    ///
    /// - Throws: ``InputError`` (`limitExceeded`) when they are more than an honest file of this size needs.
    mutating func charge(_ count: Int) throws(InputError) {
        budget -= count
        guard budget >= 0 else { throw InputError(.limitExceeded, "the constants are larger than the file can hold") }
    }

    mutating func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }
}

// MARK: - Building

extension ONNXImporter {
    /// Appends a node.
    ///
    /// - Returns: The value it makes.
    mutating func append(
        _ operation: Operation,
        _ inputs: [ValueID],
        name: String
    ) throws(InputError) -> ValueID {
        let shape = try operation.outputShape(of: inputs.map { shapes[$0.index] })
        nodes.append(Node(name: Self.unique(name, &nameCounts), operation: operation, inputs: inputs))
        shapes.append(shape)
        return ValueID(nodes.count)
    }

    /// The shape of a value.
    func shape(of value: ValueID) -> ActivationShape { shapes[value.index] }

    /// Changes a node that is already there.
    mutating func replaceOperation(of value: ValueID, with operation: Operation) {
        nodes[value.index - 1].operation = operation
    }

    /// The operation that makes a value; nil for the input.
    func operation(making value: ValueID) -> Operation? {
        value == .input ? nil : nodes[value.index - 1].operation
    }

    /// Keeps a constant as a parameter.
    ///
    /// - Parameters:
    ///   - values: C order.
    ///   - operation: The node that uses it.
    ///   - input: Which of the node's inputs it is.
    ///   - field: What it is there: `weight`, `bias`.
    /// - Returns: Its name: the file's own where that says something and is still free, else the node's and the field.
    mutating func parameter(
        _ values: [Float],
        shape: [Int],
        of operation: ONNXOperator,
        input: Int,
        field: String
    ) throws(InputError) -> String {
        try charge(values.count)
        let own = operation.input(input) ?? ""
        let isTelling = !own.isEmpty && !own.contains("::") && own.contains { $0.isLetter }
        let isFree = isTelling && parameterCounts[own] == nil
        let name = Self.unique(isFree ? own : "\(operation.name).\(field)", &parameterCounts)
        weights[name] = Tensor(shape: shape, values: values)
        return name
    }

    /// The name itself the first time, then with a number behind it.
    private static func unique(_ name: String, _ counts: inout [String: Int]) -> String {
        var candidate = name
        while let count = counts[candidate] {
            counts[name] = count + 1
            candidate = "\(name)_\(count + 1)"
            if counts[candidate] == nil { break }
        }
        counts[candidate] = counts[candidate] ?? 1
        return candidate
    }
}

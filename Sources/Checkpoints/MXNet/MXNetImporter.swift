internal import ArtifactFiles
internal import NeuralGraph

/// Turns an MXNet symbol into a graph; parameters keep MXNet's names.
struct MXNetImporter {
    private(set) var nodes: [Node] = []
    private var shapes: [ActivationShape]
    private(set) var weights = Weights()
    private let symbol: MXNetSymbol
    private let stored: Weights
    /// The value of every symbol node that is no parameter.
    private var values: [Int: ValueID] = [:]

    private static let inputName = "data"

    /// - Parameters:
    ///   - symbol: The network.
    ///   - parameters: The arrays of the `.params` file.
    ///   - inputSize: A face's rows and columns: symbols do not say.
    init(symbol: MXNetSymbol, parameters: Weights, inputSize: Extent) {
        self.symbol = symbol
        stored = parameters
        shapes = [.spatial(height: inputSize.height, width: inputSize.width, channels: 3)]
    }

    /// One line each: how an operator becomes nodes.
    private static let rules: [String: @Sendable (MXNetOperator, inout MXNetImporter) throws(InputError) -> ValueID] = [
        "Activation": MXNetRules.activation,
        "BatchNorm": MXNetRules.batchNormalization,
        "BlockGrad": MXNetRules.alias,
        "Concat": MXNetRules.concatenate,
        "Convolution": MXNetRules.convolution,
        "Dropout": MXNetRules.alias,
        "Flatten": MXNetRules.flatten,
        "FullyConnected": MXNetRules.fullyConnected,
        "L2Normalization": MXNetRules.l2Normalization,
        "LeakyReLU": MXNetRules.leakyRelu,
        "Pooling": MXNetRules.pooling,
        "_Plus": MXNetRules.add,
        "_copy": MXNetRules.alias,
        "_div_scalar": MXNetRules.divideScalar,
        "_minus_scalar": MXNetRules.minusScalar,
        "_mul_scalar": MXNetRules.multiplyScalar,
        "_plus": MXNetRules.add,
        "_plus_scalar": MXNetRules.plusScalar,
        "broadcast_add": MXNetRules.add,
        "broadcast_mul": MXNetRules.multiply,
        "clip": MXNetRules.clip,
        "elemwise_add": MXNetRules.add,
        "elemwise_mul": MXNetRules.multiply,
        "identity": MXNetRules.alias,
        "relu": MXNetRules.relu,
    ]

    /// Reads the nodes that the embedding needs.
    mutating func run() throws(InputError) -> Graph {
        for index in symbol.reachable() {
            let operation = symbol.nodes[index]
            if operation.isVariable {
                if operation.name == Self.inputName { values[index] = .input }
                continue
            }
            guard let rule = Self.rules[operation.type] else {
                throw operation.unsupported(
                    "the operator \(operation.type) is not supported",
                    expected: "one of " + Self.rules.keys.sorted().joined(separator: ", ")
                )
            }
            do {
                values[index] = try rule(operation, &self)
            } catch {
                throw error.at(operation.place)
            }
        }
        guard let output = values[symbol.output] else { throw InputError(.malformed, "the output is no operator") }
        guard output != .input else { throw InputError(.unsupported, "the output is the input") }
        return try Graph(inputShape: shapes[0], pruning: nodes, output: output)
    }

    /// The value that an input of an operator is.
    func input(_ operation: MXNetOperator, _ index: Int = 0) throws(InputError) -> ValueID {
        guard operation.inputs.indices.contains(index) else { throw operation.unsupported("an input is missing") }
        guard let value = values[operation.inputs[index]] else {
            throw operation.unsupported(
                "'\(symbol.nodes[operation.inputs[index]].name)' is a parameter where the network's value must be"
            )
        }
        return value
    }

    /// The shape of a value.
    func shape(of value: ValueID) -> ActivationShape { shapes[value.index] }

    /// Keeps a parameter of an operator.
    ///
    /// - Parameter shape: Gives the parameter another shape of the same count.
    mutating func parameter(
        _ operation: MXNetOperator,
        _ index: Int,
        reshaped: (([Int]) -> [Int])? = nil
    ) throws(InputError) -> String {
        guard operation.inputs.indices.contains(index) else { throw operation.unsupported("a parameter is missing") }
        let name = symbol.nodes[operation.inputs[index]].name
        guard let tensor = stored[name] else {
            throw InputError(.missing, "the parameter is missing", place: "parameter '\(name)'")
        }
        let shape = reshaped?(tensor.shape) ?? tensor.shape
        guard elementCount(shape) == tensor.values.count else { throw operation.unsupported("the parameter's shape") }
        weights[name] = Tensor(shape: shape, values: tensor.values)
        return name
    }

    /// Appends a node.
    mutating func append(
        _ operation: Operation,
        _ inputs: [ValueID],
        name: String
    ) throws(InputError) -> ValueID {
        shapes.append(try operation.outputShape(of: inputs.map { shapes[$0.index] }))
        nodes.append(Node(name: name, operation: operation, inputs: inputs))
        return ValueID(nodes.count)
    }
}

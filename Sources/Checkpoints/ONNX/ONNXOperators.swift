internal import ArtifactFiles
internal import NeuralGraph

/// The operators that are read, by what their inputs are.
enum ONNXOperators {
    /// Reads an operator whose inputs are known constants.
    typealias ConstantRule = @Sendable (ONNXOperator, inout ONNXImporter) throws(InputError) -> ONNXConstant
    /// Reads an operator whose first computed input is an activation or a norm.
    typealias Rule = @Sendable (ONNXOperator, inout ONNXImporter) throws(InputError) -> ONNXValue

    /// One line each: operators on activations.
    static let rules: [String: Rule] = [
        "Add": ONNXArithmetic.add,
        "AveragePool": ONNXPooling.averagePool,
        "BatchNormalization": ONNXLayers.batchNormalization,
        "Cast": ONNXLayout.cast,
        "CastLike": ONNXLayout.alias,
        "Clip": ONNXNonlinearity.clip,
        "Concat": ONNXLayout.concatenate,
        "Conv": ONNXLayers.convolution,
        "Div": ONNXArithmetic.divide,
        "Dropout": ONNXLayout.alias,
        "Expand": ONNXLayout.expand,
        "Flatten": ONNXLayout.flatten,
        "Gather": ONNXLayers.gather,
        "Gemm": ONNXLayers.gemm,
        "GlobalAveragePool": ONNXPooling.globalAveragePool,
        "GlobalMaxPool": ONNXPooling.globalMaxPool,
        "HardSigmoid": ONNXNonlinearity.hardSigmoid,
        "HardSwish": ONNXNonlinearity.hardSwish,
        "Identity": ONNXLayout.alias,
        "LeakyRelu": ONNXNonlinearity.leakyRelu,
        "LpNormalization": ONNXNorms.lpNormalization,
        "MatMul": ONNXLayers.matMul,
        "Max": ONNXNorms.maximum,
        "MaxPool": ONNXPooling.maxPool,
        "Mul": ONNXArithmetic.multiply,
        "Neg": ONNXArithmetic.negate,
        "PRelu": ONNXNonlinearity.prelu,
        "Pad": ONNXLayout.pad,
        "Pow": ONNXNorms.power,
        "ReduceL2": ONNXNorms.reduceL2,
        "ReduceMean": ONNXPooling.reduceMean,
        "ReduceSum": ONNXNorms.reduceSum,
        "ReduceSumSquare": ONNXNorms.reduceSumSquare,
        "Relu": ONNXNonlinearity.relu,
        "Reshape": ONNXLayout.reshape,
        "Shape": ONNXLayout.shape,
        "Sigmoid": ONNXNonlinearity.sigmoid,
        "Slice": ONNXLayout.slice,
        "Sqrt": ONNXNorms.squareRoot,
        "Squeeze": ONNXLayout.squeeze,
        "Sub": ONNXArithmetic.subtract,
        "Transpose": ONNXLayout.transpose,
        "Unsqueeze": ONNXLayout.unsqueeze,
    ]

    /// One line each: operators on constants.
    static let constantRules: [String: ConstantRule] = [
        "Add": ONNXFolding.add,
        "Cast": ONNXFolding.cast,
        "CastLike": ONNXFolding.castLike,
        "Concat": ONNXFolding.concatenate,
        "Constant": ONNXFolding.constant,
        "ConstantOfShape": ONNXFolding.constantOfShape,
        "Div": ONNXFolding.divide,
        "Equal": ONNXFolding.equal,
        "Expand": ONNXFolding.expand,
        "Flatten": ONNXFolding.flatten,
        "Gather": ONNXFolding.gather,
        "Identity": ONNXFolding.identity,
        "Max": ONNXFolding.maximum,
        "Min": ONNXFolding.minimum,
        "Mul": ONNXFolding.multiply,
        "Neg": ONNXFolding.negate,
        "Reciprocal": ONNXFolding.reciprocal,
        "ReduceProd": ONNXFolding.reduceProduct,
        "Reshape": ONNXFolding.reshape,
        "Shape": ONNXFolding.shape,
        "Slice": ONNXFolding.slice,
        "Sqrt": ONNXFolding.squareRoot,
        "Squeeze": ONNXFolding.squeeze,
        "Sub": ONNXFolding.subtract,
        "Transpose": ONNXFolding.transpose,
        "Unsqueeze": ONNXFolding.unsqueeze,
        "Where": ONNXFolding.choose,
    ]

    /// Refuses a graph with operators that have no rule, naming all of them, the most frequent first.
    static func checkAllKnown(_ operations: [ONNXOperator]) throws(InputError) {
        let unknown = operations.filter { !isKnown($0) }
        guard let first = unknown.first else { return }
        let kinds = Dictionary(grouping: unknown, by: \.qualifiedType)
            .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        if kinds.count == 1, unknown.count == 1 {
            throw first.unsupported(
                "the operator \(first.qualifiedType) is not supported",
                expected: isForeign(first) ? plainExport : "one of \(rules.keys.sorted().joined(separator: ", "))"
            )
        }
        let list = kinds.map { kind, nodes in
            "\(kind) (\(nodes.count == 1 ? "1 node" : "\(nodes.count) nodes"), first '\(nodes[0].name)')"
        }
        throw InputError(
            .unsupported,
            "\(unknown.count) of \(operations.count) nodes have operators that are not supported: "
                + list.joined(separator: ", "),
            expected: unknown.contains(where: isForeign)
                ? plainExport : "one of \(rules.keys.sorted().joined(separator: ", "))"
        )
    }

    private static let plainExport = "a plain ONNX export, not an optimised or quantised one"

    private static func isForeign(_ operation: ONNXOperator) -> Bool {
        !operation.node.domain.isEmpty && operation.node.domain != "ai.onnx"
    }

    private static func isKnown(_ operation: ONNXOperator) -> Bool {
        let type = operation.node.opType
        return !isForeign(operation) && (rules[type] != nil || constantRules[type] != nil)
    }

    /// Reads one operator.
    static func read(_ operation: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let type = operation.node.opType
        let isConstant = operation.inputs.allSatisfy { input in
            switch input {
            case nil, .constant?: true
            default: false
            }
        }
        if isConstant {
            if let rule = constantRules[type] {
                let made = try rule(operation, &importer)
                try importer.charge(made.count)
                return .constant(made)
            }
            throw operation.unsupported("computes with constants only, which is not supported")
        }
        guard let rule = rules[type] else {
            throw operation.unsupported("\(type) of a value that depends on the input is not supported")
        }
        return try rule(operation, &importer)
    }
}

extension ONNXOperator {
    /// An input that must be a constant.
    func constant(_ index: Int, _ what: String) throws(InputError) -> ONNXConstant {
        guard let found = try optionalConstant(index, what) else { throw malformed("\(what) is missing") }
        return found
    }

    /// An input that must be a constant where it is given.
    func optionalConstant(_ index: Int, _ what: String) throws(InputError) -> ONNXConstant? {
        guard inputs.indices.contains(index), let value = inputs[index] else { return nil }
        guard case .constant(let constant) = value else { throw unsupported("\(what) is computed from the input") }
        return constant
    }

    /// An input that must be an activation.
    func activation(_ index: Int = 0) throws(InputError) -> ONNXActivation {
        guard inputs.indices.contains(index), let value = inputs[index] else { throw malformed("an input is missing") }
        switch value {
        case .activation(let activation): return activation
        case .constant: throw unsupported("a constant stands where the network's value must be")
        case .norm: throw unsupported("a norm is used for something else than a division")
        }
    }

    /// An activation whose order of elements is the graph's own.
    func plainActivation(_ index: Int = 0) throws(InputError) -> ONNXActivation {
        let found = try activation(index)
        guard found.flattenedFrom == nil else {
            throw unsupported("reads a value that was flattened with channels last; only a matrix product can")
        }
        return found
    }
}

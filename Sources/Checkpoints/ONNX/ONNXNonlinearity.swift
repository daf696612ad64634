internal import ArtifactFiles
internal import NeuralGraph

/// Pointwise non-linearities.
enum ONNXNonlinearity {
    static func relu(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        try append(.relu, node, &importer)
    }

    static func sigmoid(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        try append(.sigmoid, node, &importer)
    }

    static func leakyRelu(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        try append(.leakyRelu(slope: node.float("alpha", default: 0.01)), node, &importer)
    }

    /// Bounds are attributes up to operator set 10, inputs later; either may be left out.
    static func clip(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        var low = node.float("min", default: -.greatestFiniteMagnitude)
        var high = node.float("max", default: .greatestFiniteMagnitude)
        if let given = try node.optionalConstant(1, "the lower bound") {
            low = try bound(given, node)
        }
        if let given = try node.optionalConstant(2, "the upper bound") {
            high = try bound(given, node)
        }
        if case .norm(let norm)? = node.inputs.first ?? nil {
            guard high == .greatestFiniteMagnitude else { throw node.unsupported("an upper bound on a norm") }
            return .norm(ONNXNorms.bounded(norm, below: low))
        }
        if low == 0, high == .greatestFiniteMagnitude { return try append(.relu, node, &importer) }
        return try append(.clip(low: low, high: high), node, &importer)
    }

    private static func bound(_ constant: ONNXConstant, _ node: ONNXOperator) throws(InputError) -> Float {
        guard let value = constant.scalar, !value.isNaN else { throw node.malformed("a bound is no number") }
        return max(-.greatestFiniteMagnitude, min(.greatestFiniteMagnitude, value))
    }

    static func hardSigmoid(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let scale = node.float("alpha", default: 0.2)
        let shift = node.float("beta", default: 0.5)
        return .activation(
            try gate(try node.activation(), scale: scale, shift: shift, node, &importer)
        )
    }

    /// x · clip(x / 6 + 1/2, 0, 1).
    static func hardSwish(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try node.activation()
        var result = try gate(input, scale: 1 / 6, shift: 0.5, node, &importer)
        result.value = try importer.append(.multiply, [input.value, result.value], name: node.name + ".product")
        return .activation(result)
    }

    private static func gate(
        _ input: ONNXActivation,
        scale: Float,
        shift: Float,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXActivation {
        var result = input
        result.value = try importer.append(
            .scalarAffine(scale: scale, shift: shift),
            [input.value],
            name: node.name + ".affine"
        )
        result.value = try importer.append(.activation(.clip(low: 0, high: 1)), [result.value], name: node.name)
        return result
    }

    /// Slopes `[C, 1, 1]`, `[1, C, 1, 1]`, one for all, and the `[C]` of old MXNet exporters.
    static func prelu(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try node.plainActivation()
        var slope = try node.constant(1, "the slope")
        let channels = importer.shape(of: input.value).channels
        if slope.shape == [channels], input.isNCHW, input.axes[3].length != channels {
            importer.note("slopes of shape [C] in PRelu are read as one per channel")
            slope = slope.reshaped([channels, 1, 1])
        }
        let values: [Float] =
            switch try Factor(slope, for: input, node) {
            case .scalar(let value): [value]
            case .perChannel(let values): values
            }
        let name = try importer.parameter(values, shape: [values.count], of: node, input: 1, field: "weight")
        return try append(.prelu(slope: name), node, &importer)
    }

    private static func append(
        _ activation: Activation,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        var result = try node.activation()
        result.value = try importer.append(.activation(activation), [result.value], name: node.name)
        return .activation(result)
    }
}

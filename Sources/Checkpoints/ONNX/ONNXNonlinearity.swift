internal import ArtifactFiles
internal import NeuralGraph

/// Pointwise non-linearities.
enum ONNXNonlinearity {
    static func relu(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue { try append(.relu, operation, inputs, &importer) }

    static func sigmoid(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue { try append(.sigmoid, operation, inputs, &importer) }

    static func leakyRelu(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        try append(.leakyRelu(slope: operation.float("alpha", default: 0.01)), operation, inputs, &importer)
    }

    /// Bounds are attributes up to operator set 10, inputs later; either may be left out.
    static func clip(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        var low = operation.float("min", default: -.greatestFiniteMagnitude)
        var high = operation.float("max", default: .greatestFiniteMagnitude)
        if let given = try operation.optionalConstant(inputs, 1, "the lower bound") {
            low = try bound(given, operation)
        }
        if let given = try operation.optionalConstant(inputs, 2, "the upper bound") {
            high = try bound(given, operation)
        }
        if case .norm(let norm)? = inputs.first ?? nil {
            guard high == .greatestFiniteMagnitude else { throw operation.unsupported("an upper bound on a norm") }
            return .norm(ONNXNorms.bounded(norm, below: low))
        }
        if low == 0, high == .greatestFiniteMagnitude { return try append(.relu, operation, inputs, &importer) }
        return try append(.clip(low: low, high: high), operation, inputs, &importer)
    }

    private static func bound(_ constant: ONNXConstant, _ operation: ONNXOperator) throws(InputError) -> Float {
        guard let value = constant.scalar, !value.isNaN else { throw operation.malformed("a bound is no number") }
        return max(-.greatestFiniteMagnitude, min(.greatestFiniteMagnitude, value))
    }

    static func hardSigmoid(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let scale = operation.float("alpha", default: 0.2)
        let shift = operation.float("beta", default: 0.5)
        return .activation(
            try gate(try operation.activation(inputs), scale: scale, shift: shift, operation, &importer)
        )
    }

    /// x · clip(x / 6 + 1/2, 0, 1).
    static func hardSwish(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try operation.activation(inputs)
        var result = try gate(input, scale: 1 / 6, shift: 0.5, operation, &importer)
        result.value = try importer.append(.multiply, [input.value, result.value], name: operation.name + ".product")
        return .activation(result)
    }

    private static func gate(
        _ input: ONNXActivation,
        scale: Float,
        shift: Float,
        _ operation: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXActivation {
        var result = input
        result.value = try importer.append(
            .scalarAffine(scale: scale, shift: shift),
            [input.value],
            name: operation.name + ".affine"
        )
        result.value = try importer.append(.activation(.clip(low: 0, high: 1)), [result.value], name: operation.name)
        return result
    }

    /// Slopes `[C, 1, 1]`, `[1, C, 1, 1]`, one for all, and the `[C]` of old MXNet exporters.
    static func prelu(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try operation.plainActivation(inputs)
        var slope = try operation.constant(inputs, 1, "the slope")
        let channels = importer.shape(of: input.value).channels
        if slope.shape == [channels], input.isNCHW, input.axes[3].length != channels {
            importer.note("slopes of shape [C] in PRelu are read as one per channel")
            slope = slope.reshaped([channels, 1, 1])
        }
        let values: [Float] =
            switch try Factor(slope, for: input, operation) {
            case .scalar(let value): [value]
            case .perChannel(let values): values
            }
        let name = try importer.parameter(values, shape: [values.count], of: operation, input: 1, field: "weight")
        return try append(.prelu(slope: name), operation, inputs, &importer)
    }

    private static func append(
        _ activation: Activation,
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        var result = try operation.activation(inputs)
        result.value = try importer.append(.activation(activation), [result.value], name: operation.name)
        return .activation(result)
    }
}

internal import ArtifactFiles
internal import NeuralGraph

/// Sums, products and quotients of activations and constants.
enum ONNXArithmetic {
    static func add(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let operands = try Operands(node)
        switch operands {
        case .both(let left, let right):
            return try combine(.add, left, right, node, &importer)
        case .constant(let constant, let index, .activation(let value), _):
            let factor = try Factor(constant, for: value, node)
            if let fused = try fuseBias(factor, constantIndex: index, value, node, &importer) {
                return fused
            }
            return try factor.affine(value, scalesBy: nil, node, index, &importer)
        case .constant(let constant, _, .norm(let norm), _):
            return .norm(try ONNXNorms.raised(norm, by: constant, node, &importer))
        case .constant(_, _, .constant, _):
            throw node.malformed("adds two constants")
        }
    }

    static func subtract(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        switch try Operands(node) {
        case .both(let left, let right):
            let negated = try importer.append(
                .scalarAffine(scale: -1, shift: 0),
                [right.value],
                name: node.name + ".neg"
            )
            var other = right
            other.value = negated
            return try combine(.add, left, other, node, &importer)
        case .constant(let constant, let index, .activation(let value), let isFirst):
            var factor = try Factor(constant, for: value, node)
            if !isFirst { factor = factor.mapping { -$0 } }
            return try factor.affine(value, scalesBy: isFirst ? -1 : nil, node, index, &importer)
        default:
            throw node.unsupported("subtracts a norm")
        }
    }

    static func multiply(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        switch try Operands(node) {
        case .both(let left, let right):
            let product = try combine(.multiply, left, right, node, &importer)
            if left.value == right.value, case .activation(let made) = product {
                importer.squares[made.value] = left.value
            }
            return product
        case .constant(let constant, let index, .activation(let value), _):
            let factor = try Factor(constant, for: value, node)
            return try factor.scaling(value, node, index, &importer)
        default:
            throw node.unsupported("multiplies a norm")
        }
    }

    static func divide(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        if node.inputs.count == 2, case .norm(let norm)? = node.inputs[1] {
            return try ONNXNorms.divide(try node.plainActivation(), by: norm, node, &importer)
        }
        guard
            case .constant(let constant, let index, .activation(let value), isFirst: false) =
                try Operands(node)
        else { throw node.unsupported("only a division by a constant or by the vector's norm") }
        let factor = try Factor(constant, for: value, node).mapping { 1 / $0 }
        return try factor.scaling(value, node, index, &importer)
    }

    static func negate(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        var result = try node.plainActivation()
        result.value = try importer.append(.scalarAffine(scale: -1, shift: 0), [result.value], name: node.name)
        return .activation(result)
    }

    /// A sum or product of two activations; a pooled vector acts on every place of a picture.
    static func combine(
        _ kind: Operation,
        _ left: ONNXActivation,
        _ right: ONNXActivation,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        guard left.flattenedFrom == nil, right.flattenedFrom == nil else {
            throw node.unsupported("reads a value that was flattened with channels last")
        }
        let mismatch = node.unsupported(
            "the operands' shapes do not fit",
            expected: left.shapeText,
            found: right.shapeText
        )
        guard left.axes.count == right.axes.count else { throw mismatch }
        let (larger, smaller) = left.lengths.reduce(1, *) >= right.lengths.reduce(1, *) ? (left, right) : (right, left)
        if larger.lengths != smaller.lengths {
            // The smaller one must be one number per channel.
            guard let channel = larger.position(.channel), smaller.axes[channel].length == larger.axes[channel].length,
                smaller.axes.indices.allSatisfy({ $0 == channel || smaller.axes[$0].length == 1 })
            else { throw mismatch }
        } else if larger.axes.map(\.role) != smaller.axes.map(\.role)
            && importer.shape(of: larger.value).extent != (1, 1)
        {
            throw mismatch
        }
        var operands = [left.value, right.value]
        if importer.shape(of: larger.value) != importer.shape(of: smaller.value) {
            // A 1 × 1 picture stands for a vector.
            let index = smaller.value == left.value ? 0 : 1
            if case .spatial = importer.shape(of: smaller.value) {
                operands[index] = try importer.append(.flatten, [smaller.value], name: node.name + ".flatten")
            }
        }
        var result = larger
        result.value = try importer.append(kind, operands, name: node.name)
        return .activation(result)
    }

    /// A constant added right behind a layer without bias is its bias.
    private static func fuseBias(
        _ factor: Factor,
        constantIndex: Int,
        _ value: ONNXActivation,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue? {
        let other = node.input(1 - constantIndex) ?? ""
        guard case .perChannel(let values) = factor, importer.isReadOnce(other, as: value.value),
            let layer = importer.operation(making: value.value)
        else { return nil }
        switch layer {
        case .linear(var linear) where linear.bias == nil:
            linear.bias = try importer.parameter(
                values,
                shape: [values.count],
                of: node,
                input: constantIndex,
                field: "bias"
            )
            importer.replaceOperation(of: value.value, with: .linear(linear))
        case .convolution(var convolution) where convolution.bias == nil:
            convolution.bias = try importer.parameter(
                values,
                shape: [values.count],
                of: node,
                input: constantIndex,
                field: "bias"
            )
            importer.replaceOperation(of: value.value, with: .convolution(convolution))
        default:
            return nil
        }
        return .activation(value)
    }
}

/// The two operands of an arithmetic operator.
private enum Operands {
    case both(ONNXActivation, ONNXActivation)
    /// A constant, which of the inputs it is, the other, and whether the constant comes first.
    case constant(ONNXConstant, Int, ONNXValue, isFirst: Bool)

    init(_ node: ONNXOperator) throws(InputError) {
        guard node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1] else {
            throw node.malformed("wrong number of inputs", expected: "2", found: "\(node.inputs.count)")
        }
        switch (left, right) {
        case (.activation(let a), .activation(let b)): self = .both(a, b)
        case (.constant(let constant), _): self = .constant(constant, 0, right, isFirst: true)
        case (_, .constant(let constant)): self = .constant(constant, 1, left, isFirst: false)
        default: throw node.unsupported("combines a norm with a value")
        }
    }
}

/// A constant as it acts on an activation: one number, or one per channel.
enum Factor {
    case scalar(Float)
    case perChannel([Float])

    /// - Throws: ``InputError`` when the constant acts on places instead of channels.
    init(_ constant: ONNXConstant, for value: ONNXActivation, _ node: ONNXOperator) throws(InputError) {
        guard let values = constant.weightValues, !values.isEmpty else {
            throw node.unsupported("a constant that is no float tensor")
        }
        if constant.count == 1 {
            self = .scalar(values[0])
            return
        }
        let missing = value.axes.count - constant.shape.count
        let wide = constant.shape.indices.filter { constant.shape[$0] != 1 }
        guard value.flattenedFrom == nil, missing >= 0, wide.count == 1,
            value.axes[wide[0] + missing].role == .channel, value.axes[wide[0] + missing].length == constant.count
        else {
            throw node.unsupported(
                "a constant that is not per channel",
                expected: value.shapeText,
                found: "\(constant.shape)"
            )
        }
        self = .perChannel(values)
    }

    func mapping(_ transform: (Float) -> Float) -> Factor {
        switch self {
        case .scalar(let value): .scalar(transform(value))
        case .perChannel(let values): .perChannel(values.map(transform))
        }
    }

    /// `value · self`.
    func scaling(
        _ value: ONNXActivation,
        _ node: ONNXOperator,
        _ input: Int,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        switch self {
        case .scalar(let scale):
            return try append(.scalarAffine(scale: scale, shift: 0), value, node, &importer)
        case .perChannel(let scales):
            let zeros = [Float](repeating: 0, count: scales.count)
            let shape = [scales.count]
            let scale = try importer.parameter(scales, shape: shape, of: node, input: input, field: "scale")
            let shift = try importer.parameter(zeros, shape: shape, of: node, input: -1, field: "shift")
            return try append(.channelAffine(scale: scale, shift: shift), value, node, &importer)
        }
    }

    /// `value · scale + self`; the scale is 1 when nil.
    func affine(
        _ value: ONNXActivation,
        scalesBy scale: Float?,
        _ node: ONNXOperator,
        _ input: Int,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        switch self {
        case .scalar(let shift):
            return try append(.scalarAffine(scale: scale ?? 1, shift: shift), value, node, &importer)
        case .perChannel(let shifts):
            let scales = [Float](repeating: scale ?? 1, count: shifts.count)
            let shape = [shifts.count]
            let scaleName = try importer.parameter(scales, shape: shape, of: node, input: -1, field: "scale")
            let shift = try importer.parameter(shifts, shape: shape, of: node, input: input, field: "shift")
            return try append(.channelAffine(scale: scaleName, shift: shift), value, node, &importer)
        }
    }

    private func append(
        _ made: Operation,
        _ value: ONNXActivation,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        var result = value
        result.value = try importer.append(made, [value.value], name: node.name)
        return .activation(result)
    }
}

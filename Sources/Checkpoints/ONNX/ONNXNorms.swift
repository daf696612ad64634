internal import ArtifactFiles
internal import NeuralGraph

/// The ways in which exporters spell a division by the Euclidean norm.
enum ONNXNorms {
    /// Where nothing bounds the norm from below: only a vector of zeros notices.
    private static let tiny: Float = 1e-12

    static func lpNormalization(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try vector(node, axis: node.integer("axis", default: -1), &importer)
        guard node.integer("p", default: 2) == 2 else { throw node.unsupported("only the Euclidean norm") }
        return try divide(input, by: ONNXNorm(of: input.value, isSquared: false), node, &importer)
    }

    static func reduceL2(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try reduced(node, &importer)
        return .norm(ONNXNorm(of: input.value, isSquared: false))
    }

    static func reduceSumSquare(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try reduced(node, &importer)
        return .norm(ONNXNorm(of: input.value, isSquared: true))
    }

    static func reduceSum(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try reduced(node, &importer)
        guard let root = importer.squares[input.value] else { throw node.unsupported("only the sum of squares") }
        return .norm(ONNXNorm(of: root, isSquared: true))
    }

    /// x²; other powers are not read.
    static func power(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let exponent = try node.constant(1, "the exponent").scalar
        if case .norm(let norm)? = node.inputs.first ?? nil, exponent == 0.5, norm.isSquared {
            return .norm(rooted(norm))
        }
        var result = try node.plainActivation()
        guard exponent == 2 else { throw node.unsupported("only the second power") }
        let square = try importer.append(.multiply, [result.value, result.value], name: node.name)
        importer.squares[square] = result.value
        result.value = square
        return .activation(result)
    }

    static func squareRoot(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        guard case .norm(let norm)? = node.inputs.first ?? nil, norm.isSquared else {
            throw node.unsupported("only the root of a sum of squares")
        }
        return .norm(rooted(norm))
    }

    private static func rooted(_ norm: ONNXNorm) -> ONNXNorm {
        ONNXNorm(of: norm.of, isSquared: false, minimum: norm.minimum.squareRoot())
    }

    /// `Max` of a norm and a constant.
    static func maximum(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        guard node.inputs.count == 2, case .norm(let norm)? = node.inputs[0],
            let minimum = try node.constant(1, "the lower bound").scalar
        else { throw node.unsupported("only a lower bound on a norm") }
        return .norm(bounded(norm, below: minimum))
    }

    /// The norm, but at least `minimum`.
    static func bounded(_ norm: ONNXNorm, below minimum: Float) -> ONNXNorm {
        var copy = norm
        copy.minimum = max(norm.minimum, minimum)
        return copy
    }

    /// `norm + ε` is read as a lower bound: for embeddings, whose norm is far above ε, the same to rounding.
    static func raised(
        _ norm: ONNXNorm,
        by constant: ONNXConstant,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXNorm {
        guard let epsilon = constant.scalar, (0...1e-5).contains(epsilon) else {
            throw node.unsupported("only a tiny constant added to a norm", expected: "at most 1e-5")
        }
        importer.note("ε = \(epsilon) added to the embedding's norm is read as a lower bound of it")
        return bounded(norm, below: epsilon)
    }

    /// The vector by its own norm.
    static func divide(
        _ value: ONNXActivation,
        by norm: ONNXNorm,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        guard norm.of == value.value, !norm.isSquared, norm.minimum >= 0 else {
            throw node.unsupported("only a division of a vector by its own norm")
        }
        var result = value
        let epsilon = norm.minimum > 0 ? norm.minimum : tiny
        result.value = try importer.append(.l2Normalize(epsilon: epsilon), [value.value], name: node.name)
        return .activation(result)
    }

    /// The vector that an operator reduces to one number.
    private static func reduced(
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXActivation {
        let axes = try ONNXAxes(node).written()
        guard let axes, axes.count == 1 else { throw node.unsupported("only a reduction over one axis") }
        return try vector(node, axis: axes[0], &importer)
    }

    private static func vector(
        _ node: ONNXOperator,
        axis: Int,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXActivation {
        let input = try node.plainActivation()
        guard case .vector = importer.shape(of: input.value), let index = input.axis(axis),
            input.axes[index].role == .channel
        else { throw node.unsupported("only the norm of a vector over its channels", found: input.shapeText) }
        return input
    }
}

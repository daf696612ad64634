internal import ArtifactFiles
internal import NeuralGraph

/// How MXNet's operators become nodes; defaults are those of MXNet's own parameter structures.
enum MXNetRules {
    static func alias(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID { try importer.input(operation) }

    static func convolution(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let input = try importer.input(operation)
        let hasBias = try !operation.flag("no_bias", default: false)
        guard let kernel = try operation.pair("kernel"), operation.text("layout", default: "NCHW") != "NHWC" else {
            throw operation.unsupported("only two-dimensional convolutions, channels first")
        }
        let channels = try operation.integer("num_filter", default: nil)
        let groups = try operation.integer("num_group", default: 1)
        if case .vector = importer.shape(of: input) {
            guard kernel == Extent(1), groups == 1 else {
                throw operation.unsupported("only a plain 1 × 1 convolution of a pooled vector")
            }
            let linear = Linear(
                outFeatures: channels,
                weight: try importer.parameter(operation, 1) { Array($0.prefix(2)) },
                bias: hasBias ? try importer.parameter(operation, 2) : nil
            )
            return try importer.append(.linear(linear), [input], name: operation.name)
        }
        let border = try operation.pair("pad") ?? Extent(0)
        let layer = Convolution(
            outChannels: channels,
            kernel: kernel,
            stride: try operation.pair("stride") ?? Extent(1),
            padding: Padding(top: border.height, left: border.width, bottom: border.height, right: border.width),
            dilation: try operation.pair("dilate") ?? Extent(1),
            groups: groups,
            weight: try importer.parameter(operation, 1),
            bias: hasBias ? try importer.parameter(operation, 2) : nil
        )
        return try importer.append(.convolution(layer), [input], name: operation.name)
    }

    static func fullyConnected(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let input = try flattened(try importer.input(operation), operation, &importer)
        let hasBias = try !operation.flag("no_bias", default: false)
        let linear = Linear(
            outFeatures: try operation.integer("num_hidden", default: nil),
            weight: try importer.parameter(operation, 1),
            bias: hasBias ? try importer.parameter(operation, 2) : nil
        )
        return try importer.append(.linear(linear), [input], name: operation.name)
    }

    static func flatten(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID { try flattened(try importer.input(operation), operation, &importer) }

    private static func flattened(
        _ input: ValueID,
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        guard case .spatial = importer.shape(of: input) else { return input }
        let name = operation.type == "Flatten" ? operation.name : operation.name + ".flatten"
        return try importer.append(.flatten, [input], name: name)
    }

    /// `fix_gamma`, on by default, makes the scale 1 whatever the file holds.
    static func batchNormalization(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let input = try importer.input(operation)
        guard try operation.integer("axis", default: 1) == 1 else { throw operation.unsupported("another axis than 1") }
        let isFixed = try operation.flag("fix_gamma", default: true)
        let normalization = BatchNormalization(
            mean: try importer.parameter(operation, 3),
            variance: try importer.parameter(operation, 4),
            scale: isFixed ? nil : try importer.parameter(operation, 1),
            shift: try importer.parameter(operation, 2),
            epsilon: try operation.float("eps", default: 1e-3),
            scaleIsFixed: isFixed
        )
        return try importer.append(.batchNormalization(normalization), [input], name: operation.name)
    }

    static func activation(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        switch operation.text("act_type", default: "") {
        case "relu": return try apply(.relu, operation, &importer)
        case "sigmoid": return try apply(.sigmoid, operation, &importer)
        case let other: throw operation.unsupported("act_type", expected: "relu, sigmoid", found: other)
        }
    }

    static func relu(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID { try apply(.relu, operation, &importer) }

    static func leakyRelu(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        switch operation.text("act_type", default: "leaky") {
        case "leaky": return try apply(.leakyRelu(slope: operation.float("slope", default: 0.25)), operation, &importer)
        case "prelu": return try apply(.prelu(slope: importer.parameter(operation, 1)), operation, &importer)
        case let other: throw operation.unsupported("act_type", expected: "leaky, prelu", found: other)
        }
    }

    static func clip(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let low = try operation.float("a_min", default: -.greatestFiniteMagnitude)
        let high = try operation.float("a_max", default: .greatestFiniteMagnitude)
        return try apply(.clip(low: low, high: high), operation, &importer)
    }

    private static func apply(
        _ activation: Activation,
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        try importer.append(.activation(activation), [try importer.input(operation)], name: operation.name)
    }

    /// Means count the border unless told otherwise, as MXNet does.
    static func pooling(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let input = try importer.input(operation)
        let type = operation.text("pool_type", default: "max")
        guard let kind: Pool.Kind = type == "max" ? .maximum : type == "avg" ? .average : nil else {
            throw operation.unsupported("pool_type", expected: "max, avg", found: type)
        }
        let size = importer.shape(of: input).extent
        var pool = Pool(kind: kind, kernel: Extent(size.height, size.width), stride: Extent(1))
        if try operation.flag("global_pool", default: false) {
            if kind == .average { return try importer.append(.globalAveragePool, [input], name: operation.name) }
        } else {
            guard let kernel = try operation.pair("kernel") else { throw operation.unsupported("no kernel") }
            let border = try operation.pair("pad") ?? Extent(0)
            pool.kernel = kernel
            pool.stride = try operation.pair("stride") ?? Extent(1)
            pool.padding = Padding(
                top: border.height,
                left: border.width,
                bottom: border.height,
                right: border.width
            )
            pool.roundsUp = operation.text("pooling_convention", default: "valid") == "full"
            pool.countsPadding = try operation.flag("count_include_pad", default: true)
        }
        return try importer.append(.pool(pool), [input], name: operation.name)
    }

    static func add(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let inputs = [try importer.input(operation), try importer.input(operation, 1)]
        return try importer.append(.add, inputs, name: operation.name)
    }

    static func multiply(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let inputs = [try importer.input(operation), try importer.input(operation, 1)]
        return try importer.append(.multiply, inputs, name: operation.name)
    }

    static func concatenate(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        guard try operation.integer("dim", default: 1) == 1 else { throw operation.unsupported("another axis than 1") }
        var inputs: [ValueID] = []
        for index in operation.inputs.indices { inputs.append(try importer.input(operation, index)) }
        return try importer.append(.concatenate, inputs, name: operation.name)
    }

    static func plusScalar(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID { try affine(1, try operation.float("scalar", default: 0), operation, &importer) }

    static func minusScalar(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        try affine(1, -(try operation.float("scalar", default: 0)), operation, &importer)
    }

    static func multiplyScalar(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID { try affine(try operation.float("scalar", default: 1), 0, operation, &importer) }

    static func divideScalar(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        try affine(1 / (try operation.float("scalar", default: 1)), 0, operation, &importer)
    }

    private static func affine(
        _ scale: Float,
        _ shift: Float,
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let input = try importer.input(operation)
        return try importer.append(.scalarAffine(scale: scale, shift: shift), [input], name: operation.name)
    }

    /// x / √(Σx² + ε): ε is read as a lower bound of the sum.
    static func l2Normalization(
        _ operation: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let mode = operation.text("mode", default: "instance")
        guard mode == "instance" else { throw operation.unsupported("mode", expected: "instance", found: mode) }
        let input = try flattened(try importer.input(operation), operation, &importer)
        let epsilon = max(0, try operation.float("eps", default: 1e-10)).squareRoot()
        return try importer.append(.l2Normalize(epsilon: epsilon), [input], name: operation.name)
    }
}

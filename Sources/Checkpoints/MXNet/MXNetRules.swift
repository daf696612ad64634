internal import ArtifactFiles
internal import NeuralGraph

/// How MXNet's operators become nodes; defaults are those of MXNet's own parameter structures.
enum MXNetRules {
    static func alias(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        try importer.input(node)
    }

    static func convolution(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        let input = try importer.input(node)
        let hasBias = try !node.flag("no_bias", default: false)
        guard let kernel = try node.pair("kernel"), node.text("layout", default: "NCHW") != "NHWC" else {
            throw node.unsupported("only two-dimensional convolutions, channels first")
        }
        let channels = try node.integer("num_filter", default: nil)
        let groups = try node.integer("num_group", default: 1)
        if case .vector = importer.shape(of: input) {
            guard kernel == Extent(1), groups == 1 else {
                throw node.unsupported("only a plain 1 × 1 convolution of a pooled vector")
            }
            let linear = Linear(
                outFeatures: channels,
                weight: try importer.parameter(node, 1) { Array($0.prefix(2)) },
                bias: hasBias ? try importer.parameter(node, 2) : nil
            )
            return try importer.append(.linear(linear), [input], name: node.name)
        }
        let border = try node.pair("pad") ?? Extent(0)
        let layer = Convolution(
            outChannels: channels,
            kernel: kernel,
            stride: try node.pair("stride") ?? Extent(1),
            padding: Padding(top: border.height, left: border.width, bottom: border.height, right: border.width),
            dilation: try node.pair("dilate") ?? Extent(1),
            groups: groups,
            weight: try importer.parameter(node, 1),
            bias: hasBias ? try importer.parameter(node, 2) : nil
        )
        return try importer.append(.convolution(layer), [input], name: node.name)
    }

    static func fullyConnected(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        let input = try flattened(try importer.input(node), node, &importer)
        let hasBias = try !node.flag("no_bias", default: false)
        let linear = Linear(
            outFeatures: try node.integer("num_hidden", default: nil),
            weight: try importer.parameter(node, 1),
            bias: hasBias ? try importer.parameter(node, 2) : nil
        )
        return try importer.append(.linear(linear), [input], name: node.name)
    }

    static func flatten(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        try flattened(try importer.input(node), node, &importer)
    }

    private static func flattened(
        _ input: ValueID,
        _ node: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        guard case .spatial = importer.shape(of: input) else { return input }
        let name = node.type == "Flatten" ? node.name : node.name + ".flatten"
        return try importer.append(.flatten, [input], name: name)
    }

    /// `fix_gamma`, on by default, makes the scale 1 whatever the file holds.
    static func batchNormalization(
        _ node: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let input = try importer.input(node)
        guard try node.integer("axis", default: 1) == 1 else { throw node.unsupported("another axis than 1") }
        let isFixed = try node.flag("fix_gamma", default: true)
        let normalization = BatchNormalization(
            mean: try importer.parameter(node, 3),
            variance: try importer.parameter(node, 4),
            scale: isFixed ? nil : try importer.parameter(node, 1),
            shift: try importer.parameter(node, 2),
            epsilon: try node.float("eps", default: 1e-3),
            scaleIsFixed: isFixed
        )
        return try importer.append(.batchNormalization(normalization), [input], name: node.name)
    }

    static func activation(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        switch node.text("act_type", default: "") {
        case "relu": return try apply(.relu, node, &importer)
        case "sigmoid": return try apply(.sigmoid, node, &importer)
        case let other: throw node.unsupported("act_type", expected: "relu, sigmoid", found: other)
        }
    }

    static func relu(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        try apply(.relu, node, &importer)
    }

    static func leakyRelu(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        switch node.text("act_type", default: "leaky") {
        case "leaky": return try apply(.leakyRelu(slope: node.float("slope", default: 0.25)), node, &importer)
        case "prelu": return try apply(.prelu(slope: importer.parameter(node, 1)), node, &importer)
        case let other: throw node.unsupported("act_type", expected: "leaky, prelu", found: other)
        }
    }

    static func clip(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        let low = try node.float("a_min", default: -.greatestFiniteMagnitude)
        let high = try node.float("a_max", default: .greatestFiniteMagnitude)
        return try apply(.clip(low: low, high: high), node, &importer)
    }

    private static func apply(
        _ activation: Activation,
        _ node: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        try importer.append(.activation(activation), [try importer.input(node)], name: node.name)
    }

    /// Means count the border unless told otherwise, as MXNet does.
    static func pooling(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        let input = try importer.input(node)
        let type = node.text("pool_type", default: "max")
        guard let kind: Pool.Kind = type == "max" ? .maximum : type == "avg" ? .average : nil else {
            throw node.unsupported("pool_type", expected: "max, avg", found: type)
        }
        let size = importer.shape(of: input).extent
        var pool = Pool(kind: kind, kernel: Extent(size.height, size.width), stride: Extent(1))
        if try node.flag("global_pool", default: false) {
            if kind == .average { return try importer.append(.globalAveragePool, [input], name: node.name) }
        } else {
            guard let kernel = try node.pair("kernel") else { throw node.unsupported("no kernel") }
            let border = try node.pair("pad") ?? Extent(0)
            pool.kernel = kernel
            pool.stride = try node.pair("stride") ?? Extent(1)
            pool.padding = Padding(
                top: border.height,
                left: border.width,
                bottom: border.height,
                right: border.width
            )
            pool.roundsUp = node.text("pooling_convention", default: "valid") == "full"
            pool.countsPadding = try node.flag("count_include_pad", default: true)
        }
        return try importer.append(.pool(pool), [input], name: node.name)
    }

    static func add(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        let inputs = [try importer.input(node), try importer.input(node, 1)]
        return try importer.append(.add, inputs, name: node.name)
    }

    static func multiply(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        let inputs = [try importer.input(node), try importer.input(node, 1)]
        return try importer.append(.multiply, inputs, name: node.name)
    }

    static func concatenate(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        guard try node.integer("dim", default: 1) == 1 else { throw node.unsupported("another axis than 1") }
        var inputs: [ValueID] = []
        for index in node.inputs.indices { inputs.append(try importer.input(node, index)) }
        return try importer.append(.concatenate, inputs, name: node.name)
    }

    static func plusScalar(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        try affine(1, try node.float("scalar", default: 0), node, &importer)
    }

    static func minusScalar(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        try affine(1, -(try node.float("scalar", default: 0)), node, &importer)
    }

    static func multiplyScalar(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        try affine(try node.float("scalar", default: 1), 0, node, &importer)
    }

    static func divideScalar(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        try affine(1 / (try node.float("scalar", default: 1)), 0, node, &importer)
    }

    private static func affine(
        _ scale: Float,
        _ shift: Float,
        _ node: MXNetOperator,
        _ importer: inout MXNetImporter
    ) throws(InputError) -> ValueID {
        let input = try importer.input(node)
        return try importer.append(.scalarAffine(scale: scale, shift: shift), [input], name: node.name)
    }

    /// x / √(Σx² + ε): ε is read as a lower bound of the sum.
    static func l2Normalization(_ node: MXNetOperator, _ importer: inout MXNetImporter) throws(InputError) -> ValueID {
        let mode = node.text("mode", default: "instance")
        guard mode == "instance" else { throw node.unsupported("mode", expected: "instance", found: mode) }
        let input = try flattened(try importer.input(node), node, &importer)
        let epsilon = max(0, try node.float("eps", default: 1e-10)).squareRoot()
        return try importer.append(.l2Normalize(epsilon: epsilon), [input], name: node.name)
    }
}

internal import ArtifactFiles
internal import NeuralGraph

/// Convolutions, matrix products and normalisations.
enum ONNXLayers {
    static func convolution(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try node.plainActivation()
        let weight = try node.constant(1, "the weight")
        let bias = try node.optionalConstant(2, "the bias")
        let groups = node.integer("group", default: 1)
        let channels = importer.shape(of: input.value).channels
        let kernel = try checkedKernel(node, weight, bias, channels: channels, groups: groups)
        if case .vector = importer.shape(of: input.value), input.axes.count == 4 {
            return try vectorConvolution(node, input, weight, bias, kernel: kernel, groups: groups, &importer)
        }
        guard input.isNCHW else { throw node.unsupported("reads \(input.shapeText), no pictures") }
        let stride = try node.extent("strides", default: Extent(1))
        let dilation = try node.extent("dilations", default: Extent(1))
        guard (1...1 << 10).contains(dilation.height), (1...1 << 10).contains(dilation.width) else {
            throw node.malformed("the dilation is out of range")
        }
        let span = Extent(dilation.height * (kernel.height - 1) + 1, dilation.width * (kernel.width - 1) + 1)
        let size = importer.shape(of: input.value).extent
        let convolution = Convolution(
            outChannels: weight.shape[0],
            kernel: kernel,
            stride: stride,
            padding: try node.padding(size: Extent(size.height, size.width), span: span, stride: stride),
            dilation: dilation,
            groups: groups,
            weight: try weightName(weight, node, &importer),
            bias: try biasName(bias, node, &importer)
        )
        let value = try importer.append(.convolution(convolution), [input.value], name: node.name)
        return .activation(.nchw(value, importer.shape(of: value)))
    }

    /// The kernel's size, once weight and bias are known to fit the input.
    private static func checkedKernel(
        _ node: ONNXOperator,
        _ weight: ONNXConstant,
        _ bias: ONNXConstant?,
        channels: Int,
        groups: Int
    ) throws(InputError) -> Extent {
        guard weight.shape.count == 4, weight.weightValues != nil else {
            throw node.unsupported(
                "only two-dimensional convolutions of floats",
                found: "a weight \(weight.shape)"
            )
        }
        let (inChannels, overflow) = weight.shape[1].multipliedReportingOverflow(by: groups)
        guard !overflow, inChannels == channels, bias.map({ $0.shape == [weight.shape[0]] }) ?? true else {
            throw node.malformed(
                "weight or bias does not fit the input",
                expected: "\(channels) channels",
                found: "\(weight.shape) in \(groups) groups"
            )
        }
        let kernel = Extent(weight.shape[2], weight.shape[3])
        guard try node.extent("kernel_shape", default: kernel) == kernel else {
            throw node.malformed("kernel_shape does not fit the weight")
        }
        return kernel
    }

    private static func weightName(
        _ weight: ONNXConstant,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> String {
        guard let values = weight.weightValues else { throw node.unsupported("a weight that is no float tensor") }
        return try importer.parameter(values, shape: weight.shape, of: node, input: 1, field: "weight")
    }

    private static func biasName(
        _ bias: ONNXConstant?,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> String? {
        guard let bias else { return nil }
        guard let values = bias.weightValues else { throw node.unsupported("a bias that is no float tensor") }
        return try importer.parameter(values, shape: bias.shape, of: node, input: 2, field: "bias")
    }

    /// A convolution of a pooled vector `[N, C, 1, 1]` is a matrix product.
    private static func vectorConvolution(
        _ node: ONNXOperator,
        _ input: ONNXActivation,
        _ weight: ONNXConstant,
        _ bias: ONNXConstant?,
        kernel: Extent,
        groups: Int,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let padding = try node.padding(size: Extent(1), span: kernel, stride: Extent(1))
        guard kernel == Extent(1), groups == 1, padding.isZero, let values = weight.weightValues else {
            throw node.unsupported("only a plain 1 × 1 convolution of a pooled vector")
        }
        let linear = Linear(
            outFeatures: weight.shape[0],
            weight: try importer.parameter(
                values,
                shape: Array(weight.shape[..<2]),
                of: node,
                input: 1,
                field: "weight"
            ),
            bias: try biasName(bias, node, &importer)
        )
        let value = try importer.append(.linear(linear), [input.value], name: node.name)
        return .activation(.vector(value, weight.shape[0], units: 2))
    }

    /// Channels in another order (BGR to RGB inside the network), as an exact 1 × 1 convolution.
    static func gather(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try node.plainActivation()
        let picked = try node.constant(1, "the order")
        let channels = importer.shape(of: input.value).channels
        guard input.isNCHW, case .spatial = importer.shape(of: input.value), let order = picked.knownIntegers,
            picked.shape.count == 1, input.axis(node.integer("axis", default: 0)) == 1, channels <= 64,
            (1...64).contains(order.count), order.allSatisfy({ (-channels..<channels).contains($0) })
        else { throw node.unsupported("only channels of a picture in another order") }
        var values = [Float](repeating: 0, count: order.count * channels)
        for (row, channel) in order.enumerated() { values[row * channels + (channel + channels) % channels] = 1 }
        let weight = try importer.parameter(
            values,
            shape: [order.count, channels, 1, 1],
            of: node,
            input: -1,
            field: "order"
        )
        let convolution = Convolution(outChannels: order.count, kernel: Extent(1), weight: weight)
        let value = try importer.append(.convolution(convolution), [input.value], name: node.name)
        return .activation(.nchw(value, importer.shape(of: value)))
    }

    static func gemm(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try node.activation()
        let weight = try node.constant(1, "the weight")
        guard node.integer("transA", default: 0) == 0, weight.shape.count == 2 else {
            throw node.unsupported("only a vector times a constant matrix")
        }
        let isTransposed = node.integer("transB", default: 0) != 0
        let matrix = isTransposed ? weight : weight.transposed([1, 0])
        var product = try MatrixProduct(node, input: input, matrix: matrix, importer: importer)
        product.scale(by: node.float("alpha", default: 1))
        guard let addend = try node.optionalConstant(2, "the bias") else {
            return try product.append(bias: nil, biasInput: 2, &importer)
        }
        let beta = node.float("beta", default: 1)
        guard let bias = addend.broadcast(to: [1, matrix.shape[0]])?.weightValues else {
            throw node.unsupported("the bias does not fit", found: "\(addend.shape)")
        }
        return try product.append(bias: beta == 1 ? bias : bias.map { $0 * beta }, biasInput: 2, &importer)
    }

    static func matMul(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try node.activation()
        let weight = try node.constant(1, "the weight")
        guard weight.shape.count == 2 else { throw node.unsupported("only a vector times a constant matrix") }
        return try MatrixProduct(node, input: input, matrix: weight.transposed([1, 0]), importer: importer)
            .append(bias: nil, biasInput: 2, &importer)
    }

    static func batchNormalization(
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try node.plainActivation()
        guard node.integer("training_mode", default: 0) == 0 else {
            throw node.unsupported("the file was exported in training mode", expected: "an export of model.eval()")
        }
        let channels = importer.shape(of: input.value).channels
        guard input.axes.count >= 2, input.axes[1].role == .channel else {
            throw node.unsupported("normalises another axis than the channels")
        }
        var names: [String] = []
        for (index, field) in ["weight", "bias", "running_mean", "running_var"].enumerated() {
            let constant = try node.constant(index + 1, "the \(field)")
            // `spatial = 0` (operator sets 7 and 8) with one value per channel means the same.
            guard constant.shape == [channels], let values = constant.weightValues else {
                throw node.unsupported("the \(field) is not per channel", found: "\(constant.shape)")
            }
            names.append(
                try importer.parameter(values, shape: constant.shape, of: node, input: index + 1, field: field)
            )
        }
        let normalization = BatchNormalization(
            mean: names[2],
            variance: names[3],
            scale: names[0],
            shift: names[1],
            epsilon: node.float("epsilon", default: 1e-5)
        )
        let value = try importer.append(.batchNormalization(normalization), [input.value], name: node.name)
        return .activation(ONNXActivation(value: value, axes: input.axes))
    }
}

/// `matrix · x`, where the matrix is `[out, in]`.
private struct MatrixProduct {
    private let node: ONNXOperator
    private let input: ONNXActivation
    private var values: [Float]
    private let shape: [Int]

    init(
        _ node: ONNXOperator,
        input: ONNXActivation,
        matrix: ONNXConstant,
        importer: ONNXImporter
    ) throws(InputError) {
        guard case .vector(let count) = importer.shape(of: input.value), input.axes.map(\.role) == [.batch, .channel],
            matrix.shape[1] == count, let values = matrix.weightValues
        else {
            throw node.unsupported(
                "the matrix does not fit the input",
                expected: "[N, \(matrix.shape[1])]",
                found: input.shapeText
            )
        }
        self.node = node
        self.input = input
        shape = matrix.shape
        self.values = values
        if let order = input.flattenedFrom {
            self.values = Self.channelsFirst(values, rows: order.rows, columns: order.columns, channels: order.channels)
        }
    }

    mutating func scale(by factor: Float) {
        if factor != 1 { values = values.map { $0 * factor } }
    }

    func append(
        bias: [Float]?,
        biasInput: Int,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        var linear = Linear(
            outFeatures: shape[0],
            weight: try importer.parameter(values, shape: shape, of: node, input: 1, field: "weight")
        )
        if let bias {
            linear.bias = try importer.parameter(
                bias,
                shape: [bias.count],
                of: node,
                input: biasInput,
                field: "bias"
            )
        }
        let value = try importer.append(.linear(linear), [input.value], name: node.name)
        return .activation(.vector(value, shape[0]))
    }

    /// The matrix's columns from row, column, channel order into the graph's channel, row, column order.
    private static func channelsFirst(_ values: [Float], rows: Int, columns: Int, channels: Int) -> [Float] {
        let places = rows * columns
        let count = places * channels
        return values.indices.map { index in
            let (line, column) = index.quotientAndRemainder(dividingBy: count)
            let (channel, place) = column.quotientAndRemainder(dividingBy: places)
            return values[line * count + place * channels + channel]
        }
    }
}

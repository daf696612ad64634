internal import ArtifactFiles
internal import NeuralGraph

/// Pooling over windows and over whole pictures.
enum ONNXPooling {
    static func averagePool(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        try pool(.average, node, &importer)
    }

    static func maxPool(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        try pool(.maximum, node, &importer)
    }

    private static func pool(
        _ kind: Pool.Kind,
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try picture(node, importer)
        guard node.has("kernel_shape"), node.integers("dilations").map({ $0.allSatisfy { $0 == 1 } }) ?? true
        else { throw node.unsupported("only windows without dilation") }
        let kernel = try node.extent("kernel_shape", default: Extent(1))
        let stride = try node.extent("strides", default: Extent(1))
        let size = importer.shape(of: input.value).extent
        let made = Pool(
            kind: kind,
            kernel: kernel,
            stride: stride,
            padding: try node.padding(size: Extent(size.height, size.width), span: kernel, stride: stride),
            roundsUp: node.integer("ceil_mode", default: 0) != 0,
            countsPadding: node.integer("count_include_pad", default: 0) != 0
        )
        let value = try importer.append(.pool(made), [input.value], name: node.name)
        return .activation(.nchw(value, importer.shape(of: value)))
    }

    static func globalMaxPool(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try picture(node, importer)
        let size = importer.shape(of: input.value).extent
        let made = Pool(kind: .maximum, kernel: Extent(size.height, size.width), stride: Extent(1))
        let value = try importer.append(.pool(made), [input.value], name: node.name)
        return .activation(.nchw(value, importer.shape(of: value)))
    }

    static func globalAveragePool(
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try node.plainActivation()
        if case .vector = importer.shape(of: input.value) { return .activation(input) }
        let picture = try picture(node, importer)
        let value = try importer.append(.globalAveragePool, [picture.value], name: node.name)
        return .activation(.vector(value, picture.axes[1].length, units: 2))
    }

    /// The mean over rows and columns.
    static func reduceMean(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let input = try node.plainActivation()
        let axes = try ONNXAxes(node).given(rank: input.axes.count)
        let roles = Set((axes ?? []).map { input.axes[$0].role })
        guard let axes, roles == [.row, .column] else {
            throw node.unsupported(
                "only the mean over rows and columns",
                found: "\(axes ?? []) of \(input.shapeText)"
            )
        }
        let value = try importer.append(.globalAveragePool, [input.value], name: node.name)
        let keeps = node.integer("keepdims", default: 1) != 0
        var left: [ONNXActivation.Axis] = []
        for (index, axis) in input.axes.enumerated() {
            if !axes.contains(index) { left.append(axis) } else if keeps { left.append(.init(role: .unit, length: 1)) }
        }
        return .activation(ONNXActivation(value: value, axes: left))
    }

    private static func picture(_ node: ONNXOperator, _ importer: ONNXImporter) throws(InputError) -> ONNXActivation {
        let input = try node.plainActivation()
        guard input.isNCHW, case .spatial = importer.shape(of: input.value) else {
            throw node.unsupported("reads \(input.shapeText), no pictures")
        }
        return input
    }
}

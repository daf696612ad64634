internal import ArtifactFiles
internal import NeuralGraph

/// Pooling over windows and over whole pictures.
enum ONNXPooling {
    static func averagePool(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue { try pool(.average, operation, inputs, &importer) }

    static func maxPool(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue { try pool(.maximum, operation, inputs, &importer) }

    private static func pool(
        _ kind: Pool.Kind,
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try picture(operation, inputs, importer)
        guard operation.has("kernel_shape"), operation.integers("dilations").map({ $0.allSatisfy { $0 == 1 } }) ?? true
        else { throw operation.unsupported("only windows without dilation") }
        let kernel = try operation.extent("kernel_shape", default: Extent(1))
        let stride = try operation.extent("strides", default: Extent(1))
        let size = importer.shape(of: input.value).extent
        let made = Pool(
            kind: kind,
            kernel: kernel,
            stride: stride,
            padding: try operation.padding(size: Extent(size.height, size.width), span: kernel, stride: stride),
            roundsUp: operation.integer("ceil_mode", default: 0) != 0,
            countsPadding: operation.integer("count_include_pad", default: 0) != 0
        )
        let value = try importer.append(.pool(made), [input.value], name: operation.name)
        return .activation(.nchw(value, importer.shape(of: value)))
    }

    static func globalMaxPool(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try picture(operation, inputs, importer)
        let size = importer.shape(of: input.value).extent
        let made = Pool(kind: .maximum, kernel: Extent(size.height, size.width), stride: Extent(1))
        let value = try importer.append(.pool(made), [input.value], name: operation.name)
        return .activation(.nchw(value, importer.shape(of: value)))
    }

    static func globalAveragePool(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try operation.plainActivation(inputs)
        if case .vector = importer.shape(of: input.value) { return .activation(input) }
        let picture = try picture(operation, inputs, importer)
        let value = try importer.append(.globalAveragePool, [picture.value], name: operation.name)
        return .activation(.vector(value, picture.axes[1].length, units: 2))
    }

    /// The mean over rows and columns.
    static func reduceMean(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXValue {
        let input = try operation.plainActivation(inputs)
        let axes = try ONNXAxes(operation)
            .given(
                try operation.optionalConstant(inputs, 1, "the axes"),
                rank: input.axes.count
            )
        let roles = Set((axes ?? []).map { input.axes[$0].role })
        guard let axes, roles == [.row, .column] else {
            throw operation.unsupported(
                "only the mean over rows and columns",
                found: "\(axes ?? []) of \(input.shapeText)"
            )
        }
        let value = try importer.append(.globalAveragePool, [input.value], name: operation.name)
        let keeps = operation.integer("keepdims", default: 1) != 0
        var left: [ONNXActivation.Axis] = []
        for (index, axis) in input.axes.enumerated() {
            if !axes.contains(index) { left.append(axis) } else if keeps { left.append(.init(role: .unit, length: 1)) }
        }
        return .activation(ONNXActivation(value: value, axes: left))
    }

    private static func picture(
        _ operation: ONNXOperator,
        _ inputs: [ONNXValue?],
        _ importer: ONNXImporter
    ) throws(InputError) -> ONNXActivation {
        let input = try operation.plainActivation(inputs)
        guard input.isNCHW, case .spatial = importer.shape(of: input.value) else {
            throw operation.unsupported("reads \(input.shapeText), no pictures")
        }
        return input
    }
}

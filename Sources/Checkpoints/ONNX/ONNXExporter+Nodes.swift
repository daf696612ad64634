internal import ArtifactFiles
internal import NeuralGraph

// How each operation is spelt in ONNX.
extension ONNXExporter {
    /// Appends what one node of the graph needs.
    ///
    /// - Returns: The ONNX name of its result.
    mutating func append(
        _ node: Node,
        _ operands: [Operand],
        result: ActivationShape
    ) throws(InputError) -> String {
        let input = operands[0]
        switch node.operation {
        case .dropout, .identity:
            return input.name
        case .convolution(let layer):
            return try convolution(layer, node, operands)
        case .linear(let layer):
            var inputs = [input.name, try parameter(layer.weight)]
            if let bias = layer.bias { inputs.append(try parameter(bias)) }
            return emit("Gemm", name: node.name, inputs, [.int("transB", 1)])
        case .batchNormalization(let norm):
            return try normalization(norm, node, input)
        case .activation(let activation):
            return try apply(activation, name: node.name, to: input)
        case .channelAffine, .scalarAffine:
            return try affine(node, input)
        case .add, .multiply:
            let type = node.operation == .add ? "Add" : "Mul"
            var inputs: [String] = []
            for operand in operands { inputs.append(try aligned(operand, with: result, node.name)) }
            return emit(type, name: node.name, inputs)
        case .concatenate:
            return emit("Concat", name: node.name, operands.map(\.name), [.int("axis", 1)])
        case .flatten:
            return emit("Flatten", name: node.name, [input.name], [.int("axis", 1)])
        case .pool, .globalAveragePool, .pad:
            return try pooling(node, input)
        case .l2Normalize(let epsilon):
            return l2Normalize(node, input, epsilon: epsilon)
        }
    }

    private mutating func convolution(
        _ layer: Convolution,
        _ node: Node,
        _ operands: [Operand]
    ) throws(InputError) -> String {
        var input = operands[0].name
        let weight = try parameter(layer.weight)
        var bias = try layer.bias.map { name throws(InputError) in try parameter(name) }
        if let border = layer.borderValues {
            // What stands outside the picture becomes 0 when it is subtracted everywhere; the layer's answer to the
            // constant picture goes into the bias.
            let values = try tensor(border)
            let shape = [1, values.count, 1, 1]
            let name = constant(values, shape: shape, hint: node.name + ".border")
            input = emit("Sub", name: node.name + ".centred", [input, name])
            bias = constant(
                Self.response(
                    of: layer,
                    to: values,
                    weight: try tensor(layer.weight),
                    bias: try layer.bias.map { name throws(InputError) in try tensor(name) }
                ),
                shape: [layer.outChannels],
                hint: node.name + ".bias"
            )
        }
        let attributes: [ONNXAttribute] = [
            .ints("dilations", [layer.dilation.height, layer.dilation.width]),
            .int("group", layer.groups),
            .ints("kernel_shape", [layer.kernel.height, layer.kernel.width]),
            .ints("pads", [layer.padding.top, layer.padding.left, layer.padding.bottom, layer.padding.right]),
            .ints("strides", [layer.stride.height, layer.stride.width]),
        ]
        var made = emit("Conv", name: node.name, [input, weight] + [bias].compactMap { $0 }, attributes)
        let shape = ActivationShape.spatial(height: 0, width: 0, channels: layer.outChannels)
        let epilogue = layer.epilogue
        if let activation = epilogue.activation, !epilogue.activationFollowsAddition {
            made = try apply(activation, name: node.name + ".activation", to: Operand(name: made, shape: shape))
        }
        if epilogue.addsSecondInput { made = emit("Add", name: node.name + ".sum", [made, operands[1].name]) }
        if let activation = epilogue.activation, epilogue.activationFollowsAddition {
            made = try apply(activation, name: node.name + ".activation", to: Operand(name: made, shape: shape))
        }
        return made
    }

    /// A layer's result, inside a picture that is the same everywhere.
    private static func response(
        of layer: Convolution,
        to values: [Float],
        weight: [Float],
        bias: [Float]?
    ) -> [Float] {
        let inputs = values.count / layer.groups
        let outputs = layer.outChannels / layer.groups
        let taps = layer.kernel.height * layer.kernel.width
        return (0..<layer.outChannels)
            .map { output in
                var sum = Double(bias?[output] ?? 0)
                for input in 0..<inputs {
                    let value = Double(values[output / outputs * inputs + input])
                    for tap in 0..<taps { sum += value * Double(weight[(output * inputs + input) * taps + tap]) }
                }
                return Float(sum)
            }
    }

    private mutating func normalization(
        _ norm: BatchNormalization,
        _ node: Node,
        _ input: Operand
    ) throws(InputError) -> String {
        let channels = input.shape.channels
        let scale =
            try norm.scale.map { name throws(InputError) in try parameter(name) }
            ?? constant(Array(repeating: 1, count: channels), shape: [channels], hint: node.name + ".weight")
        let shift =
            try norm.shift.map { name throws(InputError) in try parameter(name) }
            ?? constant(Array(repeating: 0, count: channels), shape: [channels], hint: node.name + ".bias")
        return emit(
            "BatchNormalization",
            name: node.name,
            [input.name, scale, shift, try parameter(norm.mean), try parameter(norm.variance)],
            [.float("epsilon", norm.epsilon)]
        )
    }

    private mutating func apply(
        _ activation: Activation,
        name: String,
        to input: Operand
    ) throws(InputError) -> String {
        switch activation {
        case .relu: return emit("Relu", name: name, [input.name])
        case .sigmoid: return emit("Sigmoid", name: name, [input.name])
        case .leakyRelu(let slope): return emit("LeakyRelu", name: name, [input.name], [.float("alpha", slope)])
        case .clip(let low, let high):
            let bounds = [low, high].map { constant([$0], shape: [], hint: "clip") }
            return emit("Clip", name: name, [input.name] + bounds)
        case .prelu(let slope):
            let values = try tensor(slope)
            // One slope broadcasts as it is; several must stand on the channel axis.
            let shape = values.count == 1 || input.isVector ? [values.count] : [values.count, 1, 1]
            return emit("PRelu", name: name, [input.name, try parameter(slope, shape: shape)])
        }
    }

    private mutating func affine(_ node: Node, _ input: Operand) throws(InputError) -> String {
        var made = input.name
        switch node.operation {
        case .channelAffine(let scale, let shift):
            let count = input.shape.channels
            let shape = input.isVector ? [1, count] : [1, count, 1, 1]
            made = emit("Mul", name: node.name, [made, try parameter(scale, shape: shape)])
            return emit("Add", name: node.name + ".shift", [made, try parameter(shift, shape: shape)])
        case .scalarAffine(let scale, let shift):
            if scale != 1 || shift == 0 {
                made = emit("Mul", name: node.name, [made, constant([scale], shape: [], hint: node.name + ".scale")])
            }
            if shift != 0 {
                let name = scale == 1 ? node.name : node.name + ".shift"
                made = emit("Add", name: name, [made, constant([shift], shape: [], hint: node.name + ".offset")])
            }
            return made
        default:
            throw InputError(.unsupported, "no affine map")
        }
    }

    /// A vector that acts on a picture gets axes of length 1 behind.
    private mutating func aligned(
        _ operand: Operand,
        with result: ActivationShape,
        _ name: String
    ) throws(InputError) -> String {
        guard operand.isVector, case .spatial = result else { return operand.name }
        let axes = constant(integers: [2, 3], hint: "axes")
        return emit("Unsqueeze", name: name + ".unsqueeze", [operand.name, axes])
    }

    private mutating func pooling(_ node: Node, _ input: Operand) throws(InputError) -> String {
        switch node.operation {
        case .globalAveragePool:
            let pooled = emit("GlobalAveragePool", name: node.name, [input.name])
            return emit("Flatten", name: node.name + ".flatten", [pooled], [.int("axis", 1)])
        case .pad(let padding, let value):
            let widths = [0, 0, padding.top, padding.left, 0, 0, padding.bottom, padding.right]
            let inputs = [
                input.name, constant(integers: widths, hint: node.name + ".pads"),
                constant([value], shape: [], hint: node.name + ".value"),
            ]
            return emit("Pad", name: node.name, inputs)
        case .pool(let pool):
            var attributes: [ONNXAttribute] = [
                .int("ceil_mode", pool.roundsUp ? 1 : 0),
                .ints("kernel_shape", [pool.kernel.height, pool.kernel.width]),
                .ints("pads", [pool.padding.top, pool.padding.left, pool.padding.bottom, pool.padding.right]),
                .ints("strides", [pool.stride.height, pool.stride.width]),
            ]
            if pool.kind == .maximum { return emit("MaxPool", name: node.name, [input.name], attributes) }
            attributes.append(.int("count_include_pad", pool.countsPadding ? 1 : 0))
            return emit("AveragePool", name: node.name, [input.name], attributes)
        default:
            throw InputError(.unsupported, "no pooling")
        }
    }

    private mutating func l2Normalize(_ node: Node, _ input: Operand, epsilon: Float) -> String {
        let norm = emit("ReduceL2", name: node.name + ".norm", [input.name], [.ints("axes", [1]), .int("keepdims", 1)])
        let bound = constant([epsilon], shape: [], hint: node.name + ".epsilon")
        let bounded = emit("Clip", name: node.name + ".bound", [norm, bound])
        return emit("Div", name: node.name, [input.name, bounded])
    }
}

extension ONNXAttribute {
    static func int(_ name: String, _ value: Int) -> ONNXAttribute {
        var attribute = ONNXAttribute()
        attribute.name = name
        attribute.kind = .int
        attribute.i = Int64(value)
        return attribute
    }

    static func float(_ name: String, _ value: Float) -> ONNXAttribute {
        var attribute = ONNXAttribute()
        attribute.name = name
        attribute.kind = .float
        attribute.f = value
        return attribute
    }

    static func ints(_ name: String, _ values: [Int]) -> ONNXAttribute {
        var attribute = ONNXAttribute()
        attribute.name = name
        attribute.kind = .ints
        attribute.ints = values.map(Int64.init)
        return attribute
    }
}

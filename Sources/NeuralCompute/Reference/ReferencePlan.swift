internal import NeuralGraph

/// A graph run as it stands.
struct ReferencePlan: InferencePlan {
    let graph: Graph
    let weights: Weights
    let facesPerPass: Int

    var inputShape: ActivationShape { graph.inputShape }
    var outputShape: ActivationShape { graph.shape(of: graph.output) }

    func makeWorker() -> any InferenceWorker { ReferenceWorker(plan: self) }

    /// The value of every node for one face.
    func values(for face: [Float]) -> [[Float]] {
        var values = [face]
        for (index, node) in graph.nodes.enumerated() {
            let step = ReferenceStep(
                shapes: node.inputs.map { graph.shape(of: $0) },
                result: graph.shapes[index + 1],
                weights: weights
            )
            values.append(step.run(node.operation, node.inputs.map { values[$0.index] }))
        }
        return values
    }
}

private final class ReferenceWorker: InferenceWorker {
    private let plan: ReferencePlan

    init(plan: ReferencePlan) { self.plan = plan }

    func run(_ faces: UnsafeBufferPointer<Float>, count: Int, output: UnsafeMutableBufferPointer<Float>) {
        let size = plan.inputShape.count
        let outputSize = plan.outputShape.count
        precondition(faces.count >= count * size && output.count >= count * outputSize)
        for face in 0..<count {
            let values = plan.values(for: Array(faces[face * size..<(face + 1) * size]))
            for (index, value) in values[plan.graph.output.index].enumerated() {
                output[face * outputSize + index] = value
            }
        }
    }
}

/// One node on one face.
struct ReferenceStep {
    let shapes: [ActivationShape]
    let result: ActivationShape
    let weights: Weights

    private func parameter(_ name: String) -> [Float] { weights[name]?.values ?? [] }

    func run(_ operation: Operation, _ inputs: [[Float]]) -> [Float] {
        switch operation {
        case .convolution(let convolution): convolve(convolution, inputs)
        case .linear(let linear): multiply(linear, inputs[0])
        case .batchNormalization(let norm): normalise(norm, inputs[0])
        case .channelAffine(let scale, let shift):
            perChannel(inputs[0]) { [scale = parameter(scale), shift = parameter(shift)] value, channel in
                value * scale[channel] + shift[channel]
            }
        case .scalarAffine(let scale, let shift): inputs[0].map { $0 * scale + shift }
        case .activation(let activation): activate(activation, inputs[0])
        case .add: broadcast(inputs, +)
        case .multiply: broadcast(inputs, *)
        case .pool(let pool): self.pool(pool, inputs[0])
        case .globalAveragePool: globalMean(inputs[0])
        case .flatten: flatten(inputs[0])
        case .concatenate: concatenate(inputs)
        case .pad(let padding, let value): pad(inputs[0], padding, value)
        case .dropout, .identity: inputs[0]
        case .l2Normalize(let epsilon): unit(inputs[0], epsilon)
        }
    }

    // MARK: Layers

    private func convolve(_ convolution: Convolution, _ inputs: [[Float]]) -> [Float] {
        let input = inputs[0]
        let weight = parameter(convolution.weight)
        let bias = convolution.bias.map(parameter)
        let border = convolution.borderValues.map(parameter)
        let (height, width) = shapes[0].extent
        let channels = shapes[0].channels
        let perGroup = channels / convolution.groups
        let outPerGroup = convolution.outChannels / convolution.groups
        let kernel = convolution.kernel
        var output = [Float](repeating: 0, count: result.count)
        for row in 0..<result.extent.height {
            for column in 0..<result.extent.width {
                for out in 0..<convolution.outChannels {
                    var sum = Double(bias?[out] ?? 0)
                    let first = out / outPerGroup * perGroup
                    for tapRow in 0..<kernel.height {
                        for tapColumn in 0..<kernel.width {
                            let y =
                                row * convolution.stride.height - convolution.padding.top
                                + tapRow * convolution.dilation.height
                            let x =
                                column * convolution.stride.width - convolution.padding.left
                                + tapColumn * convolution.dilation.width
                            let isInside = (0..<height).contains(y) && (0..<width).contains(x)
                            if !isInside && border == nil { continue }
                            for inner in 0..<perGroup {
                                let value =
                                    isInside
                                    ? input[(y * width + x) * channels + first + inner] : border?[first + inner] ?? 0
                                let tap = ((out * perGroup + inner) * kernel.height + tapRow) * kernel.width + tapColumn
                                sum += Double(value) * Double(weight[tap])
                            }
                        }
                    }
                    output[(row * result.extent.width + column) * convolution.outChannels + out] = Float(sum)
                }
            }
        }
        return finish(output, convolution.epilogue, addend: inputs.count > 1 ? inputs[1] : nil)
    }

    private func finish(_ sums: [Float], _ epilogue: Epilogue, addend: [Float]?) -> [Float] {
        var values = sums
        if let activation = epilogue.activation, !epilogue.activationFollowsAddition {
            values = activate(activation, values)
        }
        if let addend { values = zip(values, addend).map { $0 + $1 } }
        if let activation = epilogue.activation, epilogue.activationFollowsAddition {
            values = activate(activation, values)
        }
        return values
    }

    private func multiply(_ linear: Linear, _ input: [Float]) -> [Float] {
        let weight = parameter(linear.weight)
        let bias = linear.bias.map(parameter)
        return (0..<linear.outFeatures)
            .map { row in
                var sum = Double(bias?[row] ?? 0)
                for column in input.indices {
                    sum += Double(weight[row * input.count + column]) * Double(input[column])
                }
                return Float(sum)
            }
    }

    private func normalise(_ norm: BatchNormalization, _ input: [Float]) -> [Float] {
        let mean = parameter(norm.mean)
        let variance = parameter(norm.variance)
        let scale = norm.scale.map(parameter)
        let shift = norm.shift.map(parameter)
        return perChannel(input) { value, channel in
            let spread = (Double(variance[channel]) + Double(norm.epsilon)).squareRoot()
            let unit = (Double(value) - Double(mean[channel])) / spread
            return Float(unit * Double(scale?[channel] ?? 1) + Double(shift?[channel] ?? 0))
        }
    }

    private func activate(_ activation: Activation, _ input: [Float]) -> [Float] {
        switch activation {
        case .relu: input.map { $0 < 0 ? 0 : $0 }
        case .clip(let low, let high): input.map { $0 < low ? low : $0 > high ? high : $0 }
        case .leakyRelu(let slope): input.map { $0 < 0 ? $0 * slope : $0 }
        case .prelu(let name):
            perChannel(input, of: result.channels) { [slope = parameter(name)] value, channel in
                value < 0 ? value * slope[slope.count == 1 ? 0 : channel] : value
            }
        case .sigmoid: input.map { Float(1 / (1 + exponential(-Double($0)))) }
        }
    }

    // MARK: Everything else

    private func perChannel(_ input: [Float], of channels: Int? = nil, _ map: (Float, Int) -> Float) -> [Float] {
        let channels = channels ?? shapes[0].channels
        return input.indices.map { map(input[$0], $0 % channels) }
    }

    private func broadcast(_ inputs: [[Float]], _ combine: (Float, Float) -> Float) -> [Float] {
        (0..<result.count)
            .map { index in
                let operands = inputs.map { $0.count == result.count ? $0[index] : $0[index % $0.count] }
                return combine(operands[0], operands[1])
            }
    }

    private func pool(_ pool: Pool, _ input: [Float]) -> [Float] {
        let (height, width) = shapes[0].extent
        let channels = shapes[0].channels
        let outWidth = result.extent.width
        return (0..<result.count)
            .map { index in
                let channel = index % channels
                let top = index / channels / outWidth * pool.stride.height - pool.padding.top
                let left = index / channels % outWidth * pool.stride.width - pool.padding.left
                let rows = max(top, 0)..<max(max(top, 0), min(top + pool.kernel.height, height))
                let columns = max(left, 0)..<max(max(left, 0), min(left + pool.kernel.width, width))
                let values = rows.flatMap { y in columns.map { x in input[(y * width + x) * channels + channel] } }
                if pool.kind == .maximum { return values.reduce(-Float.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 } }
                // As PyTorch and ONNX: padding counts where asked, what lies beyond it (rounding up) never does.
                let covered =
                    pool.countsPadding
                    ? (min(top + pool.kernel.height, height + pool.padding.bottom) - top)
                        * (min(left + pool.kernel.width, width + pool.padding.right) - left)
                    : values.count
                return Float(values.reduce(0.0) { $0 + Double($1) } / Double(covered))
            }
    }

    private func globalMean(_ input: [Float]) -> [Float] {
        let channels = shapes[0].channels
        let count = input.count / channels
        return (0..<channels)
            .map { channel in
                var sum = 0.0
                for position in 0..<count { sum += Double(input[position * channels + channel]) }
                return Float(sum / Double(count))
            }
    }

    private func flatten(_ input: [Float]) -> [Float] {
        let channels = shapes[0].channels
        let positions = input.count / channels
        return (0..<input.count).map { input[$0 % positions * channels + $0 / positions] }
    }

    private func concatenate(_ inputs: [[Float]]) -> [Float] {
        let positions = result.count / result.channels
        var output: [Float] = []
        output.reserveCapacity(result.count)
        for position in 0..<positions {
            for (input, shape) in zip(inputs, shapes) {
                output += input[position * shape.channels..<(position + 1) * shape.channels]
            }
        }
        return output
    }

    private func pad(_ input: [Float], _ padding: Padding, _ value: Float) -> [Float] {
        let (height, width) = shapes[0].extent
        let channels = shapes[0].channels
        var output = [Float](repeating: value, count: result.count)
        for row in 0..<height {
            let source = row * width * channels
            let target = ((row + padding.top) * result.extent.width + padding.left) * channels
            output.replaceSubrange(target..<target + width * channels, with: input[source..<source + width * channels])
        }
        return output
    }

    private func unit(_ input: [Float], _ epsilon: Float) -> [Float] {
        let norm = max(input.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot(), Double(epsilon))
        return input.map { Float(Double($0) / norm) }
    }
}

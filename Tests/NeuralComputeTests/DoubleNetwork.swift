import Foundation
import NeuralGraph

/// A graph in double precision, straight from the definitions: what finite differences are taken of.
///
/// It knows nothing of the plans: a batch's values are `[faces][height × width × channels]`.
struct DoubleNetwork {
    let graph: Graph
    var parameters: [String: [Double]]
    let faces: [[Double]]
    let usesBatchStatistics: Bool

    private func parameter(_ name: String) -> [Double] { parameters[name] ?? [] }

    /// The value of every node, the input first.
    func values() -> [[[Double]]] {
        var values = [faces]
        for (index, node) in graph.nodes.enumerated() {
            let operands = node.inputs.map { values[$0.index] }
            let shapes = node.inputs.map { graph.shape(of: $0) }
            values.append(run(node.operation, operands, shapes, graph.shapes[index + 1]))
        }
        return values
    }

    private func run(
        _ operation: NeuralGraph.Operation,
        _ operands: [[[Double]]],
        _ shapes: [ActivationShape],
        _ result: ActivationShape
    ) -> [[Double]] {
        if case .batchNormalization(let norm) = operation { return normalise(norm, operands[0], shapes[0].channels) }
        return faces.indices.map { face in
            let inputs = operands.map { $0[face] }
            switch operation {
            case .convolution(let convolution): return convolve(convolution, inputs[0], shapes[0], result)
            case .linear(let linear): return multiply(linear, inputs[0])
            case .channelAffine(let scale, let shift):
                let factors = parameter(scale)
                let terms = parameter(shift)
                return inputs[0].indices
                    .map { index -> Double in
                        let channel = index % result.channels
                        return inputs[0][index] * factors[channel] + terms[channel]
                    }
            case .scalarAffine(let scale, let shift): return inputs[0].map { $0 * Double(scale) + Double(shift) }
            case .activation(let activation): return activate(activation, inputs[0], result.channels)
            case .add, .multiply:
                return (0..<result.count)
                    .map { index in
                        let (a, b) = (inputs[0][index % inputs[0].count], inputs[1][index % inputs[1].count])
                        return operation == .add ? a + b : a * b
                    }
            case .pool(let pool): return self.pool(pool, inputs[0], shapes[0], result)
            case .globalAveragePool: return mean(inputs[0], channels: result.count)
            case .flatten:
                let positions = result.count / shapes[0].channels
                return (0..<result.count)
                    .map { inputs[0][$0 % positions * shapes[0].channels + $0 / positions] }
            case .concatenate:
                let positions = result.count / result.channels
                return (0..<positions)
                    .flatMap { position in
                        inputs.indices.flatMap { operand in
                            let channels = shapes[operand].channels
                            return inputs[operand][position * channels..<(position + 1) * channels]
                        }
                    }
            case .pad(let padding, let value):
                let (height, width) = shapes[0].extent
                return (0..<result.count)
                    .map { index in
                        let channels = result.channels
                        let y = index / channels / result.extent.width - padding.top
                        let x = index / channels % result.extent.width - padding.left
                        guard (0..<height).contains(y), (0..<width).contains(x) else { return Double(value) }
                        return inputs[0][(y * width + x) * channels + index % channels]
                    }
            case .l2Normalize(let epsilon):
                let norm = max(inputs[0].reduce(0) { $0 + $1 * $1 }.squareRoot(), Double(epsilon))
                return inputs[0].map { $0 / norm }
            case .dropout, .identity, .batchNormalization: return inputs[0]
            }
        }
    }

    private func multiply(_ linear: Linear, _ input: [Double]) -> [Double] {
        let weight = parameter(linear.weight)
        return (0..<linear.outFeatures)
            .map { row -> Double in
                var sum = linear.bias.map { parameter($0)[row] } ?? 0
                for column in input.indices { sum += weight[row * input.count + column] * input[column] }
                return sum
            }
    }

    private func mean(_ input: [Double], channels: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: channels)
        for (index, value) in input.enumerated() { sums[index % channels] += value }
        return sums.map { $0 * Double(channels) / Double(input.count) }
    }

    private func normalise(_ norm: BatchNormalization, _ values: [[Double]], _ channels: Int) -> [[Double]] {
        var means = parameter(norm.mean)
        var variances = parameter(norm.variance)
        if usesBatchStatistics {
            for channel in 0..<channels {
                let all = values.flatMap { face in
                    stride(from: channel, to: face.count, by: channels).map { face[$0] }
                }
                means[channel] = all.reduce(0, +) / Double(all.count)
                let squares = all.map { ($0 - means[channel]) * ($0 - means[channel]) }
                variances[channel] = squares.reduce(0, +) / Double(all.count)
            }
        }
        return values.map { face in
            face.indices.map { index -> Double in
                let channel = index % channels
                let unit = (face[index] - means[channel]) / (variances[channel] + Double(norm.epsilon)).squareRoot()
                let scale = norm.scale.map { parameter($0)[channel] } ?? 1
                let shift = norm.shift.map { parameter($0)[channel] } ?? 0
                return unit * scale + shift
            }
        }
    }

    private func convolve(
        _ convolution: Convolution,
        _ input: [Double],
        _ shape: ActivationShape,
        _ result: ActivationShape
    ) -> [Double] {
        let weight = parameter(convolution.weight)
        let (height, width) = shape.extent
        let inner = shape.channels / convolution.groups
        let outer = convolution.outChannels / convolution.groups
        let kernel = convolution.kernel
        var output: [Double] = []
        for row in 0..<result.extent.height {
            for column in 0..<result.extent.width {
                for out in 0..<convolution.outChannels {
                    var sum = convolution.bias.map { parameter($0)[out] } ?? 0
                    for tap in 0..<kernel.height * kernel.width {
                        let y =
                            row * convolution.stride.height - convolution.padding.top
                            + tap / kernel.width * convolution.dilation.height
                        let x =
                            column * convolution.stride.width - convolution.padding.left
                            + tap % kernel.width * convolution.dilation.width
                        guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
                        for channel in 0..<inner {
                            let place = (y * width + x) * shape.channels + out / outer * inner + channel
                            sum += input[place] * weight[(out * inner + channel) * kernel.height * kernel.width + tap]
                        }
                    }
                    output.append(sum)
                }
            }
        }
        return output
    }

    private func activate(_ activation: Activation, _ input: [Double], _ channels: Int) -> [Double] {
        input.indices.map { index in
            let x = input[index]
            switch activation {
            case .relu: return max(x, 0)
            case .clip(let low, let high): return min(max(x, Double(low)), Double(high))
            case .leakyRelu(let slope): return x < 0 ? x * Double(slope) : x
            case .prelu(let name):
                let slopes = parameter(name)
                return x < 0 ? x * slopes[index % channels % slopes.count] : x
            case .sigmoid: return 1 / (1 + exp(-x))
            }
        }
    }

    private func pool(_ pool: Pool, _ input: [Double], _ shape: ActivationShape, _ result: ActivationShape) -> [Double]
    {
        let (height, width) = shape.extent
        return (0..<result.count)
            .map { index in
                let top = index / result.channels / result.extent.width * pool.stride.height - pool.padding.top
                let left = index / result.channels % result.extent.width * pool.stride.width - pool.padding.left
                var seen: [Double] = []
                var covered = 0
                for y in top..<top + pool.kernel.height {
                    for x in left..<left + pool.kernel.width {
                        let isPicture = (0..<height).contains(y) && (0..<width).contains(x)
                        let isBorder =
                            (-pool.padding.top..<height + pool.padding.bottom).contains(y)
                            && (-pool.padding.left..<width + pool.padding.right).contains(x)
                        if isPicture { seen.append(input[(y * width + x) * shape.channels + index % result.channels]) }
                        if isPicture || (isBorder && pool.countsPadding) { covered += 1 }
                    }
                }
                return pool.kind == .maximum ? seen.max() ?? -.infinity : seen.reduce(0, +) / Double(covered)
            }
    }
}

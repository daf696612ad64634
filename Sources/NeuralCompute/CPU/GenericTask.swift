internal import NeuralGraph

/// The operations without a kernel of their own, by plain loops over views.
struct GenericTask {
    let operation: Operation
    let parameters: [[Float]]
    let inputs: [ValueView]
    let output: ValueView
    let rows: Range<Int>

    func run() {
        switch operation {
        case .channelAffine: pointwise { value, channel in value * parameters[0][channel] + parameters[1][channel] }
        case .scalarAffine(let scale, let shift): pointwise { value, _ in value * scale + shift }
        case .activation(let activation): run(activation)
        case .add: broadcast { $0 + $1 }
        case .multiply: broadcast { $0 * $1 }
        case .pool(let pool): run(pool)
        case .globalAveragePool: globalMean()
        case .flatten: flatten()
        case .concatenate: concatenate()
        case .pad(let padding, let value): pad(padding, value)
        case .l2Normalize(let epsilon): normalise(epsilon)
        // Convolutions and layers have kernels; normalisations have become affine maps.
        case .identity, .dropout, .convolution, .linear, .batchNormalization: pointwise { value, _ in value }
        }
    }

    private var channels: Int { output.layout.channels }

    private func pointwise(_ map: (Float, Int) -> Float) {
        for row in rows {
            let source = inputs[0].row(row)
            let target = output.row(row)
            for column in 0..<output.layout.width {
                for channel in 0..<channels {
                    target[column * channels + channel] = map(source[column * channels + channel], channel)
                }
            }
        }
    }

    private func run(_ activation: Activation) {
        switch activation {
        case .relu: pointwise { value, _ in value < 0 ? 0 : value }
        case .clip(let low, let high): pointwise { value, _ in value < low ? low : value > high ? high : value }
        case .leakyRelu(let slope): pointwise { value, _ in value < 0 ? value * slope : value }
        case .prelu:
            let slopes = parameters[0]
            pointwise { value, channel in value < 0 ? value * slopes[slopes.count == 1 ? 0 : channel] : value }
        case .sigmoid: pointwise { value, _ in Float(1 / (1 + exponential(-Double(value)))) }
        }
    }

    private func broadcast(_ combine: (Float, Float) -> Float) {
        let isWhole = inputs.map { $0.layout.height == output.layout.height && $0.layout.width == output.layout.width }
        for row in rows {
            let target = output.row(row)
            let sources = zip(inputs, isWhole).map { input, isWhole in input.row(isWhole ? row : 0) }
            for column in 0..<output.layout.width {
                let offsets = isWhole.map { $0 ? column * channels : 0 }
                for channel in 0..<channels {
                    target[column * channels + channel] = combine(
                        sources[0][offsets[0] + channel],
                        sources[1][offsets[1] + channel]
                    )
                }
            }
        }
    }

    private func run(_ pool: Pool) {
        let input = inputs[0]
        for row in 0..<output.layout.height {
            let top = row * pool.stride.height - pool.padding.top
            let rows = max(top, 0)..<max(max(top, 0), min(top + pool.kernel.height, input.layout.height))
            for column in 0..<output.layout.width {
                let left = column * pool.stride.width - pool.padding.left
                let columns = max(left, 0)..<max(max(left, 0), min(left + pool.kernel.width, input.layout.width))
                let covered =
                    pool.countsPadding
                    ? (min(top + pool.kernel.height, input.layout.height + pool.padding.bottom) - top)
                        * (min(left + pool.kernel.width, input.layout.width + pool.padding.right) - left)
                    : rows.count * columns.count
                for channel in 0..<channels {
                    var best = -Float.infinity
                    var sum: Float = 0
                    for y in rows {
                        for x in columns {
                            let value = input.row(y)[x * channels + channel]
                            if value > best || value.isNaN { best = value }
                            sum += value
                        }
                    }
                    output.row(row)[column * channels + channel] =
                        pool.kind == .maximum ? best : sum / Float(covered)
                }
            }
        }
    }

    private func globalMean() {
        let input = inputs[0]
        let count = Float(input.layout.height * input.layout.width)
        for channel in 0..<channels {
            var sum: Float = 0
            for row in 0..<input.layout.height {
                for column in 0..<input.layout.width { sum += input.row(row)[column * channels + channel] }
            }
            output.base[channel] = sum / count
        }
    }

    private func flatten() {
        let input = inputs[0].layout
        for channel in 0..<input.channels {
            for row in 0..<input.height {
                for column in 0..<input.width {
                    output.base[(channel * input.height + row) * input.width + column] =
                        inputs[0].row(row)[column * input.channels + channel]
                }
            }
        }
    }

    private func concatenate() {
        for row in rows {
            for column in 0..<output.layout.width {
                var target = output.row(row) + column * channels
                for input in inputs {
                    let count = input.layout.channels
                    target.update(from: input.row(row) + column * count, count: count)
                    target += count
                }
            }
        }
    }

    private func pad(_ padding: Padding, _ value: Float) {
        let input = inputs[0]
        let rowSize = output.layout.width * channels
        for row in 0..<output.layout.height {
            output.row(row).update(repeating: value, count: rowSize)
            let source = row - padding.top
            guard (0..<input.layout.height).contains(source) else { continue }
            (output.row(row) + padding.left * channels)
                .update(from: input.row(source), count: input.layout.width * channels)
        }
    }

    private func normalise(_ epsilon: Float) {
        var square = 0.0
        for channel in 0..<channels { square += Double(inputs[0].base[channel]) * Double(inputs[0].base[channel]) }
        let norm = max(square.squareRoot(), Double(epsilon))
        for channel in 0..<channels { output.base[channel] = Float(Double(inputs[0].base[channel]) / norm) }
    }
}

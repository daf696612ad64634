package import NeuralGraph

/// Tensors filled from their names: `Fixtures/Backbones/README.md` states the formula, Python goldens use the same.
package struct FormulaTensors {
    /// What a tensor is for decides how its values are spread.
    package enum Kind: String, Sendable {
        case weight
        case bias
        case normWeight = "bn.weight"
        case normVariance = "bn.running_var"
        case normBias = "bn.bias"
        case normMean = "bn.running_mean"
        case preluWeight = "prelu.weight"
        case signal
    }

    /// A factor on the bound of convolution and linear weights.
    package var gain: Double

    package init(gain: Double = 1) { self.gain = gain }

    /// The tensor of a name.
    package func tensor(_ name: String, _ kind: Kind, shape: [Int]) -> Tensor {
        let fanIn = shape.dropFirst().reduce(1, *)
        let bound = (3.0 / Double(fanIn)).squareRoot() * gain
        let uniforms = Self.uniforms(name, count: shape.reduce(1, *))
        return Tensor(shape: shape, values: uniforms.map { Float(Self.value($0, kind, bound: bound)) })
    }

    private static func value(_ u: Double, _ kind: Kind, bound: Double) -> Double {
        switch kind {
        case .weight: (2 * u - 1) * bound
        case .bias: 0.2 * u - 0.1
        case .normWeight, .normVariance: 0.5 + u
        case .normBias, .normMean: 0.4 * u - 0.2
        case .preluWeight: 0.05 + 0.4 * u
        case .signal: 2 * u - 1
        }
    }

    private static func uniforms(_ name: String, count: Int) -> [Double] {
        var seed: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (0..<count)
            .map { index in
                var z = seed &+ UInt64(index + 1) &* 0x9e37_79b9_7f4a_7c15
                z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
                z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
                z ^= z >> 31
                return Double(z >> 40) / 16_777_216
            }
    }

    /// All parameters of a graph.
    package func weights(for graph: Graph) -> Weights {
        var weights = Weights()
        for parameter in graph.parameters {
            let kind: Kind =
                switch parameter.role {
                case .convolutionWeight, .linearWeight: .weight
                case .bias: .bias
                case .normalizationScale: .normWeight
                case .normalizationShift: .normBias
                case .runningMean: .normMean
                case .runningVariance: .normVariance
                case .preluSlope: .preluWeight
                case .constant: .signal
                }
            weights[parameter.name] = tensor(parameter.name, kind, shape: parameter.shape)
        }
        return weights
    }
}

/// `[faces, channels, rows, columns]` → `[faces, rows, columns, channels]`.
package func channelsLast(_ values: [Float], shape: [Int]) -> [Float] {
    guard shape.count == 4 else { return values }
    let (channels, positions) = (shape[1], shape[2] * shape[3])
    var result = [Float](repeating: 0, count: values.count)
    for face in 0..<shape[0] {
        for channel in 0..<channels {
            for position in 0..<positions {
                result[(face * positions + position) * channels + channel] =
                    values[(face * channels + channel) * positions + position]
            }
        }
    }
    return result
}

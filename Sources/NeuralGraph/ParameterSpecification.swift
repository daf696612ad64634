/// What a graph needs of one parameter.
public struct ParameterSpecification: Hashable, Sendable {
    /// What a parameter is for: initialisation, weight decay and folding depend on it.
    public enum Role: String, Hashable, Sendable, Codable {
        /// A convolution's weight.
        case convolutionWeight
        /// A fully connected layer's weight.
        case linearWeight
        /// A bias of either.
        case bias
        /// A normalisation's scale.
        case normalizationScale
        /// A normalisation's shift.
        case normalizationShift
        /// A running mean: a statistic, not trained by gradients.
        case runningMean
        /// A running variance: a statistic, not trained by gradients.
        case runningVariance
        /// A PReLU's slopes.
        case preluSlope
        /// A constant of the graph.
        case constant
    }

    /// The name in ``Weights``.
    public var name: String
    /// The shape; PReLU slopes may also be `[1]`.
    public var shape: [Int]
    /// What it is for.
    public var role: Role
    /// Whether gradients change it.
    public var isTrainable: Bool
}

extension ParameterSpecification {
    /// Whether it counts as a parameter in the literature's sense: statistics and constants do not.
    public var countsAsParameter: Bool {
        switch role {
        case .runningMean, .runningVariance, .constant: false
        default: true
        }
    }
}

extension Graph {
    /// Every parameter that the graph names, in order of first use.
    public var parameters: [ParameterSpecification] {
        var seen = Set<String>()
        var found: [ParameterSpecification] = []
        for (index, node) in nodes.enumerated() {
            let operands = node.inputs.map { shape(of: $0) }
            for specification in node.operation.parameters(operands: operands, result: shapes[index + 1])
            where seen.insert(specification.name).inserted {
                found.append(specification)
            }
        }
        return found
    }

    /// The number of parameters as the literature counts them: no running statistics.
    public var parameterCount: Int {
        parameters.filter(\.countsAsParameter).reduce(0) { $0 + $1.shape.reduce(1, *) }
    }

    /// Multiply-accumulate operations of convolutions and fully connected layers for one face.
    public var multiplyAccumulateCount: Int {
        nodes.indices.reduce(0) { $0 + multiplyAccumulateCount(ofNode: $1) }
    }

    /// Multiply-accumulate operations of one node for one face.
    public func multiplyAccumulateCount(ofNode index: Int) -> Int {
        let input = shape(of: nodes[index].inputs.first ?? .input)
        switch nodes[index].operation {
        case .convolution(let convolution):
            let taps = convolution.kernel.height * convolution.kernel.width
            return shapes[index + 1].count * taps * (input.channels / convolution.groups)
        case .linear(let linear):
            return linear.outFeatures * input.count
        default:
            return 0
        }
    }
}

extension Operation {
    fileprivate func parameters(
        operands: [ActivationShape],
        result: ActivationShape
    ) -> [ParameterSpecification] {
        let inChannels = operands.first?.channels ?? 0
        func specification(
            _ name: String?,
            _ shape: [Int],
            _ role: ParameterSpecification.Role,
            trainable: Bool = true
        ) -> [ParameterSpecification] {
            name.map { [ParameterSpecification(name: $0, shape: shape, role: role, isTrainable: trainable)] } ?? []
        }
        func activationParameters(_ activation: Activation?) -> [ParameterSpecification] {
            guard case .prelu(let slope) = activation else { return [] }
            return specification(slope, [result.channels], .preluSlope)
        }
        switch self {
        case .convolution(let convolution):
            let kernel = convolution.kernel
            let weightShape = [convolution.outChannels, inChannels / convolution.groups, kernel.height, kernel.width]
            return specification(convolution.weight, weightShape, .convolutionWeight)
                + specification(convolution.bias, [convolution.outChannels], .bias)
                + specification(convolution.borderValues, [inChannels], .constant, trainable: false)
                + activationParameters(convolution.epilogue.activation)
        case .linear(let linear):
            return specification(linear.weight, [linear.outFeatures, operands[0].count], .linearWeight)
                + specification(linear.bias, [linear.outFeatures], .bias)
        case .batchNormalization(let norm):
            return specification(norm.scale, [inChannels], .normalizationScale, trainable: !norm.scaleIsFixed)
                + specification(norm.shift, [inChannels], .normalizationShift)
                + specification(norm.mean, [inChannels], .runningMean, trainable: false)
                + specification(norm.variance, [inChannels], .runningVariance, trainable: false)
        case .channelAffine(let scale, let shift):
            return specification(scale, [inChannels], .constant, trainable: false)
                + specification(shift, [inChannels], .constant, trainable: false)
        case .activation(let activation):
            return activationParameters(activation)
        default:
            return []
        }
    }
}

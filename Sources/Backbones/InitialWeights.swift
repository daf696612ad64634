public import ArtifactFiles
public import NeuralGraph
internal import SeededRandom

/// How the reference code of an architecture fills a parameter before training.
public enum ParameterInitialization: Hashable, Sendable {
    /// One value.
    case constant(Float)
    /// A normal distribution around 0.
    case normal(standardDeviation: Double)
    /// A uniform distribution over ±bound.
    case uniform(bound: Double)
}

extension Backbone {
    /// Weights as the reference code starts training with them.
    ///
    /// Every parameter has a random stream of its own, named by its place, so that a change of one leaves the others.
    ///
    /// - Parameters:
    ///   - configuration: The network's configuration.
    ///   - seed: Any number.
    /// - Throws: ``InputError`` when the configuration does not fit.
    public func initialWeights(_ configuration: BackboneConfiguration, seed: UInt64) throws(InputError) -> Weights {
        var weights = Weights()
        let parameters = try graph(configuration).parameters
        let shapes = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
        for (stream, parameter) in parameters.enumerated() {
            var random = SeededGenerator(seed: seed, stream: UInt64(stream))
            let count = parameter.shape.reduce(1, *)
            // A bias is drawn by the fan-in of the weight beside it.
            let weightShape =
                parameter.role == .bias
                ? shapes[parameter.name.replacing(".bias", with: ".weight")] : parameter.shape
            let fanIn = max(1, weightShape?.dropFirst().reduce(1, *) ?? 1)
            let values: [Float] =
                switch initialization(of: parameter, fanIn: fanIn) {
                case .constant(let value): [Float](repeating: value, count: count)
                case .normal(let deviation): (0..<count).map { _ in Float(random.normal() * deviation) }
                case .uniform(let bound): (0..<count).map { _ in Float(random.uniform(-bound, bound)) }
                }
            weights[parameter.name] = Tensor(shape: parameter.shape, values: values)
        }
        return weights
    }

    /// PyTorch's own defaults, which hold where the reference code says nothing.
    public func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization {
        PyTorchDefaults.initialization(of: parameter, fanIn: fanIn)
    }
}

/// PyTorch's defaults for the modules in use.
public enum PyTorchDefaults {
    /// `kaiming_uniform_(a=√5)` for weights and biases (a bound of 1/√fanIn), 1 and 0 for normalisations, 0.25 for PReLU.
    public static func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization {
        switch parameter.role {
        case .convolutionWeight, .linearWeight, .bias: .uniform(bound: 1 / Double(fanIn).squareRoot())
        case .normalizationShift, .runningMean, .constant: .constant(0)
        case .normalizationScale, .runningVariance: .constant(1)
        case .preluSlope: .constant(0.25)
        }
    }
}

extension ParameterSpecification {
    /// `kaiming_normal_(mode='fan_out', nonlinearity='relu')`: √(2 / fanOut), fanOut counting a group's outputs alone as
    /// PyTorch does: the first axis times the kernel.
    var kaimingFanOut: ParameterInitialization {
        let kernel = shape.dropFirst(2).reduce(1, *)
        return .normal(standardDeviation: (2 / Double(max(1, shape[0] * kernel))).squareRoot())
    }
}

public import NeuralCompute
public import NeuralGraph

/// Numbers that training changes, in a device's memory: one parameter of the network, a classifier's weights, a method's
/// regressor.
public final class TrainingParameter {
    /// The name in the run state: `network.conv1.weight`, `head.weight`.
    public let name: String
    /// The shape, for the run state and checkpoints; as a matrix the first axis is rows, one axis is a row.
    public let shape: [Int]
    /// What weight decay may spare it as.
    public let group: OptimizerSettings.DecayGroup?
    /// Whether nothing changes it: no gradient is asked for, no decay is applied.
    public let isFrozen: Bool
    /// The device that holds it.
    public let device: any Device
    /// The numbers.
    public let value: DeviceTensor
    /// Room for a gradient of all of them; undefined between steps.
    ///
    /// Made when it is first used: a sampled head needs none.
    public private(set) lazy var gradient = device.makeTensor(rows: value.rows, columns: value.columns)

    /// A parameter in memory of its own.
    ///
    /// - Parameters:
    ///   - name: The name in the run state.
    ///   - initial: Its shape and values at the start.
    ///   - group: What weight decay may spare it as.
    ///   - isFrozen: Whether nothing changes it.
    ///   - device: Where it lies.
    public init(
        name: String,
        initial: Tensor,
        group: OptimizerSettings.DecayGroup? = nil,
        isFrozen: Bool = false,
        device: any Device
    ) {
        self.name = name
        shape = initial.shape
        self.group = group
        self.isFrozen = isFrozen
        self.device = device
        value = device.tensor(Matrix(initial))
    }

    /// A parameter of a network, in its plan's memory.
    init(_ parameter: NetworkParameter, device: any Device) {
        name = Self.networkPrefix + parameter.specification.name
        shape = parameter.specification.shape
        group = OptimizerSettings.DecayGroup(parameter.specification.role)
        isFrozen = !parameter.specification.isTrainable
        self.device = device
        value = parameter.value
        gradient = parameter.gradient
    }

    /// What the names of the network's parameters begin with.
    static let networkPrefix = "network."

    /// A copy of the numbers.
    public var tensor: Tensor { Tensor(shape: shape, values: device.matrix(of: value).elements) }

    /// A leaf whose gradient comes to ``gradient``, or a constant where it is frozen.
    func onTape(_ tape: Tape) -> TapeValue { isFrozen ? tape.constant(value) : tape.leaf(value, gradient: gradient) }
}

/// A step's gradient of one parameter.
public struct ParameterGradient {
    /// The parameter.
    public let parameter: TrainingParameter
    /// Its gradient, or that of ``rows``.
    public let tensor: DeviceTensor
    /// The rows that the gradient is of; nil: all.
    ///
    /// The others stay as they are, without decay and with their optimiser state.
    public let rows: [Int]?

    /// A gradient.
    public init(_ parameter: TrainingParameter, _ tensor: DeviceTensor, rows: [Int]? = nil) {
        self.parameter = parameter
        self.tensor = tensor
        self.rows = rows
    }
}

extension OptimizerSettings.DecayGroup {
    /// What weight decay may spare a parameter of this role as.
    init?(_ role: ParameterSpecification.Role) {
        switch role {
        case .bias: self = .bias
        case .normalizationScale, .normalizationShift: self = .normalization
        case .preluSlope: self = .prelu
        default: return nil
        }
    }
}

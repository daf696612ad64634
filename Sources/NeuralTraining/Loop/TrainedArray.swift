internal import NeuralCompute
public import NeuralGraph

/// Numbers that training changes: one parameter of the network, a classifier's weights, a method's regressor.
///
/// The memory is the plan's or the array's own; either way it stays where it is as long as the array lives.
public final class TrainedArray {
    /// The name in the run state: `network.conv1.weight`, `head.weight`.
    public let name: String
    /// The shape, for the run state and checkpoints.
    public let shape: [Int]
    /// What weight decay may spare it as.
    public let group: OptimizerSettings.DecayGroup?
    /// Whether nothing changes it: no gradient is asked for, no decay is applied.
    public let isFrozen: Bool
    /// The numbers.
    public let values: UnsafeMutableBufferPointer<Float>
    private let owner: AnyObject?

    /// An array with memory of its own.
    ///
    /// - Parameters:
    ///   - name: The name in the run state.
    ///   - shape: The shape.
    ///   - values: As many as the shape says.
    ///   - group: What weight decay may spare it as.
    ///   - isFrozen: Whether nothing changes it.
    public init(
        name: String,
        shape: [Int],
        values: [Float],
        group: OptimizerSettings.DecayGroup? = nil,
        isFrozen: Bool = false
    ) {
        precondition(values.count == shape.reduce(1, *))
        self.name = name
        self.shape = shape
        self.group = group
        self.isFrozen = isFrozen
        self.values = .allocate(capacity: values.count)
        _ = self.values.initialize(from: values)
        owner = nil
    }

    /// A parameter inside a plan's memory.
    init(_ entry: ParameterLayout.Entry, of plan: any TrainingPlan) {
        name = Self.networkPrefix + entry.specification.name
        shape = entry.specification.shape
        group =
            switch entry.specification.role {
            case .bias: .bias
            case .normalizationScale, .normalizationShift: .normalization
            case .preluSlope: .prelu
            default: nil
            }
        isFrozen = !entry.specification.isTrainable
        values = UnsafeMutableBufferPointer(rebasing: plan.values[entry.range])
        owner = plan
    }

    deinit { if owner == nil { values.deallocate() } }

    /// What the names of the network's parameters begin with.
    static let networkPrefix = "network."

    /// A copy of the numbers.
    public var tensor: Tensor { Tensor(shape: shape, values: Array(values)) }
}

/// The gradient of one ``TrainedArray``.
public enum ArrayGradient: Sendable {
    /// One number for each.
    case dense([Float])
    /// Some rows of a matrix alone: their numbers, and `[rows.count, columns]` values. The others stay as they are, without
    /// decay and with their optimiser state, as InsightFace's Partial FC leaves them.
    case rows([Int], [Float])

    var squaredNorm: Double {
        switch self {
        case .dense(let values), .rows(_, let values):
            values.withUnsafeBufferPointer { ParameterUpdate.squaredNorm($0) }
        }
    }
}

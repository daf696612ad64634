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
    /// Room for the gradient, as long as ``values``; undefined between steps, empty for a frozen array.
    public let gradient: UnsafeMutableBufferPointer<Float>
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
        // Not touched before it is written: a sampled head never needs most of it.
        gradient = isFrozen ? UnsafeMutableBufferPointer(start: nil, count: 0) : .allocate(capacity: values.count)
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
        gradient = UnsafeMutableBufferPointer(rebasing: plan.gradients[entry.range])
        owner = plan
    }

    deinit {
        guard owner == nil else { return }
        values.deallocate()
        gradient.deallocate()
    }

    /// What the names of the network's parameters begin with.
    static let networkPrefix = "network."

    /// Numbers in a row of a matrix.
    var columns: Int { values.count / max(1, shape.first ?? 1) }

    /// The gradient of some rows, or of all.
    func gradient(ofRows rows: [Int]?) -> UnsafeMutableBufferPointer<Float> {
        rows.map { UnsafeMutableBufferPointer(rebasing: gradient[..<($0.count * columns)]) } ?? gradient
    }

    /// A copy of the numbers.
    public var tensor: Tensor { Tensor(shape: shape, values: Array(values)) }
}

/// Which part of ``TrainedArray/gradient`` holds a step's gradient.
public enum ArrayGradient: Hashable, Sendable {
    /// All of it, one number for each.
    case dense
    /// Its first `rows.count` rows are the gradient of these rows of a matrix.
    ///
    /// The others stay as they are, without decay and with their optimiser state.
    case rows([Int])
}

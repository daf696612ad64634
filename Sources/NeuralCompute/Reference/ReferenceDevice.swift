public import ArtifactFiles
public import NeuralGraph

/// The slow, plain device: loops that follow the definitions, in double precision, on one thread.
///
/// Every other device is held against it.
public final class ReferenceDevice: Device {
    /// The line of ``Devices/all``.
    static let kind = DeviceKind(only: "reference", "plain loops in double precision, to hold other devices against") {
        _ in
        ReferenceDevice()
    }

    /// Opens the device.
    public init() {}

    /// `reference`.
    public var name: String { Self.kind.name }

    /// Compiles a graph; see ``Device``.
    public func inferencePlan(
        graph: Graph,
        weights: Weights,
        options: InferenceOptions
    ) throws(InputError) -> any InferencePlan {
        try weights.check(against: graph)
        guard options.precision == .float32 else {
            throw InputError(.unsupported, "the reference device knows no bf16", expected: "--precision fp32")
        }
        return ReferencePlan(graph: graph, weights: weights, facesPerPass: options.facesPerPass ?? 1)
    }

    /// Compiles a graph for batches; see ``Device``.
    public func batchInference(graph: Graph, weights: Weights) throws(InputError) -> any BatchInference {
        let plan = try inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
        return HostBatchInference(plan, device: self, threads: 1)
    }

    /// Compiles a graph for training; see ``Device``.
    public func trainingPlan(
        graph: Graph,
        weights: Weights,
        options: TrainingOptions
    ) throws(InputError) -> any TrainingPlan {
        try weights.check(against: graph)
        return try ReferenceTrainingPlan(graph: graph, weights: weights, options: options, device: self)
    }

    // MARK: Memory

    /// A matrix of zeros.
    public func makeTensor(rows: Int, columns: Int) -> DeviceTensor { ReferenceTensor(rows: rows, columns: columns) }

    /// The elements, rounded to single precision.
    public func matrix(of tensor: DeviceTensor) -> Matrix {
        Matrix(rows: tensor.rows, columns: tensor.columns, elements: tensor.onReference.values.map { Float($0) })
    }

    /// Copies whole rows from the host.
    public func write(_ elements: [Float], to tensor: DeviceTensor, fromRow row: Int) {
        let start = row * tensor.columns
        tensor.onReference.values.replaceSubrange(start..<start + elements.count, with: elements.map { Double($0) })
    }

    /// Copies rows between tensors.
    public func copy(_ rows: Range<Int>, of source: DeviceTensor, to target: DeviceTensor, fromRow row: Int) {
        let columns = source.columns
        target.onReference.values.replaceSubrange(
            row * columns..<(row + rows.count) * columns,
            with: source.onReference.values[rows.lowerBound * columns..<rows.upperBound * columns]
        )
    }

    /// Writes rows by their indices.
    public func scatter(_ source: DeviceTensor, toRows rows: [Int], of target: DeviceTensor) {
        for (index, row) in rows.enumerated() { copy(index..<index + 1, of: source, to: target, fromRow: row) }
    }

    // MARK: Arithmetic

    /// sum ← sum + term.
    public func add(_ term: DeviceTensor, to sum: DeviceTensor) {
        let (term, sum) = (term.onReference, sum.onReference)
        for index in sum.values.indices { sum.values[index] += term.values[index] }
    }

    /// Every element ← value.
    public func fill(_ tensor: DeviceTensor, with value: Float) {
        let tensor = tensor.onReference
        tensor.values = [Double](repeating: Double(value), count: tensor.count)
    }

    /// Every element ← factor · element.
    public func scale(_ tensor: DeviceTensor, by factor: Float) {
        let tensor = tensor.onReference
        tensor.values = tensor.values.map { $0 * Double(factor) }
    }

    /// Σ x².
    public func squaredNorms(of tensors: [DeviceTensor]) -> [Double] {
        tensors.map { $0.onReference.values.reduce(0) { $0 + $1 * $1 } }
    }

    /// One step of an optimiser.
    public func update(_ rule: UpdateRule, _ updates: [ParameterUpdate], learningRate: Float, step: Int) {
        for update in updates { apply(rule, update, rate: Double(learningRate), step: step) }
    }

    private func apply(_ rule: UpdateRule, _ update: ParameterUpdate, rate: Double, step: Int) {
        let (w, g, slots) = (update.parameter.onReference, update.gradient.onReference, update.slots.map(\.onReference))
        let (decay, columns) = (Double(update.weightDecay), update.parameter.columns)
        for (index, row) in (update.rows ?? Array(0..<w.rows)).enumerated() {
            for column in 0..<columns {
                let (place, slope) = (row * columns + column, g.values[index * columns + column])
                switch rule {
                case .sgd(let momentum, let nesterov):
                    let decayed = slope + decay * w.values[place]
                    let velocity = decayed + Double(momentum) * (slots.first?.values[place] ?? 0)
                    slots.first?.values[place] = velocity
                    w.values[place] -= rate * (nesterov ? decayed + Double(momentum) * velocity : velocity)
                case .adamW(let beta1, let beta2, let epsilon):
                    let (b1, b2) = (Double(beta1), Double(beta2))
                    let mean = b1 * slots[0].values[place] + (1 - b1) * slope
                    let square = b2 * slots[1].values[place] + (1 - b2) * slope * slope
                    (slots[0].values[place], slots[1].values[place]) = (mean, square)
                    let corrected = (square / (1 - power(b2, Double(step + 1)))).squareRoot() + Double(epsilon)
                    w.values[place] -= rate * decay * w.values[place]
                    w.values[place] -= rate * mean / (1 - power(b1, Double(step + 1))) / corrected
                }
            }
        }
    }
}

/// A matrix of numbers in double precision.
final class ReferenceTensor: DeviceTensor {
    var values: [Double]

    override init(rows: Int, columns: Int) {
        values = [Double](repeating: 0, count: rows * columns)
        super.init(rows: rows, columns: columns)
    }

    init(rows: Int, columns: Int, _ element: (_ row: Int, _ column: Int) -> Double) {
        values = (0..<rows * columns).map { element($0 / columns, $0 % columns) }
        super.init(rows: rows, columns: columns)
    }

    subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }
}

extension DeviceTensor {
    /// The same tensor as one of the reference device's.
    var onReference: ReferenceTensor {
        guard let tensor = self as? ReferenceTensor else { preconditionFailure("a tensor of another device") }
        return tensor
    }
}

extension Weights {
    /// Checks that every parameter of a graph is there with its shape.
    package func check(against graph: Graph) throws(InputError) {
        for parameter in graph.parameters {
            if parameter.role == .preluSlope, self[parameter.name]?.shape == [1] { continue }
            _ = try tensor(parameter.name, shape: parameter.shape)
        }
    }
}

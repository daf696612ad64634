public import ArtifactFiles
internal import CKernels
public import NeuralGraph

/// This machine's CPU: single precision, fused kernels; each thread takes its own faces through a network.
///
/// The same inputs give the same bytes for any number of threads.
public final class CPUDevice: Device {
    /// The line of ``Devices/all``.
    static let kind = DeviceKind(
        only: "cpu",
        "this machine's CPU, with kernels for AVX-512 and AVX2, OpenBLAS elsewhere"
    ) {
        CPUDevice(threads: $0)
    }

    let threads: Int
    let products: MatrixProducts

    /// Opens the CPU with a number of threads for training and batches.
    public init(threads: Int = 1) {
        self.threads = max(1, threads)
        products = MatrixProducts(threads: threads)
    }

    /// `cpu`.
    public var name: String { Self.kind.name }

    /// Compiles a graph; see ``Device``.
    public func inferencePlan(
        graph: Graph,
        weights: Weights,
        options: InferenceOptions
    ) throws(InputError) -> any InferencePlan {
        try weights.check(against: graph)
        if options.precision == .bfloat16, vf_has_bf16() == 0 {
            throw InputError(
                .unsupported,
                "this CPU (or the level that VERIFAR_ISA asks for) does not multiply bf16",
                expected: "AVX-512 BF16, or --precision fp32"
            )
        }
        let rewritten = try graph.rewrittenForInference(weights)
        var compiler = CPUCompiler(
            graph: rewritten.graph,
            weights: rewritten.weights,
            usesWinograd: options.usesWinograd && options.precision == .float32,
            precision: options.precision
        )
        let program = try compiler.compile()
        return CPUPlan(program: program, facesPerPass: options.facesPerPass ?? program.suggestedFacesPerPass)
    }

    /// Compiles a graph for batches; see ``Device``.
    public func batchInference(graph: Graph, weights: Weights) throws(InputError) -> any BatchInference {
        let plan = try inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
        return HostBatchInference(plan, device: self, threads: threads)
    }

    /// Compiles a graph for training; see ``Device``.
    public func trainingPlan(
        graph: Graph,
        weights: Weights,
        options: TrainingOptions
    ) throws(InputError) -> any TrainingPlan {
        try weights.check(against: graph)
        return try CPUTrainingPlan(graph: graph, weights: weights, options: options, device: self)
    }

    // MARK: Memory

    /// A matrix of undefined elements.
    public func makeTensor(rows: Int, columns: Int) -> DeviceTensor { CPUTensor(rows: rows, columns: columns) }

    /// A copy of the elements.
    public func matrix(of tensor: DeviceTensor) -> Matrix {
        Matrix(rows: tensor.rows, columns: tensor.columns, elements: Array(tensor.onCPU.buffer))
    }

    /// Copies whole rows from the host.
    public func write(_ elements: [Float], to tensor: DeviceTensor, fromRow row: Int) {
        let target = tensor.onCPU
        precondition(row * target.columns + elements.count <= target.count, "more rows than there are")
        elements.withUnsafeBufferPointer { elements in
            guard let base = elements.baseAddress else { return }
            (target.base + row * target.columns).update(from: base, count: elements.count)
        }
    }

    /// Copies rows between tensors.
    public func copy(_ rows: Range<Int>, of source: DeviceTensor, to target: DeviceTensor, fromRow row: Int) {
        let (source, target, columns) = (source.onCPU, target.onCPU, source.columns)
        precondition(columns == target.columns && rows.upperBound <= source.rows && row + rows.count <= target.rows)
        (target.base + row * columns).update(from: source.base + rows.lowerBound * columns, count: rows.count * columns)
    }

    /// Writes rows by their indices.
    public func scatter(_ source: DeviceTensor, toRows rows: [Int], of target: DeviceTensor) {
        let (source, target, columns) = (source.onCPU, target.onCPU, source.columns)
        precondition(columns == target.columns && rows.count == source.rows)
        for (index, row) in rows.enumerated() {
            (target.base + row * columns).update(from: source.base + index * columns, count: columns)
        }
    }

    // MARK: Arithmetic

    /// Computes an operation; see ``Device``.
    public func apply(_ operation: TensorOperation, to inputs: [DeviceTensor]) -> OperationResult {
        let operands = inputs.map(\.onCPU)
        let first = operands[0]
        return switch operation {
        case .map(let function): map(function, first)
        case .combine(let combination): combine(combination, first, operands[1])
        case .product: product(first, operands[1])
        case .productTransposed: productTransposed(first, operands[1])
        case .productWithNormalizedRows(let leastNorm):
            productWithNormalizedRows(first, operands[1], leastNorm: leastNorm)
        case .normalizeRows(let leastNorm): normalizeRows(first, leastNorm: leastNorm)
        case .transpose: transpose(first)
        case .rowSums: rowSums(first)
        case .columnSums: columnSums(first)
        case .sum: sum(first)
        case .logSoftmax: logSoftmax(first)
        case .crossEntropy(let loss): crossEntropy(first, loss)
        case .klDivergence(let temperature): klDivergence(first, operands[1], temperature: temperature)
        case .reshape(let rows, let columns): reshape(first, rows: rows, columns: columns)
        case .gatherRows(let indices): gatherRows(first, indices)
        case .gatherPositions(let positions, let channels): gatherPositions(first, positions, channels: channels)
        case .concatenateColumns: concatenateColumns(first, operands[1])
        case .candidateProducts(let candidates): candidateProducts(first, operands[1], candidates)
        }
    }

    /// sum ← sum + term.
    public func add(_ term: DeviceTensor, to sum: DeviceTensor) {
        let (term, sum) = (term.onCPU, sum.onCPU)
        precondition(term.count == sum.count)
        inChunks(of: sum.count, threads: threads) { range in
            for index in range { sum.base[index] += term.base[index] }
        }
    }

    /// Every element ← value.
    public func fill(_ tensor: DeviceTensor, with value: Float) { tensor.onCPU.buffer.update(repeating: value) }

    /// Every element ← factor · element.
    public func scale(_ tensor: DeviceTensor, by factor: Float) {
        let values = tensor.onCPU.buffer
        for index in values.indices { values[index] *= factor }
    }

    /// Σ x² in Double, eight lanes.
    public func squaredNorms(of tensors: [DeviceTensor]) -> [Double] {
        tensors.map { tensor in
            let values = tensor.onCPU
            return dotProduct(values.base, values.base, values.count)
        }
    }

    /// One step of an optimiser.
    public func update(_ rule: UpdateRule, _ updates: [ParameterUpdate], learningRate: Float, step: Int) {
        for update in updates { apply(rule, update, rate: learningRate, step: step) }
    }

    private func apply(_ rule: UpdateRule, _ update: ParameterUpdate, rate: Float, step: Int) {
        let (values, slopes) = (update.parameter.onCPU.buffer, update.gradient.onCPU.buffer)
        let (states, columns) = (update.slots.map { $0.onCPU.buffer }, update.parameter.columns)
        precondition(states.count == rule.slotCount && update.gradient.columns == columns)
        func apply(_ range: Range<Int>, from start: Int) {
            let part = ParameterRange(
                values: UnsafeMutableBufferPointer(rebasing: values[range]),
                gradient: UnsafeMutableBufferPointer(rebasing: slopes[start..<start + range.count]),
                slots: states.map { UnsafeMutableBufferPointer(rebasing: $0[range]) },
                rate: rate,
                decay: update.weightDecay
            )
            switch rule {
            case .sgd(let momentum, let nesterov): part.descend(momentum: momentum, nesterov: nesterov)
            case .adamW(let beta1, let beta2, let epsilon):
                part.adapt(beta1: beta1, beta2: beta2, epsilon: epsilon, step: step)
            }
        }
        guard let rows = update.rows else { return apply(values.indices, from: 0) }
        for (index, row) in rows.enumerated() { apply(row * columns..<(row + 1) * columns, from: index * columns) }
    }
}

/// A part of a parameter during an update.
private struct ParameterRange {
    let values: UnsafeMutableBufferPointer<Float>
    let gradient: UnsafeMutableBufferPointer<Float>
    let slots: [UnsafeMutableBufferPointer<Float>]
    let rate: Float
    let decay: Float

    func descend(momentum: Float, nesterov: Bool) {
        guard let velocity = slots.first else {
            for index in values.indices { values[index] -= rate * (gradient[index] + decay * values[index]) }
            return
        }
        // Zero before the first step: momentum · 0 + g is PyTorch's first velocity too.
        for index in values.indices {
            let slope = gradient[index] + decay * values[index]
            let next = momentum * velocity[index] + slope
            velocity[index] = next
            values[index] -= rate * (nesterov ? slope + momentum * next : next)
        }
    }

    func adapt(beta1: Float, beta2: Float, epsilon: Float, step: Int) {
        let (mean, square) = (slots[0], slots[1])
        let firstCorrection = Float(1 - Self.power(Double(beta1), step + 1))
        let secondCorrection = Float(1 - Self.power(Double(beta2), step + 1)).squareRoot()
        for index in values.indices {
            let slope = gradient[index]
            mean[index] = beta1 * mean[index] + (1 - beta1) * slope
            square[index] = beta2 * square[index] + (1 - beta2) * slope * slope
            let divisor = square[index].squareRoot() / secondCorrection + epsilon
            values[index] -= rate * (decay * values[index] + mean[index] / firstCorrection / divisor)
        }
    }

    /// By squaring: the same bits on every machine.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, factor, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }
}

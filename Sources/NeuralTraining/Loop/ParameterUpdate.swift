internal import ArtifactFiles

/// Applies an optimiser to all trained arrays, and keeps its state.
final class ParameterUpdate {
    private let optimizer: any Optimizer
    private let settings: OptimizerSettings
    private let arrays: [TrainedArray]
    private var slots: [String: [UnsafeMutableBufferPointer<Float>]] = [:]

    init(settings: OptimizerSettings, arrays: [TrainedArray]) throws(InputError) {
        self.settings = settings
        optimizer = try settings.optimizer()
        self.arrays = arrays.filter { !$0.isFrozen }
        for array in self.arrays {
            slots[array.name] = (0..<optimizer.slotCount)
                .map { _ in
                    let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: array.values.count)
                    memory.initialize(repeating: 0)
                    return memory
                }
        }
    }

    deinit { for memory in slots.values.joined() { memory.deallocate() } }

    /// The optimiser's state by name: `sgd.0/network.conv1.weight`.
    var state: [(name: String, array: TrainedArray, values: UnsafeMutableBufferPointer<Float>)] {
        arrays.flatMap { array in
            (slots[array.name] ?? []).enumerated()
                .map { (name: "\(optimizer.name).\($0.offset)/\(array.name)", array: array, values: $0.element) }
        }
    }

    /// Σ x², summed in Double in eight lanes.
    static func squaredNorm(_ values: UnsafeBufferPointer<Float>) -> Double {
        var lanes = SIMD8<Double>()
        var index = 0
        while index + 8 <= values.count {
            var part = SIMD8<Float>()
            for lane in 0..<8 { part[lane] = values[index + lane] }
            let wide = SIMD8<Double>(part)
            lanes += wide * wide
            index += 8
        }
        var sum = lanes.sum()
        while index < values.count {
            sum += Double(values[index]) * Double(values[index])
            index += 1
        }
        return sum
    }

    /// Changes one array.
    ///
    /// - Parameters:
    ///   - gradient: Its gradient, or that of some rows.
    ///   - rows: Those rows; nil for all.
    ///   - array: A trained one.
    ///   - rate: The learning rate.
    ///   - step: From 0.
    func apply(
        _ gradient: UnsafeBufferPointer<Float>,
        rows: [Int]?,
        to array: TrainedArray,
        rate: Double,
        step: Int
    ) {
        guard let slots = slots[array.name] else { return }
        let spared = array.group.map(settings.withoutDecay.contains) ?? false
        let decay = spared ? 0 : Float(settings.weightDecay)
        func update(_ range: Range<Int>, _ gradient: UnsafeBufferPointer<Float>) {
            optimizer.update(
                UnsafeMutableBufferPointer(rebasing: array.values[range]),
                gradient: gradient,
                slots: slots.map { UnsafeMutableBufferPointer(rebasing: $0[range]) },
                rate: Float(rate),
                decay: decay,
                step: step
            )
        }
        guard let rows else { return update(array.values.indices, gradient) }
        let columns = array.columns
        for (position, row) in rows.enumerated() {
            let part = UnsafeBufferPointer(rebasing: gradient[position * columns..<(position + 1) * columns])
            update(row * columns..<(row + 1) * columns, part)
        }
    }
}

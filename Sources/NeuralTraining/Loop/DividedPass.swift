internal import NeuralCompute
internal import NeuralGraph

/// Takes a batch through a plan that holds fewer faces at once: gradient accumulation.
///
/// The objective sees the outputs of all faces together, so that its loss, pairs and queues are those of the whole batch.
/// Then part after part goes forward again, the last one excepted, and backward, and the gradients add up. Dropout is that
/// of the undivided batch. Only batch normalisation differs from it: each part is normalised by its own statistics, and
/// the running ones move once for each part. It costs one more forward pass of all parts but the last.
final class DividedPass {
    private let plan: any TrainingPlan
    private var outputs: [Float] = []
    private var taps: [[Float]] = []
    private var sums: [Float] = []
    private var statistics: [Float] = []
    /// The node at which some part's values stop being finite.
    private(set) var nonFiniteNode: String?

    init(_ plan: any TrainingPlan) { self.plan = plan }

    private func parts(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: plan.batchSize).map { $0..<min(count, $0 + plan.batchSize) }
    }

    private func forward(_ faces: UnsafeBufferPointer<Float>, _ part: Range<Int>, seed: UInt64) {
        plan.forward(
            Self.rows(part, plan.inputShape.count, of: faces),
            count: part.count,
            mode: .training(randomSeed: seed, firstFace: part.lowerBound)
        )
    }

    private static func rows(
        _ rows: Range<Int>,
        _ columns: Int,
        of values: UnsafeBufferPointer<Float>
    ) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: values[rows.lowerBound * columns..<rows.upperBound * columns])
    }

    /// Runs the network on all faces.
    ///
    /// - Parameter body: Receives `[count, outputShape.count]` and the first taps, `[count, shape.count]`.
    func forward<Result, Failure: Error>(
        _ faces: UnsafeBufferPointer<Float>,
        count: Int,
        seed: UInt64,
        tapCount: Int,
        _ body: (UnsafeBufferPointer<Float>, [UnsafeBufferPointer<Float>]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        nonFiniteNode = nil
        outputs.removeAll(keepingCapacity: true)
        taps = taps.count == tapCount ? taps : Array(repeating: [], count: tapCount)
        for tap in taps.indices { taps[tap].removeAll(keepingCapacity: true) }
        for part in parts(of: count) {
            forward(faces, part, seed: seed)
            outputs += plan.output.prefix(part.count * plan.outputShape.count)
            for tap in taps.indices {
                taps[tap] += plan.features(at: tap).prefix(part.count * plan.tapShape(tap).count)
            }
            if nonFiniteNode == nil, !plan.output.allSatisfy(\.isFinite) { nonFiniteNode = plan.firstNonFiniteNode() }
        }
        // Later passes over the same faces must not move the running statistics again.
        statistics.removeAll(keepingCapacity: true)
        forEachStatistic { statistics += plan.values[$0] }
        return try taps.withUnsafeBuffers { taps throws(Failure) in
            try outputs.withUnsafeBufferPointer { outputs throws(Failure) in try body(outputs, taps) }
        }
    }

    /// Writes the gradients of the batch that went forward last into the plan's.
    func backward(_ faces: UnsafeBufferPointer<Float>, count: Int, seed: UInt64, _ result: ObjectiveResult) {
        let keys = result.tapGradients.keys.sorted()
        for (place, part) in parts(of: count).reversed().enumerated() {
            // The last part's activations are still there.
            if place > 0 { forward(faces, part, seed: seed) }
            keys.compactMap { result.tapGradients[$0] }
                .withUnsafeBuffers { taps in
                    let tapGradients = zip(keys, taps)
                        .map { ($0, Self.rows(part, plan.tapShape($0).count, of: $1)) }
                    result.outputGradient.withUnsafeBufferPointer { gradient in
                        plan.backward(
                            outputGradient: Self.rows(part, plan.outputShape.count, of: gradient),
                            tapGradients: Dictionary(uniqueKeysWithValues: tapGradients)
                        )
                    }
                }
            if place == 0 {
                sums.removeAll(keepingCapacity: true)
                sums += plan.gradients
            } else {
                for index in sums.indices { sums[index] += plan.gradients[index] }
            }
        }
        _ = plan.gradients.update(fromContentsOf: sums)
        var start = 0
        forEachStatistic { range in
            _ = UnsafeMutableBufferPointer(rebasing: plan.values[range])
                .update(fromContentsOf: statistics[start..<start + range.count])
            start += range.count
        }
    }

    private func forEachStatistic(_ body: (Range<Int>) -> Void) {
        for entry in plan.layout.entries where !entry.specification.isTrainable { body(entry.range) }
    }
}

extension [[Float]] {
    /// All arrays' memory at once, in place during the call.
    func withUnsafeBuffers<Result, Failure: Error>(
        _ body: ([UnsafeBufferPointer<Float>]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        func with(_ found: [UnsafeBufferPointer<Float>]) throws(Failure) -> Result {
            guard found.count < count else { return try body(found) }
            return try self[found.count]
                .withUnsafeBufferPointer { values throws(Failure) in try with(found + [values]) }
        }
        return try with([])
    }
}

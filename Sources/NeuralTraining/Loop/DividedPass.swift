public import NeuralCompute
internal import NeuralGraph
public import TrainingData

extension FaceValues: ImageValues {}

/// Takes a batch through a plan that holds fewer images at once: gradient accumulation.
///
/// The objective sees the outputs of all images together, so that its loss, pairs and queues are those of the whole batch.
/// Then part after part goes forward again, the last one excepted, and backward, and the gradients add up. Dropout is that
/// of the undivided batch. Only batch normalisation differs from it: each part is normalised by its own statistics, and
/// the running ones move once for each part. It costs one more forward pass of all parts but the last.
final class DividedPass {
    private let plan: any TrainingPlan
    private let device: any Device
    private let trained: [NetworkParameter]
    private let running: [NetworkParameter]
    private var sums: [DeviceTensor]?
    private var statistics: [DeviceTensor]?
    /// The node at which some part's values stop being finite.
    private(set) var nonFiniteNode: String?

    init(_ plan: any TrainingPlan) {
        self.plan = plan
        device = plan.device
        trained = plan.parameters.filter(\.specification.isTrainable)
        running = plan.parameters.filter { !$0.specification.isTrainable }
    }

    private func parts(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: plan.batchSize).map { $0..<min(count, $0 + plan.batchSize) }
    }

    private func forward(_ images: any ImageValues, _ part: Range<Int>, seed: UInt64) {
        plan.forward(images, range: part, mode: .training(randomSeed: seed, firstFace: part.lowerBound))
    }

    /// Runs the network on all images.
    ///
    /// - Returns: The output, `[count, outputShape.count]`, and the first taps, `[count, shape.count]`.
    func forward(
        _ images: any ImageValues,
        count: Int,
        seed: UInt64,
        tapCount: Int
    ) -> (output: DeviceTensor, taps: [DeviceTensor]) {
        nonFiniteNode = nil
        let output = device.makeTensor(rows: count, columns: plan.outputShape.count)
        let taps = (0..<tapCount).map { device.makeTensor(rows: count, columns: plan.tapShape($0).count) }
        for part in parts(of: count) {
            forward(images, part, seed: seed)
            device.copy(0..<part.count, of: plan.output, to: output, fromRow: part.lowerBound)
            for (tap, target) in taps.enumerated() {
                device.copy(0..<part.count, of: plan.features(at: tap), to: target, fromRow: part.lowerBound)
            }
            if nonFiniteNode == nil, !device.squaredNorms(of: [plan.output])[0].isFinite {
                nonFiniteNode = plan.firstNonFiniteNode()
            }
        }
        // Later passes over the same images must not move the running statistics again.
        statistics = copies(of: running.map(\.value), into: statistics)
        return (output, taps)
    }

    /// Writes the gradients of the batch that went forward last into the plan's.
    func backward(_ images: any ImageValues, count: Int, seed: UInt64, _ result: ObjectiveResult) {
        func rows(_ part: Range<Int>, of tensor: DeviceTensor) -> DeviceTensor {
            let rows = device.makeTensor(rows: part.count, columns: tensor.columns)
            device.copy(part, of: tensor, to: rows, fromRow: 0)
            return rows
        }
        for (index, part) in parts(of: count).reversed().enumerated() {
            // The last part's activations are still there.
            if index > 0 { forward(images, part, seed: seed) }
            plan.backward(
                outputGradient: result.outputGradient.map { rows(part, of: $0) },
                tapGradients: result.tapGradients.mapValues { rows(part, of: $0) }
            )
            if index == 0 {
                sums = copies(of: trained.map(\.gradient), into: sums)
            } else if let sums {
                for (sum, parameter) in zip(sums, trained) { device.add(parameter.gradient, to: sum) }
            }
        }
        if let sums { _ = copies(of: sums, into: trained.map(\.gradient)) }
        if let statistics { _ = copies(of: statistics, into: running.map(\.value)) }
    }

    private func copies(of tensors: [DeviceTensor], into kept: [DeviceTensor]?) -> [DeviceTensor] {
        let targets = kept ?? tensors.map { device.makeTensor(rows: $0.rows, columns: $0.columns) }
        for (tensor, target) in zip(tensors, targets) {
            device.copy(0..<tensor.rows, of: tensor, to: target, fromRow: 0)
        }
        return targets
    }
}

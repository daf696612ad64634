public import ArtifactFiles
public import NeuralCompute
public import NeuralGraph
public import TrainingData

/// What a training's steps depend on besides data, network and objective.
public struct TrainerSettings: Hashable, Sendable {
    /// Steps in all.
    public var totalSteps: Int
    /// Steps of an epoch.
    public var stepsPerEpoch: Double
    /// The optimiser.
    public var optimizer: OptimizerSettings
    /// The learning rate.
    public var schedule: LearningRateSchedule
    /// What everything random follows from.
    public var seed: UInt64

    /// Creates settings.
    public init(
        totalSteps: Int,
        stepsPerEpoch: Double,
        optimizer: OptimizerSettings,
        schedule: LearningRateSchedule,
        seed: UInt64
    ) {
        self.totalSteps = totalSteps
        self.stepsPerEpoch = stepsPerEpoch
        self.optimizer = optimizer
        self.schedule = schedule
        self.seed = seed
    }
}

/// What one step came to.
public struct StepReport: Hashable, Sendable {
    /// The step, from 0.
    public var step: Int
    /// Whole epochs done before it.
    public var epoch: Int
    /// The learning rate.
    public var rate: Double
    /// The weighted loss.
    public var loss: Float
    /// Its parts.
    public var terms: [ObjectiveResult.Term]
    /// The gradient's Euclidean length over everything that is trained, before clipping.
    public var gradientNorm: Double
}

/// Takes steps: forward, loss, backward, update.
///
/// It knows nothing of files.
///
/// A step is a function of the parameters, the optimiser's state, the objective's state, the batch and the step's number;
/// so are those of the next one.
public final class Trainer {
    /// The network being trained.
    public let plan: any TrainingPlan
    /// What is minimised.
    public let objective: any TrainingObjective
    /// Everything else.
    public let settings: TrainerSettings
    /// Steps done.
    public private(set) var step = 0

    private let networkArrays: [TrainedArray]
    private let update: ParameterUpdate
    private let divided: DividedPass

    /// Creates a trainer at step 0.
    ///
    /// - Throws: `InputError` for settings out of range.
    public init(
        plan: any TrainingPlan,
        objective: any TrainingObjective,
        settings: TrainerSettings
    ) throws(InputError) {
        self.plan = plan
        self.objective = objective
        self.settings = settings
        divided = DividedPass(plan)
        networkArrays = plan.layout.entries.map { TrainedArray($0, of: plan) }
        update = try ParameterUpdate(
            settings: settings.optimizer,
            arrays: networkArrays + objective.arrays
        )
    }

    /// Takes one step.
    ///
    /// - Parameter batch: The faces of this step; more than the plan holds at once go through it in parts
    ///   (``DividedPass``).
    /// - Returns: What it came to.
    /// - Throws: `InputError` (`diverged`) when the loss or a gradient is not finite, naming the step and the layer where
    ///   that began; the parameters are then as they were before the step.
    public func takeStep(_ batch: TrainingBatch) throws(InputError) -> StepReport {
        let randomSeed = Self.mix(settings.seed, UInt64(step))
        let result = try batch.faces.withUnsafeBufferPointer { faces throws(InputError) in
            try forward(faces, batch, randomSeed)
        }
        guard result.loss.isFinite else { throw nonFiniteLoss(result, isDivided: isDivided(batch)) }
        if isDivided(batch) {
            batch.faces.withUnsafeBufferPointer {
                divided.backward($0, count: batch.count, seed: randomSeed, result)
            }
        } else {
            backward(result)
        }
        let norms = try checkedNorms(result)
        let rate = settings.schedule.rate(at: step, of: settings.totalSteps, stepsPerEpoch: settings.stepsPerEpoch)
        let clip = settings.optimizer.clipNorm.map { min(1, $0 / max(norms.clipped, 1e-30)) } ?? 1
        apply(result, clip: Float(clip), rate: rate)
        defer { step += 1 }
        return StepReport(
            step: step,
            epoch: epoch,
            rate: rate,
            loss: result.loss,
            terms: result.terms,
            gradientNorm: norms.all
        )
    }

    private func isDivided(_ batch: TrainingBatch) -> Bool { batch.count > plan.batchSize }

    private var epoch: Int { Int(Double(step) / max(1, settings.stepsPerEpoch)) }

    private func forward(
        _ faces: UnsafeBufferPointer<Float>,
        _ batch: TrainingBatch,
        _ randomSeed: UInt64
    ) throws(InputError) -> ObjectiveResult {
        func loss(
            _ output: UnsafeBufferPointer<Float>,
            _ taps: [UnsafeBufferPointer<Float>]
        ) throws(InputError) -> ObjectiveResult {
            try objective.evaluate(
                ObjectiveStep(
                    index: step,
                    epoch: epoch,
                    batch: batch,
                    output: output,
                    taps: taps.enumerated().map { (plan.tapShape($0), $1) },
                    randomSeed: randomSeed
                )
            )
        }
        let tapCount = objective.tapCount
        guard !isDivided(batch) else {
            return try divided.forward(faces, count: batch.count, seed: randomSeed, tapCount: tapCount, loss)
        }
        plan.forward(faces, count: batch.count, mode: .training(randomSeed: randomSeed))
        return try loss(plan.output, (0..<tapCount).map { plan.features(at: $0) })
    }

    private func backward(_ result: ObjectiveResult) {
        // Tap gradients live in arrays: their memory must stay in place during the call.
        let taps = result.tapGradients.sorted { $0.key < $1.key }
        taps.map(\.value)
            .withUnsafeBuffers { values in
                result.outputGradient.withUnsafeBufferPointer { gradient in
                    plan.backward(
                        outputGradient: gradient,
                        tapGradients: Dictionary(uniqueKeysWithValues: zip(taps.map(\.key), values))
                    )
                }
            }
    }

    /// Every array that has a gradient in this step, with the rows that it is of, and whether clipping covers it.
    private func changed(_ result: ObjectiveResult) -> [(array: TrainedArray, rows: [Int]?, isClipped: Bool)] {
        let network = networkArrays.filter { !$0.isFrozen }.map { (array: $0, rows: [Int]?.none, isClipped: true) }
        let clipsAll = settings.optimizer.clipScope == .all
        let others = objective.arrays.filter { !$0.isFrozen }
            .compactMap { array -> (array: TrainedArray, rows: [Int]?, isClipped: Bool)? in
                switch result.arrayGradients[array.name] {
                case .dense: (array, nil, clipsAll)
                case .rows(let rows): (array, rows, clipsAll)
                case nil: nil
                }
            }
        return network + others
    }

    /// The gradient's length over everything that is trained, and over what clipping covers.
    private func checkedNorms(_ result: ObjectiveResult) throws(InputError) -> (all: Double, clipped: Double) {
        var (all, clipped) = (0.0, 0.0)
        for (array, rows, isClipped) in changed(result) {
            let square = ParameterUpdate.squaredNorm(UnsafeBufferPointer(array.gradient(ofRows: rows)))
            guard square.isFinite else { throw diverged("the gradient of '\(array.name)' is not finite") }
            all += square
            if isClipped { clipped += square }
        }
        return (all.squareRoot(), clipped.squareRoot())
    }

    private func apply(_ result: ObjectiveResult, clip: Float, rate: Double) {
        for (array, rows, isClipped) in changed(result) {
            let gradient = array.gradient(ofRows: rows)
            if isClipped, clip < 1 { for index in gradient.indices { gradient[index] *= clip } }
            update.apply(UnsafeBufferPointer(gradient), rows: rows, to: array, rate: rate, step: step)
        }
    }

    // MARK: Divergence

    private func nonFiniteLoss(_ result: ObjectiveResult, isDivided: Bool) -> InputError {
        let term = result.terms.first { !$0.value.isFinite }.map { "the loss term '\($0.name)' is \($0.value)" }
        let node = (isDivided ? divided.nonFiniteNode : plan.firstNonFiniteNode())
            .map { "; it begins in the layer '\($0)'" }
        return diverged((term ?? "the loss is \(result.loss)") + (node ?? "; the network's output is finite"))
    }

    private func diverged(_ problem: String) -> InputError {
        InputError(.diverged, problem, place: "step \(step)")
    }

    // MARK: State

    /// Everything that the next steps depend on, under names that begin with what it belongs to.
    ///
    /// - Throws: `InputError` when the objective's state cannot be taken.
    public func state() throws(InputError) -> Weights {
        var tensors = Weights()
        for array in networkArrays { tensors[array.name] = array.tensor }
        for array in objective.arrays { tensors[Self.objectivePrefix + array.name] = array.tensor }
        for slot in update.state { tensors[slot.name] = Tensor(shape: slot.array.shape, values: Array(slot.values)) }
        for (name, tensor) in try objective.state.sorted(by: { $0.key < $1.key }) {
            tensors[Self.statePrefix + name] = tensor
        }
        return tensors
    }

    /// Puts back what ``state()`` gave.
    ///
    /// - Parameters:
    ///   - tensors: The state.
    ///   - step: Steps done when it was taken.
    /// - Throws: `InputError` naming the first tensor that is missing, misshapen or unknown.
    public func restore(_ tensors: Weights, step: Int) throws(InputError) {
        var rest = Set(tensors.names)
        func fill(
            _ target: UnsafeMutableBufferPointer<Float>,
            _ name: String,
            _ shape: [Int]
        ) throws(InputError) {
            _ = target.update(fromContentsOf: try tensors.tensor(name, shape: shape).values)
            rest.remove(name)
        }
        for array in networkArrays { try fill(array.values, array.name, array.shape) }
        for array in objective.arrays { try fill(array.values, Self.objectivePrefix + array.name, array.shape) }
        for slot in update.state { try fill(slot.values, slot.name, slot.array.shape) }
        var state: [String: Tensor] = [:]
        for name in rest where name.hasPrefix(Self.statePrefix) {
            state[String(name.dropFirst(Self.statePrefix.count))] = tensors[name]
            rest.remove(name)
        }
        if let stranger = rest.min() {
            throw InputError(
                .mismatch,
                "the run state holds something that this training has not",
                place: "tensor '\(stranger)'"
            )
        }
        try objective.restore(state)
        self.step = step
    }

    private static let objectivePrefix = "objective."
    private static let statePrefix = "state."

    /// A seed for one step of one run (SplitMix64's finaliser).
    static func mix(_ seed: UInt64, _ step: UInt64) -> UInt64 {
        var value = seed &+ (step &+ 1) &* 0x9e37_79b9_7f4a_7c15
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

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
    public let objective: TrainingObjective
    /// Everything else.
    public let settings: TrainerSettings
    /// Steps done.
    public private(set) var step = 0

    private let device: any Device
    private let rule: UpdateRule
    private let networkParameters: [TrainingParameter]
    /// The optimiser's tensors beside each trained parameter, in order.
    private let slots: [(parameter: TrainingParameter, tensors: [DeviceTensor])]
    private let divided: DividedPass

    /// Creates a trainer at step 0.
    ///
    /// - Throws: `InputError` for settings out of range.
    public init(
        plan: any TrainingPlan,
        objective: TrainingObjective,
        settings: TrainerSettings
    ) throws(InputError) {
        self.plan = plan
        self.objective = objective
        self.settings = settings
        device = plan.device
        divided = DividedPass(plan)
        rule = try settings.optimizer.rule()
        networkParameters = plan.parameters.map { [device] in TrainingParameter($0, device: device) }
        slots = (networkParameters + objective.parameters).filter { !$0.isFrozen }
            .map { [device, rule] parameter in
                let value = parameter.value
                return (
                    parameter,
                    (0..<rule.slotCount).map { _ in device.zeros(rows: value.rows, columns: value.columns) }
                )
            }
    }

    /// Takes one step.
    ///
    /// - Parameter batch: The images of this step; more than the plan holds at once go through it in parts
    ///   (``DividedPass``).
    /// - Returns: What it came to.
    /// - Throws: `InputError` (`diverged`) when the loss or a gradient is not finite, naming the step and the layer where
    ///   that began; the parameters are then as they were before the step.
    public func takeStep(_ batch: TrainingBatch) throws(InputError) -> StepReport {
        let randomSeed = Self.mix(settings.seed, UInt64(step))
        let isDivided = batch.count > plan.batchSize
        let result = try objective.evaluate(forward(batch, randomSeed, isDivided: isDivided))
        if let failure = device.failure { throw failure }
        guard result.loss.isFinite else { throw nonFiniteLoss(result, isDivided: isDivided) }
        if isDivided {
            divided.backward(batch.faces, count: batch.count, seed: randomSeed, result)
        } else {
            plan.backward(outputGradient: result.outputGradient, tapGradients: result.tapGradients)
        }
        let gradients = changed(result)
        if let failure = device.failure { throw failure }
        let norms = try checkedNorms(gradients)
        let rate = settings.schedule.rate(at: step, of: settings.totalSteps, stepsPerEpoch: settings.stepsPerEpoch)
        let clip = Float(settings.optimizer.clipNorm.map { min(1, $0 / max(norms.clipped, 1e-30)) } ?? 1)
        for (gradient, isClipped) in gradients {
            if isClipped, clip < 1 { device.scale(gradient.tensor, by: clip) }
        }
        apply(gradients.map(\.gradient), rate: rate)
        defer { step += 1 }
        return StepReport(
            step: step,
            epoch: Int(Double(step) / max(1, settings.stepsPerEpoch)),
            rate: rate,
            loss: result.loss,
            terms: result.terms,
            gradientNorm: norms.all
        )
    }

    private func forward(_ batch: TrainingBatch, _ randomSeed: UInt64, isDivided: Bool) -> ObjectiveStep {
        let tapCount = objective.tapNames.count
        let output: DeviceTensor
        let taps: [DeviceTensor]
        if isDivided {
            (output, taps) = divided.forward(batch.faces, count: batch.count, seed: randomSeed, tapCount: tapCount)
        } else {
            plan.forward(batch.faces, range: 0..<batch.count, mode: .training(randomSeed: randomSeed))
            (output, taps) = (plan.output, (0..<tapCount).map { plan.features(at: $0) })
        }
        return ObjectiveStep(
            index: step,
            batch: batch,
            output: output,
            taps: taps.enumerated().map { (plan.tapShape($0), $1) },
            randomSeed: randomSeed
        )
    }

    /// Every gradient of this step, and whether clipping covers it.
    private func changed(_ result: ObjectiveResult) -> [(gradient: ParameterGradient, isClipped: Bool)] {
        let clipsAll = settings.optimizer.clipScope == .all
        return networkParameters.filter { !$0.isFrozen }.map { (ParameterGradient($0, $0.gradient), true) }
            + result.parameterGradients.map { ($0, clipsAll) }
    }

    /// The gradient's length over everything that is trained, and over what clipping covers.
    private func checkedNorms(
        _ gradients: [(gradient: ParameterGradient, isClipped: Bool)]
    ) throws(InputError) -> (all: Double, clipped: Double) {
        var (all, clipped) = (0.0, 0.0)
        let squares = device.squaredNorms(of: gradients.map(\.gradient.tensor))
        for ((gradient, isClipped), square) in zip(gradients, squares) {
            guard square.isFinite else { throw diverged("the gradient of '\(gradient.parameter.name)' is not finite") }
            all += square
            if isClipped { clipped += square }
        }
        return (all.squareRoot(), clipped.squareRoot())
    }

    private func apply(_ gradients: [ParameterGradient], rate: Double) {
        let tensors = Dictionary(uniqueKeysWithValues: slots.map { (ObjectIdentifier($0.parameter), $0.tensors) })
        let updates = gradients.map { gradient in
            let parameter = gradient.parameter
            let isSpared = parameter.group.map(settings.optimizer.withoutDecay.contains) ?? false
            return ParameterUpdate(
                parameter.value,
                gradient: gradient.tensor,
                slots: tensors[ObjectIdentifier(parameter)] ?? [],
                rows: gradient.rows,
                weightDecay: isSpared ? 0 : Float(settings.optimizer.weightDecay)
            )
        }
        device.update(rule, updates, learningRate: Float(rate), step: step)
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

    /// Everything that the next steps depend on, with the names that it has in a run's state.
    private var stateParameters: [(name: String, shape: [Int], tensor: DeviceTensor)] {
        networkParameters.map { ($0.name, $0.shape, $0.value) }
            + objective.parameters.map { (Self.objectivePrefix + $0.name, $0.shape, $0.value) }
            + slots.flatMap { slot in
                slot.tensors.enumerated()
                    .map { ("\(rule.name).\($0)/\(slot.parameter.name)", slot.parameter.shape, $1) }
            }
    }

    /// Everything that the next steps depend on, under names that begin with what it belongs to.
    public func state() -> Weights {
        var tensors = Weights()
        for (name, shape, tensor) in stateParameters {
            tensors[name] = Tensor(shape: shape, values: device.matrix(of: tensor).elements)
        }
        for (name, tensor) in objective.state.sorted(by: { $0.key < $1.key }) {
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
        for (name, shape, tensor) in stateParameters {
            device.write(try tensors.tensor(name, shape: shape).values, to: tensor, fromRow: 0)
            rest.remove(name)
        }
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

public import ArtifactFiles
public import Checkpoints
public import NeuralCompute
public import NeuralGraph
public import TrainingData

/// What an objective sees of one step.
public struct ObjectiveStep {
    /// Steps done before.
    public var index: Int
    /// The images, their classes and indices.
    public var batch: TrainingBatch
    /// The network's output, `[batch, dimensions]`.
    public var output: DeviceTensor
    /// Values of the tapped nodes, each `[batch, height × width × channels]`, in the order asked for.
    public var taps: [(shape: ActivationShape, values: DeviceTensor)]
    /// A seed for what is random in this step.
    public var randomSeed: UInt64

    /// A step.
    public init(
        index: Int,
        batch: TrainingBatch,
        output: DeviceTensor,
        taps: [(shape: ActivationShape, values: DeviceTensor)] = [],
        randomSeed: UInt64 = 0
    ) {
        self.index = index
        self.batch = batch
        self.output = output
        self.taps = taps
        self.randomSeed = randomSeed
    }
}

/// What an objective makes of one step.
public struct ObjectiveResult {
    /// A named part of the loss.
    public struct Term: Hashable, Sendable {
        /// `arcface`, `th-kd.teacher-head`.
        public var name: String
        /// Its value before weighting.
        public var value: Float
    }

    /// The weighted sum that is minimised.
    public let loss: Float
    /// What it consists of, always the same names in the same order.
    public let terms: [Term]
    /// The gradient of the output, `[batch, dimensions]`; nil where the loss does not depend on it.
    public let outputGradient: DeviceTensor?
    /// The gradients of taps that take part, by index.
    public let tapGradients: [Int: DeviceTensor]
    /// The gradients of what the objective trains.
    public let parameterGradients: [ParameterGradient]
}

/// What training minimises: a weighted sum of losses behind the network's output.
public final class TrainingObjective {
    /// The student's classifier; nil without one.
    public let classifier: Classifier?
    /// What it trains, or holds frozen, besides the network: the classifier, the losses' own parameters, a projector.
    public let parameters: [TrainingParameter]
    private let losses: [WeightedLoss]
    private let teacher: Teacher?
    private let device: any Device
    private let stepsPerEpoch: Double
    private let seed: UInt64
    private let lossParameters: [TrainingParameter]

    /// An objective.
    ///
    /// - Parameters:
    ///   - losses: The losses and their weights.
    ///   - classifier: The student's classifier.
    ///   - teacher: Whom some of the losses learn from.
    ///   - device: Where everything is computed.
    ///   - stepsPerEpoch: Steps of an epoch.
    ///   - seed: Of the sampled classes.
    /// - Throws: ``InputError`` (`usage`) if a loss comes twice: the names of its terms, parameters and state would.
    public init(
        losses: [WeightedLoss],
        classifier: Classifier? = nil,
        teacher: Teacher? = nil,
        device: any Device,
        stepsPerEpoch: Double = 1,
        seed: UInt64
    ) throws(InputError) {
        let names = losses.map(\.loss.name)
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw InputError(.usage, "a distillation method comes twice", place: "method '\(name)'")
        }
        guard !losses.isEmpty else { throw InputError(.usage, "the loss has no term with a weight above 0") }
        self.losses = losses
        self.classifier = classifier
        self.teacher = teacher
        self.device = device
        self.stepsPerEpoch = stepsPerEpoch
        self.seed = seed
        lossParameters = (losses.flatMap(\.loss.parameters) + [teacher?.projector?.parameter].compactMap { $0 })
            .map { parameter in
                TrainingParameter(
                    name: parameter.name,
                    initial: parameter.initial,
                    group: OptimizerSettings.DecayGroup(parameter.role),
                    device: device
                )
            }
        parameters = [classifier?.weights, classifier?.bias].compactMap { $0 } + lossParameters
    }

    /// Nodes of the network whose values are needed.
    public var tapNames: [String] { teacher?.studentTapNames ?? [] }

    /// State of the losses that is neither trained nor a function of the step: queues, memories.
    public var state: [String: Tensor] {
        losses.reduce(into: [:]) { $0.merge($1.loss.state) { first, _ in first } }
    }

    /// Puts back what ``state`` gave.
    ///
    /// - Throws: ``InputError`` naming what is missing or misshapen.
    public func restore(_ state: [String: Tensor]) throws(InputError) {
        for part in losses { try part.loss.restore(state) }
    }

    /// Computes the loss and its gradients for one batch.
    ///
    /// - Throws: `InputError` when a loss cannot be computed.
    public func evaluate(_ step: ObjectiveStep) throws(InputError) -> ObjectiveResult {
        let tape = Tape(device: device)
        let embeddings = tape.leaf(step.output)
        let taps = step.taps.map { tape.leaf($0.values) }
        let sample = classifier?.sample(labels: step.batch.labels, seed: seed, step: step.index)
        let head = classifier?.head(on: tape, sample)
        let context = try context(step, embeddings, taps, head, sample)
        var terms: [LossTerm] = []
        for part in losses {
            for term in try part.loss.terms(context) {
                terms.append(LossTerm(term.name, term.value, weight: term.weight * part.weight))
            }
        }
        guard var total = terms.first.map({ $0.weight * $0.value }) else {
            throw InputError(.usage, "the loss has no term with a weight above 0")
        }
        for term in terms.dropFirst() { total = total + term.weight * term.value }
        tape.backward(from: total)
        var gradients = (classifier?.bias.map { [$0] } ?? []) + lossParameters
        gradients.removeAll(where: \.isFrozen)
        let classGradient = head.flatMap { classifier?.gradient(of: $0, sample) }
        for part in losses { part.loss.finishStep(context) }
        return ObjectiveResult(
            loss: total.scalar,
            terms: terms.map { ObjectiveResult.Term(name: $0.name, value: $0.value.scalar) },
            outputGradient: tape.gradientTensor(of: embeddings),
            tapGradients: Dictionary(
                uniqueKeysWithValues: taps.enumerated()
                    .compactMap { index, tap in tape.gradientTensor(of: tap).map { (index, $0) } }
            ),
            parameterGradients: [classGradient].compactMap { $0 }
                + gradients.map { ParameterGradient($0, $0.gradient) }
        )
    }

    private func context(
        _ step: ObjectiveStep,
        _ embeddings: TapeValue,
        _ taps: [TapeValue],
        _ head: ClassifierHead?,
        _ sample: ClassSample?
    ) throws(InputError) -> LossContext {
        let tape = embeddings.tape
        let output = try teacher.map { teacher throws(InputError) in try teacher.features.output(of: step.batch) }
        let leaves = Dictionary(uniqueKeysWithValues: lossParameters.map { ($0.name, $0.onTape(tape)) })
        let projected = leaves[EmbeddingProjector.parameterName]
            .flatMap { weight in teacher?.projector?.project(embeddings, weight: weight) }
        return LossContext(
            step: step.index,
            epoch: Double(step.index) / max(1, stepsPerEpoch),
            seed: step.randomSeed,
            labels: step.batch.labels,
            headLabels: sample?.labels,
            classifiedCount: step.batch.classifiedCount,
            samples: step.batch.samples,
            embeddings: projected ?? embeddings,
            headEmbeddings: embeddings,
            teacherEmbeddings: output.map { tape.constant($0.embeddings) },
            studentHead: head,
            teacherHead: teacher?.head(on: tape, classes: sample?.classes),
            studentTaps: zip(taps, step.taps).map { FeatureMaps($0, shape: $1.shape) },
            teacherTaps: zip(output?.taps ?? [], teacher?.features.tapShapes ?? [])
                .map { FeatureMaps(tape.constant($0), shape: $1) },
            parameters: leaves
        )
    }

    // MARK: What is kept

    /// The classifier as a file: `weight`, and `bias` where there is one; nil without a classifier.
    public var classifierFile: TensorFile? {
        guard let classifier else { return nil }
        var tensors = Weights()
        tensors["weight"] = classifier.weights.tensor
        if let bias = classifier.bias {
            tensors["bias"] = Tensor(shape: [classifier.classCount], values: bias.tensor.values)
        }
        return TensorFile(
            tensors: tensors,
            strings: [
                "verifar.classifier": "1", "loss": classifier.settings.loss.rawValue,
                "scale": "\(classifier.settings.scale)",
            ]
        )
    }

    /// Names the bytes of everything that is frozen.
    public var frozenDigest: ContentDigest {
        let frozen = parameters.lazy.filter(\.isFrozen)
        return ContentDigest(ofPieces: frozen.map { $0.tensor.values.withUnsafeBytes { Array($0) } })
    }
}

public import ArtifactFiles
public import NeuralGraph
public import TrainingData

/// What training minimises: everything behind the network's output.
public protocol TrainingObjective: AnyObject {
    /// Arrays that it trains, or holds frozen, besides the network's: classifiers, regressors.
    var arrays: [TrainedArray] { get }
    /// How many of the plan's taps it reads.
    var tapCount: Int { get }
    /// State that is neither trained nor a function of the step: queues, memories. Named, to be saved and restored.
    var state: [String: Tensor] { get throws(InputError) }
    /// Puts back what ``state`` gave.
    ///
    /// - Throws: `InputError` naming what is missing or misshapen.
    func restore(_ state: [String: Tensor]) throws(InputError)

    /// Computes the loss and its gradients for one batch.
    ///
    /// - Throws: `InputError` when it cannot.
    func evaluate(_ step: ObjectiveStep) throws(InputError) -> ObjectiveResult
}

/// What an objective sees of one step.
public struct ObjectiveStep {
    /// Steps done before.
    public var index: Int
    /// Epochs done before, whole ones.
    public var epoch: Int
    /// The pictures, as every preprocessing asked for shows them, their classes and numbers.
    public var batch: TrainingBatch
    /// The network's output, `[count, dimensions]`.
    public var output: UnsafeBufferPointer<Float>
    /// Values of the tapped nodes, each `[count, height, width, channels]`, in the order asked for.
    public var taps: [(shape: ActivationShape, values: UnsafeBufferPointer<Float>)]
    /// A seed for what is random in this step.
    public var randomSeed: UInt64

    package init(
        index: Int,
        epoch: Int,
        batch: TrainingBatch,
        output: UnsafeBufferPointer<Float>,
        taps: [(shape: ActivationShape, values: UnsafeBufferPointer<Float>)],
        randomSeed: UInt64
    ) {
        self.index = index
        self.epoch = epoch
        self.batch = batch
        self.output = output
        self.taps = taps
        self.randomSeed = randomSeed
    }
}

/// What an objective makes of one step.
public struct ObjectiveResult: Sendable {
    /// A named part of the loss.
    public struct Term: Hashable, Sendable {
        /// `arcface`, `th-kd.teacher-head`.
        public var name: String
        /// Its value before weighting.
        public var value: Float

        /// Creates a term.
        public init(name: String, value: Float) {
            self.name = name
            self.value = value
        }
    }

    /// The weighted sum that is minimised.
    public var loss: Float
    /// What it consists of, always the same names in the same order.
    public var terms: [Term]
    /// The gradient of the output, `[count, dimensions]`.
    public var outputGradient: [Float]
    /// The gradients of taps that take part, by position.
    public var tapGradients: [Int: [Float]]
    /// Which of ``TrainingObjective/arrays`` now hold a gradient, by name.
    public var arrayGradients: [String: ArrayGradient]

    /// Creates a result.
    public init(
        loss: Float,
        terms: [Term],
        outputGradient: [Float],
        tapGradients: [Int: [Float]] = [:],
        arrayGradients: [String: ArrayGradient] = [:]
    ) {
        self.loss = loss
        self.terms = terms
        self.outputGradient = outputGradient
        self.tapGradients = tapGradients
        self.arrayGradients = arrayGradients
    }
}

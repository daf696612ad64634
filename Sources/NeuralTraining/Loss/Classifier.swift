internal import NeuralCompute
internal import NeuralGraph
internal import SeededRandom

/// The student's classifier in training: class weights behind the network's embedding.
public struct Classifier {
    /// Loss, scale and margin.
    public let settings: HeadSettings
    /// `[classes, dimensions]`.
    public let weights: TrainingParameter
    /// `[1, classes]` of `softmax`.
    public let bias: TrainingParameter?
    /// The share of classes that take part in a step; nil for all.
    public let sampleShare: Double?
    /// What becomes of the others.
    public let partialFC: PartialFCVersion

    /// Creates a classifier.
    public init(
        settings: HeadSettings,
        weights: TrainingParameter,
        bias: TrainingParameter? = nil,
        sampleShare: Double? = nil,
        partialFC: PartialFCVersion = .untouched
    ) {
        self.settings = settings
        self.weights = weights
        self.bias = bias
        self.sampleShare = sampleShare
        self.partialFC = partialFC
    }

    /// New weights as the reference code draws them: normal with 0.01 for margins (InsightFace's `PartialFC`), PyTorch's
    /// `Linear` (uniform ±1/√dimensions) for `softmax`.
    public static func initial(
        _ settings: HeadSettings,
        classes: Int,
        dimensions: Int,
        seed: UInt64
    ) -> (weights: [Float], bias: [Float]?) {
        var random = SeededGenerator(seed: seed, stream: 0xc1a5_5e5)
        guard settings.loss == .softmax else {
            return ((0..<classes * dimensions).map { _ in Float(random.normal() * 0.01) }, nil)
        }
        let bound = 1 / Double(dimensions).squareRoot()
        let weights = (0..<classes * dimensions).map { _ in Float(random.uniform(-bound, bound)) }
        return (weights, (0..<classes).map { _ in Float(random.uniform(-bound, bound)) })
    }

    /// The number of classes.
    public var classCount: Int { weights.shape[0] }
    /// Length of the embeddings that it takes.
    public var dimensions: Int { weights.shape[1] }

    /// The classes of a step, where not all take part.
    func sample(labels: [Int], seed: UInt64, step: Int) -> ClassSample? {
        sampleShare.map { share in
            ClassSample(
                labels: labels,
                classCount: classCount,
                sampleCount: Int(share * Double(classCount)),
                seed: seed,
                step: step
            )
        }
    }

    /// The classifier on a tape; of a sample only its rows.
    func head(on tape: Tape, _ sample: ClassSample?) -> ClassifierHead {
        let sampled = sample.map { sample in
            let rows = tape.device.apply(.gatherRows(sample.classes), to: [weights.value]).value
            return weights.isFrozen ? tape.constant(rows) : tape.leaf(rows)
        }
        return ClassifierHead(
            kind: settings.kind,
            weights: sampled ?? weights.onTape(tape),
            bias: bias?.onTape(tape)
        )
    }

    /// The gradient of the class weights after the backward pass; nil where they are frozen.
    func gradient(of head: ClassifierHead, _ sample: ClassSample?) -> ParameterGradient? {
        guard !weights.isFrozen else { return nil }
        guard let sample else { return ParameterGradient(weights, weights.gradient) }
        let device = weights.device
        let rows =
            head.weights.tape.gradientTensor(of: head.weights)
            ?? device.zeros(rows: sample.classes.count, columns: dimensions)
        guard partialFC == .dense else { return ParameterGradient(weights, rows, rows: sample.classes) }
        device.fill(weights.gradient, with: 0)
        device.scatter(rows, toRows: sample.classes, of: weights.gradient)
        return ParameterGradient(weights, weights.gradient)
    }
}

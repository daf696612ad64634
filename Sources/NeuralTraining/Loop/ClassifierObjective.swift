public import ArtifactFiles
public import Checkpoints
public import NeuralGraph
internal import SeededRandom
internal import TrainingData

/// More loss terms beside the classifier's: distillation.
public protocol AuxiliaryLoss: AnyObject {
    /// Arrays that it trains.
    var arrays: [TrainedArray] { get }
    /// Nodes of the network whose values it reads.
    var tapNames: [String] { get }
    /// State that is neither trained nor a function of the step.
    var state: [String: Tensor] { get throws(InputError) }
    /// Puts back what ``state`` gave.
    func restore(_ state: [String: Tensor]) throws(InputError)
    /// The terms of one step, always the same names in the same order.
    func terms(_ step: AuxiliaryStep) throws(InputError) -> [LossTerm]
    /// Called when gradients have been computed and before anything is updated.
    func didDifferentiate(_ step: AuxiliaryStep) throws(InputError)
}

/// What an auxiliary loss sees of a step.
public struct AuxiliaryStep {
    /// The batch, the step's number, its random seed.
    public var step: ObjectiveStep
    /// Where terms are recorded.
    public var tape: Tape
    /// The network's output, `[count, dimensions]`.
    public var embeddings: TapeValue
    /// The network's tapped values, `[count, height × width × channels]`.
    public var taps: [TapeValue]
    /// The classifier over the classes of ``labels``.
    public var head: ClassifierHead
    /// What the classifier gave for the embeddings.
    public var responses: TapeValue
    /// Each face's class, as a row of the head.
    public var labels: [Int]
    /// The classes that the head's rows are of, where it was sampled.
    public var sampledClasses: [Int]?
}

/// A classifier behind the network's output, trained with a margin or without, and what is added to its loss.
public final class ClassifierObjective: TrainingObjective {
    /// What a recipe says of the classifier, with its weights.
    public struct Classifier {
        /// Loss, scale and margin.
        public var settings: HeadSettings
        /// `[classes, dimensions]`.
        public var weights: TrainedArray
        /// `[1, classes]` of `softmax`.
        public var bias: TrainedArray?
        /// The share of classes that take part in a step; nil for all.
        public var sampleShare: Double?
        /// What becomes of the others.
        public var partialFC: PartialFCVersion
        /// The factor on its loss.
        public var weight: Float

        /// Creates a classifier.
        public init(
            settings: HeadSettings,
            weights: TrainedArray,
            bias: TrainedArray? = nil,
            sampleShare: Double? = nil,
            partialFC: PartialFCVersion = .untouched,
            weight: Float = 1
        ) {
            self.settings = settings
            self.weights = weights
            self.bias = bias
            self.sampleShare = sampleShare
            self.partialFC = partialFC
            self.weight = weight
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
    }

    /// The classifier.
    public let classifier: Classifier
    private let auxiliary: (any AuxiliaryLoss)?
    private let threads: Int
    private let seed: UInt64

    /// Creates an objective.
    ///
    /// - Parameters:
    ///   - classifier: The classifier.
    ///   - auxiliary: What is added to its loss.
    ///   - threads: Threads of large operations; results do not depend on it.
    ///   - seed: Of the sampled classes.
    public init(classifier: Classifier, auxiliary: (any AuxiliaryLoss)? = nil, threads: Int, seed: UInt64) {
        self.classifier = classifier
        self.auxiliary = auxiliary
        self.threads = threads
        self.seed = seed
    }

    private var classCount: Int { classifier.weights.shape[0] }
    private var dimensions: Int { classifier.weights.shape[1] }

    /// The classifier's arrays and those of what is added.
    public var arrays: [TrainedArray] {
        [classifier.weights] + [classifier.bias].compactMap { $0 } + (auxiliary?.arrays ?? [])
    }

    /// Nodes of the network whose values are needed.
    public var tapNames: [String] { auxiliary?.tapNames ?? [] }
    /// How many of the plan's taps it reads.
    public var tapCount: Int { tapNames.count }

    /// State of what is added.
    public var state: [String: Tensor] {
        get throws(InputError) {
            guard let auxiliary else { return [:] }
            return try auxiliary.state
        }
    }

    /// Puts back what ``state`` gave.
    public func restore(_ state: [String: Tensor]) throws(InputError) { try auxiliary?.restore(state) }

    /// The loss and its gradients.
    public func evaluate(_ step: ObjectiveStep) throws(InputError) -> ObjectiveResult {
        let tape = Tape(threads: threads)
        let count = step.batch.count
        let embeddings = tape.leaf(
            Matrix(rows: count, columns: dimensions, elements: Array(step.output.prefix(count * dimensions)))
        )
        let taps = step.taps.map { tap in
            tape.leaf(
                Matrix(
                    rows: count,
                    columns: tap.shape.count,
                    elements: Array(tap.values.prefix(count * tap.shape.count))
                )
            )
        }
        let sample = self.sample(step)
        let head = self.head(on: tape, classes: sample?.classes)
        let responses = head.responses(to: embeddings)
        let labels = sample?.labels ?? step.batch.labels
        var terms: [LossTerm] = []
        if classifier.weight > 0 {
            let seen = step.batch.classifiedCount ?? count
            let loss = classifier.settings.marginLoss.loss(
                seen == count ? responses : responses.rows(Array(0..<seen)),
                head: head,
                labels: Array(labels.prefix(seen))
            )
            terms.append(LossTerm(name: classifier.settings.loss.rawValue, value: loss, weight: classifier.weight))
        }
        let context = AuxiliaryStep(
            step: step,
            tape: tape,
            embeddings: embeddings,
            taps: taps,
            head: head,
            responses: responses,
            labels: labels,
            sampledClasses: sample?.classes
        )
        if let auxiliary { terms += try auxiliary.terms(context) }
        guard var total = terms.first.map({ $0.weight * $0.value }) else {
            throw InputError(.usage, "the loss has no term with a weight above 0")
        }
        for term in terms.dropFirst() { total = total + term.weight * term.value }
        tape.backward(from: total)
        if let sample, !classifier.weights.isFrozen {
            keep(gradient: tape.gradient(of: head.weights).elements, ofClasses: sample.classes)
        }
        try auxiliary?.didDifferentiate(context)
        return ObjectiveResult(
            loss: total.scalar,
            terms: terms.map { ObjectiveResult.Term(name: $0.name, value: $0.value.scalar) },
            outputGradient: tape.gradient(of: embeddings).elements,
            tapGradients: Dictionary(
                uniqueKeysWithValues: taps.enumerated().map { ($0, tape.gradient(of: $1).elements) }
            ),
            arrayGradients: arrayGradients(sample?.classes)
        )
    }

    /// Writes the gradient of sampled classes where the update looks for it.
    private func keep(gradient: [Float], ofClasses classes: [Int]) {
        let target = classifier.weights.gradient
        switch classifier.partialFC {
        case .untouched: _ = target.update(fromContentsOf: gradient)
        case .dense:
            target.update(repeating: 0)
            for (position, row) in classes.enumerated() {
                for column in 0..<dimensions {
                    target[row * dimensions + column] = gradient[position * dimensions + column]
                }
            }
        }
    }

    private func arrayGradients(_ classes: [Int]?) -> [String: ArrayGradient] {
        var gradients: [String: ArrayGradient] = [:]
        for array in arrays where !array.isFrozen { gradients[array.name] = .dense }
        if let classes, !classifier.weights.isFrozen, classifier.partialFC == .untouched {
            gradients[classifier.weights.name] = .rows(classes)
        }
        return gradients
    }

    private func sample(_ step: ObjectiveStep) -> ClassSample? {
        classifier.sampleShare.map { share in
            ClassSample(
                labels: step.batch.labels,
                classCount: classCount,
                sampleCount: Int(share * Double(classCount)),
                seed: seed,
                step: step.index
            )
        }
    }

    private func head(on tape: Tape, classes: [Int]?) -> ClassifierHead {
        let array = classifier.weights
        let bias = classifier.bias.map { bias in
            bias.isFrozen
                ? tape.constant(borrowing: UnsafeBufferPointer(bias.values), rows: 1, columns: classCount)
                : tape.leaf(borrowing: bias.values, gradient: bias.gradient, rows: 1, columns: classCount)
        }
        let weights: TapeValue
        if let classes {
            var rows: [Float] = []
            rows.reserveCapacity(classes.count * dimensions)
            for row in classes { rows += array.values[row * dimensions..<(row + 1) * dimensions] }
            let matrix = Matrix(rows: classes.count, columns: dimensions, elements: rows)
            weights = array.isFrozen ? tape.constant(matrix) : tape.leaf(matrix)
        } else {
            weights =
                array.isFrozen
                ? tape.constant(borrowing: UnsafeBufferPointer(array.values), rows: classCount, columns: dimensions)
                : tape.leaf(
                    borrowing: array.values,
                    gradient: array.gradient,
                    rows: classCount,
                    columns: dimensions
                )
        }
        return ClassifierHead(kind: classifier.settings.kind, weights: weights, bias: bias)
    }

    // MARK: What is kept

    /// The classifier as a file: `weight`, and `bias` where there is one.
    public var classifierFile: TensorFile {
        var tensors = Weights()
        tensors["weight"] = classifier.weights.tensor
        if let bias = classifier.bias { tensors["bias"] = Tensor(shape: [classCount], values: Array(bias.values)) }
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
        let frozen = arrays.filter(\.isFrozen)
        return ContentDigest(of: frozen.map { UnsafeRawBufferPointer($0.values) })
    }
}

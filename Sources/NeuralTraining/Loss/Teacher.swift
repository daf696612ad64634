public import ArtifactFiles
public import FaceImaging
public import NeuralCompute
public import NeuralGraph
package import SeededRandom
public import TrainingData

/// What a frozen teacher makes of a batch.
public struct TeacherOutput {
    /// `[batch, dimensions]`.
    public var embeddings: DeviceTensor
    /// Values of the teacher's tapped nodes, each `[batch, height × width × channels]`.
    public var taps: [DeviceTensor]

    /// What a teacher gave.
    public init(embeddings: DeviceTensor, taps: [DeviceTensor] = []) {
        self.embeddings = embeddings
        self.taps = taps
    }
}

/// Where a teacher's embeddings come from: the network itself, or a cache.
public protocol TeacherFeatures: AnyObject {
    /// Length of an embedding.
    var dimensions: Int { get }
    /// Shapes of the tapped values.
    var tapShapes: [ActivationShape] { get }
    /// The preprocessing in which it wants to see the batch, as the batch's second view; nil when it does not look.
    var preprocessing: FacePreprocessing? { get }
    /// What it makes of a batch.
    func output(of batch: TrainingBatch) throws(InputError) -> TeacherOutput
}

/// A teacher's class weights.
public struct TeacherClassifier: Sendable {
    /// What a logit is.
    public var kind: ClassifierHead.Kind
    /// `[classes, dimensions]`.
    public var weights: Tensor
    /// `[classes]`, of linear classifiers.
    public var bias: Tensor?

    /// A classifier.
    public init(kind: ClassifierHead.Kind, weights: Tensor, bias: Tensor?) {
        self.kind = kind
        self.weights = weights
        self.bias = bias
    }
}

/// The teacher of a run: where its features come from, and its classifier in the device's memory.
public final class Teacher {
    /// Where its embeddings and feature maps come from.
    public let features: any TeacherFeatures
    /// Nodes of the student that pair with the teacher's taps.
    public let studentTapNames: [String]
    /// From the student's embeddings to the teacher's length; nil without one.
    public let projector: EmbeddingProjector?
    private let device: any Device
    private let kind: ClassifierHead.Kind?
    private let weights: DeviceTensor?
    private let bias: DeviceTensor?

    /// A teacher; its classifier is placed on the device once.
    public init(
        _ features: any TeacherFeatures,
        classifier: TeacherClassifier? = nil,
        projector: EmbeddingProjector? = nil,
        studentTapNames: [String] = [],
        device: any Device
    ) {
        self.features = features
        self.projector = projector
        self.studentTapNames = studentTapNames
        self.device = device
        kind = classifier?.kind
        weights = classifier.map { device.tensor(Matrix($0.weights)) }
        bias = classifier?.bias.map { device.tensor(Matrix(row: $0.values)) }
    }

    /// The classifier on a tape, or its rows for these classes.
    func head(on tape: Tape, classes: [Int]?) -> ClassifierHead? {
        guard let kind, let weights else { return nil }
        guard let classes else {
            return ClassifierHead(kind: kind, weights: tape.constant(weights), bias: bias.map { tape.constant($0) })
        }
        // A bias is a row: its columns are taken as rows of one number.
        let sampledBias = bias.map { bias in
            tape.constant(bias).reshaped(rows: bias.columns, columns: 1).rows(classes).transposed
        }
        return ClassifierHead(kind: kind, weights: tape.constant(weights).rows(classes), bias: sampledBias)
    }
}

/// A trained linear map from the student's embeddings to the teacher's length, for recipes that ask for it.
///
/// It stands between the student and the methods only: classifier and evaluation see the embeddings as they are.
public struct EmbeddingProjector: Sendable {
    /// The parameter's name in run states.
    public static let parameterName = "projector.weight"
    /// `[teacher, student]`; uniform within ±√(1 / student), as PyTorch's `Linear`.
    public let parameter: ExtraParameter

    /// A projector for embeddings of two lengths.
    public init(studentDimensions: Int, teacherDimensions: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed, stream: 0x5072_6f6a)
        let shape = [teacherDimensions, studentDimensions]
        parameter = ExtraParameter(
            Self.parameterName,
            role: .linearWeight,
            initial: Tensor(uniform: shape, bound: 1 / Float(studentDimensions).squareRoot(), &generator)
        )
    }

    /// The projected embeddings, `[batch, teacher]`.
    ///
    /// - Parameters:
    ///   - embeddings: `[batch, student]`.
    ///   - weight: The parameter on the tape.
    public func project(_ embeddings: TapeValue, weight: TapeValue) -> TapeValue {
        embeddings.times(transposed: weight)
    }
}

extension Tensor {
    /// Numbers spread evenly over −bound … bound.
    package init(uniform shape: [Int], bound: Float, _ generator: inout SeededGenerator) {
        let values = (0..<shape.reduce(1, *)).map { _ in bound * Float(generator.uniform(-1, 1)) }
        self.init(shape: shape, values: values)
    }
}

extension Matrix {
    /// A tensor's first axis as rows, the others as columns; one axis is a row.
    public init(_ tensor: Tensor) {
        let rows = tensor.shape.count > 1 ? tensor.shape[0] : 1
        self.init(rows: rows, columns: tensor.values.count / max(1, rows), elements: tensor.values)
    }
}

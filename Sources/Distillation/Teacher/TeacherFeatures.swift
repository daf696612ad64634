public import ArtifactFiles
public import FaceImaging
public import NeuralGraph
public import TrainingData

/// What a frozen teacher makes of a batch.
public struct TeacherOutput: Sendable {
    /// `[count, dimensions]`.
    public var embeddings: [Float]
    /// Values of the teacher's tapped nodes, each `[count, height × width × channels]`.
    public var taps: [[Float]]
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

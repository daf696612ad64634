public import ArtifactFiles
public import NeuralTraining

/// `cosine`: 1 − cos(f_s, f_t).
///
/// Half of ``EmbeddingDistance``, since ‖f̂_s − f̂_t‖² = 2(1 − cos). `reduction: sum` adds over the batch.
public final class CosineDistance: DistillationMethod {
    /// What a recipe may say.
    public typealias Settings = EmbeddingDistance.Settings

    /// The name in recipes.
    public static let name = "cosine"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) { self.settings = settings }

    /// Embeddings of one length.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .equalDimensions] }

    /// `cosine`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let cosines = (context.embeddings.normalizedRows() * context.teacherEmbeddings.normalizedRows()).rowSums
        let sum = (1 - cosines).sum
        return [LossTerm("cosine", settings.reduction == .sum ? sum : sum / Float(context.batchSize))]
    }
}

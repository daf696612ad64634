public import ArtifactFiles
public import NeuralTraining

/// `shrinkteanet`: the squared distance of the cosine from 1.
///
/// Duong et al., *ShrinkTeaNet: Million-scale Lightweight Face Recognition via Shrinking Teacher-Student Networks*, arXiv
/// 1905.10620: the angular distillation loss ‖1 − f̂_s·f̂_t‖², the mean over the batch (equation 4 of VarGFaceNet, arXiv
/// 1910.04985, repeats it). Flatter than ``CosineDistance`` near agreement, steeper beyond 60°.
///
/// Divergences: the paper adds the same loss for intermediate stages behind transformations whose layers it does not give,
/// and has no public code; here are embeddings alone. Its weights are the recipe's.
public final class AngularDistillation: DistillationMethod {
    /// Nothing.
    public typealias Settings = AttentionTransfer.Settings

    /// The name in recipes.
    public static let name = "shrinkteanet"

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {}

    /// Embeddings of one length.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .equalDimensions] }

    /// `shrinkteanet`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let cosines = (context.embeddings.normalizedRows() * context.teacherEmbeddings.normalizedRows()).rowSums
        return [LossTerm(Self.name, (1 - cosines).squared.mean)]
    }
}

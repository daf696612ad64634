public import ArtifactFiles
public import NeuralTraining

/// `l2e`: squared distance of normalised embeddings.
///
/// ‖f̂_s − f̂_t‖², averaged over the batch: the L2E of Ben-Baruch et al., arXiv 2201.06945. With `reduction: sum` it is
/// the `kde` of their released code (HeadSharingKD, `KDE` in kd_teacher_head/kdth.py), which sums over the batch.
public final class EmbeddingDistance: DistillationMethod {
    /// How faces are put together.
    public enum Reduction: String, Codable, Hashable, Sendable, CaseIterable {
        /// The mean over the batch.
        case mean
        /// The sum, as the released code.
        case sum
    }

    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// How faces are put together.
        public var reduction: Reduction

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case reduction

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .reduction:
                    .init(
                        .choice(Reduction.self),
                        .standard(Settings().reduction),
                        "How faces of a batch are put together.",
                        example: "sum"
                    )
                }
            }
        }

        /// The mean.
        public init(reduction: Reduction = .mean) { self.reduction = reduction }
    }

    /// The name in recipes.
    public static let name = "l2e"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) { self.settings = settings }

    /// Embeddings of one length.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .equalDimensions] }

    /// `l2e`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let difference = context.embeddings.normalizedRows() - context.teacherEmbeddings.normalizedRows()
        let sum = difference.squared.sum
        return [LossTerm("l2e", settings.reduction == .sum ? sum : sum / Float(context.batchSize))]
    }
}

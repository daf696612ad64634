public import ArtifactFiles
public import NeuralTraining

/// `pkt`: the probability that one face of the batch is a neighbour of another.
///
/// Passalis and Tefas, *Learning Deep Representations with Probabilistic Knowledge Transfer*, arXiv 1803.10837, as
/// RepDistiller's `PKT`: Σ P_t ln(P_t / P_s) with P the rows of (cos + 1) / 2 divided by their sums, 1e-7 added inside the
/// logarithm and to norms.
///
/// Divergence: summed, as the paper writes it; `reduction: mean` divides by B² as RepDistiller does. Lengths may differ.
public final class ProbabilisticTransfer: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// How entries are put together.
        public var reduction: EmbeddingDistance.Reduction

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case reduction

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .reduction:
                    .init(
                        .choice(EmbeddingDistance.Reduction.self),
                        .standard(Settings().reduction),
                        "How entries are put together.",
                        example: "mean"
                    )
                }
            }
        }

        /// The sum.
        public init(reduction: EmbeddingDistance.Reduction = .sum) { self.reduction = reduction }
    }

    /// The name in recipes.
    public static let name = "pkt"
    private static let epsilon: Float = 1e-7
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) { self.settings = settings }

    /// The teacher's embeddings, of any length.
    public var needs: DistillationNeeds { .teacherEmbeddings }

    /// `pkt`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let student = Self.probabilities(context.embeddings)
        let teacher = Self.probabilities(context.teacherEmbeddings)
        let ratio = (teacher + Self.epsilon).logarithm - (student + Self.epsilon).logarithm
        let terms = teacher * ratio
        return [LossTerm("pkt", settings.reduction == .sum ? terms.sum : terms.mean)]
    }

    private static func probabilities(_ embeddings: TapeValue) -> TapeValue {
        let unit = embeddings / (embeddings.squared.rowSums.squareRoot + epsilon)
        let similarities = (unit.times(transposed: unit) + 1) / 2
        return similarities / similarities.rowSums
    }
}

public import ArtifactFiles
internal import NeuralCompute
public import NeuralTraining

/// `darkrank`: each sample's nearest others in the teacher's order.
///
/// Chen, Wang and Zhang, *DarkRank: Accelerating Deep Metric Learning via Cross Sample Similarities Transfer*, arXiv
/// 1707.01220, the hard transfer of equation 8, as `HardDarkRank` in metric/loss.py of lenscloth/RKD: with scores
/// S = −α‖f_i − f_j‖^β, the L others with the teacher's highest scores, π; −Σ_k ln of the share of e^S at π_k among π_k … π_L,
/// S being the student's; the mean over the batch. α = 3, β = 3, L = 4. Lengths may differ.
///
/// Divergences: embeddings are normalised first, as RKD's networks do in their last layer (`normalized: false` takes them as
/// they are); of equally near others the earlier in the batch comes first; a sample is never its own neighbour; a batch of
/// fewer than L + 1 samples has shorter lists.
public final class RankDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// α.
        public var alpha: Float
        /// β.
        public var beta: Float
        /// L.
        public var length: Int
        /// Whether embeddings are normalised first.
        public var normalized: Bool

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case alpha
            case beta
            case length
            case normalized

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .alpha:
                    .init(
                        .number(.above(0)),
                        .standard(Settings().alpha),
                        "α: the factor on powers of distances.",
                        example: "2"
                    )
                case .beta:
                    .init(.number(.above(0)), .standard(Settings().beta), "β: the power of distances.", example: "2")
                case .length:
                    .init(
                        .integer(.atLeast(1)),
                        .standard(Settings().length),
                        "L: images of a ranked list.",
                        example: "8"
                    )
                case .normalized:
                    .init(
                        .flag,
                        .standard(Settings().normalized),
                        "Whether embeddings are normalised first.",
                        example: "false"
                    )
                }
            }
        }

        /// The paper's.
        public init(alpha: Float = 3, beta: Float = 3, length: Int = 4, normalized: Bool = true) {
            self.alpha = alpha
            self.beta = beta
            self.length = length
            self.normalized = normalized
        }
    }

    /// The name in recipes.
    public static let name = "darkrank"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.alpha > 0, "alpha", expected: "above 0", found: settings.alpha)
        try Self.require(settings.beta > 0, "beta", expected: "above 0", found: settings.beta)
        try Self.require(settings.length > 0, "length", expected: "above 0", found: settings.length)
        self.settings = settings
    }

    /// The teacher's embeddings, of any length.
    public var needs: DistillationNeeds { .teacherEmbeddings }

    /// `darkrank`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let count = context.batchSize
        let length = min(settings.length, count - 1)
        guard length > 0 else { return [LossTerm(Self.name, context.tape.constant(Matrix(rows: 1, columns: 1)))] }
        let lists = Self.nearest(length, squaredDistances(context.teacherEmbeddings).matrix)
        // −α d^β = −α (d²)^(β/2)
        let logarithms = squaredDistances(context.embeddings).logarithm
        let scores = -settings.alpha * (settings.beta / 2 * logarithms).exponential
        var sum: TapeValue?
        for first in 0..<length {
            let rest = lists.enumerated()
                .flatMap { row, list in list[first...].map { (row: row, column: $0) } }
            let chances = scores.elements(at: rest).reshaped(rows: count, columns: length - first).logSoftmax
            let chosen = chances.elements(inColumns: [Int](repeating: 0, count: count)).sum
            sum = sum.map { $0 + chosen } ?? chosen
        }
        guard let sum else { preconditionFailure("a list has an element") }
        return [LossTerm(Self.name, sum / -Float(count))]
    }

    /// `[batch, batch]`, at least 1e-12 as the published `pdist`.
    private func squaredDistances(_ embeddings: TapeValue) -> TapeValue {
        let embeddings = settings.normalized ? embeddings.normalizedRows() : embeddings
        let squares = embeddings.squared.rowSums
        let gram = embeddings.times(transposed: embeddings)
        return (squares + squares.transposed - 2 * gram).clamped(to: 1e-12...Float.greatestFiniteMagnitude)
    }

    /// For each row the columns of its smallest entries besides the diagonal, ascending.
    private static func nearest(_ length: Int, _ distances: Matrix) -> [[Int]] {
        (0..<distances.rows)
            .map { row in
                let others = (0..<distances.columns).filter { $0 != row }
                // Sorting is not said to be stable: the column decides between equals.
                let sorted = others.sorted {
                    (distances[row, $0], $0) < (distances[row, $1], $1)
                }
                return Array(sorted.prefix(length))
            }
    }
}

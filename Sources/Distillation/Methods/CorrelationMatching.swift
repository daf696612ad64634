public import ArtifactFiles
public import NeuralTraining

/// `dist`: predictions correlated with the teacher's, for each sample over classes and for each class over the batch.
///
/// Huang et al., *Knowledge Distillation from A Stronger Teacher*, arXiv 2205.10536, equations 8 to 11, as `DIST` in
/// lib/models/losses/dist_kd.py of hunto/image_classification_sota: with y = softmax(z/τ), τ² times 1 − the mean Pearson
/// correlation of rows of y_s and y_t (`dist.inter`, weighted β), and of their columns (`dist.intra`, weighted γ); 1e-8 is
/// added to the product of norms. β = γ = 1 and τ = 1 are the paper's for ImageNet; for CIFAR-100 it takes β = γ = 2, τ = 4.
///
/// Divergences: between cosine classifiers the logits are s·cosθ of both, without margins; `scale` replaces both s. Where
/// classes are sampled (Partial FC) the correlations are those of the sample.
public final class CorrelationMatching: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// β, the factor of correlations over classes.
        public var interWeight: Float
        /// γ, the factor of correlations over the batch.
        public var intraWeight: Float
        /// τ.
        public var temperature: Float
        /// Replaces the scale of both cosine classifiers.
        public var scale: Float?

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case interWeight = "inter-weight"
            case intraWeight = "intra-weight"
            case temperature
            case scale

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .interWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().interWeight),
                        "The factor of the correlation among classes of a sample.",
                        example: "1"
                    )
                case .intraWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().intraWeight),
                        "The factor of the correlation among samples of a class.",
                        example: "1"
                    )
                case .temperature:
                    .init(
                        .number(.above(0)),
                        .standard(Settings().temperature),
                        "T: softens both sides' class probabilities.",
                        example: "2"
                    )
                case .scale:
                    .init(
                        .number(.above(0)),
                        .without("each classifier's own"),
                        "Replaces the scale s of both cosine classifiers.",
                        example: "32"
                    )
                }
            }
        }

        /// The paper's for ImageNet.
        public init(interWeight: Float = 1, intraWeight: Float = 1, temperature: Float = 1, scale: Float? = nil) {
            self.interWeight = interWeight
            self.intraWeight = intraWeight
            self.temperature = temperature
            self.scale = scale
        }
    }

    /// The name in recipes.
    public static let name = "dist"
    private static let epsilon: Float = 1e-8
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require((settings.scale ?? 1) > 0, "scale", expected: "above 0", found: settings.scale ?? 0)
        self.settings = settings
    }

    /// Both classifiers.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .teacherLogits, .studentClassifier] }

    /// `dist.inter` and `dist.intra`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let tau = settings.temperature
        let student = (try context.studentLogits(scale: settings.scale) / tau).logSoftmax.exponential
        let teacher = (try context.teacherLogits(scale: settings.scale) / tau).logSoftmax.exponential
        let inter = 1 - Self.correlations(student, teacher).mean
        let intra = 1 - Self.correlations(student.transposed, teacher.transposed).mean
        return [
            LossTerm("dist.inter", tau * tau * inter, weight: settings.interWeight),
            LossTerm("dist.intra", tau * tau * intra, weight: settings.intraWeight),
        ]
    }

    /// Pearson's correlation of each row with the other value's, `[rows, 1]`.
    private static func correlations(_ a: TapeValue, _ b: TapeValue) -> TapeValue {
        let count = Float(a.columns)
        let (a, b) = (a - a.rowSums / count, b - b.rowSums / count)
        return (a * b).rowSums / (a.squared.rowSums.squareRoot * b.squared.rowSums.squareRoot + epsilon)
    }
}

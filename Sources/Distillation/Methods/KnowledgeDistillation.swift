public import ArtifactFiles
public import NeuralTraining

/// `kd`: Kullback–Leibler divergence of softened class probabilities.
///
/// Hinton, Vinyals and Dean, *Distilling the Knowledge in a Neural Network*, arXiv 1503.02531. T²/B · Σ p_t ln(p_t/p_s),
/// summed over classes, with p = softmax(z/T); the derivative by z_s is (T/B)(p_s − p_t).
///
/// `standardize` takes each row of logits to mean 0 and standard deviation 1 first (1e-7 added to it, divided by C − 1 before
/// the root): Sun et al., *Logit Standardization in Knowledge Distillation*, arXiv 2403.01427, as mdistiller/distillers/KD.py
/// of sunshangquan/logit-standardization-KD, whose temperature is then 2 and weight 9 for CIFAR-100.
///
/// Divergences: between cosine classifiers the logits are s·cosθ of both, without margins; `scale` replaces both s.
public final class KnowledgeDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// T.
        public var temperature: Float
        /// Replaces the scale of both cosine classifiers.
        public var scale: Float?
        /// Whether rows of logits are standardised.
        public var standardize: Bool

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case temperature
            case scale
            case standardize

            /// What each is for.
            public var about: KeyDescription {
                switch self {
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
                case .standardize:
                    .init(
                        .flag,
                        .standard(Settings().standardize),
                        "Whether rows of logits are standardised first (logit standardisation).",
                        example: "true"
                    )
                }
            }
        }

        /// RepDistiller's temperature, 4.
        public init(temperature: Float = 4, scale: Float? = nil, standardize: Bool = false) {
            self.temperature = temperature
            self.scale = scale
            self.standardize = standardize
        }
    }

    /// The name in recipes.
    public static let name = "kd"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require((settings.scale ?? 1) > 0, "scale", expected: "above 0", found: settings.scale ?? 0)
        self.settings = settings
    }

    /// Both classifiers.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .teacherLogits, .studentClassifier] }

    /// `kd`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        var student = try context.studentLogits(scale: settings.scale)
        var teacher = try context.teacherLogits(scale: settings.scale)
        if settings.standardize { (student, teacher) = (student.standardizedRows, teacher.standardizedRows) }
        return [LossTerm("kd", student.klDivergence(fromTeacher: teacher, temperature: settings.temperature))]
    }
}

extension TapeValue {
    /// Rows of mean 0 and standard deviation 1: PyTorch's `(z - z.mean()) / (1e-7 + z.std())`.
    var standardizedRows: TapeValue {
        let centred = self - rowSums / Float(columns)
        let variance = centred.squared.rowSums / Float(max(1, columns - 1))
        return centred / (variance.squareRoot + 1e-7)
    }
}

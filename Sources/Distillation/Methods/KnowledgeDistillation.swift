public import ArtifactFiles
public import NeuralTraining

/// `kd`: Kullback–Leibler divergence of softened class probabilities.
///
/// Hinton, Vinyals and Dean, *Distilling the Knowledge in a Neural Network*, arXiv 1503.02531. T²/B · Σ p_t ln(p_t/p_s),
/// summed over classes, with p = softmax(z/T); the derivative by z_s is (T/B)(p_s − p_t).
///
/// Divergences: between cosine classifiers the logits are s·cosθ of both, without margins; `scale` replaces both s.
public final class KnowledgeDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: Codable, Hashable, Sendable {
        /// T.
        public var temperature: Float
        /// Replaces the scale of both cosine classifiers.
        public var scale: Float?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case temperature
            case scale
        }

        /// RepDistiller's temperature, 4.
        public init(temperature: Float = 4, scale: Float? = nil) {
            self.temperature = temperature
            self.scale = scale
        }

        /// Decodes what is there and takes the defaults for what is not.
        public init(from decoder: any Decoder) throws {
            let (values, standard) = (try decoder.container(keyedBy: CodingKeys.self), Settings())
            temperature = try values.value(.temperature, or: standard.temperature)
            scale = try values.decodeIfPresent(Float.self, forKey: .scale)
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
    public func terms(_ context: DistillationContext) throws(InputError) -> [LossTerm] {
        let student = try context.studentLogits(scale: settings.scale)
        let teacher = try context.teacherLogits(scale: settings.scale)
        return [LossTerm("kd", student.klDivergence(fromTeacher: teacher, temperature: settings.temperature))]
    }
}

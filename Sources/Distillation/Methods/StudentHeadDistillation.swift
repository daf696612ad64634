public import ArtifactFiles
public import NeuralTraining

/// `sh-kd`: the loss of the last stage of SH-KD, divergence under a classifier that student and teacher share.
///
/// Ben-Baruch et al., arXiv 2201.06945, section 3.2: a student's classifier θ_s is frozen under the teacher, which is
/// trained with it; a new student is then distilled from that teacher with θ_s frozen under itself too. The stages are the
/// trainer's; here stands what the last one minimises, T²/B · Σ KL as ``KnowledgeDistillation``.
///
/// Divergences: `frozen: false` lets the student's classifier go on training from θ_s, a variant of the paper's ablation.
public final class StudentHeadDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// T.
        public var temperature: Float
        /// Replaces the scale of both cosine classifiers.
        public var scale: Float?
        /// Whether the student's classifier has to be frozen.
        public var frozen: Bool

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case temperature
            case scale
            case frozen

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
                case .frozen:
                    .init(
                        .flag,
                        .standard(Settings().frozen),
                        "Whether the student's classifier has to be frozen.",
                        example: "false"
                    )
                }
            }
        }

        /// A frozen classifier, temperature 4.
        public init(temperature: Float = 4, scale: Float? = nil, frozen: Bool = true) {
            self.temperature = temperature
            self.scale = scale
            self.frozen = frozen
        }
    }

    /// The name in recipes.
    public static let name = "sh-kd"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require((settings.scale ?? 1) > 0, "scale", expected: "above 0", found: settings.scale ?? 0)
        if let student = problem.studentHead, let teacher = problem.teacherHead,
            (student == .linear) != (teacher == .linear)
        {
            throw InputError(
                .mismatch,
                "student and teacher share a classifier, and make different things of it",
                place: "method '\(Self.name)'",
                expected: "\(student) of both, as the student's head gives",
                found: "\(teacher) of the teacher"
            )
        }
        self.settings = settings
    }

    /// Both classifiers, the student's frozen, over embeddings of one length.
    public var needs: DistillationNeeds {
        let common: DistillationNeeds = [.teacherEmbeddings, .teacherLogits, .studentClassifier, .equalDimensions]
        return settings.frozen ? common.union(.frozenStudentClassifier) : common
    }

    /// `sh-kd`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let student = try context.studentLogits(scale: settings.scale)
        let teacher = try context.teacherLogits(scale: settings.scale)
        return [LossTerm("sh-kd", student.klDivergence(fromTeacher: teacher, temperature: settings.temperature))]
    }
}

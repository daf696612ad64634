public import ArtifactFiles
public import NeuralTraining

/// `th-kd`: the teacher's frozen classifier as a second head on the student.
///
/// Ben-Baruch et al., *It's All in the Head: Representation Knowledge Distillation through Classifier Sharing*, arXiv
/// 2201.06945, section 3.1: z_TH = W_t f_s + b_t, pulled towards z_t. ∂/∂f_s = (T/B) W_tᵀ(p_TH − p_t); W_t never changes.
///
/// Two forms of it exist, and are set by weights (`head.weight` is that of the student's own classification loss):
/// - the paper's, (1 − α_TH)·CE(z_s, y) + α_TH·CE(z_TH, y) + α·((1 − α_TH)·KL(z_s, z_t) + α_TH·KL(z_TH, z_t)):
///   `head.weight` 1 − α_TH, `classification-weight` α_TH, `student-weight` α(1 − α_TH), `head-weight` α·α_TH;
/// - the released code's `kdth`, γ·CE(z_s, y) + a·KL(z_s, z_t) + b·KL(z_TH, z_t), with γ 1, a 1.5, b 0.02: `head.weight` 1,
///   `classification-weight` 0, `student-weight` 1.5, `head-weight` 0.02. Beside `crd` or `l2e` with `reduction: sum` it
///   gives `crdth` and `kdeth`.
///
/// Without weights neither is meant: both divergences in equal parts beside the student's own loss.
///
/// Divergences: a teacher with a cosine classifier gives s·cosθ without margin; the classification term on the second head
/// has no margin either.
public final class TeacherHeadDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// T.
        public var temperature: Float
        /// Replaces the scale of cosine classifiers.
        public var scale: Float?
        /// The factor of KL(z_s, z_t).
        public var studentWeight: Float
        /// The factor of KL(z_TH, z_t).
        public var headWeight: Float
        /// The factor of the cross entropy of z_TH.
        public var classificationWeight: Float

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case temperature
            case scale
            case studentWeight = "student-weight"
            case headWeight = "head-weight"
            case classificationWeight = "classification-weight"

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
                case .studentWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().studentWeight),
                        "The factor of KL(z_s, z_t).",
                        example: "1.5"
                    )
                case .headWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().headWeight),
                        "The factor of KL(z_TH, z_t), z_TH being the teacher's classifier on the student.",
                        example: "0.02"
                    )
                case .classificationWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().classificationWeight),
                        "The factor of the cross entropy of z_TH.",
                        example: "0.5"
                    )
                }
            }
        }

        /// Both divergences in equal parts (α_TH = ½), no classification on the second head.
        public init(
            temperature: Float = 4,
            scale: Float? = nil,
            studentWeight: Float = 0.5,
            headWeight: Float = 0.5,
            classificationWeight: Float = 0
        ) {
            self.temperature = temperature
            self.scale = scale
            self.studentWeight = studentWeight
            self.headWeight = headWeight
            self.classificationWeight = classificationWeight
        }
    }

    /// The name in recipes.
    public static let name = "th-kd"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require((settings.scale ?? 1) > 0, "scale", expected: "above 0", found: settings.scale ?? 0)
        let weights = [settings.studentWeight, settings.headWeight, settings.classificationWeight]
        try Self.require(
            weights.allSatisfy { $0 >= 0 } && weights.contains { $0 > 0 },
            "head-weight",
            expected: "no weight below 0 and one above",
            found: "\(weights)"
        )
        self.settings = settings
    }

    /// The teacher's classifier, on embeddings of its length; the student's only for its own divergence.
    public var needs: DistillationNeeds {
        let common: DistillationNeeds = [.teacherEmbeddings, .teacherClassifier, .teacherLogits, .equalDimensions]
        return settings.studentWeight > 0 ? common.union(.studentClassifier) : common
    }

    /// `th-kd.student`, `th-kd.teacher-head` and `th-kd.classification`, those that have a weight.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let head = try context.teacherClassifier()
        let teacher = try context.teacherLogits(scale: settings.scale)
        let unscaled = try context.teacherHeadUnscaledLogits()
        let temperature = settings.temperature
        var terms: [LossTerm] = []
        if settings.studentWeight > 0 {
            let student = try context.studentLogits(scale: settings.scale)
            let divergence = student.klDivergence(fromTeacher: teacher, temperature: temperature)
            terms.append(LossTerm("th-kd.student", divergence, weight: settings.studentWeight))
        }
        if settings.headWeight > 0 {
            let logits = head.logits(fromUnscaled: unscaled, scale: settings.scale)
            let divergence = logits.klDivergence(fromTeacher: teacher, temperature: temperature)
            terms.append(LossTerm("th-kd.teacher-head", divergence, weight: settings.headWeight))
        }
        if settings.classificationWeight > 0 {
            let loss = MarginLoss.softmax.loss(unscaled, head: head, labels: context.headLabels)
            terms.append(LossTerm("th-kd.classification", loss, weight: settings.classificationWeight))
        }
        return terms
    }
}

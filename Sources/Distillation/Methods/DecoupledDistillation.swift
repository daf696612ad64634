public import ArtifactFiles
internal import NeuralCompute
public import NeuralTraining

/// `dkd`: the divergence of the label's share, and that among the other classes, weighted apart.
///
/// Zhao et al., *Decoupled Knowledge Distillation*, arXiv 2203.08679, equation 7, as `dkd_loss` in
/// mdistiller/distillers/DKD.py of megvii-research/mdistiller: α·TCKD + β·NCKD, each times T² / B, and both times
/// min(epoch / warm-up, 1).
///
/// `standardize` as ``KnowledgeDistillation``'s.
///
/// Divergences: the published epoch counts from 1 and is whole; here it is the number of epochs done, with its fraction.
public final class DecoupledDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// α.
        public var targetWeight: Float
        /// β.
        public var otherWeight: Float
        /// T.
        public var temperature: Float
        /// Epochs until the full weight; 0 for none.
        public var warmUpEpochs: Float
        /// Replaces the scale of both cosine classifiers.
        public var scale: Float?
        /// Whether rows of logits are standardised.
        public var standardize: Bool

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case targetWeight = "target-weight"
            case otherWeight = "other-weight"
            case temperature
            case warmUpEpochs = "warm-up-epochs"
            case scale
            case standardize

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .targetWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().targetWeight),
                        "α: the factor of the label's share.",
                        example: "0.5"
                    )
                case .otherWeight:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().otherWeight),
                        "β: the factor of the divergence among the other classes.",
                        example: "2"
                    )
                case .temperature:
                    .init(
                        .number(.above(0)),
                        .standard(Settings().temperature),
                        "T: softens both sides' class probabilities.",
                        example: "2"
                    )
                case .warmUpEpochs:
                    .init(
                        .number(.atLeast(0)),
                        .standard(Settings().warmUpEpochs),
                        "Epochs until the full weight; 0 for none.",
                        example: "5"
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

        /// The published code's for CIFAR-100: α 1, β 8, T 4, 20 epochs.
        public init(
            targetWeight: Float = 1,
            otherWeight: Float = 8,
            temperature: Float = 4,
            warmUpEpochs: Float = 20,
            scale: Float? = nil,
            standardize: Bool = false
        ) {
            self.targetWeight = targetWeight
            self.otherWeight = otherWeight
            self.temperature = temperature
            self.warmUpEpochs = warmUpEpochs
            self.scale = scale
            self.standardize = standardize
        }
    }

    /// The name in recipes.
    public static let name = "dkd"
    /// What takes the label out of a softmax.
    private static let removal: Float = 1000
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.temperature > 0, "temperature", expected: "above 0", found: settings.temperature)
        try Self.require(
            settings.warmUpEpochs >= 0,
            "warm-up-epochs",
            expected: "0 or more",
            found: settings.warmUpEpochs
        )
        try Self.require((settings.scale ?? 1) > 0, "scale", expected: "above 0", found: settings.scale ?? 0)
        guard problem.classCount > 1 else {
            throw InputError(
                .unsupported,
                "the method compares a label with other classes",
                place: "method '\(Self.name)'",
                expected: "two classes or more",
                found: "\(problem.classCount)"
            )
        }
        self.settings = settings
    }

    /// Both classifiers.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .teacherLogits, .studentClassifier] }

    /// `dkd.target` and `dkd.others`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let temperature = settings.temperature
        var student = try context.studentLogits(scale: settings.scale)
        var teacher = try context.teacherLogits(scale: settings.scale)
        if settings.standardize { (student, teacher) = (student.standardizedRows, teacher.standardizedRows) }
        let (count, labels) = (context.batchSize, context.headLabels)
        var removal = Matrix(rows: count, columns: student.columns)
        for (face, label) in labels.enumerated() { removal[face, label] = -Self.removal * temperature }
        let mask = context.tape.constant(removal)
        let (studentOthers, teacherOthers) = (student + mask, teacher + mask)
        let s = Self.shares(student / temperature, studentOthers / temperature, labels)
        let t = Self.shares(teacher / temperature, teacherOthers / temperature, labels)
        let divergence = t.exponential * (t - s)
        let warmUp = settings.warmUpEpochs > 0 ? min(Float(context.epoch) / settings.warmUpEpochs, 1) : 1
        let factor = temperature * temperature / Float(count)
        let others = studentOthers.klDivergence(fromTeacher: teacherOthers, temperature: temperature)
        return [
            LossTerm("dkd.target", factor * divergence.sum, weight: warmUp * settings.targetWeight),
            LossTerm("dkd.others", others, weight: warmUp * settings.otherWeight),
        ]
    }

    /// Logarithms of the label's share and of the rest's, `[batch, 2]`.
    private static func shares(_ all: TapeValue, _ others: TapeValue, _ labels: [Int]) -> TapeValue {
        let (among, amongOthers) = (all.logSoftmax, others.logSoftmax)
        // The rest's share is what any class of the rest has among all, over what it has among the rest.
        let witness = labels.map { ($0 + 1) % all.columns }
        let rest = among.elements(inColumns: witness) - amongOthers.elements(inColumns: witness)
        return among.elements(inColumns: labels).beside(rest)
    }
}

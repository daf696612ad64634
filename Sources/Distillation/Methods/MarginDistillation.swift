public import ArtifactFiles
public import NeuralCompute
public import NeuralTraining

/// `margin-distill`: ArcFace against the teacher's frozen class centres, with a margin for each face.
///
/// Svitov and Alyamkin, *MarginDistillation: Distillation for Margin-Based Softmax*, arXiv 2003.02586:
/// mᵢ = (m_max − m_min) / max over the batch of c · cᵢ + m_min with cᵢ = cos(f_t, W_y): faces that the teacher finds easy
/// get the larger margin, 0.5 at most, 0.2 at least for cᵢ = 0. It stands in place of the student's own classification
/// loss.
///
/// The released code (david-svitov/margindistillation, train/train.py) differentiates exactly, with nothing special where
/// θ + m > π; so does this by default. A teacher whose classifier is linear is refused, as by `arc-distill`.
///
/// Divergences: a batch whose largest cosine is not above 0 has the smallest margin throughout; a margin is never negative.
public final class MarginDistillation: DistillationMethod {
    /// What a recipe may say.
    public struct Settings: SettingsSection {
        /// s.
        public var scale: Float
        /// m_min in radians.
        public var leastMargin: Float
        /// m_max in radians.
        public var largestMargin: Float
        /// ArcFace's gradient.
        public var gradient: MarginLoss.Gradient
        /// What ArcFace does where θ + m > π.
        public var beyondPi: MarginLoss.BeyondPi

        /// The keys of a recipe.
        public enum CodingKeys: String, SettingsKey {
            case scale
            case leastMargin = "least-margin"
            case largestMargin = "largest-margin"
            case gradient
            case beyondPi = "beyond-pi"

            /// What each is for.
            public var about: KeyDescription {
                switch self {
                case .scale: .init(.number(.above(0)), .standard(Settings().scale), "s.", example: "32")
                case .leastMargin:
                    .init(
                        .number(.within(0...1.5)),
                        .standard(Settings().leastMargin),
                        "m_min in radians.",
                        example: "0.1"
                    )
                case .largestMargin:
                    .init(
                        .number(.within(0...1.5)),
                        .standard(Settings().largestMargin),
                        "m_max in radians.",
                        example: "0.6"
                    )
                case .gradient:
                    .init(
                        .choice(MarginLoss.Gradient.self),
                        .standard(Settings().gradient),
                        "How the margin enters the gradient.",
                        example: "exact"
                    )
                case .beyondPi:
                    .init(
                        .choice(MarginLoss.BeyondPi.self),
                        .standard(Settings().beyondPi),
                        "What ArcFace does where θ + m > π: cos(θ + m), or the falling line of earlier code.",
                        example: "linear"
                    )
                }
            }
        }

        /// The paper's margins, 0.2 to 0.5, and s = 64; the exact gradient of its code.
        public init(
            scale: Float = 64,
            leastMargin: Float = 0.2,
            largestMargin: Float = 0.5,
            gradient: MarginLoss.Gradient = .exact,
            beyondPi: MarginLoss.BeyondPi = .cosine
        ) {
            self.scale = scale
            self.leastMargin = leastMargin
            self.largestMargin = largestMargin
            self.gradient = gradient
            self.beyondPi = beyondPi
        }
    }

    /// The name in recipes.
    public static let name = "margin-distill"
    private let settings: Settings

    /// Creates the method.
    public init(settings: Settings, problem: DistillationProblem) throws(InputError) {
        try Self.require(settings.scale > 0, "scale", expected: "above 0", found: settings.scale)
        try Self.require(
            settings.leastMargin >= 0 && settings.leastMargin <= settings.largestMargin,
            "least-margin",
            expected: "0 … \(settings.largestMargin)",
            found: settings.leastMargin
        )
        try problem.requireCentres(of: Self.name)
        self.settings = settings
    }

    /// The teacher's classifier and embeddings, the student's of their length.
    public var needs: DistillationNeeds { [.teacherEmbeddings, .teacherClassifier, .equalDimensions] }
    /// True.
    public var replacesClassificationLoss: Bool { true }

    /// `margin-distill`.
    public func terms(_ context: LossContext) throws(InputError) -> [LossTerm] {
        let weights = try context.teacherClassifier().weights
        let centres = ClassifierHead(kind: .cosine(scale: settings.scale), weights: weights)
        let own = weights.rows(context.headLabels).normalizedRows()
        let cosines = (context.teacherEmbeddings.normalizedRows() * own).rowSums.matrix.elements
        let largest = cosines.max() ?? 0
        let range = largest > 0 ? (settings.largestMargin - settings.leastMargin) / largest : 0
        let margins = cosines.map { max(0, range * $0 + settings.leastMargin) }
        let loss = MarginLoss.arcFace(
            marginRadians: settings.largestMargin,
            gradient: settings.gradient,
            beyondPi: settings.beyondPi
        )
        let value = loss.loss(
            centres.unscaledLogits(of: context.embeddings),
            head: centres,
            labels: context.headLabels,
            margins: margins
        )
        return [LossTerm(Self.name, value)]
    }
}

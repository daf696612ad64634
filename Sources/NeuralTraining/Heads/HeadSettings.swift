public import ArtifactFiles
public import NeuralCompute

/// The classifier that a recipe asks for.
public struct HeadSettings: SettingsSection {
    /// The losses by the names of recipes.
    public typealias Loss = HeadLoss

    /// Which loss.
    public var loss: Loss
    /// s; of no meaning for `softmax`.
    public var scale: Float
    /// m in radians for ArcFace, in cosine for CosFace; 0.5 and 0.4 if nil.
    public var margin: Float?
    /// ArcFace's gradient.
    public var gradient: MarginLoss.Gradient
    /// What ArcFace does where θ + m > π.
    public var beyondPi: MarginLoss.BeyondPi

    /// The keys of a recipe.
    public enum CodingKeys: String, SettingsKey {
        case loss
        case scale
        case margin
        case gradient
        case beyondPi = "beyond-pi"

        /// What each is for.
        public var about: KeyDescription {
            switch self {
            case .loss: .init(.choice(HeadLoss.self), .required, "The classification loss.", example: "arcface")
            case .scale:
                .init(
                    .number(.above(0)),
                    .standard(HeadSettings().scale),
                    "s, the factor on cosines; softmax has none.",
                    example: "32"
                )
            case .margin:
                .init(
                    .number(.from(0, below: 1.5)),
                    .without("0.5 for arcface, 0.4 for cosface"),
                    "m: radians for arcface, cosine for cosface.",
                    example: "0.35"
                )
            case .gradient:
                .init(
                    .choice(MarginLoss.Gradient.self),
                    .standard(HeadSettings().gradient),
                    "How ArcFace's margin enters the gradient: as InsightFace's code does, or exactly.",
                    example: "exact"
                )
            case .beyondPi:
                .init(
                    .choice(MarginLoss.BeyondPi.self),
                    .standard(HeadSettings().beyondPi),
                    "What ArcFace does where θ + m > π: cos(θ + m), or the falling line of earlier code.",
                    example: "linear"
                )
            }
        }
    }

    /// A head; InsightFace's scale and gradient unless told otherwise.
    public init(
        loss: Loss = .arcFace,
        scale: Float = 64,
        margin: Float? = nil,
        gradient: MarginLoss.Gradient = .straightThrough,
        beyondPi: MarginLoss.BeyondPi = .cosine
    ) {
        self.loss = loss
        self.scale = scale
        self.margin = margin
        self.gradient = gradient
        self.beyondPi = beyondPi
    }

    /// Writes the margin down that the loss has by default.
    public mutating func complete() { margin = margin ?? loss.standardMargin }

    /// What a logit is.
    public var kind: ClassifierHead.Kind { loss.kind(scale: scale) }

    /// The loss on such logits.
    public var marginLoss: MarginLoss {
        loss.marginLoss(margin: margin, gradient: gradient, beyondPi: beyondPi)
    }
}

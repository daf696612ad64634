public import ArtifactFiles
public import NeuralCompute
public import NeuralTraining

/// A margin loss against class centres that no gradient moves: `arc-distill` and `adadistill`.
///
/// The defaults are those of fdbtrs/AdaDistill (utils/losses.py, config/config.py; arXiv 2407.01332), for both methods:
/// s = 64, m = 0.45 (ArcFace) or 0.35 (CosFace), ArcFace differentiated exactly and without a branch beyond π.
public struct FrozenMarginSettings: SettingsSection {
    /// `arcface`, `cosface` or `normalized-softmax`.
    public var loss: HeadLoss
    /// s.
    public var scale: Float
    /// m; 0.45 for ArcFace and 0.35 for CosFace if nil.
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
            case .loss:
                .init(
                    .choice(["arcface", "cosface", "normalized-softmax"]),
                    .standard(FrozenMarginSettings().loss),
                    "The loss against the teacher's classes.",
                    example: "cosface"
                )
            case .scale: .init(.number(.above(0)), .standard(FrozenMarginSettings().scale), "s.", example: "32")
            case .margin:
                .init(
                    .number(.from(0, below: 1.5)),
                    .without("0.45 for arcface, 0.35 for cosface"),
                    "m: radians for arcface, cosine for cosface.",
                    example: "0.35"
                )
            case .gradient:
                .init(
                    .choice(MarginLoss.Gradient.self),
                    .standard(FrozenMarginSettings().gradient),
                    "How ArcFace's margin enters the gradient.",
                    example: "exact"
                )
            case .beyondPi:
                .init(
                    .choice(MarginLoss.BeyondPi.self),
                    .standard(FrozenMarginSettings().beyondPi),
                    "What ArcFace does where θ + m > π: cos(θ + m), or the falling line of earlier code.",
                    example: "linear"
                )
            }
        }
    }

    /// The published code's, with ArcFace.
    public init(
        loss: HeadLoss = .arcFace,
        scale: Float = 64,
        margin: Float? = nil,
        gradient: MarginLoss.Gradient = .exact,
        beyondPi: MarginLoss.BeyondPi = .cosine
    ) {
        self.loss = loss
        self.scale = scale
        self.margin = margin
        self.gradient = gradient
        self.beyondPi = beyondPi
    }

    /// Writes the margin down that the loss has by default.
    public mutating func complete() { margin = margin ?? standardMargin }

    private var standardMargin: Float? {
        switch loss {
        case .arcFace: 0.45
        case .cosFace: 0.35
        case .softmax, .normalizedSoftmax: nil
        }
    }

    var marginLoss: MarginLoss {
        loss.marginLoss(margin: margin ?? standardMargin, gradient: gradient, beyondPi: beyondPi)
    }
    var kind: ClassifierHead.Kind { .cosine(scale: scale) }
}

/// The classifier that a recipe asks for.
public struct HeadSettings: Codable, Hashable, Sendable {
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
    public enum CodingKeys: String, CodingKey, CaseIterable {
        /// ``HeadSettings/loss``.
        case loss
        /// ``HeadSettings/scale``.
        case scale
        /// ``HeadSettings/margin``.
        case margin
        /// ``HeadSettings/gradient``.
        case gradient
        /// ``HeadSettings/beyondPi``.
        case beyondPi = "beyond-pi"
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

    /// Decodes what is there and takes the defaults for what is not.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let standard = HeadSettings()
        loss = try container.decodeIfPresent(Loss.self, forKey: .loss) ?? standard.loss
        scale = try container.decodeIfPresent(Float.self, forKey: .scale) ?? standard.scale
        margin = try container.decodeIfPresent(Float.self, forKey: .margin)
        gradient = try container.decodeIfPresent(MarginLoss.Gradient.self, forKey: .gradient) ?? standard.gradient
        beyondPi = try container.decodeIfPresent(MarginLoss.BeyondPi.self, forKey: .beyondPi) ?? standard.beyondPi
    }

    /// What a logit is.
    public var kind: ClassifierHead.Kind { loss.kind(scale: scale) }

    /// The loss on such logits.
    public var marginLoss: MarginLoss {
        loss.marginLoss(margin: margin, gradient: gradient, beyondPi: beyondPi)
    }
}

public import NeuralTraining

/// A margin loss against classes that nothing trains.
public struct FrozenMarginSettings: Codable, Hashable, Sendable {
    /// `arcface`, `cosface` or `normalized-softmax`.
    public var loss: HeadLoss
    /// s.
    public var scale: Float
    /// m; 0.5 for ArcFace and 0.4 for CosFace if nil.
    public var margin: Float?
    /// ArcFace's gradient.
    public var gradient: MarginLoss.Gradient

    enum CodingKeys: String, CodingKey, CaseIterable {
        case loss
        case scale
        case margin
        case gradient
    }

    /// ArcFace with s = 64.
    public init(
        loss: HeadLoss = .arcFace,
        scale: Float = 64,
        margin: Float? = nil,
        gradient: MarginLoss.Gradient = .straightThrough
    ) {
        self.loss = loss
        self.scale = scale
        self.margin = margin
        self.gradient = gradient
    }

    /// Decodes what is there and takes the defaults for what is not.
    public init(from decoder: any Decoder) throws {
        let (values, standard) = (try decoder.container(keyedBy: CodingKeys.self), FrozenMarginSettings())
        loss = try values.value(.loss, or: standard.loss)
        scale = try values.value(.scale, or: standard.scale)
        margin = try values.decodeIfPresent(Float.self, forKey: .margin)
        gradient = try values.value(.gradient, or: standard.gradient)
    }

    var marginLoss: MarginLoss { loss.marginLoss(margin: margin, gradient: gradient) }
    var kind: ClassifierHead.Kind { .cosine(scale: scale) }
}

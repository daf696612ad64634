internal import ArtifactFiles
public import NeuralTraining

/// A margin loss against class centres that no gradient moves: `arc-distill` and `adadistill`.
///
/// The defaults are those of fdbtrs/AdaDistill (utils/losses.py, config/config.py; arXiv 2407.01332), for both methods:
/// s = 64, m = 0.45 (ArcFace) or 0.35 (CosFace), ArcFace differentiated exactly and without a branch beyond π.
public struct FrozenMarginSettings: Codable, Hashable, Sendable {
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

    enum CodingKeys: String, CodingKey, CaseIterable {
        case loss
        case scale
        case margin
        case gradient
        case beyondPi = "beyond-pi"
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

    /// Decodes what is there and takes the defaults for what is not.
    public init(from decoder: any Decoder) throws {
        let (values, standard) = (try decoder.container(keyedBy: CodingKeys.self), FrozenMarginSettings())
        loss = try values.value(.loss, or: standard.loss)
        scale = try values.value(.scale, or: standard.scale)
        margin = try values.decodeIfPresent(Float.self, forKey: .margin)
        gradient = try values.value(.gradient, or: standard.gradient)
        beyondPi = try values.value(.beyondPi, or: standard.beyondPi)
    }

    var marginLoss: MarginLoss {
        loss.marginLoss(margin: margin ?? (loss == .cosFace ? 0.35 : 0.45), gradient: gradient, beyondPi: beyondPi)
    }
    var kind: ClassifierHead.Kind { .cosine(scale: scale) }
}

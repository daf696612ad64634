public import ArtifactFiles
public import NeuralCompute

/// The classification losses by the names of recipes.
public enum HeadLoss: String, Codable, Hashable, Sendable, CaseIterable {
    /// Linear logits with a bias, no margin.
    case softmax
    /// s·cosθ, no margin.
    case normalizedSoftmax = "normalized-softmax"
    /// s·cos(θ + m).
    case arcFace = "arcface"
    /// s·(cosθ − m).
    case cosFace = "cosface"

    /// The loss of a name.
    ///
    /// - Throws: ``InputError`` (`unknownName`) that lists the known names.
    public static func named(_ name: String) throws(InputError) -> HeadLoss {
        guard let loss = HeadLoss(rawValue: name) else {
            throw .unknownName(name, kind: "classification loss", known: allCases.map(\.rawValue))
        }
        return loss
    }

    /// What a logit is.
    ///
    /// - Parameter scale: s, where cosines are scaled.
    public func kind(scale: Float = 64) -> ClassifierHead.Kind { self == .softmax ? .linear : .cosine(scale: scale) }

    /// m where nothing else is said: 0.5 radians for ArcFace, 0.4 for CosFace; nil for losses without a margin.
    public var standardMargin: Float? {
        switch self {
        case .softmax, .normalizedSoftmax: nil
        case .arcFace: 0.5
        case .cosFace: 0.4
        }
    }

    /// The loss on such logits.
    ///
    /// - Parameters:
    ///   - margin: m, in radians for ArcFace, in cosine for CosFace; ``standardMargin`` if nil.
    ///   - gradient: ArcFace's gradient.
    ///   - beyondPi: What ArcFace does where θ + m > π.
    public func marginLoss(
        margin: Float? = nil,
        gradient: MarginLoss.Gradient = .straightThrough,
        beyondPi: MarginLoss.BeyondPi = .cosine
    ) -> MarginLoss {
        let margin = margin ?? standardMargin ?? 0
        return switch self {
        case .softmax, .normalizedSoftmax: .softmax
        case .arcFace: .arcFace(marginRadians: margin, gradient: gradient, beyondPi: beyondPi)
        case .cosFace: .cosFace(margin: margin)
        }
    }
}

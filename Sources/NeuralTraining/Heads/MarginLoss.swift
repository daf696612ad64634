#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Cross entropy over classes, with or without a margin on the label's angle.
public enum MarginLoss: Hashable, Sendable {
    /// How the margin of ArcFace enters the gradient.
    public enum Gradient: String, Codable, Hashable, Sendable, CaseIterable {
        /// InsightFace's: the margin changes the value and is passed over by the gradient.
        ///
        /// Source: `CombinedMarginLoss` in recognition/arcface_torch/losses.py, where arccos and cos run under no_grad.
        case straightThrough = "straight-through"
        /// The derivative of what is computed: a factor sin(θ+m) / sinθ on the label's entry.
        case exact
    }

    /// What ArcFace does where θ + m > π, where cos(θ + m) rises again.
    public enum BeyondPi: String, Codable, Hashable, Sendable, CaseIterable {
        /// Nothing special: cos(θ + m).
        ///
        /// As InsightFace since December 2022 (`CombinedMarginLoss` in recognition/arcface_torch/losses.py), AdaDistill
        /// (utils/losses.py) and MarginDistillation (train/train.py).
        case cosine
        /// cosθ − m·sin m with derivative 1, which goes on falling; there is a step at π − m.
        ///
        /// As InsightFace from January to December 2022 (`easy_margin = False`) and TFace (torchkit/head/localfc).
        case linear
    }

    /// No margin: cross entropy of the head's own logits, linear or cosine.
    case softmax
    /// s·cos(θ + m) at the label. Deng et al., arXiv 1801.07698, equation 3.
    case arcFace(marginRadians: Float, gradient: Gradient, beyondPi: BeyondPi = .cosine)
    /// s·(cosθ − m) at the label. Wang et al., arXiv 1801.09414, equation 4.
    case cosFace(margin: Float)

    /// Below this sinθ the exact factor sin(θ+m) / sinθ stops growing (θ < 0.06°, or as near to 180°).
    ///
    /// The direction of its gradient loses all its digits there in single precision; PyTorch's own derivative is infinite at
    /// cosθ = ±1.
    static let leastSine: Float = 1e-3

    /// The mean loss of a batch, `[1, 1]`.
    ///
    /// - Parameters:
    ///   - responses: What ``ClassifierHead/responses(to:)`` gave, `[batch, classes]`.
    ///   - head: The head that gave it; margins need cosines.
    ///   - labels: Rows of the head's weights, one per face.
    ///   - margins: A margin of its own for each face, in place of the loss's.
    /// - Returns: The mean over faces of −ln softmax at the label. Not finite where the responses are not.
    public func loss(
        _ responses: TapeValue,
        head: ClassifierHead,
        labels: [Int],
        margins: [Float]? = nil
    ) -> TapeValue {
        precondition(margins.map { $0.count == labels.count } ?? true, "a margin for every face")
        switch (self, head.kind) {
        case (.softmax, .linear): return responses.crossEntropy(labels: labels)
        case (.softmax, .cosine(let scale)):
            return responses.marginCrossEntropy(labels: labels, scale: scale) { cosine, _ in (cosine, 1) }
        case (.arcFace(let margin, let gradient, let beyondPi), .cosine(let scale)):
            return responses.marginCrossEntropy(labels: labels, scale: scale) { cosine, row in
                Self.arcFace(cosine, margin: margins?[row] ?? margin, gradient, beyondPi)
            }
        case (.cosFace(let margin), .cosine(let scale)):
            return responses.marginCrossEntropy(labels: labels, scale: scale) { cosine, row in
                (cosine - (margins?[row] ?? margin), 1)
            }
        case (.arcFace, .linear), (.cosFace, .linear): preconditionFailure("a margin needs a cosine head")
        }
    }

    /// cos(θ + m) and its derivative by cosθ.
    static func arcFace(
        _ entry: Float,
        margin: Float,
        _ gradient: Gradient,
        _ beyondPi: BeyondPi
    ) -> (value: Float, derivative: Float) {
        // Rounding may take a cosine past ±1. Comparisons let NaN through, so that the loss shows it.
        let cosine = entry > 1 ? 1 : entry < -1 ? -1 : entry
        let sine = ((1 - cosine) * (1 + cosine)).squareRoot()
        if beyondPi == .linear && cosine <= -cos(margin) && margin > 0 { return (cosine - margin * sin(margin), 1) }
        let value = cosine * cos(margin) - sine * sin(margin)
        guard gradient == .exact else { return (value, 1) }
        // d cos(θ+m) / d cosθ = sin(θ+m) / sinθ
        let sineOfSum = sine * cos(margin) + cosine * sin(margin)
        return (value, sineOfSum / max(sine, Self.leastSine))
    }
}

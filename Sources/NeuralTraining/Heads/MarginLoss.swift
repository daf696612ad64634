public import NeuralCompute

/// Cross entropy over classes, with or without a margin on the label's angle.
public enum MarginLoss: Hashable, Sendable {
    /// How the margin of ArcFace enters the gradient.
    public typealias Gradient = MarginCrossEntropy.AngularGradient
    /// What ArcFace does where θ + m > π.
    public typealias BeyondPi = MarginCrossEntropy.BeyondPi

    /// No margin: cross entropy of the head's own logits, linear or cosine.
    case softmax
    /// s·cos(θ + m) at the label. Deng et al., arXiv 1801.07698, equation 3.
    case arcFace(marginRadians: Float, gradient: Gradient, beyondPi: BeyondPi = .cosine)
    /// s·(cosθ − m) at the label. Wang et al., arXiv 1801.09414, equation 4.
    case cosFace(margin: Float)

    /// The mean loss of a batch, `[1, 1]`.
    ///
    /// - Parameters:
    ///   - logits: What ``ClassifierHead/unscaledLogits(of:)`` gave, `[batch, classes]`.
    ///   - head: The head that gave it; margins need cosines.
    ///   - labels: Rows of the head's weights, one per sample.
    ///   - margins: A margin of its own for each sample, in place of the loss's.
    /// - Returns: The mean over samples of −ln softmax at the label. Not finite where the logits are not.
    public func loss(
        _ logits: TapeValue,
        head: ClassifierHead,
        labels: [Int],
        margins: [Float]? = nil
    ) -> TapeValue {
        func all(_ margin: Float) -> [Float] { margins ?? [Float](repeating: margin, count: labels.count) }
        switch (self, head.kind) {
        case (.softmax, .linear): return logits.crossEntropy(labels: labels)
        case (.softmax, .cosine(let scale)):
            return logits.crossEntropy(MarginCrossEntropy(labels: labels, scale: scale))
        case (.arcFace(let margin, let gradient, let beyondPi), .cosine(let scale)):
            return logits.crossEntropy(
                MarginCrossEntropy(
                    labels: labels,
                    scale: scale,
                    margin: .angular(gradient, beyondPi),
                    margins: all(margin)
                )
            )
        case (.cosFace(let margin), .cosine(let scale)):
            return logits.crossEntropy(
                MarginCrossEntropy(labels: labels, scale: scale, margin: .additive, margins: all(margin))
            )
        case (.arcFace, .linear), (.cosFace, .linear): preconditionFailure("a margin needs a cosine head")
        }
    }
}

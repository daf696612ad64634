/// A classifier on the tape: class weights, and how logits come from them without any margin.
public struct ClassifierHead {
    /// What a logit is.
    public enum Kind: Hashable, Sendable, CustomStringConvertible {
        /// w·f + b.
        case linear
        /// s·cosθ.
        case cosine(scale: Float)

        /// `w·f + b`, `64·cosθ`.
        public var description: String {
            switch self {
            case .linear: "w·f + b"
            case .cosine(let scale): "\(scale == scale.rounded() ? "\(Int(scale))" : "\(scale)")·cosθ"
            }
        }
    }

    /// What a logit is.
    public let kind: Kind
    /// `[classes, dimensions]`: a leaf where it is trained, a constant where it is frozen.
    public let weights: TapeValue
    /// `[1, classes]`, of linear heads only.
    public let bias: TapeValue?

    /// A head over weights that are on the tape.
    ///
    /// - Parameters:
    ///   - kind: What a logit is.
    ///   - weights: `[classes, dimensions]`.
    ///   - bias: `[1, classes]`; ignored by cosine heads.
    public init(kind: Kind, weights: TapeValue, bias: TapeValue? = nil) {
        self.kind = kind
        self.weights = weights
        self.bias = kind == .linear ? bias : nil
    }

    /// The number of classes.
    public var classCount: Int { weights.rows }
    /// The length of the embeddings that it takes.
    public var dimensions: Int { weights.columns }
    /// Whether no gradient reaches the weights.
    public var isFrozen: Bool { !weights.isDifferentiated && bias?.isDifferentiated != true }

    /// What losses and logits start from: cosines before the scale, or w·f + b, `[batch, classes]`.
    public func unscaledLogits(of embeddings: TapeValue) -> TapeValue {
        switch kind {
        case .linear:
            let products = embeddings.times(transposed: weights)
            return bias.map { products + $0 } ?? products
        case .cosine: return embeddings.cosines(with: weights)
        }
    }

    /// Logits without a margin, `[batch, classes]`, from ``unscaledLogits(of:)``.
    ///
    /// - Parameters:
    ///   - unscaled: What ``unscaledLogits(of:)`` gave.
    ///   - scale: Takes the place of a cosine head's scale.
    public func logits(fromUnscaled unscaled: TapeValue, scale: Float? = nil) -> TapeValue {
        switch kind {
        case .linear: unscaled
        case .cosine(let own): (scale ?? own) * unscaled
        }
    }

    /// Logits without a margin, `[batch, classes]`.
    public func logits(of embeddings: TapeValue, scale: Float? = nil) -> TapeValue {
        logits(fromUnscaled: unscaledLogits(of: embeddings), scale: scale)
    }

    /// The same classifier out of the gradient's reach.
    public var frozen: ClassifierHead {
        ClassifierHead(kind: kind, weights: weights.detached, bias: bias?.detached)
    }
}

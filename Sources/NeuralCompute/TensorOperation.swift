/// A differentiable operation on matrices: what every device computes forward and backward.
///
/// Shapes stand as `[rows, columns]`; m × n is the value's. Sums over many elements are formed in double precision.
public enum TensorOperation: Sendable {
    /// A function of every element, `[m, n]` → `[m, n]`.
    case map(ElementFunction)
    /// A function of two values element by element; either may be a row, a column or a scalar and is then broadcast.
    case combine(ElementCombination)
    /// A · B, `[m, k] · [k, n]`.
    case product
    /// A · Bᵀ, `[m, k] · [n, k]ᵀ`.
    case productTransposed
    /// A · B̂ᵀ with B's rows divided by their Euclidean norms, without a copy of B: `[m, k] · [n, k]ᵀ`.
    ///
    /// B may have a hundred thousand rows: the product is scaled by the norms, and the gradient is projected in its own
    /// memory. With cosines c = Â · B̂ᵀ: ∂/∂bⱼ = (Σᵢ gᵢⱼ âᵢ − (Σᵢ gᵢⱼ cᵢⱼ) b̂ⱼ) / ‖bⱼ‖.
    case productWithNormalizedRows(leastNorm: Float)
    /// Rows divided by their Euclidean norms; a norm below `leastNorm` counts as that, and has then no gradient of its own.
    case normalizeRows(leastNorm: Float)
    /// Rows and columns exchanged.
    case transpose
    /// The sum of each row, `[m, 1]`.
    case rowSums
    /// The sum of each column, `[1, n]`.
    case columnSums
    /// The sum of all, `[1, 1]`.
    case sum
    /// ln softmax of each row.
    case logSoftmax
    /// The mean over rows of a cross entropy, `[1, 1]`.
    case crossEntropy(MarginCrossEntropy)
    /// T² / rows · Σ p_t ln(p_t / p_s) with p = softmax(z / T), `[1, 1]`; operands are z_s and z_t, which has no gradient.
    case klDivergence(temperature: Float)
    /// The same elements in other rows and columns.
    case reshape(rows: Int, columns: Int)
    /// Rows by their indices, which may repeat.
    case gatherRows([Int])
    /// Positions of feature maps by their indices, −1 for zeros: rows are `[positions, channels]`.
    case gatherPositions([Int], channels: Int)
    /// The columns of one value and then those of another.
    case concatenateColumns
    /// Inner products of row i of A with rows of B of its own: B's indices are `[m, n]`, B has no gradient.
    ///
    /// Gathered, the rows would be as large as m × n × k; they are read where they are, forward and backward.
    case candidateProducts([Int])
}

/// A function of one number.
public enum ElementFunction: Hashable, Sendable {
    /// x².
    case squared
    /// √x; the derivative at 0 is taken as 0.
    case squareRoot
    /// eˣ.
    case exponential
    /// ln x.
    case logarithm
    /// max(x, 0), with derivative 0 at 0.
    case rectified
    /// |x|, with derivative 0 at 0.
    case magnitude
    /// 1 / (1 + e⁻ˣ), without overflow at either end.
    case sigmoid
    /// Huber's function with threshold 1: x²/2 up to |x| = 1, |x| − ½ beyond (PyTorch's smooth L1).
    case smoothAbsolute
    /// The nearest number of low … high; derivative 1 within, ends included, and 0 outside. NaN stays NaN.
    case clamped(low: Float, high: Float)
    /// factor · x + offset.
    case affine(factor: Float, offset: Float)
}

/// A function of two numbers.
public enum ElementCombination: Hashable, Sendable {
    /// a + b.
    case add
    /// a − b.
    case subtract
    /// a · b.
    case multiply
    /// a / b.
    case divide
}

/// Softmax cross entropy of s·c at the label, whose entry a margin changed first.
///
/// Nothing of the size of the logits is stored besides their gradient: the backward pass computes the probabilities again
/// from one number per row.
public struct MarginCrossEntropy: Sendable {
    /// How the label's entry is changed.
    public enum Margin: Hashable, Sendable {
        /// Not at all.
        case none
        /// c − m: CosFace.
        case additive
        /// cos(arccos c + m): ArcFace.
        case angular(AngularGradient, BeyondPi)
    }

    /// How an angular margin enters the gradient.
    public enum AngularGradient: String, Codable, Hashable, Sendable, CaseIterable {
        /// InsightFace's: the margin changes the value and is passed over by the gradient.
        ///
        /// Source: `CombinedMarginLoss` in recognition/arcface_torch/losses.py, where arccos and cos run under no_grad.
        case straightThrough = "straight-through"
        /// The derivative of what is computed: a factor sin(θ+m) / sinθ on the label's entry.
        case exact
    }

    /// What an angular margin does where θ + m > π, where cos(θ + m) rises again.
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

    /// Below this sinθ the exact factor sin(θ+m) / sinθ stops growing (θ < 0.06°, or as near to 180°).
    ///
    /// The direction of its gradient loses all its digits there in single precision; PyTorch's own derivative is infinite at
    /// cosθ = ±1.
    public static let leastSine: Float = 1e-3

    /// One column index per row.
    public var labels: [Int]
    /// s.
    public var scale: Float
    /// How the label's entry is changed.
    public var margin: Margin
    /// m of each row; empty where there is no margin.
    public var margins: [Float]

    /// A cross entropy; without a margin unless told otherwise.
    public init(labels: [Int], scale: Float = 1, margin: Margin = .none, margins: [Float] = []) {
        precondition(margin == .none || margins.count == labels.count, "a margin for every row")
        self.labels = labels
        self.scale = scale
        self.margin = margin
        self.margins = margins
    }
}

/// An optimiser's rule, as a device applies it.
public enum UpdateRule: Hashable, Sendable {
    /// Stochastic gradient descent with momentum, as `torch.optim.SGD` computes it.
    ///
    /// g ← g + decay·w; v ← momentum·v + g (v ← g at first); w ← w − rate·v, or with Nesterov's correction
    /// w ← w − rate·(g + momentum·v). There is no dampening.
    case sgd(momentum: Float, nesterov: Bool)
    /// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), as `torch.optim.AdamW` computes it.
    case adamW(beta1: Float, beta2: Float, epsilon: Float)

    /// The name in recipes and run states.
    public var name: String {
        switch self {
        case .sgd: "sgd"
        case .adamW: "adamw"
        }
    }

    /// How many tensors of state stand beside a parameter; SGD without momentum has none.
    public var slotCount: Int {
        switch self {
        case .sgd(let momentum, _): momentum == 0 ? 0 : 1
        case .adamW: 2
        }
    }
}

/// What one node of a ``Graph`` computes.
///
/// Parameters are named, never held: values live in ``Weights``.
public enum Operation: Hashable, Sendable, Codable {
    /// A 2-D convolution, with what follows it fused or not.
    case convolution(Convolution)
    /// A matrix product with a vector.
    case linear(Linear)
    /// Batch normalisation over channels; running statistics in inference.
    case batchNormalization(BatchNormalization)
    /// `x · scale + shift` per channel, with constant parameters of `[channels]`.
    case channelAffine(scale: String, shift: String)
    /// `x · scale + shift` with two numbers.
    case scalarAffine(scale: Float, shift: Float)
    /// A pointwise non-linearity.
    case activation(Activation)
    /// The sum of two values of one shape, or of a value and a `[channels]` vector.
    case add
    /// The product of two values of one shape, or of a value and a `[channels]` vector.
    case multiply
    /// Maximum or mean over windows.
    case pool(Pool)
    /// The mean over rows and columns: `[channels]`.
    case globalAveragePool
    /// A spatial value as a vector in channel, row, column order (as PyTorch's NCHW `flatten`).
    case flatten
    /// Values side by side along the channels.
    case concatenate
    /// A border of one constant around a spatial value.
    case pad(Padding, value: Float)
    /// Dropout: the identity in inference.
    case dropout(rate: Float)
    /// Division by the Euclidean norm of the vector, at least `epsilon`.
    case l2Normalize(epsilon: Float)
    /// The value as it is.
    case identity
}

/// Rows and columns added around a spatial value.
public struct Padding: Hashable, Sendable, Codable {
    /// Rows above.
    public var top: Int
    /// Columns to the left.
    public var left: Int
    /// Rows below.
    public var bottom: Int
    /// Columns to the right.
    public var right: Int

    /// Padding by side.
    public init(top: Int, left: Int, bottom: Int, right: Int) {
        self.top = top
        self.left = left
        self.bottom = bottom
        self.right = right
    }

    /// The same on all sides.
    public init(_ all: Int = 0) { self.init(top: all, left: all, bottom: all, right: all) }

    /// Whether nothing is added.
    public var isZero: Bool { top == 0 && left == 0 && bottom == 0 && right == 0 }
}

/// Two whole numbers for rows and columns.
public struct Extent: Hashable, Sendable, Codable {
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int

    /// Rows and columns.
    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }

    /// The same for both.
    public init(_ both: Int) { self.init(both, both) }
}

/// A 2-D convolution.
///
/// The weight is `[outChannels, inChannels / groups, kernel.height, kernel.width]`.
public struct Convolution: Hashable, Sendable, Codable {
    /// Channels made.
    public var outChannels: Int
    /// Kernel size.
    public var kernel: Extent
    /// Step.
    public var stride: Extent
    /// Border.
    public var padding: Padding
    /// Distance between taps.
    public var dilation: Extent
    /// Groups of channels.
    public var groups: Int
    /// Name of the weight.
    public var weight: String
    /// Name of the bias `[outChannels]`.
    public var bias: String?
    /// Name of the values `[inChannels]` that stand outside the picture; zero without it.
    ///
    /// Folding a normalisation that precedes a padded convolution needs it: what was 0 after the normalisation is
    /// −shift/scale before it.
    public var borderValues: String?
    /// What is fused behind it.
    public var epilogue: Epilogue

    /// Creates a convolution; the defaults are a stride of 1, no padding, one group and no bias.
    public init(
        outChannels: Int,
        kernel: Extent,
        stride: Extent = Extent(1),
        padding: Padding = Padding(),
        dilation: Extent = Extent(1),
        groups: Int = 1,
        weight: String,
        bias: String? = nil,
        borderValues: String? = nil,
        epilogue: Epilogue = Epilogue()
    ) {
        self.outChannels = outChannels
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        self.weight = weight
        self.bias = bias
        self.borderValues = borderValues
        self.epilogue = epilogue
    }
}

/// A fully connected layer: `weight · x + bias`; the weight is `[outFeatures, inFeatures]`.
public struct Linear: Hashable, Sendable, Codable {
    /// Features made.
    public var outFeatures: Int
    /// Name of the weight.
    public var weight: String
    /// Name of the bias `[outFeatures]`.
    public var bias: String?

    /// Creates a layer.
    public init(outFeatures: Int, weight: String, bias: String? = nil) {
        self.outFeatures = outFeatures
        self.weight = weight
        self.bias = bias
    }
}

/// Batch normalisation: `(x − mean) / √(variance + epsilon) · scale + shift`, all `[channels]`.
public struct BatchNormalization: Hashable, Sendable, Codable {
    /// Name of the running mean.
    public var mean: String
    /// Name of the running variance.
    public var variance: String
    /// Name of the scale (PyTorch's `weight`); 1 without it.
    public var scale: String?
    /// Name of the shift (PyTorch's `bias`); 0 without it.
    public var shift: String?
    /// Added to the variance.
    public var epsilon: Float
    /// Whether training leaves the scale as it is (IResNet's last normalisation).
    public var scaleIsFixed: Bool

    /// Creates a normalisation.
    public init(
        mean: String,
        variance: String,
        scale: String?,
        shift: String?,
        epsilon: Float = 1e-5,
        scaleIsFixed: Bool = false
    ) {
        self.mean = mean
        self.variance = variance
        self.scale = scale
        self.shift = shift
        self.epsilon = epsilon
        self.scaleIsFixed = scaleIsFixed
    }
}

/// A pointwise non-linearity.
public enum Activation: Hashable, Sendable, Codable {
    /// max(x, 0).
    case relu
    /// x limited to a range; ReLU6 is 0 … 6.
    case clip(low: Float, high: Float)
    /// x, or slope · x below 0.
    case leakyRelu(slope: Float)
    /// x, or the channel's slope · x below 0; the parameter is `[channels]` or `[1]`.
    case prelu(slope: String)
    /// 1 / (1 + e⁻ˣ).
    case sigmoid
}

/// What a convolution does to its sums before it stores them: bias is always first.
public struct Epilogue: Hashable, Sendable, Codable {
    /// The non-linearity.
    public var activation: Activation?
    /// Whether the node's second input is added.
    public var addsSecondInput: Bool
    /// Whether the non-linearity comes after that addition.
    public var activationFollowsAddition: Bool

    /// Creates an epilogue; the default does nothing.
    public init(
        activation: Activation? = nil,
        addsSecondInput: Bool = false,
        activationFollowsAddition: Bool = false
    ) {
        self.activation = activation
        self.addsSecondInput = addsSecondInput
        self.activationFollowsAddition = activationFollowsAddition
    }
}

/// Maximum or mean over windows.
public struct Pool: Hashable, Sendable, Codable {
    /// What is taken of a window.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// The largest value; the border counts as −∞.
        case maximum
        /// The mean.
        case average
    }

    /// What is taken.
    public var kind: Kind
    /// Window size.
    public var kernel: Extent
    /// Step.
    public var stride: Extent
    /// Border.
    public var padding: Padding
    /// Whether a last, incomplete window counts (ONNX `ceil_mode`).
    public var roundsUp: Bool
    /// Whether the border counts in a mean's divisor.
    public var countsPadding: Bool

    /// Creates a pool.
    public init(
        kind: Kind,
        kernel: Extent,
        stride: Extent,
        padding: Padding = Padding(),
        roundsUp: Bool = false,
        countsPadding: Bool = false
    ) {
        self.kind = kind
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.roundsUp = roundsUp
        self.countsPadding = countsPadding
    }
}

public import NeuralGraph

/// How a training plan computes.
public struct TrainingOptions: Hashable, Sendable {
    /// The most images of one pass.
    public var batchSize: Int
    /// Names of nodes whose values and gradients are wanted besides the output's.
    public var taps: [String]

    /// Creates options.
    public init(batchSize: Int, taps: [String] = []) {
        self.batchSize = batchSize
        self.taps = taps
    }
}

/// One parameter or statistic of a network in training.
public struct NetworkParameter {
    /// What it is; the shape is that of the weights the plan was made of (PReLU slopes may be `[1]`).
    public let specification: ParameterSpecification
    /// Its value: the first axis as rows, one axis as a row.
    public let value: DeviceTensor
    /// What the last backward pass wrote: 0 for what is not trainable.
    public let gradient: DeviceTensor
}

/// What a forward pass is for.
public enum ForwardMode: Hashable, Sendable {
    /// Statistics of the batch; the running ones move by 0.1 towards them, with the unbiased variance, as PyTorch's.
    /// Dropout is drawn from the seed and each face's number, which counts from `firstFace`.
    ///
    /// A normalisation that sees one number per channel gets a variance of 0 (PyTorch refuses that).
    case training(randomSeed: UInt64, firstFace: Int = 0)
    /// Running statistics, no dropout; a backward pass after it treats the statistics as constants.
    case evaluation
}

/// A compiled network that goes forward and backward: it knows every shape, owns its buffers and allocates nothing per
/// step.
///
/// Values and gradients of one step are sums over fixed groups of faces in a fixed order: the same bytes for any number of
/// threads. A plan is for one caller at a time.
public protocol TrainingPlan: AnyObject {
    /// One face's input.
    var inputShape: ActivationShape { get }
    /// One face's output.
    var outputShape: ActivationShape { get }
    /// The most images of one pass.
    var batchSize: Int { get }
    /// The device that it was compiled for.
    var device: any Device { get }
    /// Parameters and statistics in the order of ``NeuralGraph/Graph/parameters``. Whoever changes their values between
    /// steps changes the network.
    var parameters: [NetworkParameter] { get }

    /// Runs the network.
    ///
    /// - Parameters:
    ///   - images: A batch in host memory, `[images, height, width, channels]`, preprocessed.
    ///   - range: Which images of it, 1 … ``batchSize`` of them.
    ///   - mode: What the pass is for.
    func forward(_ images: any ImageValues, range: Range<Int>, mode: ForwardMode)

    /// `[count, outputShape.count]` of the last forward pass, valid until the next.
    var output: DeviceTensor { get }

    /// `[count, height × width × channels]` of the last forward pass at one of the taps, valid until the next.
    func features(at tap: Int) -> DeviceTensor

    /// One face's shape at a tap.
    func tapShape(_ tap: Int) -> ActivationShape

    /// Writes the gradients of every parameter; follows a forward pass.
    ///
    /// - Parameters:
    ///   - outputGradient: `[count, outputShape.count]`; 0 if nil.
    ///   - tapGradients: What reaches the taps from outside, by tap, `[count, shape.count]`; 0 where none is given.
    func backward(outputGradient: DeviceTensor?, tapGradients: [Int: DeviceTensor])

    /// The name of the first node whose value of the last forward pass is not finite for some face, or nil.
    ///
    /// "input" stands for the faces themselves.
    func firstNonFiniteNode() -> String?
}

extension TrainingPlan {
    /// A copy of all parameters and statistics by name.
    public var weights: Weights {
        var weights = Weights()
        for parameter in parameters {
            weights[parameter.specification.name] = Tensor(
                shape: parameter.specification.shape,
                values: device.matrix(of: parameter.value).elements
            )
        }
        return weights
    }
}

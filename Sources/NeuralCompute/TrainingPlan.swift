public import NeuralGraph

/// How a training plan computes.
public struct TrainingOptions: Hashable, Sendable {
    /// The most faces of one step.
    public var batchSize: Int
    /// Threads that share the work; results do not depend on it.
    public var threads: Int
    /// Names of nodes whose values and gradients are wanted besides the output's.
    public var taps: [String]

    /// Creates options.
    public init(batchSize: Int, threads: Int, taps: [String] = []) {
        self.batchSize = batchSize
        self.threads = threads
        self.taps = taps
    }
}

/// Where each parameter and statistic of a graph lies in one flat array.
public struct ParameterLayout: Sendable {
    /// One parameter's place.
    public struct Entry: Sendable {
        /// What it is; the shape is that of the weights the plan was made of (PReLU slopes may be `[1]`).
        public var specification: ParameterSpecification
        /// Its floats, in C order; the start is a multiple of 16.
        public var range: Range<Int>
    }

    /// In the order of ``NeuralGraph/Graph/parameters``.
    public let entries: [Entry]
    /// Floats in all, padding between parameters included.
    public let count: Int

    /// Lays out parameters one behind the other.
    public init(_ specifications: [ParameterSpecification]) {
        var entries: [Entry] = []
        var start = 0
        for specification in specifications {
            let count = specification.shape.reduce(1, *)
            entries.append(Entry(specification: specification, range: start..<start + count))
            start = (start + count + 15) / 16 * 16
        }
        self.entries = entries
        count = start
    }
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
    /// The most faces of one step.
    var batchSize: Int { get }
    /// Where parameters and statistics lie in ``values`` and ``gradients``.
    var layout: ParameterLayout { get }
    /// Parameters and statistics: `layout.count` floats of the plan's own memory. Whoever changes them between steps changes
    /// the network.
    var values: UnsafeMutableBufferPointer<Float> { get }
    /// What the last backward pass wrote: 0 for what is not trainable.
    var gradients: UnsafeMutableBufferPointer<Float> { get }

    /// Runs the network.
    ///
    /// - Parameters:
    ///   - faces: `[count, height, width, channels]`, preprocessed.
    ///   - count: 1 … ``batchSize``.
    ///   - mode: What the pass is for.
    func forward(_ faces: UnsafeBufferPointer<Float>, count: Int, mode: ForwardMode)

    /// `[count, outputShape.count]` of the last forward pass.
    var output: UnsafeBufferPointer<Float> { get }

    /// `[count, height, width, channels]` of the last forward pass at one of the taps.
    func features(at tap: Int) -> UnsafeBufferPointer<Float>

    /// One face's shape at a tap.
    func tapShape(_ tap: Int) -> ActivationShape

    /// Writes the gradients of every parameter; follows a forward pass.
    ///
    /// - Parameters:
    ///   - outputGradient: `[count, outputShape.count]`.
    ///   - tapGradients: What reaches the taps from outside, by tap, `[count, shape.count]`; 0 where none is given.
    func backward(outputGradient: UnsafeBufferPointer<Float>, tapGradients: [Int: UnsafeBufferPointer<Float>])

    /// The name of the first node whose value of the last forward pass is not finite for some face, or nil.
    ///
    /// "input" stands for the faces themselves.
    func firstNonFiniteNode() -> String?
}

extension TrainingPlan {
    /// A copy of all parameters and statistics by name.
    public var weights: Weights {
        var weights = Weights()
        for entry in layout.entries {
            weights[entry.specification.name] = Tensor(
                shape: entry.specification.shape,
                values: Array(values[entry.range])
            )
        }
        return weights
    }
}

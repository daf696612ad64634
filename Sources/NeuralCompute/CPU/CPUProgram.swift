internal import CKernels
internal import NeuralGraph

/// A graph compiled for the CPU: steps over values with fixed layouts, independent of how many faces run together.
struct CPUProgram: Sendable {
    var inputShape: ActivationShape
    var outputShape: ActivationShape
    /// The layout of every value, by ``ValueID/index``.
    var layouts: [ValueLayout]
    /// What stands in a value's border: nil for zeros.
    var borders: [[Float]?]
    /// How each value is stored.
    var storedTypes: [StoredType]
    var steps: [CPUStep]
    var output: ValueID

    /// Large networks do not fit in the caches.
    var readsWeightsFromMemory: Bool { steps.reduce(0) { $0 + $1.weightBytes } > 16 << 20 }

    /// The more weights there are to read, the more faces share a reading.
    var suggestedFacesPerPass: Int {
        if readsWeightsFromMemory { return 8 }
        return storedTypes.contains(.bfloat16) ? 2 : 4
    }
}

/// One step of a program.
struct CPUStep: Sendable {
    enum Kernel: Sendable {
        /// Products of gathered rows with packed weights; a group each.
        case dense([DenseGroup], DenseGeometry)
        /// A convolution of each channel by itself, or of pairs of channels.
        case depthwise(Convolution, DepthwiseWeights)
        /// A 3×3 convolution by Winograd's transforms.
        case winograd(WinogradWeights)
        /// A copy into another layout.
        case copy
        /// Anything else, by plain loops.
        case generic(Operation, parameters: [[Float]])
    }

    var name: String
    var kernel: Kernel
    var inputs: [ValueID]
    var output: ValueID
    var epilogue: CPUEpilogue
    /// Size of the parameters in bytes.
    var weightBytes: Int
    /// Multiply-accumulates of one face, by the definition of the operation whatever the kernel saves.
    var multiplyAccumulates = 0

    /// Floats of scratch memory that the step needs.
    var scratchCount: Int {
        guard case .winograd(let weights) = kernel else { return 0 }
        return weights.blocksPerChunk * WinogradWeights.positions * (weights.inChannels + weights.outChannels)
    }
}

/// Weights of a convolution of each channel by itself, or of pairs of channels.
struct DepthwiseWeights: Sendable {
    /// `[kernel position][1 or 2][channels]`; see ``WeightPacking/perChannel(_:channels:kernel:isPaired:)``.
    var taps: AlignedFloats
    /// The same for bfloat16 inputs, where the kernel is 3×3.
    var tapPairs: AlignedMemory?
    var isPaired: Bool
}

/// One group of a dense convolution.
struct DenseGroup: Sendable {
    /// Packed panels, stored as the input is.
    var weights: AlignedMemory
    var firstInput: Int
    var firstOutput: Int
    var outChannels: Int
    var epilogue: CPUEpilogue
}

/// How a dense convolution reads its input.
struct DenseGeometry: Sendable {
    var kernel: Extent
    var stride: Extent
    var dilation: Extent
    /// Offset of the first tap of the first output pixel from the value's first float.
    var firstTap: Int
    var runOffsets: [Int32]
    var runLength: Int
}

/// Bias and non-linearity, padded to whole panels.
struct CPUEpilogue: Sendable {
    var activation: UInt32 = 0
    var followsAddition = false
    var low: Float = 0
    var high: Float = 0
    var bias: AlignedFloats
    var slope: AlignedFloats?
}

extension CPUEpilogue {
    /// The kernel's form from a channel on; pointers stay valid while this value's buffers live.
    func native() -> vf_epilogue {
        vf_epilogue(
            activation: vf_activation_kind(rawValue: activation),
            activation_follows_addition: followsAddition ? 1 : 0,
            low: low,
            high: high,
            bias: UnsafePointer(bias.base),
            slope: slope.map { UnsafePointer($0.base) }
        )
    }
}

internal import CKernels
internal import NeuralGraph

/// A 3×3 convolution as 36 small products (Winograd F(4×4, 3×3)).
///
/// It takes a quarter of the multiplications; in single precision its results differ from the direct sum by about 1e-5 of
/// a layer's magnitude. Source: Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, arXiv 1509.09308.
struct WinogradWeights: Sendable {
    /// For each of the 36 positions: packed panels of `[outChannels, inChannels]`.
    var panels: [AlignedFloats]
    var inChannels: Int
    var outChannels: Int
    /// Zeros in place of a bias, for the products.
    var zeros: AlignedFloats

    /// Side of a block of outputs.
    static let blockSide = 4
    /// Positions of a transformed patch.
    static let positions = 36
    /// Bytes of transformed weights above which reading them costs more than the products save.
    private static let largestWeightBytes = 20 << 20

    private static let g: [[Double]] = [
        [1.0 / 4, 0, 0],
        [-1.0 / 6, -1.0 / 6, -1.0 / 6],
        [-1.0 / 6, 1.0 / 6, -1.0 / 6],
        [1.0 / 24, 1.0 / 12, 1.0 / 6],
        [1.0 / 24, -1.0 / 12, 1.0 / 6],
        [0, 0, 1],
    ]

    /// Whether the transform pays for a convolution over an input of this shape.
    static func suits(_ convolution: Convolution, input: ActivationShape) -> Bool {
        guard convolution.kernel == Extent(3), convolution.stride == Extent(1), convolution.dilation == Extent(1),
            convolution.groups == 1, convolution.padding == Padding(1), input.channels >= 32,
            convolution.outChannels >= 32,
            positions * 4 * input.channels * convolution.outChannels <= largestWeightBytes
        else { return false }
        let (height, width) = input.extent
        let blocks = blockCount(height) * blockCount(width)
        return Double(blocks * positions) < 0.6 * Double(height * width * 9)
    }

    /// Blocks along an axis.
    static func blockCount(_ size: Int) -> Int { (size + blockSide - 1) / blockSide }

    /// The border that whole patches reach into.
    static func border(height: Int, width: Int) -> Padding {
        Padding(
            top: 1,
            left: 1,
            bottom: 1 + blockCount(height) * blockSide - height,
            right: 1 + blockCount(width) * blockSide - width
        )
    }

    /// Transforms and packs `[outChannels, inChannels, 3, 3]`.
    init(_ weight: [Float], outChannels: Int, inChannels: Int) {
        self.inChannels = inChannels
        self.outChannels = outChannels
        let width = vf_panel_width()
        let panelCount = (outChannels + width - 1) / width
        zeros = AlignedFloats(count: panelCount * width)
        panels = (0..<Self.positions).map { _ in AlignedFloats(count: panelCount * inChannels * width) }
        var transformed = [Double](repeating: 0, count: Self.positions)
        for out in 0..<outChannels {
            for channel in 0..<inChannels {
                let first = (out * inChannels + channel) * 9
                Self.transform(weight[first..<first + 9], into: &transformed)
                let place = (out / width * inChannels + channel) * width + out % width
                for position in 0..<Self.positions { panels[position].base[place] = Float(transformed[position]) }
            }
        }
    }

    /// G g Gᵀ.
    private static func transform(_ kernel: ArraySlice<Float>, into result: inout [Double]) {
        let start = kernel.startIndex
        for row in 0..<6 {
            let line = (0..<3)
                .map { column in
                    (0..<3).reduce(0.0) { $0 + g[row][$1] * Double(kernel[start + 3 * $1 + column]) }
                }
            for column in 0..<6 {
                result[6 * row + column] = g[column][0] * line[0] + g[column][1] * line[1] + g[column][2] * line[2]
            }
        }
    }

    /// Bytes of the packed weights.
    var byteCount: Int { panels.reduce(0) { $0 + $1.count * 4 } }

    /// Blocks that go through the 36 products together: their transforms should stay near the core, but be large enough
    /// that reading the weights does not dominate.
    var blocksPerChunk: Int {
        let budget = min(max(byteCount, 512 << 10), 6 << 20)
        return max(14, budget / (Self.positions * 4 * (inChannels + outChannels)))
    }
}

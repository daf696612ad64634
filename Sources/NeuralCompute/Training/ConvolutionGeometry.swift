internal import NeuralGraph

/// How a convolution is cut into bands of rows that fit the cache, forward and backward.
///
/// A band of the input holds its padding. A band of the gradient holds zeros between pixels for strides above 1 and enough
/// border that the input's gradient is a plain convolution of it with the mirrored kernel.
struct ConvolutionGeometry {
    enum Kind {
        /// Products over all channels of a group.
        case dense
        /// Channel by channel.
        case depthwise
        /// Groups of two channels in, two out.
        case paired
    }

    let height: Int
    let width: Int
    let channels: Int
    let outHeight: Int
    let outWidth: Int
    let outChannels: Int
    let convolution: Convolution
    let kind: Kind
    /// Input and output pixels are the same rows of a matrix.
    let isFlat: Bool
    /// Output rows (pixels when flat) per band.
    private(set) var bandRows: Int
    /// Floats per pixel of bands.
    let pitch: Int
    let gradientPitch: Int

    init(_ convolution: Convolution, input: ActivationShape, output: ActivationShape) {
        self.convolution = convolution
        (height, width) = input.extent
        channels = input.channels
        (outHeight, outWidth) = output.extent
        outChannels = output.channels
        let kernel = convolution.kernel
        let perGroup = channels / convolution.groups
        let keepsChannels = channels == outChannels
        kind =
            perGroup == 1 && keepsChannels && convolution.groups > 1
            ? .depthwise : perGroup == 2 && keepsChannels && convolution.groups > 1 ? .paired : .dense
        isFlat =
            kernel == Extent(1) && convolution.stride == Extent(1) && convolution.padding.isZero
            && convolution.groups == 1
        // An odd number of cache lines between pixels spreads columns over all sets of the cache; runs over a kernel's row
        // need pixels without gaps.
        let joins = kind == .dense && kernel != Extent(1) && convolution.groups == 1
        pitch = joins ? channels : Self.spread(channels)
        gradientPitch = Self.spread(outChannels)
        bandRows = 0
        bandRows = chooseBandRows()
    }

    private static func spread(_ channels: Int) -> Int {
        let lines = (channels + 15) / 16
        return (lines % 2 == 0 ? lines + 1 : lines) * 16
    }

    private func chooseBandRows() -> Int {
        // Both bands in half of the second-level cache.
        let budget = 120 * 1024
        if isFlat {
            let rows = budget / (pitch + gradientPitch)
            return max(56, min(448, rows / 14 * 14))
        }
        let perRow =
            convolution.stride.height * paddedWidth * pitch
            + convolution.stride.height * gradientColumns * gradientPitch
        let most = max(1, min(outHeight, budget / perRow))
        let bands = (outHeight + most - 1) / most
        return (outHeight + bands - 1) / bands
    }

    var kernel: Extent { convolution.kernel }
    var stride: Extent { convolution.stride }
    var dilation: Extent { convolution.dilation }
    var padding: Padding { convolution.padding }
    var groups: Int { convolution.groups }
    var inPerGroup: Int { channels / groups }
    var outPerGroup: Int { outChannels / groups }
    var taps: Int { kernel.height * kernel.width }
    /// Neighbouring taps of a row are one run.
    var joinsColumns: Bool { kind == .dense && groups == 1 && dilation.width == 1 && pitch == channels }

    // MARK: The input's bands

    /// Columns of a band.
    var paddedWidth: Int {
        max(padding.left + width, (outWidth - 1) * stride.width + (kernel.width - 1) * dilation.width + 1)
    }

    /// The input rows that output rows read; rows outside the picture count.
    func inputRows(_ rows: Range<Int>) -> Range<Int> {
        let first = rows.lowerBound * stride.height - padding.top
        return first..<first + (rows.count - 1) * stride.height + (kernel.height - 1) * dilation.height + 1
    }

    /// Floats of the largest band.
    var bandSize: Int {
        isFlat ? bandRows * pitch : inputRows(0..<bandRows).count * paddedWidth * pitch
    }

    // MARK: The gradient's bands, in rows and columns with zeros between pixels

    /// The input rows whose gradient a band completes.
    func ownedRows(_ rows: Range<Int>) -> Range<Int> {
        let first = min(rows.lowerBound * stride.height, height)
        let last = rows.upperBound == outHeight ? height : min(rows.upperBound * stride.height, height)
        return first..<max(first, last)
    }

    /// The rows that both the input's and the weights' gradient need.
    func gradientRows(_ rows: Range<Int>) -> Range<Int> {
        let owned = ownedRows(rows)
        let first = rows.lowerBound * stride.height + lowRow
        let last = max(owned.upperBound - 1 + padding.top, (rows.upperBound - 1) * stride.height)
        return first..<last + 1
    }

    /// The first row of a band, counted from its first output row.
    var lowRow: Int { min(0, padding.top - (kernel.height - 1) * dilation.height) }
    /// The first column of a band.
    var lowColumn: Int { min(0, padding.left - (kernel.width - 1) * dilation.width) }
    /// Columns of a band.
    var gradientColumns: Int { max(width - 1 + padding.left, (outWidth - 1) * stride.width) + 1 - lowColumn }

    /// Floats of the largest band.
    var gradientBandSize: Int {
        if isFlat { return bandRows * gradientPitch }
        let most = bands.map { gradientRows($0).count }.max() ?? 0
        return most * gradientColumns * gradientPitch
    }

    /// The output rows of each band.
    var bands: [Range<Int>] {
        stride(from: 0, to: outHeight, by: bandRows).map { $0..<min($0 + bandRows, outHeight) }
    }

    private func stride(from: Int, to: Int, by: Int) -> StrideTo<Int> { Swift.stride(from: from, to: to, by: by) }

    // MARK: Phases

    /// Input pixels whose places are alike modulo the stride are reached by the same taps.
    struct Phase {
        var row: Int
        var column: Int
        /// Numbers of the taps that reach them.
        var taps: [Int]
    }

    /// The phases of the input's gradient; one for a stride of 1.
    var phases: [Phase] {
        var phases: [Phase] = []
        for row in 0..<stride.height {
            for column in 0..<stride.width {
                let taps = (0..<taps)
                    .filter { tap in
                        let y = row + padding.top - tap / kernel.width * dilation.height
                        let x = column + padding.left - tap % kernel.width * dilation.width
                        return y % stride.height == 0 && x % stride.width == 0
                    }
                phases.append(Phase(row: row, column: column, taps: taps))
            }
        }
        return phases
    }

    /// Where a tap's gradients start in a band, counted from the band's first pixel, for a phase.
    func gradientOffset(_ phase: Phase, tap: Int) -> Int {
        let row = phase.row + padding.top - tap / kernel.width * dilation.height - lowRow
        let column = phase.column + padding.left - tap % kernel.width * dilation.width - lowColumn
        return (row * gradientColumns + column) * gradientPitch
    }
}

internal import CKernels

/// Inner products of many vectors with one fixed set of vectors, by the dense kernel.
///
/// Single precision: for unit vectors of 512 numbers the error stays below 1e-6.
public struct InnerProducts: Sendable {
    /// How many vectors the fixed set has.
    public let count: Int
    /// Length of every vector.
    public let dimensions: Int
    private let packed: AlignedFloats
    private let zeros: AlignedFloats

    /// Packs the fixed set once.
    ///
    /// - Parameters:
    ///   - vectors: `[count, dimensions]`.
    ///   - count: The number of vectors.
    ///   - dimensions: Their length.
    public init(vectors: UnsafeBufferPointer<Float>, count: Int, dimensions: Int) {
        precondition(vectors.count >= count * dimensions)
        self.count = count
        self.dimensions = dimensions
        let width = vf_panel_width()
        let panels = (count + width - 1) / width
        packed = AlignedFloats(count: panels * width * dimensions)
        zeros = AlignedFloats(count: panels * width)
        for panel in 0..<panels {
            let target = packed.base + panel * width * dimensions
            for column in 0..<min(width, count - panel * width) {
                let source = (panel * width + column) * dimensions
                for index in 0..<dimensions { target[index * width + column] = vectors[source + index] }
            }
        }
    }

    /// Multiplies.
    ///
    /// - Parameters:
    ///   - rows: `[rowCount, dimensions]`.
    ///   - rowCount: The number of rows.
    ///   - output: Receives `[rowCount, count]`.
    public func multiply(
        rows: UnsafeBufferPointer<Float>,
        rowCount: Int,
        output: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(rows.count >= rowCount * dimensions && output.count >= rowCount * count)
        guard rowCount > 0, count > 0 else { return }
        let height = Int(vf_tile_height())
        let tiles = stride(from: 0, to: rowCount, by: height)
            .map { first in
                vf_tile(
                    input: Int32(first * dimensions),
                    output: Int32(first * count),
                    addend: 0,
                    count: Int32(min(height, rowCount - first))
                )
            }
        let runOffset: [Int32] = [0]
        tiles.withUnsafeBufferPointer { tiles in
            runOffset.withUnsafeBufferPointer { runOffset in
                var task = vf_dense()
                task.tiles = tiles.baseAddress
                task.tile_count = tiles.count
                task.tiles_per_block = tiles.count
                task.input = UnsafeRawPointer(rows.baseAddress)
                task.input_stride = dimensions
                task.run_count = 1
                task.run_length = dimensions
                task.run_offsets = runOffset.baseAddress
                task.weights = UnsafeRawPointer(packed.base)
                task.channels = count
                task.output = UnsafeMutableRawPointer(output.baseAddress)
                task.output_stride = count
                task.epilogue.bias = UnsafePointer(zeros.base)
                vf_dense_run(&task)
            }
        }
    }
}

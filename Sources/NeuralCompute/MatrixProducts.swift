internal import CKernels
internal import Dispatch

/// Products of row-major single-precision matrices by the dense kernel, on several threads.
///
/// An element is summed along the depth in the order of its index, in blocks of ``depthBlock`` whose sums are added in
/// order. How rows, columns and threads are cut does not enter, so results are the same bytes for any thread count and
/// for a row in any company. Where OpenBLAS multiplies (CPUs without kernels of ours) they are the same for any thread
/// count; a row's last bits may depend on its company.
public struct MatrixProducts: Sendable {
    /// How many threads take part.
    public let threads: Int
    /// Depth summed without a store in between.
    package static let depthBlock = 512

    /// Products on a number of threads.
    public init(threads: Int = 1) { self.threads = max(1, threads) }

    /// C = A · Bᵀ, or C += A · Bᵀ.
    ///
    /// - Parameters:
    ///   - left: A, `[rows, depth]`.
    ///   - right: B, `[columns, depth]`.
    ///   - rows: Rows of A and C.
    ///   - columns: Rows of B, columns of C.
    ///   - depth: Columns of A and B.
    ///   - output: C, `[rows, columns]`; overlaps neither factor.
    ///   - accumulating: Whether the product is added to what `output` holds.
    public func multiply(
        _ left: UnsafePointer<Float>,
        transposed right: UnsafePointer<Float>,
        rows: Int,
        columns: Int,
        depth: Int,
        output: UnsafeMutablePointer<Float>,
        accumulating: Bool = false
    ) {
        // The smaller factor is packed; the larger one's rows are read as they lie.
        let isSwapped = rows < columns
        let shape = isSwapped ? (rows: columns, columns: rows) : (rows: rows, columns: columns)
        let product = BlockedProduct(
            left: isSwapped ? right : left,
            right: isSwapped ? left : right,
            isLeftTransposed: false,
            isRightTransposed: true,
            rows: shape.rows,
            columns: shape.columns,
            depth: depth,
            output: output,
            isOutputTransposed: isSwapped,
            isAccumulating: accumulating
        )
        product.run(threads: threads)
    }

    /// C = A · B, or C += A · B.
    ///
    /// - Parameters:
    ///   - left: A, `[rows, depth]`.
    ///   - right: B, `[depth, columns]`.
    ///   - rows: Rows of A and C.
    ///   - columns: Columns of B and C.
    ///   - depth: Columns of A, rows of B.
    ///   - output: C, `[rows, columns]`; overlaps neither factor.
    ///   - accumulating: Whether the product is added to what `output` holds.
    public func multiply(
        _ left: UnsafePointer<Float>,
        _ right: UnsafePointer<Float>,
        rows: Int,
        columns: Int,
        depth: Int,
        output: UnsafeMutablePointer<Float>,
        accumulating: Bool = false
    ) {
        let product = BlockedProduct(
            left: left,
            right: right,
            isLeftTransposed: false,
            isRightTransposed: false,
            rows: rows,
            columns: columns,
            depth: depth,
            output: output,
            isOutputTransposed: false,
            isAccumulating: accumulating
        )
        product.run(threads: threads)
    }

    /// C = Aᵀ · B, or C += Aᵀ · B.
    ///
    /// - Parameters:
    ///   - left: A, `[depth, rows]`.
    ///   - right: B, `[depth, columns]`.
    ///   - rows: Columns of A, rows of C.
    ///   - columns: Columns of B and C.
    ///   - depth: Rows of A and B.
    ///   - output: C, `[rows, columns]`; overlaps neither factor.
    ///   - accumulating: Whether the product is added to what `output` holds.
    public func multiply(
        transposed left: UnsafePointer<Float>,
        _ right: UnsafePointer<Float>,
        rows: Int,
        columns: Int,
        depth: Int,
        output: UnsafeMutablePointer<Float>,
        accumulating: Bool = false
    ) {
        let product = BlockedProduct(
            left: left,
            right: right,
            isLeftTransposed: true,
            isRightTransposed: false,
            rows: rows,
            columns: columns,
            depth: depth,
            output: output,
            isOutputTransposed: false,
            isAccumulating: accumulating
        )
        product.run(threads: threads)
    }
}

/// One product, cut into blocks of its output.
///
/// `@unchecked Sendable`: threads read the factors and each writes blocks of the output of its own.
private struct BlockedProduct: @unchecked Sendable {
    let left: UnsafePointer<Float>
    let right: UnsafePointer<Float>
    let isLeftTransposed: Bool
    let isRightTransposed: Bool
    let rows: Int
    let columns: Int
    let depth: Int
    let output: UnsafeMutablePointer<Float>
    let isOutputTransposed: Bool
    let isAccumulating: Bool

    func run(threads: Int) {
        guard rows > 0, columns > 0 else { return }
        guard depth > 0 else {
            if !isAccumulating { output.update(repeating: 0, count: rows * columns) }
            return
        }
        let width = Int(vf_panel_width())
        let panels = (columns + width - 1) / width
        // A packed block of half a megabyte, a block of rows of a quarter: both stay in a core's cache.
        var panelsPerBlock = min(panels, max(1, (131_072 / min(depth, MatrixProducts.depthBlock)) / width))
        let rowsPerBlock = min(rows, isOutputTransposed || isLeftTransposed ? 112 : 448)
        let rowBlocks = (rows + rowsPerBlock - 1) / rowsPerBlock
        while panelsPerBlock > 1 && rowBlocks * ((panels + panelsPerBlock - 1) / panelsPerBlock) < threads {
            panelsPerBlock = (panelsPerBlock + 1) / 2
        }
        let columnBlocks = (panels + panelsPerBlock - 1) / panelsPerBlock
        let workers = min(threads, rowBlocks * columnBlocks)
        let sizes = BlockSizes(rows: rowsPerBlock, columns: panelsPerBlock * width, panelWidth: width)
        // Each worker takes a run of blocks that share columns, and packs those once where the depth is one block.
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            let blocks = rowBlocks * columnBlocks
            let scratch = BlockScratch(product: self, sizes: sizes)
            for block in blocks * worker / workers..<blocks * (worker + 1) / workers {
                multiplyBlock(row: block % rowBlocks * sizes.rows, column: block / rowBlocks * sizes.columns, scratch)
            }
        }
    }

    private func multiplyBlock(row: Int, column: Int, _ scratch: BlockScratch) {
        let sizes = scratch.sizes
        let rowCount = min(sizes.rows, rows - row)
        let columnCount = min(sizes.columns, columns - column)
        let direct = output + row * columns + column
        let target = isOutputTransposed ? scratch.product.base : direct
        let targetStride = isOutputTransposed ? columnCount : columns
        var first = 0
        while first < depth {
            let count = min(MatrixProducts.depthBlock, depth - first)
            scratch.pack(self, column: column, columnCount: columnCount, first: first, count: count)
            let source = scratch.rows(self, row: row, rowCount: rowCount, first: first, count: count)
            Self.runKernel(
                source: source.base,
                sourceStride: source.stride,
                packed: scratch.packed.base,
                zeros: scratch.zeros.base,
                rows: rowCount,
                columns: columnCount,
                depth: count,
                target: target,
                targetStride: targetStride,
                adds: first > 0 || (isAccumulating && !isOutputTransposed)
            )
            first += count
        }
        guard isOutputTransposed else { return }
        transpose(
            scratch.product.base,
            rows: rowCount,
            columns: columnCount,
            stride: columnCount,
            into: output + column * rows + row,
            stride: rows,
            accumulating: isAccumulating
        )
    }

    private static func runKernel(
        source: UnsafePointer<Float>,
        sourceStride: Int,
        packed: UnsafeMutablePointer<Float>,
        zeros: UnsafeMutablePointer<Float>,
        rows: Int,
        columns: Int,
        depth: Int,
        target: UnsafeMutablePointer<Float>,
        targetStride: Int,
        adds: Bool
    ) {
        let height = Int(vf_tile_height())
        let tileCount = (rows + height - 1) / height
        withUnsafeTemporaryAllocation(of: vf_tile.self, capacity: tileCount) { tiles in
            for tile in 0..<tileCount {
                let first = tile * height
                tiles[tile] = vf_tile(
                    input: Int32(first * sourceStride),
                    output: Int32(first * targetStride),
                    addend: Int32(first * targetStride),
                    count: Int32(min(height, rows - first))
                )
            }
            var offset: Int32 = 0
            withUnsafePointer(to: &offset) { offset in
                var task = vf_dense()
                task.tiles = UnsafePointer(tiles.baseAddress)
                task.tile_count = tileCount
                task.tiles_per_block = 8
                task.input = UnsafeRawPointer(source)
                task.input_stride = sourceStride
                task.run_count = 1
                task.run_length = depth
                task.run_offsets = offset
                task.weights = UnsafeRawPointer(packed)
                task.channels = columns
                if adds {
                    task.addend = UnsafeRawPointer(target)
                    task.addend_stride = targetStride
                }
                task.output = UnsafeMutableRawPointer(target)
                task.output_stride = targetStride
                task.epilogue.bias = UnsafePointer(zeros)
                vf_dense_run(&task)
            }
        }
    }
}

private struct BlockSizes {
    let rows: Int
    let columns: Int
    let panelWidth: Int
}

/// A worker's memory, and what of the right factor is packed in it.
private final class BlockScratch {
    let sizes: BlockSizes
    let packed: AlignedFloats
    let zeros: AlignedFloats
    let gathered: AlignedFloats
    let product: AlignedFloats
    private var packedColumn = -1
    private var packedFirst = -1

    init(product: BlockedProduct, sizes: BlockSizes) {
        self.sizes = sizes
        let depth = min(product.depth, MatrixProducts.depthBlock)
        packed = AlignedFloats(count: sizes.columns * depth)
        zeros = AlignedFloats(count: sizes.columns)
        gathered = AlignedFloats(count: product.isLeftTransposed ? sizes.rows * depth : 0)
        self.product = AlignedFloats(count: product.isOutputTransposed ? sizes.rows * sizes.columns : 0)
    }

    /// Packs a block of the right factor as the kernel wants it: `[panel][count][panelWidth]`.
    func pack(_ product: BlockedProduct, column: Int, columnCount: Int, first: Int, count: Int) {
        guard packedColumn != column || packedFirst != first else { return }
        (packedColumn, packedFirst) = (column, first)
        let width = sizes.panelWidth
        for panel in 0..<(columnCount + width - 1) / width {
            let target = packed.base + panel * width * count
            let start = column + panel * width
            let filled = min(width, columnCount - panel * width)
            if filled < width { target.update(repeating: 0, count: width * count) }
            if product.isRightTransposed {
                let source = product.right + start * product.depth + first
                transpose(source, rows: filled, columns: count, stride: product.depth, into: target, stride: width)
            } else {
                for index in 0..<count {
                    let source = product.right + (first + index) * product.columns + start
                    (target + index * width).update(from: source, count: filled)
                }
            }
        }
    }

    /// Rows of the left factor with consecutive floats along the depth.
    func rows(
        _ product: BlockedProduct,
        row: Int,
        rowCount: Int,
        first: Int,
        count: Int
    ) -> (base: UnsafePointer<Float>, stride: Int) {
        guard product.isLeftTransposed else {
            return (product.left + row * product.depth + first, product.depth)
        }
        let source = product.left + first * product.rows + row
        transpose(source, rows: count, columns: rowCount, stride: product.rows, into: gathered.base, stride: count)
        return (UnsafePointer(gathered.base), count)
    }
}

/// Writes a `[rows, columns]` block as `[columns, rows]`, eight by eight so that lines of cache are used whole.
private func transpose(
    _ source: UnsafePointer<Float>,
    rows: Int,
    columns: Int,
    stride sourceStride: Int,
    into target: UnsafeMutablePointer<Float>,
    stride targetStride: Int,
    accumulating: Bool = false
) {
    for rowBlock in stride(from: 0, to: rows, by: 8) {
        let rowEnd = min(rowBlock &+ 8, rows)
        for columnBlock in stride(from: 0, to: columns, by: 8) {
            let columnEnd = min(columnBlock &+ 8, columns)
            var column = columnBlock
            while column < columnEnd {
                let line = target + column &* targetStride
                var row = rowBlock
                while row < rowEnd {
                    let value = source[row &* sourceStride &+ column]
                    line[row] = accumulating ? line[row] + value : value
                    row &+= 1
                }
                column &+= 1
            }
        }
    }
}

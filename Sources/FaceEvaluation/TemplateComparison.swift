public import FaceProtocols
public import LargeArrays
internal import NeuralCompute

/// Scores of a protocol's comparisons: cosines of templates.
public enum TemplateComparison {
    /// The score of a comparison that involves a failure to enrol: below every threshold.
    public static let rejected = -Float.infinity

    /// Above this share of all cells, a matrix product is cheaper than single products.
    private static let denseShare = 0.05
    private static let rowsPerBlock = 112

    /// Computes all scores.
    ///
    /// A list that covers a good part of (first templates × second templates) is read out of blocks of that matrix
    /// product; a sparse list is computed pair by pair. Both give the same cosine to within 1e-6.
    ///
    /// - Parameters:
    ///   - comparisons: Who is compared with whom.
    ///   - templates: The templates' unit vectors.
    ///   - threads: Threads to use; the result does not depend on them.
    /// - Returns: One score per comparison, in order; ``rejected`` where a template is a failure to enrol.
    public static func scores(
        of comparisons: Comparisons,
        templates: TemplateEmbeddings,
        threads: Int = 1
    ) -> LargeArray<Float> {
        let first = Renumbering(comparisons.first, templateCount: templates.count)
        let second = Renumbering(comparisons.second, templateCount: templates.count)
        let cells = Double(first.members.count) * Double(second.members.count)
        let isDense = Double(comparisons.count) > denseShare * cells
        // Every comparison is written by exactly one thread.
        let scores = LargeArrayBuilder<Float>(count: comparisons.count)
        if isDense {
            dense(comparisons, templates, first, second, threads, scores)
        } else {
            sparse(comparisons, templates, threads, scores)
        }
        return scores.finish()
    }

    // MARK: Pair by pair

    private static func sparse(
        _ comparisons: Comparisons,
        _ templates: TemplateEmbeddings,
        _ threads: Int,
        _ target: LargeArrayBuilder<Float>
    ) {
        let block = 1 << 16
        let blocks = (comparisons.count + block - 1) / block
        Workers(threads)
            .run(blocks) { index in
                let range = index * block..<min(comparisons.count, (index + 1) * block)
                templates.values.withUnsafeBufferPointer { values in
                    comparisons.withBlock(range) { pairs in
                        for place in 0..<range.count {
                            let (left, right) = (Int(pairs.first[place]), Int(pairs.second[place]))
                            let isEnrolled = templates.isEnrolled[left] && templates.isEnrolled[right]
                            target.elements[range.lowerBound + place] =
                                isEnrolled ? cosine(values, left, right, templates.dimensions) : rejected
                        }
                    }
                }
                comparisons.giveBack(range)
                target.giveBack(range)
            }
    }

    private static func cosine(
        _ values: UnsafeBufferPointer<Float>,
        _ left: Int,
        _ right: Int,
        _ dimensions: Int
    ) -> Float {
        var sum = SIMD8<Float>()
        let (a, b) = (left * dimensions, right * dimensions)
        var axis = 0
        while axis + 8 <= dimensions {
            for lane in 0..<8 { sum[lane] += values[a + axis + lane] * values[b + axis + lane] }
            axis += 8
        }
        var total = sum.sum()
        while axis < dimensions {
            total += values[a + axis] * values[b + axis]
            axis += 1
        }
        return total
    }

    // MARK: By blocks of a matrix product

    private static func dense(
        _ comparisons: Comparisons,
        _ templates: TemplateEmbeddings,
        _ first: Renumbering,
        _ second: Renumbering,
        _ threads: Int,
        _ target: LargeArrayBuilder<Float>
    ) {
        let product = gather(second.members, templates)
            .withUnsafeBufferPointer {
                InnerProducts(vectors: $0, count: second.members.count, dimensions: templates.dimensions)
            }
        let blockCount = (first.members.count + rowsPerBlock - 1) / rowsPerBlock
        let blockOfTemplate = first.numbers.map { $0 / UInt32(rowsPerBlock) }
        let groups = ComparisonGroups(comparisons, groupCount: blockCount) { pairs, groups in
            for index in 0..<pairs.labels.count { groups[index] = blockOfTemplate[Int(pairs.first[index])] }
        }
        let block = DenseBlock(
            comparisons: comparisons,
            templates: templates,
            first: first,
            second: second,
            product: product,
            target: target
        )
        if first.isOrdered {
            var starts = [0]
            for count in groups.counts { starts.append(starts[starts.count - 1] + count) }
            Workers(threads)
                .run(blockCount) { index in
                    let range = starts[index]..<starts[index + 1]
                    block.score(block: index, positions: range)
                    comparisons.giveBack(range)
                    target.giveBack(range)
                }
        } else {
            groups.forEachPart { part in
                Workers(threads)
                    .run(part.groups.count) { index in
                        let group = part.groups.lowerBound + index
                        block.score(block: group, positions: part.positions(of: group).lazy.map { Int($0) })
                    }
                comparisons.giveBack(0..<comparisons.count)
                target.giveBack(0..<comparisons.count)
            }
        }
    }

    /// What the blocks of rows share.
    private struct DenseBlock {
        let comparisons: Comparisons
        let templates: TemplateEmbeddings
        let first: Renumbering
        let second: Renumbering
        let product: InnerProducts
        let target: LargeArrayBuilder<Float>

        /// Multiplies the rows of a block with all columns and reads the comparisons out of the product.
        @inline(__always)
        func score(block: Int, positions: some Collection<Int>) {
            let start = block * rowsPerBlock
            let members = first.members[start..<min(first.members.count, start + rowsPerBlock)]
            let width = second.members.count
            let cells = UnsafeMutableBufferPointer<Float>.allocate(capacity: members.count * width)
            defer { cells.deallocate() }
            gather(Array(members), templates)
                .withUnsafeBufferPointer { product.multiply(rows: $0, rowCount: members.count, output: cells) }
            let (firsts, seconds) = (comparisons.first, comparisons.second)
            for position in positions {
                let (left, right) = (Int(firsts[position]), Int(seconds[position]))
                let isEnrolled = templates.isEnrolled[left] && templates.isEnrolled[right]
                let cell = (Int(first.numbers[left]) - start) * width + Int(second.numbers[right])
                target.elements[position] = isEnrolled ? cells[cell] : rejected
            }
        }
    }

    private static func gather(_ members: [UInt32], _ templates: TemplateEmbeddings) -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(members.count * templates.dimensions)
        for member in members {
            let start = Int(member) * templates.dimensions
            rows += templates.values[start..<start + templates.dimensions]
        }
        return rows
    }
}

/// The distinct templates of one side of a list, numbered in ascending order.
private struct Renumbering: Sendable {
    let members: [UInt32]
    let numbers: [UInt32]
    /// Whether the list is in ascending order of this side, as the published ones are of the first.
    let isOrdered: Bool

    init(_ templates: LargeArray<UInt32>, templateCount: Int) {
        var isUsed = [Bool](repeating: false, count: templateCount)
        var isOrdered = true
        isUsed.withUnsafeMutableBufferPointer { isUsed in
            var last: UInt32 = 0
            templates.forEachBlock { _, block in
                for template in block {
                    isUsed[Int(template)] = true
                    isOrdered = isOrdered && template >= last
                    last = template
                }
            }
        }
        self.isOrdered = isOrdered
        members = (0..<UInt32(templateCount)).filter { isUsed[Int($0)] }
        var numbers = [UInt32](repeating: 0, count: templateCount)
        for (number, member) in members.enumerated() { numbers[Int(member)] = UInt32(number) }
        self.numbers = numbers
    }
}

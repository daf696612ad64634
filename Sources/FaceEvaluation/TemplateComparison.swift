public import FaceProtocols
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
    ) -> [Float] {
        let first = Renumbering(comparisons.first, templateCount: templates.count)
        let second = Renumbering(comparisons.second, templateCount: templates.count)
        let cells = Double(first.members.count) * Double(second.members.count)
        let isDense = Double(comparisons.count) > denseShare * cells
        return [Float](unsafeUninitializedCapacity: comparisons.count) { scores, initialized in
            let target = ScoreTarget(scores: scores)
            if isDense {
                dense(comparisons, templates, first, second, threads, target)
            } else {
                sparse(comparisons, templates, threads, target)
            }
            initialized = comparisons.count
        }
    }

    /// Memory that threads write disjoint parts of.
    ///
    /// `@unchecked Sendable`: every comparison is written by exactly one thread, and the memory outlives them all.
    private struct ScoreTarget: @unchecked Sendable {
        let scores: UnsafeMutableBufferPointer<Float>
    }

    // MARK: Pair by pair

    private static func sparse(
        _ comparisons: Comparisons,
        _ templates: TemplateEmbeddings,
        _ threads: Int,
        _ target: ScoreTarget
    ) {
        let block = 1 << 14
        let blocks = (comparisons.count + block - 1) / block
        Workers(threads)
            .run(blocks) { index in
                templates.values.withUnsafeBufferPointer { values in
                    for position in index * block..<min(comparisons.count, (index + 1) * block) {
                        let left = Int(comparisons.first[position])
                        let right = Int(comparisons.second[position])
                        guard templates.isEnrolled[left] && templates.isEnrolled[right] else {
                            target.scores[position] = rejected
                            continue
                        }
                        target.scores[position] = cosine(values, left, right, templates.dimensions)
                    }
                }
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
        _ target: ScoreTarget
    ) {
        let dimensions = templates.dimensions
        let columns = gather(second.members, templates)
        let product = columns.withUnsafeBufferPointer {
            InnerProducts(vectors: $0, count: second.members.count, dimensions: dimensions)
        }
        let order = RowOrder(comparisons.first, numbering: first)
        let blocks = (first.members.count + rowsPerBlock - 1) / rowsPerBlock
        Workers(threads)
            .run(blocks) { index in
                let members = first.members[index * rowsPerBlock..<min(first.members.count, (index + 1) * rowsPerBlock)]
                let rows = gather(Array(members), templates)
                let width = second.members.count
                let cells = UnsafeMutableBufferPointer<Float>.allocate(capacity: members.count * width)
                defer { cells.deallocate() }
                rows.withUnsafeBufferPointer { product.multiply(rows: $0, rowCount: members.count, output: cells) }
                for (row, template) in members.enumerated() {
                    let isEnrolled = templates.isEnrolled[Int(template)]
                    order.forEachComparison(ofRow: index * rowsPerBlock + row) { position in
                        let other = comparisons.second[position]
                        let column = Int(second.numbers[Int(other)])
                        target.scores[position] =
                            isEnrolled && templates.isEnrolled[Int(other)]
                            ? cells[row * width + column] : rejected
                    }
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

    init(_ templates: [UInt32], templateCount: Int) {
        var isUsed = [Bool](repeating: false, count: templateCount)
        templates.withUnsafeBufferPointer { for template in $0 { isUsed[Int(template)] = true } }
        members = (0..<UInt32(templateCount)).filter { isUsed[Int($0)] }
        var numbers = [UInt32](repeating: 0, count: templateCount)
        for (number, member) in members.enumerated() { numbers[Int(member)] = UInt32(number) }
        self.numbers = numbers
    }
}

/// Which comparisons belong to each row of the matrix.
private struct RowOrder: Sendable {
    private let starts: [Int]
    /// nil when the list is in row order already, as the published ones are.
    private let positions: [UInt32]?

    init(_ templates: [UInt32], numbering: Renumbering) {
        var starts = [Int](repeating: 0, count: numbering.members.count + 1)
        var isOrdered = true
        templates.withUnsafeBufferPointer { templates in
            var last: UInt32 = 0
            for template in templates {
                starts[Int(numbering.numbers[Int(template)]) + 1] += 1
                isOrdered = isOrdered && template >= last
                last = template
            }
        }
        for row in 1..<max(starts.count, 1) { starts[row] += starts[row - 1] }
        self.starts = starts
        guard !isOrdered else {
            positions = nil
            return
        }
        var next = starts
        var positions = [UInt32](repeating: 0, count: templates.count)
        positions.withUnsafeMutableBufferPointer { positions in
            for (position, template) in templates.enumerated() {
                let row = Int(numbering.numbers[Int(template)])
                positions[next[row]] = UInt32(position)
                next[row] += 1
            }
        }
        self.positions = positions
    }

    func forEachComparison(ofRow row: Int, _ body: (Int) -> Void) {
        for index in starts[row]..<starts[row + 1] { body(positions.map { Int($0[index]) } ?? index) }
    }
}

public import FaceProtocols
internal import NeuralCompute
internal import Parallelism

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
            // Every comparison is written by exactly one thread.
            if isDense {
                dense(comparisons, templates, first, second, threads, scores)
            } else {
                sparse(comparisons, templates, threads, scores)
            }
            initialized = comparisons.count
        }
    }

    // MARK: Pair by pair

    private static func sparse(
        _ comparisons: Comparisons,
        _ templates: TemplateEmbeddings,
        _ threads: Int,
        _ target: UnsafeMutableBufferPointer<Float>
    ) {
        let block = 1 << 16
        ThreadPool(threads)
            .run((comparisons.count + block - 1) / block) { index in
                templates.values.withUnsafeBufferPointer { values in
                    for place in index * block..<min(comparisons.count, (index + 1) * block) {
                        let (left, right) = (Int(comparisons.first[place]), Int(comparisons.second[place]))
                        let isEnrolled = templates.isEnrolled[left] && templates.isEnrolled[right]
                        let score = isEnrolled ? cosine(values, left, right, templates.dimensions) : rejected
                        target.initializeElement(at: place, to: score)
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
        _ target: UnsafeMutableBufferPointer<Float>
    ) {
        let product = gather(second.members, templates)
            .withUnsafeBufferPointer {
                InnerProducts(vectors: $0, count: second.members.count, dimensions: templates.dimensions)
            }
        let blockCount = (first.members.count + rowsPerBlock - 1) / rowsPerBlock
        let blockOfTemplate = first.numbers.map { $0 / UInt32(rowsPerBlock) }
        let groups = ComparisonGroups(count: comparisons.count, groupCount: blockCount) { comparison in
            Int(blockOfTemplate[Int(comparisons.first[comparison])])
        }
        // The rows of a block times all columns; then the comparisons are read out of the product.
        ThreadPool(threads)
            .run(blockCount) { block in
                let start = block * rowsPerBlock
                let members = first.members[start..<min(first.members.count, start + rowsPerBlock)]
                let width = second.members.count
                let cells = UnsafeMutableBufferPointer<Float>.allocate(capacity: members.count * width)
                defer { cells.deallocate() }
                gather(Array(members), templates)
                    .withUnsafeBufferPointer { product.multiply(rows: $0, rowCount: members.count, output: cells) }
                groups.forEach(in: block) { comparison in
                    let (left, right) = (Int(comparisons.first[comparison]), Int(comparisons.second[comparison]))
                    let isEnrolled = templates.isEnrolled[left] && templates.isEnrolled[right]
                    let cell = (Int(first.numbers[left]) - start) * width + Int(second.numbers[right])
                    target.initializeElement(at: comparison, to: isEnrolled ? cells[cell] : rejected)
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
        for template in templates { isUsed[Int(template)] = true }
        members = (0..<UInt32(templateCount)).filter { isUsed[Int($0)] }
        var numbers = [UInt32](repeating: 0, count: templateCount)
        for (number, member) in members.enumerated() { numbers[Int(member)] = UInt32(number) }
        self.numbers = numbers
    }
}

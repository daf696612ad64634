public import FaceProtocols
internal import NeuralCompute
internal import Parallelism
public import VerificationMetrics

/// Searches of a protocol's probes in its galleries.
public enum IdentificationRun {
    private static let probesPerBlock = 112

    /// Scores every probe of a search against its gallery: cosines of templates.
    ///
    /// The scores of a block of probes are kept at a time, never those of all.
    ///
    /// - Parameters:
    ///   - search: The gallery and the probes.
    ///   - templates: The templates' unit vectors; a failure to enrol scores −∞ against everyone.
    ///   - subjects: Each template's subject by dense index.
    ///   - threads: Threads to use; the result does not depend on them.
    /// - Returns: Each probe's outcome, in order.
    /// - Throws: `MetricsError` for a score that is not a number.
    public static func result(
        of search: IdentificationSearch,
        templates: TemplateEmbeddings,
        subjects: [UInt32],
        threads: Int = 1
    ) throws(MetricsError) -> IdentificationResult {
        let gallery = Gallery(subjects: search.gallery.map { subjects[Int($0)] })
        let vectors = rows(search.gallery[...], templates)
        let product = vectors.withUnsafeBufferPointer {
            InnerProducts(vectors: $0, count: search.gallery.count, dimensions: templates.dimensions)
        }
        let blocks = (search.probes.count + probesPerBlock - 1) / probesPerBlock
        let outcomes = try ThreadPool(threads)
            .map(blocks) { block throws(MetricsError) in
                let range = block * probesPerBlock..<min(search.probes.count, (block + 1) * probesPerBlock)
                return try outcomesOfBlock(search.probes[range], search, gallery, product, templates, subjects)
            }
        return IdentificationResult(probes: Array(outcomes.joined()))
    }

    private static func outcomesOfBlock(
        _ probes: ArraySlice<UInt32>,
        _ search: IdentificationSearch,
        _ gallery: Gallery,
        _ product: InnerProducts,
        _ templates: TemplateEmbeddings,
        _ subjects: [UInt32]
    ) throws(MetricsError) -> [ProbeOutcome] {
        let width = search.gallery.count
        let vectors = rows(probes, templates)
        var cells = [Float](repeating: 0, count: probes.count * width)
        vectors.withUnsafeBufferPointer { vectors in
            cells.withUnsafeMutableBufferPointer { cells in
                product.multiply(rows: vectors, rowCount: probes.count, output: cells)
            }
        }
        var outcomes: [ProbeOutcome] = []
        for (row, probe) in probes.enumerated() {
            var scores = Array(cells[row * width..<(row + 1) * width])
            for (column, member) in search.gallery.enumerated()
            where !templates.isEnrolled[Int(probe)] || !templates.isEnrolled[Int(member)] {
                scores[column] = -.infinity
            }
            outcomes.append(try ProbeOutcome(scores: scores, gallery: gallery, subject: subjects[Int(probe)]))
        }
        return outcomes
    }

    private static func rows(_ members: ArraySlice<UInt32>, _ templates: TemplateEmbeddings) -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(members.count * templates.dimensions)
        for member in members {
            let start = Int(member) * templates.dimensions
            rows += templates.values[start..<start + templates.dimensions]
        }
        return rows
    }
}

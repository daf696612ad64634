import CKernels
import Glibc
import NeuralCompute
import Testing

@Suite("Matrix products")
struct MatrixProductsTests {
    struct Shape: Sendable {
        var rows: Int
        var columns: Int
        var depth: Int
    }

    static let shapes = [
        Shape(rows: 1, columns: 1, depth: 1), Shape(rows: 3, columns: 70, depth: 5),
        Shape(rows: 70, columns: 3, depth: 5),
        Shape(rows: 129, columns: 65, depth: 33), Shape(rows: 17, columns: 500, depth: 513),
        Shape(rows: 500, columns: 17, depth: 1100), Shape(rows: 5, columns: 9, depth: 0),
        // More columns than share a gathering of rows, and one beyond a panel and a block of rows.
        Shape(rows: 193, columns: 1100, depth: 40), Shape(rows: 385, columns: 129, depth: 12),
    ]

    static func numbers(_ count: Int, _ seed: UInt32) -> [Float] {
        var state = seed
        return (0..<count)
            .map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(state >> 8) / 8_388_608 - 1
            }
    }

    /// The product of `a(row, index)` and `b(index, column)`, summed in Double.
    static func reference(_ shape: Shape, _ a: (Int, Int) -> Float, _ b: (Int, Int) -> Float) -> [Double] {
        (0..<shape.rows * shape.columns)
            .map { place in
                (0..<shape.depth)
                    .reduce(0.0) {
                        $0 + Double(a(place / shape.columns, $1)) * Double(b($1, place % shape.columns))
                    }
            }
    }

    @Test("All three forms agree with sums in Double, for any number of threads", arguments: shapes)
    func forms(_ shape: Shape) {
        let (m, n, k) = (shape.rows, shape.columns, shape.depth)
        let (a, b) = (Self.numbers(m * k, 1), Self.numbers(k * n, 2))
        let start = Self.numbers(m * n, 3)
        var results: [[Float]] = []
        for threads in [1, 2, 3] {
            let products = MatrixProducts(threads: threads)
            var forms = [[Float]](repeating: start, count: 4)
            products.multiply(a, transposed: b, rows: m, columns: n, depth: k, output: &forms[0])
            products.multiply(a, b, rows: m, columns: n, depth: k, output: &forms[1])
            products.multiply(transposed: a, b, rows: m, columns: n, depth: k, output: &forms[2])
            products.multiply(a, transposed: b, rows: m, columns: n, depth: k, output: &forms[3], accumulating: true)
            let expected = [
                Self.reference(shape, { a[$0 * k + $1] }, { b[$1 * k + $0] }),
                Self.reference(shape, { a[$0 * k + $1] }, { b[$0 * n + $1] }),
                Self.reference(shape, { a[$1 * m + $0] }, { b[$0 * n + $1] }),
                zip(Self.reference(shape, { a[$0 * k + $1] }, { b[$1 * k + $0] }), start).map { $0 + Double($1) },
            ]
            for (form, numbers) in zip(forms, expected) {
                let error = zip(form, numbers).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
                // Sums of up to 1,100 products below 1 in single precision.
                #expect(error < 1e-4, "\(threads) threads")
            }
            results.append(forms.flatMap { $0 })
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test("Inner products with a packed set agree with sums in Double", arguments: shapes)
    func innerProducts(_ shape: Shape) {
        guard shape.depth > 0 else { return }
        let (rows, vectors) = (
            Self.numbers(shape.rows * shape.depth, 4), Self.numbers(shape.columns * shape.depth, 5)
        )
        var output = [Float](repeating: .nan, count: shape.rows * shape.columns)
        let products = vectors.withUnsafeBufferPointer {
            InnerProducts(vectors: $0, count: shape.columns, dimensions: shape.depth)
        }
        rows.withUnsafeBufferPointer { rows in
            output.withUnsafeMutableBufferPointer { products.multiply(rows: rows, rowCount: shape.rows, output: $0) }
        }
        let expected = Self.reference(shape, { rows[$0 * shape.depth + $1] }, { vectors[$1 * shape.depth + $0] })
        #expect(zip(output, expected).allSatisfy { abs(Double($0) - $1) < 1e-4 })
    }

    /// OpenBLAS multiplies at the portable level alone, and each thread of ours is one of its callers.
    @Test("A library's own threads stay off", .enabled(if: vf_isa_level() == VF_ISA_PORTABLE, "kernels of our own"))
    func libraryThreads() throws {
        let (a, b) = (Self.numbers(300 * 300, 1), Self.numbers(300 * 300, 2))
        var product = [Float](repeating: 0, count: 300 * 300)
        MatrixProducts(threads: 2).multiply(a, b, rows: 300, columns: 300, depth: 300, output: &product)
        let symbol = try #require(dlsym(dlopen(nil, RTLD_NOW), "openblas_get_num_threads"))
        let threads = unsafeBitCast(symbol, to: (@convention(c) () -> CInt).self)()
        #expect(threads == 1)
    }

    @Test("Accumulating adds, in every form")
    func accumulating() {
        let (a, b) = (Self.numbers(12, 1), Self.numbers(20, 2))
        let products = MatrixProducts(threads: 2)
        var fresh = [[Float]](repeating: [Float](repeating: 0, count: 15), count: 3)
        var added = [[Float]](repeating: [Float](repeating: 1, count: 15), count: 3)
        for (holder, accumulating) in [(0, false), (1, true)] {
            var forms = holder == 0 ? fresh : added
            products.multiply(
                a,
                transposed: b,
                rows: 3,
                columns: 5,
                depth: 4,
                output: &forms[0],
                accumulating: accumulating
            )
            products.multiply(a, b, rows: 3, columns: 5, depth: 4, output: &forms[1], accumulating: accumulating)
            products.multiply(
                transposed: a,
                b,
                rows: 3,
                columns: 5,
                depth: 4,
                output: &forms[2],
                accumulating: accumulating
            )
            if holder == 0 { fresh = forms } else { added = forms }
        }
        #expect(zip(fresh.joined(), added.joined()).allSatisfy { abs($0 + 1 - $1) < 1e-6 })
    }
}

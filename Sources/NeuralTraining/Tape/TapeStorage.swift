/// A matrix in memory that the tape owns or was lent.
final class TapeStorage {
    let rows: Int
    let columns: Int
    let base: UnsafeMutablePointer<Float>
    private let isOwner: Bool
    private let keeper: AnyObject?

    /// Memory of its own; the contents are undefined until written.
    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        base = .allocate(capacity: max(1, rows * columns))
        isOwner = true
        keeper = nil
    }

    /// Memory that somebody else keeps alive for as long as the tape is in use: `keeper` does, where there is one.
    init(borrowing base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, keeper: AnyObject?) {
        self.rows = rows
        self.columns = columns
        self.base = base
        isOwner = false
        self.keeper = keeper
    }

    convenience init(_ matrix: Matrix) {
        self.init(rows: matrix.rows, columns: matrix.columns)
        matrix.elements.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { base.update(from: start, count: source.count) }
        }
    }

    deinit { if isOwner { base.deallocate() } }

    var count: Int { rows * columns }

    var matrix: Matrix {
        Matrix(rows: rows, columns: columns, elements: Array(UnsafeBufferPointer(start: base, count: count)))
    }
}

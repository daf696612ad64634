/// Single-precision numbers in rows in the host's memory, row-major.
public struct Matrix: Hashable, Sendable {
    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int
    /// The numbers, `[rows, columns]`.
    public var elements: [Float]

    /// Wraps numbers.
    ///
    /// - Parameters:
    ///   - rows: The number of rows.
    ///   - columns: The number of columns.
    ///   - elements: `rows × columns` numbers, row by row.
    public init(rows: Int, columns: Int, elements: [Float]) {
        precondition(rows >= 0 && columns >= 0 && elements.count == rows * columns, "\(rows) × \(columns)")
        self.rows = rows
        self.columns = columns
        self.elements = elements
    }

    /// A matrix of one number.
    public init(rows: Int, columns: Int, repeating value: Float = 0) {
        self.init(rows: rows, columns: columns, elements: [Float](repeating: value, count: rows * columns))
    }

    /// One column.
    public init(column elements: [Float]) { self.init(rows: elements.count, columns: 1, elements: elements) }

    /// One row.
    public init(row elements: [Float]) { self.init(rows: 1, columns: elements.count, elements: elements) }

    /// The number in a row and a column.
    public subscript(row: Int, column: Int) -> Float {
        get { elements[row * columns + column] }
        set { elements[row * columns + column] = newValue }
    }

    /// A row's numbers.
    public func row(_ index: Int) -> ArraySlice<Float> { elements[index * columns..<(index + 1) * columns] }
}

/// The findings that every row parser makes.
extension FindingList {
    /// A line with the wrong number of columns; a blank line has a kind of its own.
    mutating func addColumnCount(_ count: Int, expected: String, file: String, line: Int) {
        if count == 0 {
            add(.blankLine, file: file, line: line, "a blank line before the end of the file", expected: expected)
        } else {
            add(.columnCount, file: file, line: line, "wrong number of columns", expected: expected, found: "\(count)")
        }
    }

    /// Reads an id, or says why it is none.
    mutating func id(_ field: UnsafeBufferPointer<UInt8>, of what: String, file: String, line: Int) -> Int? {
        switch DecimalInteger.parse(field) {
        case .value(let id): return id
        case .notAnInteger:
            add(
                .notAnInteger,
                file: file,
                line: line,
                "not a \(what) id",
                expected: "a non-negative integer",
                found: field.quoted
            )
        case .overflow:
            add(
                .integerOverflow,
                file: file,
                line: line,
                "the \(what) id is too large",
                expected: "at most \(Int.max)",
                found: field.quoted
            )
        }
        return nil
    }

    /// Says once for a file that its lines end in CR LF.
    mutating func addCarriageReturns(_ count: Int, of rowCount: Int, file: String) {
        guard count > 0 else { return }
        add(.carriageReturn, file: file, "\(count) of \(rowCount) lines end in CR LF; the CR is ignored")
    }
}

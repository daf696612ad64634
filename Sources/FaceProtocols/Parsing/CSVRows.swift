/// The fields of one line of comma-separated values (RFC 4180).
///
/// Fields may stand in quotation marks, in which a doubled mark is one mark. A field never spans lines.
struct CSVRow {
    /// Where each field lies in the line; for a quoted field that holds marks see ``unquoted``.
    private(set) var fields: [UnsafeBufferPointer<UInt8>] = []
    /// Whether the quotation marks are wrong.
    private(set) var isMalformed = false
    /// Fields whose text is not a part of the line, by number.
    private(set) var unquoted: [Int: [UInt8]] = [:]

    private static let comma = UInt8(ascii: ",")
    private static let mark = UInt8(ascii: "\"")

    /// Splits a line; the earlier fields are gone.
    mutating func split(_ line: UnsafeBufferPointer<UInt8>) {
        fields.removeAll(keepingCapacity: true)
        if !unquoted.isEmpty { unquoted.removeAll() }
        isMalformed = false
        var position = 0
        while true {
            if position < line.count, line[position] == Self.mark {
                position = quotedField(line, from: position + 1)
            } else {
                let start = position
                while position < line.count, line[position] != Self.comma {
                    if line[position] == Self.mark { isMalformed = true }
                    position += 1
                }
                fields.append(Self.trimmed(UnsafeBufferPointer(rebasing: line[start..<position])))
            }
            guard position < line.count else { return }
            position += 1
        }
    }

    private mutating func quotedField(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var position = start
        var text: [UInt8] = []
        var hasMarks = false
        while position < line.count {
            if line[position] == Self.mark {
                guard position + 1 < line.count, line[position + 1] == Self.mark else { break }
                hasMarks = true
                position += 1
            }
            text.append(line[position])
            position += 1
        }
        if hasMarks { unquoted[fields.count] = text }
        fields.append(UnsafeBufferPointer(rebasing: line[start..<min(position, line.count)]))
        if position == line.count { isMalformed = true }
        position += 1
        if position < line.count, line[position] != Self.comma {
            isMalformed = true
            while position < line.count, line[position] != Self.comma { position += 1 }
        }
        return position
    }

    private static func trimmed(_ field: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var (start, end) = (0, field.count)
        while start < end, TextRows.isSeparator(field[start]) { start += 1 }
        while end > start, TextRows.isSeparator(field[end - 1]) { end -= 1 }
        return UnsafeBufferPointer(rebasing: field[start..<end])
    }

    /// A field as text; nil when it is not UTF-8.
    func text(_ index: Int) -> String? {
        if let bytes = unquoted[index] { return String(validating: bytes, as: UTF8.self) }
        return String(validating: fields[index], as: UTF8.self)
    }
}

/// What every row of a table must have.
struct CSVForm {
    var columns: Int
    /// The columns, for messages.
    var expected: String
    /// The same for a row with wrong quotation marks.
    var ifMalformed: String
}

extension TextRows {
    /// The names in the first row; a name that is not UTF-8 is empty.
    var csvHeader: [String] {
        var row = CSVRow()
        if let header = firstRow { row.split(header) }
        return row.fields.indices.map { row.text($0) ?? "" }
    }

    /// Visits the rows below the header; one of another form is a finding instead.
    func forEachCSVRow(
        _ form: CSVForm,
        findings: inout FindingList,
        _ body: (CSVRow, ProtocolFinding.Place, inout FindingList) -> Void
    ) {
        var row = CSVRow()
        forEach(from: 1, findings: &findings) { line, place, findings in
            row.split(line)
            if row.fields.count == form.columns, !row.isMalformed { return body(row, place, &findings) }
            let count = line.allSatisfy(TextRows.isSeparator) ? 0 : row.fields.count
            let expected = row.isMalformed ? form.ifMalformed : form.expected
            findings.addColumnCount(count, expected: expected, at: place)
        }
    }
}

/// Lines of two template ids → ``Comparisons``, without a string per line.
///
/// The file is cut into parts at line ends; lines are counted first, so that each part is parsed straight into its
/// place in the result. The outcome is the same for any number of parts and threads.
package struct ComparisonParser {
    /// How a line is written, and what labels it.
    package enum Form {
        /// `template template label`, between spaces or tabs.
        case labelled
        /// `template,template`, genuine where both have one subject; the subjects are by dense index of the template.
        case bySubject([UInt32])
    }

    let rows: TextRows
    let lookup: TemplateLookup
    let form: Form
    let workers: Int

    package init(rows: TextRows, lookup: TemplateLookup, form: Form, workers: Int) {
        self.rows = rows
        self.lookup = lookup
        self.form = form
        self.workers = workers
    }

    /// Parses all rows.
    ///
    /// - Parameters:
    ///   - cuts: Where to cut, for tests; nil for even parts.
    ///   - findings: Receives what is wrong; a row with an error has indices and label 0.
    package func parse(cuts: [Int]? = nil, findings: inout FindingList) -> Comparisons {
        let lines = LineChunks(rows, cuts: cuts, workers: workers)
        var first = [UInt32](repeating: 0, count: lines.rowCount)
        var second = first
        var labels = [UInt8](repeating: 0, count: lines.rowCount)
        first.withUnsafeMutableBufferPointer { first in
            second.withUnsafeMutableBufferPointer { second in
                labels.withUnsafeMutableBufferPointer { labels in
                    guard let first = first.baseAddress, let second = second.baseAddress,
                        let labels = labels.baseAddress
                    else { return }
                    lookup.withPointers { lookup in
                        lines.parse(findings: &findings) { part, findings in
                            var chunk = ComparisonChunk(
                                first: first,
                                second: second,
                                labels: labels,
                                lookup: lookup,
                                form: form,
                                row: part.firstRow,
                                rows: rows,
                                findings: findings
                            )
                            chunk.parse(UnsafeBufferPointer(rebasing: rows.bytes[part.range]))
                            findings = chunk.findings
                            return chunk.carriageReturnCount
                        }
                    }
                }
            }
        }
        return Comparisons(first: first, second: second, labels: labels)
    }
}

/// One part of a file of comparisons, being parsed into the rows of its own lines.
private struct ComparisonChunk {
    let first: UnsafeMutablePointer<UInt32>
    let second: UnsafeMutablePointer<UInt32>
    let labels: UnsafeMutablePointer<UInt8>
    let lookup: TemplateLookup.Pointers
    let form: ComparisonParser.Form
    var row: Int
    let rows: TextRows
    var findings: FindingList
    var carriageReturnCount = 0

    mutating func parse(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let base = bytes.baseAddress, let last = bytes.last else { return }
        var end = base + bytes.count
        if last != TextRows.newline {
            // The fast path needs a line feed to stop at: the last line of the file goes the careful way.
            while end > base, end[-1] != TextRows.newline { end -= 1 }
        }
        switch form {
        case .labelled: parseTerminatedLines(base, end, separator: UInt8(ascii: " ")) { _, _ in nil }
        case .bySubject(let subjects):
            subjects.withUnsafeBufferPointer { subjects in
                parseTerminatedLines(base, end, separator: UInt8(ascii: ",")) { left, right in
                    subjects[Int(left)] == subjects[Int(right)] ? 1 : 0
                }
            }
        }
        if end < base + bytes.count {
            parseCarefully(UnsafeBufferPointer(start: end, count: base + bytes.count - end))
        }
    }

    /// Parses lines that all end in a line feed.
    ///
    /// - Parameter label: The label of two templates; nil where the line states it.
    @inline(__always)
    private mutating func parseTerminatedLines(
        _ start: UnsafePointer<UInt8>,
        _ end: UnsafePointer<UInt8>,
        separator: UInt8,
        label: (UInt32, UInt32) -> UInt8?
    ) {
        let lookup = lookup
        var row = row
        var line = start
        while line < end {
            var byte = line
            // Nothing is read beyond the line's own line feed: each byte that is stepped over is not one.
            let left = lookup.indexPlusOne(of: Self.scanID(&byte))
            if left != 0, byte.pointee == separator {
                byte += 1
                let right = lookup.indexPlusOne(of: Self.scanID(&byte))
                var labelOfPair = right == 0 ? nil : label(left &- 1, right &- 1)
                if right != 0, labelOfPair == nil, byte.pointee == separator, byte[1] &- 48 <= 1 {
                    labelOfPair = byte[1] &- 48
                    byte += 2
                }
                if let labelOfPair {
                    let hasCarriageReturn = byte.pointee == TextRows.carriageReturn && byte[1] == TextRows.newline
                    if hasCarriageReturn { byte += 1 }
                    if byte.pointee == TextRows.newline {
                        if hasCarriageReturn { carriageReturnCount += 1 }
                        first[row] = left &- 1
                        second[row] = right &- 1
                        labels[row] = labelOfPair
                        row &+= 1
                        line = byte + 1
                        continue
                    }
                }
            }
            self.row = row
            line = parseUnusualLine(line, end)
            row = self.row
        }
        self.row = row
    }

    /// Reads digits up to the first other byte.
    ///
    /// - Returns: The number; for none or more than 18 digits one that no table holds.
    @inline(__always)
    private static func scanID(_ byte: inout UnsafePointer<UInt8>) -> UInt {
        let start = byte
        var value: UInt = 0
        while true {
            let digit = UInt(byte.pointee) &- 48
            guard digit <= 9 else { break }
            value = value &* 10 &+ digit
            byte += 1
        }
        return 1...18 ~= byte - start ? value : .max
    }

    private mutating func parseUnusualLine(
        _ line: UnsafePointer<UInt8>,
        _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        var reader = LineReader(UnsafeBufferPointer(start: line, count: end - line), range: 0..<(end - line))
        guard let content = reader.next() else { return end }
        let lengthWithEnd = content.count + 1 + reader.carriageReturnCount
        carriageReturnCount += reader.carriageReturnCount
        parseCarefully(content)
        return line + lengthWithEnd
    }

    /// Parses one line without its end, saying what is wrong with it; then its row stays 0.
    private mutating func parseCarefully(_ line: UnsafeBufferPointer<UInt8>) {
        if let parsed = fields(of: line) { (first[row], second[row], labels[row]) = parsed }
        row += 1
    }

    private mutating func fields(
        of line: UnsafeBufferPointer<UInt8>
    ) -> (first: UInt32, second: UInt32, label: UInt8)? {
        var fields: [UnsafeBufferPointer<UInt8>] = []
        let expected: String
        let count: Int
        switch form {
        case .labelled:
            expected = "3 columns (template, template, label)"
            var rest = RowFields(line)
            while let field = rest.next() { fields.append(field) }
            count = 3
        case .bySubject:
            expected = "2 columns (template, template)"
            var row = CSVRow()
            row.split(line)
            fields = line.allSatisfy(TextRows.isSeparator) ? [] : row.fields
            count = row.isMalformed ? -1 : 2
        }
        guard fields.count == count else {
            findings.addColumnCount(fields.count, expected: expected, at: rows.place(row))
            return nil
        }
        guard let first = template(fields[0]), let second = template(fields[1]) else { return nil }
        if case .bySubject(let subjects) = form {
            return (first, second, subjects[Int(first)] == subjects[Int(second)] ? 1 : 0)
        }
        let label = fields[2]
        guard label.count == 1, label[0] == 48 || label[0] == 49 else {
            findings.add(.badLabel, at: rows.place(row), "bad label", expected: "0 or 1", found: label.quoted)
            return nil
        }
        return (first, second, label[0] - 48)
    }

    private mutating func template(_ field: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard let id = findings.id(field, of: "template", at: rows.place(row)) else { return nil }
        let index = lookup.indexPlusOne(of: UInt(id))
        guard index > 0 else {
            let list = if case .labelled = form { "image list" } else { "files of templates" }
            findings.add(
                .unknownTemplate,
                at: rows.place(row),
                "template \(id) has no image",
                expected: "a template of the \(list)"
            )
            return nil
        }
        return index - 1
    }
}

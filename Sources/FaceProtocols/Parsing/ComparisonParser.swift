package import LargeArrays

/// Lines `template template label` → ``Comparisons``, without a string per line.
///
/// The file is cut into parts at line ends; lines are counted first, so that each part is parsed straight into its
/// place in the result. The outcome is the same for any number of parts and threads.
package struct ComparisonParser {
    let rows: TextRows
    let lookup: TemplateLookup
    let workers: Int
    let place: LargeArrayPlace

    /// Prepares to parse; `place` is where the comparisons are to lie.
    package init(
        rows: TextRows,
        lookup: TemplateLookup,
        workers: Int,
        place: LargeArrayPlace = .automatic
    ) {
        self.rows = rows
        self.lookup = lookup
        self.workers = workers
        self.place = place
    }

    /// Parses all rows.
    ///
    /// - Parameters:
    ///   - cuts: Where to cut, for tests; nil for even parts.
    ///   - findings: Receives what is wrong; a row with an error has indices and label 0.
    package func parse(cuts: [Int]? = nil, findings: inout FindingList) -> Comparisons {
        let cuts = cuts ?? LineChunks.evenCuts(byteCount: rows.bytes.count, workers: workers)
        let chunks = LineChunks(rows, cuts: cuts, workers: workers)
        let columns = ComparisonColumns(count: chunks.rowCount, place: place)
        let outcomes = parse(chunks.chunks, into: columns, limitPerKind: findings.limitPerKind)
        for outcome in outcomes { findings.append(outcome.findings) }
        let carriageReturnCount = outcomes.reduce(0) { $0 + $1.carriageReturnCount }
        findings.addCarriageReturns(carriageReturnCount, of: chunks.rowCount, file: rows.file)
        return columns.finish()
    }
}

extension ComparisonParser {
    private func parse(
        _ chunks: [LineChunks.Chunk],
        into columns: ComparisonColumns,
        limitPerKind: Int
    ) -> [ComparisonChunk] {
        lookup.withPointers { lookup in
            Workers(workers)
                .map(chunks.count) { index in
                    var chunk = ComparisonChunk(
                        columns: columns,
                        lookup: lookup,
                        row: chunks[index].firstRow,
                        file: rows.file,
                        findings: FindingList(limitPerKind: limitPerKind)
                    )
                    chunk.parse(UnsafeBufferPointer(rebasing: rows.bytes[chunks[index].range]))
                    columns.giveBack(chunks[index].firstRow..<chunk.row)
                    rows.giveBack(chunks[index].range)
                    return chunk
                }
        }
    }
}

/// One part of a file of comparisons, being parsed.
struct ComparisonChunk {
    let columns: ComparisonColumns
    let lookup: TemplateLookup.Pointers
    var row: Int
    let file: String
    var findings: FindingList
    var carriageReturnCount = 0

    mutating func parse(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let base = bytes.baseAddress, let last = bytes.last else { return }
        var end = base + bytes.count
        if last != TextRows.newline {
            // The fast path needs a line feed to stop at: the last line of the file goes the careful way.
            while end > base, end[-1] != TextRows.newline { end -= 1 }
        }
        parseTerminatedLines(base, end)
        if end < base + bytes.count {
            parseCarefully(UnsafeBufferPointer(start: end, count: base + bytes.count - end))
        }
    }

    /// Parses lines that all end in a line feed.
    private mutating func parseTerminatedLines(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        guard let first = columns.first.elements.baseAddress, let second = columns.second.elements.baseAddress,
            let labels = columns.labels.elements.baseAddress
        else { return }
        let lookup = lookup
        var row = row
        var line = start
        while line < end {
            var byte = line
            let left = lookup.indexPlusOne(of: Self.scanID(&byte))
            if left != 0, byte.pointee == UInt8(ascii: " ") {
                byte += 1
                let right = lookup.indexPlusOne(of: Self.scanID(&byte))
                // Nothing is read beyond the line's own line feed: each byte that is stepped over is not one.
                if right != 0, byte.pointee == UInt8(ascii: " "), byte[1] &- 48 <= 1 {
                    let label = byte[1] &- 48
                    byte += 2
                    if byte.pointee == TextRows.carriageReturn, byte[1] == TextRows.newline {
                        carriageReturnCount += 1
                        byte += 1
                    }
                    if byte.pointee == TextRows.newline {
                        first[row] = left &- 1
                        second[row] = right &- 1
                        labels[row] = label
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

    /// Parses one line without its end, saying what is wrong with it.
    private mutating func parseCarefully(_ line: UnsafeBufferPointer<UInt8>) {
        let parsed = fields(of: line)
        columns.set(row, parsed?.first ?? 0, parsed?.second ?? 0, parsed?.label ?? 0)
        row += 1
    }

    private mutating func fields(
        of line: UnsafeBufferPointer<UInt8>
    ) -> (first: UInt32, second: UInt32, label: UInt8)? {
        let number = row + 1
        var fields = RowFields(line)
        let count = fields.count()
        guard count == 3, let left = fields.next(), let right = fields.next(), let label = fields.next() else {
            findings.addColumnCount(count, expected: "3 columns (template, template, label)", file: file, line: number)
            return nil
        }
        guard let first = template(left), let second = template(right) else { return nil }
        guard label.count == 1, label[0] == 48 || label[0] == 49 else {
            findings.add(.badLabel, file: file, line: number, "bad label", expected: "0 or 1", found: label.quoted)
            return nil
        }
        return (first, second, label[0] - 48)
    }

    private mutating func template(_ field: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard let id = findings.id(field, of: "template", file: file, line: row + 1) else { return nil }
        let index = lookup.indexPlusOne(of: UInt(id))
        guard index > 0 else {
            findings.add(
                .unknownTemplate,
                file: file,
                line: row + 1,
                "template \(id) has no image",
                expected: "a template of the image list"
            )
            return nil
        }
        return index - 1
    }
}

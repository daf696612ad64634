package import LargeArrays

/// Lines `template,template` → ``Comparisons``, labelled by the templates' subjects, without a string per line.
///
/// The file is cut into parts at line ends, each parsed straight into its place in the result; the outcome is the same
/// for any number of parts and threads. Nine bytes are kept of each line.
package struct TemplatePairParser {
    let rows: TextRows
    let lookup: TemplateLookup
    /// Each template's subject by dense index.
    let subjects: [UInt32]
    let workers: Int
    let place: LargeArrayPlace

    /// Prepares to parse; `place` is where the comparisons are to lie.
    package init(
        rows: TextRows,
        lookup: TemplateLookup,
        subjects: [UInt32],
        workers: Int,
        place: LargeArrayPlace = .automatic
    ) {
        self.place = place
        self.rows = rows
        self.lookup = lookup
        self.subjects = subjects
        self.workers = workers
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

    private func parse(
        _ chunks: [LineChunks.Chunk],
        into columns: ComparisonColumns,
        limitPerKind: Int
    ) -> [PairChunk] {
        lookup.withPointers { lookup in
            subjects.withUnsafeBufferPointer { subjects in
                Workers(workers)
                    .map(chunks.count) { index in
                        var chunk = PairChunk(
                            columns: columns,
                            lookup: lookup,
                            subjects: subjects,
                            row: chunks[index].firstRow,
                            file: rows.file,
                            findings: FindingList(limitPerKind: limitPerKind)
                        )
                        chunk.parse(rows.bytes, range: chunks[index].range)
                        columns.giveBack(chunks[index].firstRow..<chunk.row)
                        rows.giveBack(chunks[index].range)
                        return chunk
                    }
            }
        }
    }
}

/// One part of a file of template pairs, being parsed.
private struct PairChunk {
    let columns: ComparisonColumns
    let lookup: TemplateLookup.Pointers
    let subjects: UnsafeBufferPointer<UInt32>
    var row: Int
    let file: String
    var findings: FindingList
    var carriageReturnCount = 0

    mutating func parse(_ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>) {
        var reader = LineReader(bytes, range: range)
        while let line = reader.next() {
            let pair = fastPair(line) ?? carefulPair(line)
            let isGenuine = pair.map { subjects[Int($0.first)] == subjects[Int($0.second)] } ?? false
            columns.set(row, pair?.first ?? 0, pair?.second ?? 0, isGenuine ? 1 : 0)
            row += 1
        }
        carriageReturnCount = reader.carriageReturnCount
    }

    /// Digits, a comma, digits, of templates that are known.
    @inline(__always)
    private func fastPair(_ line: UnsafeBufferPointer<UInt8>) -> (first: UInt32, second: UInt32)? {
        var ids: (UInt, UInt) = (0, 0)
        var index = 0
        var value: UInt = 0
        // At most 18 digits each, so nothing overflows.
        while index < line.count, index < 18, line[index] &- 48 <= 9 {
            value = value &* 10 &+ UInt(line[index] &- 48)
            index += 1
        }
        guard index > 0, index < line.count, line[index] == UInt8(ascii: ",") else { return nil }
        ids.0 = value
        let start = index + 1
        index = start
        value = 0
        while index < line.count, index < start + 18, line[index] &- 48 <= 9 {
            value = value &* 10 &+ UInt(line[index] &- 48)
            index += 1
        }
        guard index > start, index == line.count else { return nil }
        ids.1 = value
        let (left, right) = (lookup.indexPlusOne(of: ids.0), lookup.indexPlusOne(of: ids.1))
        return left != 0 && right != 0 ? (left - 1, right - 1) : nil
    }

    private mutating func carefulPair(_ line: UnsafeBufferPointer<UInt8>) -> (first: UInt32, second: UInt32)? {
        var fields = CSVRow()
        fields.split(line)
        guard fields.fields.count == 2, !fields.isMalformed else {
            let isBlank = line.allSatisfy(TextRows.isSeparator)
            findings.addColumnCount(
                isBlank ? 0 : fields.fields.count,
                expected: "2 columns (template, template)",
                file: file,
                line: row + 1
            )
            return nil
        }
        guard let first = template(fields.fields[0]), let second = template(fields.fields[1]) else { return nil }
        return (first, second)
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
                expected: "a template of the files of templates"
            )
            return nil
        }
        return index - 1
    }
}

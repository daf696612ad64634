/// Lines `image x y … x y score`.
package struct LandmarkParser {
    let rows: TextRows
    /// The images that the rows must name in this order, and the file that lists them; nil for rows in any order.
    let order: (images: [String], file: String)?
    let workers: Int

    package init(rows: TextRows, order: (images: [String], file: String)?, workers: Int) {
        self.rows = rows
        self.order = order
        self.workers = workers
    }

    /// What the file holds.
    package struct Outcome {
        package let landmarksPerFace: Int
        package let landmarks: [Float]
        package let detectorScores: [Float]
    }

    /// Parses all rows.
    ///
    /// - Parameters:
    ///   - cuts: Where to cut, for tests; nil for even parts.
    ///   - findings: Receives what is wrong; a row with an error holds NaN.
    /// - Returns: nil, with a finding, where the first line is not one of landmarks or the row counts differ.
    package func parse(cuts: [Int]? = nil, findings: inout FindingList) -> Outcome? {
        guard !rows.bytes.isEmpty else {
            if checkRowCount(0, &findings) { findings.add(.rowCount, at: .init(rows.file), "the file holds no line") }
            return nil
        }
        guard let points = landmarksPerFace(findings: &findings) else { return nil }
        let lines = LineChunks(rows, cuts: cuts, workers: workers)
        let count = lines.rowCount
        var landmarks = [Float](repeating: .nan, count: count * points * 2)
        var scores = [Float](repeating: .nan, count: count)
        landmarks.withUnsafeMutableBufferPointer { landmarks in
            scores.withUnsafeMutableBufferPointer { scores in
                guard let landmarks = landmarks.baseAddress, let scores = scores.baseAddress else { return }
                lines.parse(findings: &findings) { chunk, findings in
                    var reader = LineReader(rows.bytes, range: chunk.range)
                    var row = chunk.firstRow
                    while let line = reader.next() {
                        let target = landmarks + row * points * 2
                        if !parse(line, row, points, target, scores + row, &findings) {
                            target.update(repeating: .nan, count: points * 2)
                            scores[row] = .nan
                        }
                        row += 1
                    }
                    return reader.carriageReturnCount
                }
            }
        }
        guard checkRowCount(count, &findings) else { return nil }
        return Outcome(landmarksPerFace: points, landmarks: landmarks, detectorScores: scores)
    }

    private func checkRowCount(_ count: Int, _ findings: inout FindingList) -> Bool {
        guard let order, count != order.images.count else { return true }
        findings.add(
            .rowCount,
            at: .init(rows.file),
            "the number of lines is not that of \(order.file)",
            expected: "\(order.images.count)",
            found: "\(count)"
        )
        return false
    }

    /// 5 or 68, from the columns of the first line.
    private func landmarksPerFace(findings: inout FindingList) -> Int? {
        let columns = rows.firstRow.map { RowFields($0).count() } ?? 0
        switch columns {
        case 12: return 5
        case 138: return 68
        default:
            findings.addColumnCount(
                columns,
                expected: "12 columns (image, 5 points, score) or 138 (image, 68 points, score)",
                at: rows.place(0)
            )
            return nil
        }
    }

    /// - Returns: Whether the line could be read.
    private func parse(
        _ line: UnsafeBufferPointer<UInt8>,
        _ row: Int,
        _ points: Int,
        _ landmarks: UnsafeMutablePointer<Float>,
        _ score: UnsafeMutablePointer<Float>,
        _ findings: inout FindingList
    ) -> Bool {
        var fields = RowFields(line)
        guard let name = fields.next() else {
            findings.addColumnCount(0, expected: "\(points * 2 + 2) columns", at: rows.place(row))
            return false
        }
        checkName(name, row, &findings)
        var values = 0
        while let field = fields.next(), values <= points * 2 {
            guard let value = DecimalNumber.parse(field) else {
                let what = values < points * 2 ? "not a coordinate" : "not a detector score"
                findings.add(.notANumber, at: rows.place(row), what, expected: "a number", found: field.quoted)
                return false
            }
            if values < points * 2 { landmarks[values] = Float(value) } else { score.pointee = Float(value) }
            values += 1
        }
        let count = RowFields(line).count()
        guard count == points * 2 + 2 else {
            let expected = "\(points * 2 + 2) columns (image, \(points) points, score)"
            findings.addColumnCount(count, expected: expected, at: rows.place(row))
            return false
        }
        return true
    }

    private func checkName(_ name: UnsafeBufferPointer<UInt8>, _ row: Int, _ findings: inout FindingList) {
        // An image that has no name has a finding of its own.
        guard let order, row < order.images.count, !order.images[row].isEmpty else { return }
        let listed = order.images[row]
        guard !listed.utf8.elementsEqual(name) else { return }
        findings.add(
            .imageOrder,
            at: rows.place(row),
            "not the image of the same line of \(order.file)",
            expected: Array(listed.utf8).withUnsafeBufferPointer(\.quoted),
            found: name.quoted
        )
    }
}

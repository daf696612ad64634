/// Lines `image x y … x y score`, which must name the images of the image list in its order.
package struct LandmarkParser {
    let rows: TextRows
    /// The image list's names, which each row's name is compared with byte by byte.
    let listBytes: UnsafeBufferPointer<UInt8>
    let listNames: [Range<Int>]
    let listFile: String
    let workers: Int

    /// Prepares to parse.
    package init(
        rows: TextRows,
        listBytes: UnsafeBufferPointer<UInt8>,
        listNames: [Range<Int>],
        listFile: String,
        workers: Int
    ) {
        self.rows = rows
        self.listBytes = listBytes
        self.listNames = listNames
        self.listFile = listFile
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
            addRowCount(0, &findings)
            return nil
        }
        guard let points = landmarksPerFace(findings: &findings) else { return nil }
        let lines = LineChunks(rows, cuts: cuts, workers: workers)
        let count = lines.rowCount
        var scores: [Float] = []
        let landmarks = [Float](unsafeUninitializedCapacity: count * points * 2) { landmarks, landmarkCount in
            scores = [Float](unsafeUninitializedCapacity: count) { scores, scoreCount in
                // Each part writes the rows of its own lines only.
                let columns = Columns(landmarks: landmarks, scores: scores)
                lines.parse(findings: &findings) { chunk, findings in parse(chunk, points, columns, &findings) }
                scoreCount = count
            }
            landmarkCount = count * points * 2
        }
        guard count == listNames.count else {
            addRowCount(count, &findings)
            return nil
        }
        return Outcome(landmarksPerFace: points, landmarks: landmarks, detectorScores: scores)
    }

    private func addRowCount(_ count: Int, _ findings: inout FindingList) {
        findings.add(
            .rowCount,
            file: rows.file,
            "the number of lines is not that of \(listFile)",
            expected: "\(listNames.count)",
            found: "\(count)"
        )
    }

    private struct Columns {
        let landmarks: UnsafeMutableBufferPointer<Float>
        let scores: UnsafeMutableBufferPointer<Float>
    }

    /// 5 or 68, from the columns of the first line.
    private func landmarksPerFace(findings: inout FindingList) -> Int? {
        var reader = LineReader(rows.bytes, range: 0..<rows.bytes.count)
        let columns = reader.next().map { RowFields($0).count() } ?? 0
        switch columns {
        case 12: return 5
        case 138: return 68
        default:
            findings.addColumnCount(
                columns,
                expected: "12 columns (image, 5 points, score) or 138 (image, 68 points, score)",
                file: rows.file,
                line: 1
            )
            return nil
        }
    }

    private func parse(
        _ chunk: LineChunks.Chunk,
        _ points: Int,
        _ columns: Columns,
        _ findings: inout FindingList
    ) -> Int {
        guard let landmarks = columns.landmarks.baseAddress, let scores = columns.scores.baseAddress else { return 0 }
        var reader = LineReader(rows.bytes, range: chunk.range)
        var row = chunk.firstRow
        while let line = reader.next() {
            let target = landmarks + row * points * 2
            if !parse(line, row, points, target, scores + row, &findings) {
                target.initialize(repeating: .nan, count: points * 2)
                scores[row] = .nan
            }
            row += 1
        }
        return reader.carriageReturnCount
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
            findings.addColumnCount(0, expected: "\(points * 2 + 2) columns", file: rows.file, line: row + 1)
            return false
        }
        checkName(name, row, &findings)
        for index in 0...points * 2 {
            guard let field = fields.next() else { return addColumnCount(line, points, row, &findings) }
            guard let value = DecimalNumber.parse(field) else {
                findings.add(
                    .notANumber,
                    file: rows.file,
                    line: row + 1,
                    index < points * 2 ? "not a coordinate" : "not a detector score",
                    expected: "a number",
                    found: field.quoted
                )
                return false
            }
            if index < points * 2 { landmarks[index] = Float(value) } else { score.pointee = Float(value) }
        }
        return fields.next() == nil || addColumnCount(line, points, row, &findings)
    }

    private func addColumnCount(
        _ line: UnsafeBufferPointer<UInt8>,
        _ points: Int,
        _ row: Int,
        _ findings: inout FindingList
    ) -> Bool {
        findings.addColumnCount(
            RowFields(line).count(),
            expected: "\(points * 2 + 2) columns (image, \(points) points, score)",
            file: rows.file,
            line: row + 1
        )
        return false
    }

    private func checkName(_ name: UnsafeBufferPointer<UInt8>, _ row: Int, _ findings: inout FindingList) {
        guard row < listNames.count else { return }
        let listed = UnsafeBufferPointer(rebasing: listBytes[listNames[row]])
        guard !listed.elementsEqual(name) else { return }
        findings.add(
            .imageOrder,
            file: rows.file,
            line: row + 1,
            "not the image of the same line of \(listFile)",
            expected: listed.quoted,
            found: name.quoted
        )
    }
}

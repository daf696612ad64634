/// The rows of NIST's files of templates, one face each.
struct NISTTemplateTable {
    let pathPolicy: PathPolicy
    private(set) var paths: [String] = []
    private(set) var templateIDs: [Int] = []
    /// nil in a row of a file without SIGHTING_ID.
    private(set) var sightings: [Int?] = []
    private(set) var boxes: [FaceBox?] = []
    /// Each row's subject by number in `subjectNames`.
    private var subjectNumbers: [Int] = []
    private var subjectNames: [String] = []
    private var subjectNumberOfName: [String: Int] = [:]
    /// The file, by number, that first listed a template.
    private var fileOfTemplate: [Int: Int] = [:]
    private(set) var origins = ProtocolOrigins()

    init(pathPolicy: PathPolicy) {
        self.pathPolicy = pathPolicy
        origins.sharesImages = true
    }

    /// Where the columns that are read stand.
    private struct Columns {
        var template = 0
        var subject = 0
        var path = 0
        var sighting: Int?
        /// x, y, width, height; nil in a file without boxes.
        var box: [Int]?
        var count = 0
    }

    /// Adds the rows of a file.
    mutating func read(_ bytes: UnsafeRawBufferPointer, file: String, findings: inout FindingList) {
        guard let rows = TextRows(bytes, file: file, findings: &findings) else { return }
        var reader = LineReader(rows.bytes, range: 0..<rows.bytes.count)
        var row = CSVRow()
        if let header = reader.next() { row.split(header) }
        guard let columns = Self.columns(row, file: file, &findings) else { return }
        origins.imageFiles.append(.init(file: file, firstRow: paths.count, firstLine: 2))
        let number = origins.imageFiles.count
        var line = 1
        while let content = reader.next() {
            line += 1
            row.split(content)
            add(row, columns, file: file, number, line, isBlank: content.allSatisfy(TextRows.isSeparator), &findings)
        }
        findings.addCarriageReturns(reader.carriageReturnCount, of: line, file: file)
    }

    private static func columns(_ header: CSVRow, file: String, _ findings: inout FindingList) -> Columns? {
        let names = header.fields.indices.map { (header.text($0) ?? "").uppercased() }
        func place(_ name: String) -> Int? { names.firstIndex(of: name) }
        let box = ["FACE_X", "FACE_Y", "FACE_WIDTH", "FACE_HEIGHT"].compactMap(place)
        guard let template = place("TEMPLATE_ID"), let subject = place("SUBJECT_ID"),
            let path = place("FILENAME") ?? place("FILE"), box.count == 4 || box.isEmpty,
            Set(names).count == names.count
        else {
            findings.add(
                .badHeader,
                file: file,
                line: 1,
                "wrong header",
                expected:
                    "TEMPLATE_ID, SUBJECT_ID, FILENAME and all or none of FACE_X, FACE_Y, FACE_WIDTH, FACE_HEIGHT, "
                    + "each once",
                found: "'\(names.joined(separator: ",").prefix(120))'"
            )
            return nil
        }
        return Columns(
            template: template,
            subject: subject,
            path: path,
            sighting: place("SIGHTING_ID"),
            box: box.isEmpty ? nil : box,
            count: names.count
        )
    }

    private mutating func add(
        _ row: CSVRow,
        _ columns: Columns,
        file: String,
        _ fileNumber: Int,
        _ line: Int,
        isBlank: Bool,
        _ findings: inout FindingList
    ) {
        guard row.fields.count == columns.count, !row.isMalformed else {
            let what =
                row.isMalformed ? "\(columns.count) columns with paired quotation marks" : "\(columns.count) columns"
            findings.addColumnCount(isBlank ? 0 : row.fields.count, expected: what, file: file, line: line)
            return
        }
        let sighting = columns.sighting.flatMap { column in
            findings.id(row.fields[column], of: "sighting", file: file, line: line)
        }
        guard let template = findings.id(row.fields[columns.template], of: "template", file: file, line: line),
            let path = path(row, columns.path, file, line, &findings),
            let subject = subject(row, columns.subject, file, line, &findings),
            let box = box(row, columns.box, file, line, &findings)
        else { return }
        if fileOfTemplate[template, default: fileNumber] != fileNumber {
            findings.add(
                .repeatedTemplate,
                file: file,
                line: line,
                "template \(template) is also in \(origins.imageFiles[fileOfTemplate[template, default: 1] - 1].file)"
            )
        }
        fileOfTemplate[template] = fileNumber
        paths.append(path)
        templateIDs.append(template)
        sightings.append(sighting)
        boxes.append(box.value)
        subjectNumbers.append(subject)
    }

    private func path(
        _ row: CSVRow,
        _ column: Int,
        _ file: String,
        _ line: Int,
        _ findings: inout FindingList
    ) -> String? {
        guard let path = row.text(column) else {
            findings.add(.notUTF8, file: file, line: line, "FILENAME is not UTF-8", found: row.fields[column].quoted)
            return nil
        }
        if let problem = pathPolicy.problem(of: path) {
            findings.add(
                .unsafePath,
                file: file,
                line: line,
                problem,
                expected: "a plain path inside the image folder",
                found: row.fields[column].quoted
            )
            return nil
        }
        return path
    }

    private mutating func subject(
        _ row: CSVRow,
        _ column: Int,
        _ file: String,
        _ line: Int,
        _ findings: inout FindingList
    ) -> Int? {
        guard let name = row.text(column) else {
            findings.add(.notUTF8, file: file, line: line, "SUBJECT_ID is not UTF-8", found: row.fields[column].quoted)
            return nil
        }
        guard !name.isEmpty else {
            findings.add(.missingSubject, file: file, line: line, "SUBJECT_ID is blank")
            return nil
        }
        if let number = subjectNumberOfName[name] { return number }
        subjectNames.append(name)
        subjectNumberOfName[name] = subjectNames.count - 1
        return subjectNames.count - 1
    }

    /// A row's box, which may be none; nil when it cannot be read.
    private func box(
        _ row: CSVRow,
        _ columns: [Int]?,
        _ file: String,
        _ line: Int,
        _ findings: inout FindingList
    ) -> (value: FaceBox?, Void)? {
        guard let columns, columns.contains(where: { !row.fields[$0].isEmpty }) else { return (nil, ()) }
        var numbers: [Double] = []
        for column in columns {
            guard let number = DecimalNumber.parse(row.fields[column]) else {
                findings.add(
                    .notANumber,
                    file: file,
                    line: line,
                    "not an edge of a face box",
                    expected: "a number, or all four blank",
                    found: row.fields[column].quoted
                )
                return nil
            }
            numbers.append(number)
        }
        return (FaceBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3]), ())
    }
}

extension NISTTemplateTable {
    /// The rows' names one after another, as ``LandmarkParser`` compares them.
    func withNames<Result>(_ body: (UnsafeBufferPointer<UInt8>, [Range<Int>]) -> Result) -> Result {
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for path in paths {
            let start = bytes.count
            bytes.append(contentsOf: path.utf8)
            ranges.append(start..<bytes.count)
        }
        return bytes.withUnsafeBufferPointer { body($0, ranges) }
    }

    /// The subject of each template.
    ///
    /// - Returns: nil, with a finding, when a template has two.
    func subjects(_ index: DenseIndex, findings: inout FindingList) -> TemplateSubjects? {
        var numbers = [Int?](repeating: nil, count: index.ids.count)
        var isConsistent = true
        for (row, template) in index.indices.enumerated() {
            let number = subjectNumbers[row]
            if let earlier = numbers[Int(template)], earlier != number {
                let place = origins.place(ofImage: row)
                findings.add(
                    .subjectDisagreement,
                    file: place.file,
                    line: place.line,
                    "template \(templateIDs[row]) has two subjects",
                    expected: "'\(subjectNames[earlier])'",
                    found: "'\(subjectNames[number])'"
                )
                isConsistent = false
            }
            numbers[Int(template)] = number
        }
        return isConsistent ? TemplateSubjects(stated: numbers.map { $0.map { subjectNames[$0] } }) : nil
    }

    /// The templates of some of the files, ascending.
    func members(of files: [String], _ templates: Templates) -> [UInt32] {
        let numbers = Set(files.compactMap { file in origins.imageFiles.firstIndex { $0.file == file }.map { $0 + 1 } })
        return templates.ids.indices
            .filter { numbers.contains(fileOfTemplate[templates.ids[$0], default: 0]) }
            .map { UInt32($0) }
    }

    /// The faces.
    func images(
        _ templates: [UInt32],
        _ media: [UInt32],
        _ landmarks: LandmarkParser.Outcome?,
        boxScale: Double,
        findings: inout FindingList
    ) -> FaceImages {
        if let landmarks {
            return FaceImages(
                paths: paths,
                templates: templates,
                media: media,
                landmarksPerFace: landmarks.landmarksPerFace,
                landmarks: landmarks.landmarks,
                detectorScores: landmarks.detectorScores,
                hasDetectorScores: true
            )
        }
        let usable = boxes.count { $0?.isUsable ?? false }
        findings.add(
            .faceBoxes,
            file: nil,
            "no landmarks: \(usable) of \(boxes.count) faces are cut out as the square of \(boxScale) × the longer side of "
                + "their box, unrotated; numbers are not comparable with those of landmarks"
        )
        return FaceImages(
            paths: paths,
            templates: templates,
            media: media,
            landmarksPerFace: 5,
            landmarks: boxes.flatMap { $0?.landmarks(scale: boxScale) ?? [Float](repeating: .nan, count: 10) },
            detectorScores: [Float](repeating: 1, count: paths.count),
            hasDetectorScores: false,
            landmarkOrigin: .faceBoxes
        )
    }
}

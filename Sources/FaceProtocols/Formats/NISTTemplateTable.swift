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
        var template: Int
        var subject: Int
        var path: Int
        var sighting: Int?
        /// x, y, width, height; empty in a file without boxes.
        var box: [Int]

        init?(_ names: [String]) {
            func place(_ name: String) -> Int? { names.firstIndex(of: name) }
            guard let template = place("TEMPLATE_ID"), let subject = place("SUBJECT_ID"),
                let path = place("FILENAME") ?? place("FILE"), Set(names).count == names.count
            else { return nil }
            self.template = template
            self.subject = subject
            self.path = path
            sighting = place("SIGHTING_ID")
            box = ["FACE_X", "FACE_Y", "FACE_WIDTH", "FACE_HEIGHT"].compactMap(place)
            guard box.count == 4 || box.isEmpty else { return nil }
        }
    }

    /// Adds the rows of a file.
    mutating func read(_ bytes: UnsafeRawBufferPointer, file: String, findings: inout FindingList) {
        guard let rows = TextRows(bytes, file: file, findings: &findings) else { return }
        let names = rows.csvHeader.map { $0.uppercased() }
        guard let columns = Columns(names) else {
            findings.add(
                .badHeader,
                at: rows.place(0),
                "wrong header",
                expected:
                    "TEMPLATE_ID, SUBJECT_ID, FILENAME and all or none of FACE_X, FACE_Y, FACE_WIDTH, FACE_HEIGHT, "
                    + "each once",
                found: "'\(names.joined(separator: ",").prefix(120))'"
            )
            return
        }
        origins.imageFiles.append(.init(file: file, firstRow: paths.count, firstLine: 2))
        let number = origins.imageFiles.count
        let expected = "\(names.count) columns"
        let table = CSVForm(
            columns: names.count,
            expected: expected,
            ifMalformed: expected + " with paired quotation marks"
        )
        rows.forEachCSVRow(table, findings: &findings) { row, place, findings in
            add(row, columns, fileNumber: number, at: place, &findings)
        }
    }

    private mutating func add(
        _ row: CSVRow,
        _ columns: Columns,
        fileNumber: Int,
        at place: ProtocolFinding.Place,
        _ findings: inout FindingList
    ) {
        let sighting = columns.sighting.flatMap { findings.id(row.fields[$0], of: "sighting", at: place) }
        guard let template = findings.id(row.fields[columns.template], of: "template", at: place),
            let path = text(row, columns.path, "FILENAME", at: place, &findings),
            findings.isSafe(path, pathPolicy, found: row.fields[columns.path], at: place),
            let subject = subject(row, columns.subject, at: place, &findings),
            let box = box(row, columns.box, at: place, &findings)
        else { return }
        if let earlier = fileOfTemplate.updateValue(fileNumber, forKey: template), earlier != fileNumber {
            let file = origins.imageFiles[earlier - 1].file
            findings.add(.repeatedTemplate, at: place, "template \(template) is also in \(file)")
        }
        paths.append(path)
        templateIDs.append(template)
        sightings.append(sighting)
        boxes.append(box.value)
        subjectNumbers.append(subject)
    }

    private func text(
        _ row: CSVRow,
        _ column: Int,
        _ name: String,
        at place: ProtocolFinding.Place,
        _ findings: inout FindingList
    ) -> String? {
        if let text = row.text(column) { return text }
        findings.add(.notUTF8, at: place, "\(name) is not UTF-8", found: row.fields[column].quoted)
        return nil
    }

    private mutating func subject(
        _ row: CSVRow,
        _ column: Int,
        at place: ProtocolFinding.Place,
        _ findings: inout FindingList
    ) -> Int? {
        guard let name = text(row, column, "SUBJECT_ID", at: place, &findings) else { return nil }
        guard !name.isEmpty else {
            findings.add(.missingSubject, at: place, "SUBJECT_ID is blank")
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
        _ columns: [Int],
        at place: ProtocolFinding.Place,
        _ findings: inout FindingList
    ) -> (value: FaceBox?, Void)? {
        guard columns.contains(where: { !row.fields[$0].isEmpty }) else { return (nil, ()) }
        var numbers: [Double] = []
        for column in columns {
            guard let number = DecimalNumber.parse(row.fields[column]) else {
                findings.add(
                    .notANumber,
                    at: place,
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
    /// The subject of each template.
    ///
    /// - Returns: nil, with a finding, when a template has two.
    func subjects(_ index: DenseIndex, findings: inout FindingList) -> TemplateSubjects? {
        var numbers = [Int?](repeating: nil, count: index.ids.count)
        var isConsistent = true
        for (row, template) in index.indices.enumerated() {
            let number = subjectNumbers[row]
            if let earlier = numbers[Int(template)], earlier != number {
                findings.add(
                    .subjectDisagreement,
                    at: origins.place(ofImage: row),
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

    /// The faces, by their landmarks or else by their boxes.
    func images(
        _ templates: [UInt32],
        _ media: [UInt32],
        _ landmarks: LandmarkParser.Outcome?,
        boxScale: Double,
        findings: inout FindingList
    ) -> FaceImages {
        if let landmarks {
            return FaceImages(paths: paths, templates: templates, media: media, stated: landmarks)
        }
        let usable = boxes.count { $0?.isUsable ?? false }
        findings.add(
            .faceBoxes,
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

public import ArtifactFiles

/// IJB-B and IJB-C as InsightFace packages them: a folder of crops and three text files.
///
/// Source: `recognition/arcface_torch/eval_ijbc.py` in deepinsight/insightface. Divergence: that script does not
/// compare the two image files with each other; here they must agree line for line. Lines may end in CR LF, fields may
/// be separated by several spaces or tabs, and a byte-order mark is ignored; none of it changes a value.
public struct InsightFaceIJBFormat: ProtocolFormat {
    public let name = "insightface-ijb"
    public let summary =
        "loose crops, <prefix>_face_tid_mid.txt, <prefix>_name_5pts_score.txt, …_template_pair_label.txt"
    public let settings = [
        ProtocolSetting(key: "prefix", summary: "what the three files' names begin with: ijbc"),
        ProtocolSetting(key: "images", summary: "the folder of the images", defaultValue: "loose_crop"),
        ProtocolSetting(key: "meta", summary: "the folder of the text files", defaultValue: "meta"),
    ]

    public init() {}

    /// Reads the three files, and `subjects.csv` where it exists.
    public func read(_ source: ProtocolSource, findings: inout FindingList) throws(InputError) -> ProtocolDraft? {
        let paths = IJBLayout(prefix: source.setting("prefix"), metaFolder: source.setting("meta"))
        let listFile = try source.open(paths.imageList)
        let landmarkFile = try source.open(paths.landmarks)
        let comparisonFile = try source.open(paths.comparisons)
        var origins = ProtocolOrigins()
        origins.images = paths.imageList
        origins.landmarks = paths.landmarks
        origins.comparisons = paths.comparisons
        let images = listFile.withBytes { ImageList($0, paths.imageList, source.options.pathPolicy, &findings) }
        let isListed = findings.isValid && !images.paths.isEmpty
        var landmarks: LandmarkParser.Outcome?
        if !images.paths.isEmpty {
            landmarks = landmarkFile.withBytes { bytes in
                TextRows(bytes, file: paths.landmarks, findings: &findings)
                    .flatMap { rows in
                        LandmarkParser(
                            rows: rows,
                            order: (images.paths, paths.imageList),
                            workers: source.options.workers
                        )
                        .parse(findings: &findings)
                    }
            }
        }
        guard isListed else {
            findings.add(
                .notChecked,
                at: .init(paths.comparisons),
                "not checked, because the templates are not known before \(paths.imageList) is right"
            )
            return nil
        }
        let index = DenseIndex(images.templateIDs)
        let media = DenseIndex(images.mediumIDs)
        let templates = Templates(ids: index.ids, imageTemplates: index.indices, imageMedia: media.indices)
        let comparisons = comparisonFile.withBytes { bytes in
            TextRows(bytes, file: paths.comparisons, findings: &findings)
                .map { rows in
                    ComparisonParser(
                        rows: rows,
                        lookup: TemplateLookup(ids: templates.ids),
                        form: .labelled,
                        workers: source.options.workers
                    )
                    .parse(findings: &findings)
                }
        }
        let subjects = try Self.subjects(paths, templates, source, &findings)
        if subjects != nil { origins.subjects = paths.subjects }
        guard findings.isValid, let comparisons, let landmarks else { return nil }
        let value = VerificationProtocol(
            name: source.descriptor.name,
            imageFolder: source.setting("images"),
            images: FaceImages(
                paths: images.paths,
                templates: index.indices,
                media: media.indices,
                stated: landmarks
            ),
            templates: templates,
            mediumIDs: media.ids,
            comparisons: comparisons,
            subjects: subjects
        )
        return ProtocolDraft(value: value, origins: origins)
    }

    private static func subjects(
        _ paths: IJBLayout,
        _ templates: Templates,
        _ source: ProtocolSource,
        _ findings: inout FindingList
    ) throws(InputError) -> TemplateSubjects? {
        guard FileSystem.exists(FileSystem.join(source.dataFolder, paths.subjects)) else { return nil }
        let file = try source.open(paths.subjects)
        return file.withBytes { bytes in
            TextRows(bytes, file: paths.subjects, findings: &findings)
                .map { TemplateSubjects(stated: SubjectTable(templates: templates).read($0, findings: &findings)) }
        }
    }
}

/// Where the files of InsightFace's layout lie, relative to the data folder.
struct IJBLayout {
    let prefix: String
    let metaFolder: String

    var imageList: String { "\(metaFolder)/\(prefix)_face_tid_mid.txt" }
    var landmarks: String { "\(metaFolder)/\(prefix)_name_5pts_score.txt" }
    var comparisons: String { "\(metaFolder)/\(prefix)_template_pair_label.txt" }
    var subjects: String { "\(metaFolder)/subjects.csv" }
}

/// Lines `image template medium` of an image list.
package struct ImageList {
    package private(set) var paths: [String] = []
    package private(set) var templateIDs: [Int] = []
    package private(set) var mediumIDs: [Int] = []

    /// Reads all rows; a row with an error has an empty name or the ids 0.
    package init(_ bytes: UnsafeRawBufferPointer, _ file: String, _ policy: PathPolicy, _ findings: inout FindingList) {
        guard let rows = TextRows(bytes, file: file, findings: &findings) else { return }
        rows.forEach(findings: &findings) { line, place, findings in
            var fields = RowFields(line)
            let count = fields.count()
            guard count == 3, let name = fields.next(), let template = fields.next(), let medium = fields.next() else {
                findings.addColumnCount(count, expected: "3 columns (image, template, medium)", at: place)
                append("", template: 0, medium: 0)
                return
            }
            let path = String(validating: name, as: UTF8.self)
            if let path {
                _ = findings.isSafe(path, policy, found: name, at: place)
            } else {
                findings.add(.notUTF8, at: place, "the image name is not UTF-8", found: name.quoted)
            }
            append(
                path ?? "",
                template: findings.id(template, of: "template", at: place) ?? 0,
                medium: findings.id(medium, of: "medium", at: place) ?? 0
            )
        }
        if paths.isEmpty { findings.add(.noImages, at: .init(file), "the file lists no image") }
    }

    private mutating func append(_ path: String, template: Int, medium: Int) {
        paths.append(path)
        templateIDs.append(template)
        mediumIDs.append(medium)
    }
}

/// A CSV file `template,subject` with that header.
private struct SubjectTable {
    let templates: Templates

    /// - Returns: Each template's subject; nil where the file has none.
    func read(_ rows: TextRows, findings: inout FindingList) -> [String?] {
        var subjects = [String?](repeating: nil, count: templates.count)
        let header = rows.firstRow
        guard let header, header.elementsEqual("template,subject".utf8) else {
            let found = header?.quoted ?? "an empty file"
            findings.add(.badHeader, at: rows.place(0), "wrong header", expected: "'template,subject'", found: found)
            return subjects
        }
        rows.forEach(from: 1, findings: &findings) { line, place, findings in
            guard let (id, subject) = row(line, at: place, &findings) else { return }
            guard let template = templates.index(of: id) else {
                findings.add(
                    .subjectOfUnknownTemplate,
                    at: place,
                    "template \(id) has no image; its subject is ignored"
                )
                return
            }
            switch subjects[template] {
            case nil: break
            case subject: findings.add(.duplicateSubject, at: place, "template \(id) is listed twice")
            case let earlier?:
                findings.add(
                    .subjectDisagreement,
                    at: place,
                    "template \(id) has two subjects",
                    expected: "'\(earlier)'",
                    found: "'\(subject)'"
                )
            }
            subjects[template] = subject
        }
        return subjects
    }

    private func row(
        _ line: UnsafeBufferPointer<UInt8>,
        at place: ProtocolFinding.Place,
        _ findings: inout FindingList
    ) -> (template: Int, subject: String)? {
        let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count == 2, !fields[1].isEmpty, !line.contains(UInt8(ascii: "\"")) else {
            findings.addColumnCount(
                line.allSatisfy(TextRows.isSeparator) ? 0 : fields.count,
                expected: "2 columns (template, subject) without quotation marks",
                at: place
            )
            return nil
        }
        guard let subject = String(validating: fields[1], as: UTF8.self) else {
            findings.add(.notUTF8, at: place, "the subject is not UTF-8", found: line.quoted)
            return nil
        }
        return findings.id(UnsafeBufferPointer(rebasing: fields[0]), of: "template", at: place).map { ($0, subject) }
    }
}

public import ArtifactFiles

/// IJB-B and IJB-C as InsightFace packages them: a folder of crops and three text files.
///
/// Source: `recognition/arcface_torch/eval_ijbc.py` in deepinsight/insightface. Divergence: that script does not
/// compare the two image files with each other; here they must agree line for line. Lines may end in CR LF, fields may
/// be separated by several spaces or tabs, and a byte-order mark is ignored; none of it changes a value.
public struct InsightFaceIJBFormat: ProtocolFormat {
    /// The name that descriptors use.
    public let name = "insightface-ijb"
    /// What it is.
    public let summary =
        "loose crops, <prefix>_face_tid_mid.txt, <prefix>_name_5pts_score.txt, …_template_pair_label.txt"
    /// What a descriptor may set.
    public let settings = [
        ProtocolSetting(key: "prefix", summary: "what the three files' names begin with: ijbc"),
        ProtocolSetting(key: "images", summary: "the folder of the images", defaultValue: "loose_crop"),
        ProtocolSetting(key: "meta", summary: "the folder of the text files", defaultValue: "meta"),
    ]

    /// Creates the format.
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
        let faces = listFile.withBytes { list in
            landmarkFile.withBytes { landmarks in
                Self.faces(list: list, landmarks: landmarks, paths, source.options, &findings)
            }
        }
        guard let faces else {
            findings.add(
                .notChecked,
                file: paths.comparisons,
                "not checked, because the templates are not known before \(paths.imageList) is right"
            )
            return nil
        }
        let comparisons = comparisonFile.withBytes { Self.comparisons($0, paths, faces, source.options, &findings) }
        let subjects = try Self.subjects(paths, faces.templates, source, &findings)
        if subjects != nil { origins.subjects = paths.subjects }
        guard findings.isValid, let comparisons, let images = faces.images else { return nil }
        let value = VerificationProtocol(
            name: source.descriptor.name,
            imageFolder: source.setting("images"),
            images: images,
            templates: faces.templates,
            mediumIDs: faces.mediumIDs,
            comparisons: comparisons,
            subjects: subjects
        )
        return ProtocolDraft(value: value, origins: origins)
    }

    /// The two image files.
    private struct Faces {
        let templates: Templates
        let mediumIDs: [Int]
        /// nil where the landmarks have errors; the comparisons can be checked all the same.
        let images: FaceImages?
    }

    private static func faces(
        list: UnsafeRawBufferPointer,
        landmarks: UnsafeRawBufferPointer,
        _ paths: IJBLayout,
        _ options: ProtocolReadOptions,
        _ findings: inout FindingList
    ) -> Faces? {
        guard let listRows = TextRows(list, file: paths.imageList, findings: &findings) else { return nil }
        let images = ImageList(listRows, pathPolicy: options.pathPolicy, findings: &findings)
        if images.paths.isEmpty {
            findings.add(.noImages, file: paths.imageList, "the file lists no image")
            return nil
        }
        let listIsValid = findings.isValid
        let landmarkRows = TextRows(landmarks, file: paths.landmarks, findings: &findings)
        let outcome = landmarkRows.flatMap { rows in
            LandmarkParser(
                rows: rows,
                listBytes: listRows.bytes,
                listNames: images.names,
                listFile: paths.imageList,
                workers: options.workers
            )
            .parse(findings: &findings)
        }
        guard listIsValid else { return nil }
        let templates = DenseIndex(images.templateIDs)
        let media = DenseIndex(images.mediumIDs)
        return Faces(
            templates: Templates(ids: templates.ids, imageTemplates: templates.indices, imageMedia: media.indices),
            mediumIDs: media.ids,
            images: outcome.map { outcome in
                FaceImages(
                    paths: images.paths,
                    templates: templates.indices,
                    media: media.indices,
                    landmarksPerFace: outcome.landmarksPerFace,
                    landmarks: outcome.landmarks,
                    detectorScores: outcome.detectorScores,
                    hasDetectorScores: true
                )
            }
        )
    }

    private static func comparisons(
        _ bytes: UnsafeRawBufferPointer,
        _ paths: IJBLayout,
        _ faces: Faces,
        _ options: ProtocolReadOptions,
        _ findings: inout FindingList
    ) -> Comparisons? {
        TextRows(bytes, file: paths.comparisons, findings: &findings)
            .map { rows in
                ComparisonParser(
                    rows: rows,
                    lookup: TemplateLookup(ids: faces.templates.ids),
                    form: .labelled,
                    workers: options.workers
                )
                .parse(findings: &findings)
            }
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
                .map { rows in
                    TemplateSubjects(stated: SubjectParser(rows: rows).parse(templates: templates, findings: &findings))
                }
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

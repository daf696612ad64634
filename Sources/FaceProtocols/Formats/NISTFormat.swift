public import ArtifactFiles

/// IJB-B and IJB-C as NIST distributed them: images by name and CSV files of templates and comparisons.
///
/// A file of templates has a header with TEMPLATE_ID, SUBJECT_ID, FILENAME (or FILE), mostly a face box (FACE_X, FACE_Y,
/// FACE_WIDTH, FACE_HEIGHT, may be blank) and, in the older layout, SIGHTING_ID; other columns are not read. A file of
/// comparisons has two template ids and no header; a comparison is genuine when both templates have one subject.
///
/// Media: images of one SIGHTING_ID in a template are frames of one video. The newer layout has no such column; there
/// `frames/<video>_<n>.<ext>` is taken for a frame of `<video>` and every other file for a still.
///
/// Faces: with a file of landmarks (InsightFace's columns, line for line the rows of all files of templates in the order
/// of the settings) by it; without, by the boxes as ``FaceBox`` says.
public struct NISTFormat: ProtocolFormat {
    public let name = "nist-csv"
    public let summary = "NIST's CSV files for IJB-B and IJB-C: templates, galleries, probes, matches; older and newer"
    public let settings = [
        ProtocolSetting(key: "images", summary: "the folder that FILENAME starts from", defaultValue: "images"),
        ProtocolSetting(key: "templates", summary: "files of templates", defaultValue: "", kind: .paths),
        ProtocolSetting(
            key: "matches",
            summary: "the file of comparisons (1:1)",
            defaultValue: "",
            kind: .optionalPath
        ),
        ProtocolSetting(key: "galleries", summary: "a file for each gallery (1:N)", defaultValue: "", kind: .paths),
        ProtocolSetting(key: "probes", summary: "files of probes (1:N)", defaultValue: "", kind: .paths),
        ProtocolSetting(
            key: "landmarks",
            summary: "lines of image, 5 or 68 points and score, one for each row of templates",
            defaultValue: "",
            kind: .optionalPath
        ),
        ProtocolSetting(
            key: "media",
            summary: "auto, sighting (SIGHTING_ID) or filename (frames/<video>_<n>)",
            defaultValue: "auto",
            kind: .text
        ),
        ProtocolSetting(
            key: "box-scale",
            summary: "without landmarks: the aligned face's side over the box's longer side, in percent",
            defaultValue: "100",
            kind: .text
        ),
    ]

    public init() {}

    /// Reads the files of templates and of comparisons.
    public func read(_ source: ProtocolSource, findings: inout FindingList) throws(InputError) -> ProtocolDraft? {
        let (galleries, probes) = (source.settingList("galleries"), source.settingList("probes"))
        let boxScale = try source.number("box-scale", in: 10...1000)
        guard let media = NISTMedia(rawValue: source.setting("media")) else {
            let known = NISTMedia.allCases.map(\.rawValue)
            throw InputError.unknownName(source.setting("media"), kind: "rule for media", known: known)
        }
        var files: [String] = []
        for file in source.settingList("templates") + galleries + probes where !files.contains(file) {
            files.append(file)
        }
        guard !files.isEmpty, source.optionalSetting("matches") != nil || (!galleries.isEmpty && !probes.isEmpty) else {
            throw InputError(
                .missing,
                "the format \(name) needs templates and matches (1:1), or galleries and probes (1:N)",
                file: source.descriptor.source.file
            )
        }
        var table = NISTTemplateTable(pathPolicy: source.options.pathPolicy)
        for file in files {
            let mapped = try source.open(file)
            mapped.withBytes { table.read($0, file: file, findings: &findings) }
        }
        let landmarks = try Self.landmarks(table, source, &findings)
        guard findings.isValid, !table.paths.isEmpty else {
            if table.paths.isEmpty { findings.add(.noImages, at: .init(files.first), "the files list no image") }
            return nil
        }
        let index = DenseIndex(table.templateIDs)
        let mediumIDs = media.ids(of: table, findings: &findings)
        guard let mediumIDs, let subjects = table.subjects(index, findings: &findings) else { return nil }
        let medium = DenseIndex(mediumIDs)
        let templates = Templates(ids: index.ids, imageTemplates: index.indices, imageMedia: medium.indices)
        let comparisons = try Self.comparisons(templates, subjects, source, &findings)
        guard findings.isValid else { return nil }
        var origins = table.origins
        origins.comparisons = source.optionalSetting("matches")
        origins.landmarks = source.optionalSetting("landmarks")
        let value = VerificationProtocol(
            name: source.descriptor.name,
            imageFolder: source.setting("images"),
            images: table.images(
                index.indices,
                medium.indices,
                landmarks,
                boxScale: Double(boxScale) / 100,
                findings: &findings
            ),
            templates: templates,
            mediumIDs: medium.ids,
            comparisons: comparisons,
            subjects: subjects,
            searches: galleries.map { gallery in
                IdentificationSearch(
                    name: Self.galleryName(gallery),
                    gallery: table.members(of: [gallery], templates),
                    probes: table.members(of: probes, templates)
                )
            }
        )
        return ProtocolDraft(value: value, origins: origins)
    }

    /// `G1` of `protocols/ijbc_1N_gallery_G1.csv`.
    static func galleryName(_ path: String) -> String {
        let file = FileSystem.lastComponent(path)
        let stem = file.hasSuffix(".csv") ? String(file.dropLast(4)) : file
        return stem.split(separator: "_").last.map(String.init) ?? stem
    }

    private static func landmarks(
        _ table: NISTTemplateTable,
        _ source: ProtocolSource,
        _ findings: inout FindingList
    ) throws(InputError) -> LandmarkParser.Outcome? {
        guard let file = source.optionalSetting("landmarks") else { return nil }
        let mapped = try source.open(file)
        return mapped.withBytes { bytes in
            TextRows(bytes, file: file, findings: &findings)
                .flatMap { rows in
                    LandmarkParser(
                        rows: rows,
                        order: (table.paths, "the files of templates"),
                        workers: source.options.workers
                    )
                    .parse(findings: &findings)
                }
        }
    }

    private static func comparisons(
        _ templates: Templates,
        _ subjects: TemplateSubjects,
        _ source: ProtocolSource,
        _ findings: inout FindingList
    ) throws(InputError) -> Comparisons {
        guard let file = source.optionalSetting("matches") else {
            return Comparisons.none
        }
        let mapped = try source.open(file)
        return mapped.withBytes { bytes in
            TextRows(bytes, file: file, findings: &findings)
                .map { rows in
                    ComparisonParser(
                        rows: rows,
                        lookup: TemplateLookup(ids: templates.ids),
                        form: .bySubject(subjects.indices),
                        workers: source.options.workers
                    )
                    .parse(findings: &findings)
                } ?? Comparisons.none
        }
    }
}

/// How images are told to be frames of one video.
enum NISTMedia: String, CaseIterable {
    /// SIGHTING_ID where every file has it, or else the file names.
    case auto
    /// SIGHTING_ID.
    case sighting
    /// `frames/<video>_<n>.<ext>`.
    case filename

    /// Each row's medium.
    ///
    /// - Returns: nil, with a finding, when SIGHTING_ID is asked for and absent.
    func ids(of table: NISTTemplateTable, findings: inout FindingList) -> [Int]? {
        let missing = table.sightings.firstIndex(of: nil)
        if self == .sighting, let missing {
            let place = table.origins.place(ofImage: missing)
            findings.add(.badHeader, at: .init(place.file, 1), "no column SIGHTING_ID", expected: "SIGHTING_ID")
            return nil
        }
        if self != .filename, missing == nil { return table.sightings.compactMap { $0 } }
        var numbers: [Substring: Int] = [:]
        var frames = 0
        let ids = table.paths.map { path in
            let video = Self.video(of: path)
            if video != nil { frames += 1 }
            let key = video ?? path[...]
            let number = numbers[key] ?? numbers.count
            numbers[key] = number
            return number
        }
        findings.add(
            .derivedMedia,
            "media by file name: \(frames) images are frames (frames/<video>_<n>) and \(ids.count - frames) are stills"
        )
        return ids
    }

    /// `frames/123` of `frames/123_00045.jpg`; nil for a still.
    static func video(of path: String) -> Substring? {
        guard path.hasPrefix("frames/") || path.contains("/frames/") else { return nil }
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let underscore = path[name...].lastIndex(of: "_"), underscore > name else { return nil }
        return path[..<underscore]
    }
}

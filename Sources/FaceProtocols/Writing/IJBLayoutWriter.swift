public import ArtifactFiles

/// Writes a protocol's text files in InsightFace's layout, the inverse of ``InsightFaceIJBFormat``.
///
/// The same protocol gives the same bytes. Each file appears whole or not at all, and the image list, without which
/// nothing is read, is removed first and appears last; so a run that is cut short leaves nothing that looks whole.
public struct IJBLayoutWriter: Sendable {
    private let layout: IJBLayout
    private let metaFolder: String

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - prefix: What the files' names begin with.
    ///   - metaFolder: The folder of the text files, relative to the data folder.
    public init(prefix: String = "ijbc", metaFolder: String = "meta") {
        layout = IJBLayout(prefix: prefix, metaFolder: metaFolder)
        self.metaFolder = metaFolder
    }

    /// Writes the text files; `subjects.csv` too where the protocol states subjects, and removes an older one otherwise.
    ///
    /// - Parameters:
    ///   - value: The protocol, with 5 or 68 landmarks.
    ///   - dataFolder: The data folder; it is created. Images are not written.
    /// - Returns: A descriptor with counts and digests, which `ProtocolDescriptor.yaml` turns into a `protocol.yml`.
    /// - Throws: `InputError`: `unsupported` for what the layout cannot hold, `unwritable`.
    @discardableResult
    public func write(_ value: VerificationProtocol, to dataFolder: String) throws(InputError) -> ProtocolDescriptor {
        try check(value)
        let folder = FileSystem.join(dataFolder, metaFolder)
        try FileSystem.createFolder(folder)
        let paths = [layout.imageList, layout.landmarks, layout.comparisons, layout.subjects]
        for path in [layout.imageList, layout.subjects] { FileSystem.remove(FileSystem.join(dataFolder, path)) }
        if let subjects = value.subjects {
            try write(layout.subjects, dataFolder) { file throws(InputError) in
                try writeSubjects(subjects, value.templates, &file)
            }
        }
        try write(layout.comparisons, dataFolder) { file throws(InputError) in try writeComparisons(value, &file) }
        try write(layout.landmarks, dataFolder) { file throws(InputError) in try writeLandmarks(value, &file) }
        try write(layout.imageList, dataFolder) { file throws(InputError) in try writeImages(value, &file) }
        var digests: [String: String] = [:]
        for path in paths where path != layout.subjects || value.subjects != nil {
            digests[path] = try ContentDigest(ofFile: FileSystem.join(dataFolder, path)).description
        }
        return ProtocolDescriptor(
            name: value.name,
            title: value.name,
            format: InsightFaceIJBFormat().name,
            files: ["prefix": layout.prefix, "images": value.imageFolder, "meta": metaFolder],
            counts: ProtocolCounts(of: value),
            digests: digests,
            source: .written
        )
    }

    /// Refuses what the layout cannot hold; ``write(_:to:)`` does so first.
    ///
    /// - Throws: `InputError` (`unsupported`).
    public func check(_ value: VerificationProtocol) throws(InputError) {
        guard value.images.landmarksPerFace == 5 || value.images.landmarksPerFace == 68 else {
            throw InputError(
                .unsupported,
                "the IJB layout needs landmarks",
                expected: "5 or 68 points for each face: --protocol-set landmarks=FILE where the protocol takes one; "
                    + "for faces that are aligned already --form bin needs none",
                found: value.images.landmarksPerFace == 0 ? "none" : "\(value.images.landmarksPerFace)"
            )
        }
        for path in value.images.paths {
            if let problem = Self.problem(ofImageName: path) {
                throw InputError(
                    .unsupported,
                    "the IJB layout cannot hold an image name: \(problem)",
                    found: "'\(path)'"
                )
            }
        }
        for name in value.subjects?.names ?? [] {
            guard name.isEmpty || name.utf8.contains(where: { $0 < 0x20 || $0 == 0x2c || $0 == 0x22 }) else { continue }
            throw InputError(
                .unsupported,
                "the file of subjects cannot hold a name",
                expected: "no comma, quotation mark or control character",
                found: "'\(name)'"
            )
        }
    }

    private static func problem(ofImageName path: String) -> String? {
        if path.utf8.contains(UInt8(ascii: " ")) { return "the path holds a space" }
        if path.unicodeScalars.first == "\u{feff}" { return "the path starts with a byte-order mark" }
        return PathPolicy.strict.problem(of: path)
    }

    private func write(
        _ path: String,
        _ dataFolder: String,
        _ body: (inout RowWriter) throws(InputError) -> Void
    ) throws(InputError) {
        var file = try RowWriter(path: FileSystem.join(dataFolder, path))
        try body(&file)
        try file.commit()
    }

    private func writeImages(_ value: VerificationProtocol, _ file: inout RowWriter) throws(InputError) {
        for image in 0..<value.images.count {
            file.append(value.images.paths[image])
            file.append(value.templates.ids[Int(value.images.templates[image])])
            file.append(value.mediumIDs[Int(value.images.media[image])])
            try file.endRow()
        }
    }

    private func writeLandmarks(_ value: VerificationProtocol, _ file: inout RowWriter) throws(InputError) {
        for image in 0..<value.images.count {
            file.append(value.images.paths[image])
            for coordinate in value.images.landmarks(of: image) { file.append(coordinate) }
            file.append(value.images.detectorScores[image])
            try file.endRow()
        }
    }

    private func writeComparisons(_ value: VerificationProtocol, _ file: inout RowWriter) throws(InputError) {
        for index in 0..<value.comparisons.count {
            file.append(value.templates.ids[Int(value.comparisons.first[index])])
            file.append(value.templates.ids[Int(value.comparisons.second[index])])
            file.append(Int(value.comparisons.labels[index]))
            try file.endRow()
        }
    }

    private func writeSubjects(
        _ subjects: TemplateSubjects,
        _ templates: Templates,
        _ file: inout RowWriter
    ) throws(InputError) {
        file.append("template,subject")
        try file.endRow()
        for (template, subject) in subjects.indices.enumerated() where subject != TemplateSubjects.none {
            file.append("\(templates.ids[template]),\(subjects.names[Int(subject)])")
            try file.endRow()
        }
    }
}

/// Rows of fields between single spaces, written through a buffer.
private struct RowWriter: ~Copyable {
    private var file: AtomicFile
    private var buffer: [UInt8] = []
    private var isRowEmpty = true
    private var digits = [UInt8](repeating: 0, count: 20)

    init(path: String) throws(InputError) {
        file = try AtomicFile(path: path)
        buffer.reserveCapacity(1 << 17)
    }

    mutating func append(_ field: String) {
        separate()
        buffer.append(contentsOf: field.utf8)
    }

    /// Appends the shortest decimal that reads back as the number; NaN loses its sign and payload.
    mutating func append(_ field: Float) { append(field.isNaN ? "nan" : "\(field)") }

    /// Appends a number that is not negative, without making a string.
    mutating func append(_ field: Int) {
        separate()
        var rest = field
        var start = digits.count
        repeat {
            start -= 1
            digits[start] = UInt8(48 + rest % 10)
            rest /= 10
        } while rest > 0
        buffer.append(contentsOf: digits[start...])
    }

    private mutating func separate() {
        if !isRowEmpty { buffer.append(UInt8(ascii: " ")) }
        isRowEmpty = false
    }

    mutating func endRow() throws(InputError) {
        buffer.append(TextRows.newline)
        isRowEmpty = true
        if buffer.count >= 1 << 16 { try flush() }
    }

    private mutating func flush() throws(InputError) {
        try file.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    consuming func commit() throws(InputError) {
        try flush()
        try file.commit()
    }
}

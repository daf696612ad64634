public import ArtifactFiles
public import VerificationMetrics

/// What comparisons scored, with what is known of them: of a run of this program or of any other system.
public struct ComparisonScores: Sendable {
    /// One score per comparison; −∞ where a template failed to enrol.
    public var values: ScoreValues
    /// 1 genuine, 0 impostor.
    public var labels: [UInt8]
    /// Template ids, two per comparison; nil when unknown.
    public var templates: [UInt32]?
    /// The subject of each template that has one; nil when unknown.
    public var subjectNames: [UInt32: String]?
    /// The files of scores and labels with their digests, found when asked for: they may be large, and a pipe is gone.
    private let listDigests: @Sendable () -> [(role: String, path: String, digest: ContentDigest)]
    /// The file that ``subjectNames`` come from, for messages.
    private(set) var subjectsFile: String?

    /// Reads files.
    ///
    /// - Parameters:
    ///   - scores: `.npy`, `[comparisons]` or `[comparisons, 1]`, an `.npz`, text with a number on each line, or a table
    ///     with a heading; `-` is the standard input.
    ///   - labels: The same, of 0 and 1, or of -1 and 1; may be the scores' file.
    ///   - columns: A table's columns or an archive's entries; nil for lists alone.
    ///   - areDistances: Whether less is more alike: scores are then distances times -1.
    ///   - comparisons: `.npy`, `[comparisons, 2]`; nil when unknown.
    ///   - subjects: Lines of `template,subject`; nil when unknown.
    /// - Throws: `InputError` that names file and line or row.
    public init(
        scores: String,
        labels: String,
        comparisons: String?,
        subjects: String?,
        columns: (score: String?, label: String?) = (nil, nil),
        areDistances: Bool = false
    ) throws(InputError) {
        let scoreFile = SharedFile(try MappedFile(readingFileOrPipe: scores))
        let labelFile = labels == scores ? scoreFile : SharedFile(try MappedFile(readingFileOrPipe: labels))
        values = try ScoreList(file: scoreFile, role: "score", column: columns.score).scores(areDistances: areDistances)
        self.labels = try ScoreList(file: labelFile, role: "label", column: columns.label).labels()
        listDigests = { [("scores", scores, scoreFile.digest), ("labels", labels, labelFile.digest)] }
        try Self.checkLength(self.labels.count, of: labels, like: scores, values.count)
        if let comparisons {
            let templates = try TemplateLists.templates(comparisons)
            try Self.checkLength(templates.count / 2, of: comparisons, like: scores, values.count)
            self.templates = templates
        }
        subjectsFile = subjects
        subjectNames = try subjects.map { path throws(InputError) in try TemplateLists.subjects(path) }
    }

    private static func checkLength(
        _ count: Int,
        of file: String,
        like scores: String,
        _ expected: Int
    ) throws(InputError) {
        guard count != expected else { return }
        throw InputError(
            .mismatch,
            "not as many rows as \(FileSystem.lastComponent(scores))",
            file: file,
            expected: "\(expected)",
            found: "\(count)"
        )
    }

    /// Writes what a report needs to be made again, under the names that ``RunFolder`` lists.
    ///
    /// - Throws: `InputError` (`unwritable`).
    public func write(to folder: String) throws(InputError) {
        switch values {
        case .single(let values): try NPYFile.write(values, to: FileSystem.join(folder, "scores.npy"))
        case .double(let values): try NPYFile.write(values, to: FileSystem.join(folder, "scores.npy"))
        }
        try NPYFile.write(labels, to: FileSystem.join(folder, "labels.npy"))
        if let templates {
            let shape = [templates.count / 2, 2]
            try NPYFile.write(templates, shape: shape, to: FileSystem.join(folder, "comparisons.npy"))
        }
        if let subjectNames {
            let lines = subjectNames.sorted { $0.key < $1.key }.map { CSVText.line(["\($0.key)", $0.value]) }
            try AtomicFile.write("template,subject\n" + lines.joined(), to: FileSystem.join(folder, "subjects.csv"))
        }
    }

    /// The files of scores and labels, with their digests.
    public var inputs: [RunInput] {
        listDigests().map { RunInput(role: $0.role, file: FileSystem.lastComponent($0.path), sha256: "\($0.digest)") }
    }

    /// Leaves out the comparisons that no threshold accepts.
    mutating func excludeRejected() {
        let isKept = (0..<values.count).map { values[$0] > -.infinity }
        guard isKept.contains(false) else { return }
        switch values {
        case .single(let scores): values = .single(zip(scores, isKept).compactMap { $1 ? $0 : nil })
        case .double(let scores): values = .double(zip(scores, isKept).compactMap { $1 ? $0 : nil })
        }
        labels = zip(labels, isKept).compactMap { $1 ? $0 : nil }
        templates = templates.map { templates in templates.indices.filter { isKept[$0 / 2] }.map { templates[$0] } }
    }
}

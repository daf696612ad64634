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

    /// Names what is compared: runs with the same digest have the same comparisons in the same order.
    ///
    /// SHA-256 of a text of three lines, the SHA-256 in hexadecimal of each list's elements as they lie in `labels.npy`,
    /// `comparisons.npy` and `folds.npy` behind the header; of an empty list where there is none.
    ///
    /// - Parameters:
    ///   - labels: 1 genuine, 0 impostor.
    ///   - templates: Template ids, two per comparison, in pieces: there may be many.
    ///   - folds: The fold of each pair.
    package static func digest(
        labels: [UInt8],
        templates: some Sequence<[UInt32]>,
        folds: [UInt32] = []
    ) -> ContentDigest {
        let digests = [
            labels.withUnsafeBytes { ContentDigest(of: $0) },
            ContentDigest(ofPieces: templates.lazy.map { $0.withUnsafeBytes { Array($0) } }),
            folds.withUnsafeBytes { ContentDigest(of: $0) },
        ]
        return ContentDigest(of: digests.map { "\($0)\n" }.joined())
    }

    /// The same of these comparisons.
    package func digest(folds: [UInt32] = []) -> ContentDigest {
        let ids = templates ?? []
        let pieces = stride(from: 0, to: ids.count, by: 1 << 20).lazy
            .map { Array(ids[$0..<min($0 + 1 << 20, ids.count)]) }
        return Self.digest(labels: labels, templates: pieces, folds: folds)
    }
}

// MARK: Subjects

extension ComparisonScores {
    /// Whom each comparison compares; nil when templates are unknown.
    ///
    /// Subjects come from `subjects.csv` where it is there (a template without a line is a subject of its own), and
    /// from the genuine comparisons otherwise.
    ///
    /// - Throws: `InputError` (`mismatch`) for subjects that contradict labels or that no template has.
    public func comparisonSubjects() throws(InputError) -> ComparisonSubjects? {
        if let templates, let subjectNames, !templates.isEmpty, !templates.contains(where: { subjectNames[$0] != nil })
        {
            throw InputError(
                .mismatch,
                "no template of the comparisons has a subject here",
                file: subjectsFile,
                expected: "lines of ids such as \(templates[0])",
                found: subjectNames.keys.min().map { "\(subjectNames.count) lines, the lowest id \($0)" } ?? "no lines"
            )
        }
        let subjects: ComparisonSubjects?
        do throws(MetricsError) {
            subjects = try uncheckedSubjects()
        } catch {
            throw InputError(.malformed, error.description, file: subjectsFile)
        }
        if let subjects, subjectNames != nil { try check(subjects) }
        return subjects
    }

    private func check(_ subjects: ComparisonSubjects) throws(InputError) {
        let found = subjects.contradictions(labels: labels)
        guard found != (0, 0) else { return }
        throw InputError(
            .mismatch,
            "the subjects contradict the labels (a template without a line is a subject of its own)",
            file: subjectsFile,
            expected: "one subject in genuine comparisons and two in impostor comparisons",
            found: "\(found.genuine) genuine comparisons of two subjects, \(found.impostor) impostor comparisons of one"
        )
    }

    private func uncheckedSubjects() throws(MetricsError) -> ComparisonSubjects? {
        guard let templates else { return nil }
        let dense = DenseIDs(templates)
        let (first, second) = dense.columns(templates)
        guard let subjectNames else {
            return try ComparisonSubjects(
                firstTemplate: first,
                secondTemplate: second,
                labels: labels,
                templateCount: dense.ids.count
            )
        }
        // By name and not by order of appearance, so that two folders of one protocol give the same numbers.
        let names = Set(subjectNames.values).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let numbers = Dictionary(uniqueKeysWithValues: zip(names, 0..<UInt32(names.count)))
        var next = UInt32(names.count)
        let subjects = dense.ids.map { id -> UInt32 in
            if let number = subjectNames[id].flatMap({ numbers[$0] }) { return number }
            next += 1
            return next - 1
        }
        return try ComparisonSubjects(firstTemplate: first, secondTemplate: second, subjectOfTemplate: subjects)
    }
}

/// The ids that occur, in ascending order, numbered from 0.
private struct DenseIDs {
    let ids: [UInt32]
    private var table: [UInt32] = []
    private var numbers: [UInt32: UInt32] = [:]

    init(_ occurring: [UInt32]) {
        let largest = Int(occurring.max() ?? 0)
        if largest < 1 << 26 {
            var table = [UInt32](repeating: .max, count: largest + 1)
            for id in occurring { table[Int(id)] = 0 }
            var ids: [UInt32] = []
            for id in table.indices where table[id] == 0 {
                table[id] = UInt32(ids.count)
                ids.append(UInt32(id))
            }
            self.table = table
            self.ids = ids
        } else {
            ids = Set(occurring).sorted()
            numbers = Dictionary(uniqueKeysWithValues: zip(ids, 0..<UInt32(ids.count)))
        }
    }

    /// The numbers of the first and of the second template of each comparison.
    func columns(_ templates: [UInt32]) -> (first: [UInt32], second: [UInt32]) {
        let comparisons = 0..<templates.count / 2
        return (
            comparisons.map { number(of: templates[2 * $0]) }, comparisons.map { number(of: templates[2 * $0 + 1]) }
        )
    }

    private func number(of id: UInt32) -> UInt32 { table.isEmpty ? numbers[id] ?? 0 : table[Int(id)] }
}

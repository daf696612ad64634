public import ArtifactFiles
public import VerificationMetrics

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

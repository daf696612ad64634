internal import ArtifactFiles
internal import LargeArrays
public import VerificationMetrics

extension RunFolder {
    func checkLength(_ count: Int, of name: String, like expected: Int) throws(InputError) {
        guard count == expected else {
            throw InputError(
                .mismatch,
                "not as many rows as scores.npy",
                file: file(name),
                expected: "\(expected)",
                found: "\(count)"
            )
        }
    }

    /// Refuses scores that did not make the report.
    func check(_ scores: Scores) throws(InputError) {
        let set: ScoreSet
        do {
            set = try ScoreSet(scores: scores.values, labels: scores.labels)
        } catch {
            throw InputError(.malformed, error.description, file: file("scores.npy"))
        }
        let counts = report.protocol
        for (label, found, expected) in [
            ("genuine", set.counts.genuine, counts.genuine), ("impostor", set.counts.impostor, counts.impostor),
        ] where found != expected {
            throw InputError(
                .mismatch,
                "not as many \(label) comparisons as report.json says",
                file: file("labels.npy"),
                expected: "\(expected)",
                found: "\(found)"
            )
        }
        for point in report.verification.operatingPoints {
            guard let reported = point.outcome.value, let target = try? FARTarget(point.farTarget),
                let found = set.operatingPoint(at: target).value
            else { continue }
            guard found.acceptedGenuine == reported.acceptedGenuine,
                found.acceptedImpostors == reported.acceptedImpostors
            else {
                throw InputError(
                    .mismatch,
                    "these scores did not make report.json: other counts are accepted at FAR \(target)",
                    file: file("scores.npy"),
                    expected: "\(reported.acceptedGenuine) genuine and \(reported.acceptedImpostors) impostor",
                    found: "\(found.acceptedGenuine) and \(found.acceptedImpostors)"
                )
            }
        }
    }
}

extension RunFolder.Scores {
    /// Leaves out the comparisons that no threshold accepts.
    mutating func excludeRejected() {
        let isKept = (0..<values.count).map { values[$0] > -.infinity }
        guard isKept.contains(false) else { return }
        switch values {
        case .single(let scores): values = .single(scores.keeping { isKept[$0] })
        case .double(let scores): values = .double(scores.keeping { isKept[$0] })
        }
        labels = zip(labels, isKept).filter(\.1).map(\.0)
        if let templates {
            self.templates = isKept.indices.filter { isKept[$0] }.flatMap { templates[(2 * $0)...(2 * $0 + 1)] }
        }
    }

    /// Whom each comparison compares; nil when templates are unknown.
    ///
    /// Subjects come from `subjects.csv` where it is there (a template without a line is a subject of its own), and
    /// from the genuine comparisons otherwise.
    ///
    /// - Throws: `MetricsError` for arrays that do not fit.
    public func comparisonSubjects() throws(MetricsError) -> ComparisonSubjects? {
        guard let templates else { return nil }
        let dense = DenseIDs(templates)
        let first = stride(from: 0, to: templates.count, by: 2).map { dense.number(of: templates[$0]) }
        let second = stride(from: 1, to: templates.count, by: 2).map { dense.number(of: templates[$0]) }
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

    func number(of id: UInt32) -> UInt32 { table.isEmpty ? numbers[id] ?? 0 : table[Int(id)] }
}

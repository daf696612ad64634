internal import ArtifactFiles
internal import VerificationMetrics

/// Two runs of which it is certain that they compare the same templates of the same subjects.
struct ComparedRuns {
    let first: RunFolder
    let second: RunFolder
    let firstScores: ScoreValues
    let secondScores: ScoreValues
    let labels: [UInt8]
    let templates: [UInt32]
    let subjects: ComparisonSubjects

    /// Reads both and refuses what cannot be compared, naming the difference.
    init(_ first: RunFolder, _ second: RunFolder) throws(InputError) {
        if first.report.checkpoint != nil && second.report.checkpoint != nil {
            try Self.require(
                first.report.protocol.name == second.report.protocol.name,
                "the runs are of different protocols",
                second,
                expected: "'\(first.report.protocol.name)' as in \(first.path)",
                found: "'\(second.report.protocol.name)'"
            )
        }
        let one = try first.scores()
        let other = try second.scores()
        try Self.require(
            one.labels.count == other.labels.count,
            "the runs have different numbers of comparisons",
            second,
            expected: "\(one.labels.count) as in \(first.path)",
            found: "\(other.labels.count)"
        )
        if let place = zip(one.labels, other.labels).enumerated().first(where: { $1.0 != $1.1 })?.offset {
            throw InputError(
                .mismatch,
                "the runs have different labels",
                file: second.file("labels.npy"),
                place: "comparison \(place)",
                expected: "\(one.labels[place]) as in \(first.path)",
                found: "\(other.labels[place])"
            )
        }
        templates = try Self.commonTemplates(one, other, first, second)
        try Self.requireSameSubjects(one, other, first, second)
        guard let subjects = try one.comparisonSubjects() else {
            throw InputError(.missing, "no comparisons.npy", file: first.path)
        }
        self.subjects = subjects
        self.first = first
        self.second = second
        firstScores = one.values
        secondScores = other.values
        labels = one.labels
    }

    private static func commonTemplates(
        _ one: ComparisonScores,
        _ other: ComparisonScores,
        _ first: RunFolder,
        _ second: RunFolder
    ) throws(InputError) -> [UInt32] {
        for (scores, folder) in [(one, first), (other, second)] where scores.templates == nil {
            throw InputError(
                .missing,
                "a paired test needs to know which templates each comparison compares",
                file: folder.file("comparisons.npy")
            )
        }
        let templates = one.templates ?? []
        let others = other.templates ?? []
        if let place = zip(templates, others).enumerated().first(where: { $1.0 != $1.1 })?.offset {
            let row = place / 2 * 2
            throw InputError(
                .mismatch,
                "the runs compare different templates",
                file: second.file("comparisons.npy"),
                place: "comparison \(place / 2)",
                expected: "\(templates[row]) and \(templates[row + 1]) as in \(first.path)",
                found: "\(others[row]) and \(others[row + 1])"
            )
        }
        return templates
    }

    private static func requireSameSubjects(
        _ one: ComparisonScores,
        _ other: ComparisonScores,
        _ first: RunFolder,
        _ second: RunFolder
    ) throws(InputError) {
        guard let names = one.subjectNames, let others = other.subjectNames else {
            let isOnlyOne = (one.subjectNames == nil) != (other.subjectNames == nil)
            guard isOnlyOne else { return }
            let folder = one.subjectNames == nil ? first : second
            throw InputError(.missing, "only the other run states its subjects", file: folder.file("subjects.csv"))
        }
        guard names != others else { return }
        for template in Set(one.templates ?? []).sorted() where names[template] != others[template] {
            throw InputError(
                .mismatch,
                "the runs have different subjects",
                file: second.file("subjects.csv"),
                place: "template \(template)",
                expected: "'\(names[template] ?? "none")' as in \(first.path)",
                found: "'\(others[template] ?? "none")'"
            )
        }
    }

    private static func require(
        _ condition: Bool,
        _ problem: String,
        _ second: RunFolder,
        expected: String,
        found: String
    ) throws(InputError) {
        guard !condition else { return }
        throw InputError(.mismatch, problem, file: second.path, expected: expected, found: found)
    }
}

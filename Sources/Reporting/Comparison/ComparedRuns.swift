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
        func different(
            _ problem: String,
            in file: String? = nil,
            place: String? = nil,
            _ expected: String,
            _ found: String
        ) -> InputError {
            InputError(
                .mismatch,
                problem,
                file: file.map(second.file) ?? second.path,
                place: place,
                expected: "\(expected) as in \(first.path)",
                found: found
            )
        }
        let (name, otherName) = (first.report.protocol.name, second.report.protocol.name)
        if first.report.checkpoint != nil, second.report.checkpoint != nil, name != otherName {
            throw different("the runs are of different protocols", "'\(name)'", "'\(otherName)'")
        }
        let one = try first.scores()
        let other = try second.scores()
        let (count, otherCount) = (one.labels.count, other.labels.count)
        guard count == otherCount else {
            throw different("the runs have different numbers of comparisons", "\(count)", "\(otherCount)")
        }
        if let place = zip(one.labels, other.labels).enumerated().first(where: { $1.0 != $1.1 })?.offset {
            let labels = ("\(one.labels[place])", "\(other.labels[place])")
            throw different(
                "the runs have different labels",
                in: "labels.npy",
                place: "comparison \(place)",
                labels.0,
                labels.1
            )
        }
        for (scores, folder) in [(one, first), (other, second)] where scores.templates == nil {
            let problem = "a paired test needs to know which templates each comparison compares"
            throw InputError(.missing, problem, file: folder.file("comparisons.npy"))
        }
        templates = one.templates ?? []
        let others = other.templates ?? []
        if let place = zip(templates, others).enumerated().first(where: { $1.0 != $1.1 })?.offset {
            let row = place / 2 * 2
            throw different(
                "the runs compare different templates",
                in: "comparisons.npy",
                place: "comparison \(place / 2)",
                "\(templates[row]) and \(templates[row + 1])",
                "\(others[row]) and \(others[row + 1])"
            )
        }
        if (one.subjectNames == nil) != (other.subjectNames == nil) {
            let folder = one.subjectNames == nil ? first : second
            throw InputError(.missing, "only the other run states its subjects", file: folder.file("subjects.csv"))
        }
        if let names = one.subjectNames, let others = other.subjectNames, names != others {
            for template in Set(templates).sorted() where names[template] != others[template] {
                let found = ("'\(names[template] ?? "none")'", "'\(others[template] ?? "none")'")
                let place = "template \(template)"
                throw different("the runs have different subjects", in: "subjects.csv", place: place, found.0, found.1)
            }
        }
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
}

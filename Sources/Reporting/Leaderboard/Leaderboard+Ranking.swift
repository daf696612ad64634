internal import ArtifactFiles
internal import VerificationMetrics

/// A run with what tells its comparisons from others: runs with one key may be tested against each other.
private struct ComparableRun {
    var row: Leaderboard.Row
    let report: VerificationReport
    /// The digest of labels, templates, subjects and folds; nil without scores.
    private(set) var key: String?
    /// Nil where subjects are unknown, so that nothing can be resampled.
    private(set) var comparisons: (scores: ScoreValues, labels: [UInt8], subjects: ComparisonSubjects)?
    private(set) var folded: FoldedScores?

    init(_ folder: RunFolder, name: String?) throws(InputError) {
        report = folder.report
        row = Leaderboard.Row(report)
        row.name = name ?? row.name
        guard FileSystem.exists(folder.file("scores.npy")) else { return }
        let read = try folder.scores()
        folded = try folder.foldedScores()
        row.accuracy = folded?.accuracy
        do {
            if let subjects = try read.comparisonSubjects() { comparisons = (read.values, read.labels, subjects) }
        } catch {
            throw InputError(.malformed, "\(error)", file: folder.path)
        }
        // Subjects in the order in which they first occur, so that their names do not matter.
        var numbers: [UInt32: UInt32] = [:]
        for subject in comparisons?.subjects.subjectOfTemplate ?? [] where numbers[subject] == nil {
            numbers[subject] = UInt32(numbers.count)
        }
        let subjects = comparisons?.subjects.subjectOfTemplate.map { numbers[$0] ?? 0 } ?? []
        let digests = [
            Self.digest(read.labels), Self.digest(read.templates ?? []), Self.digest(subjects),
            Self.digest((folded?.folds.foldOfPair ?? []).map { UInt32($0) }),
        ]
        key = "\(ContentDigest(of: digests.map(\.description).joined(separator: "\n")))"
    }

    private static func digest<Element>(_ values: [Element]) -> ContentDigest {
        values.withUnsafeBytes { ContentDigest(of: $0) }
    }

    /// What the family of this run is called.
    var familyName: String {
        let counts = report.protocol
        return "Measured here: \(counts.name), \(NumberText.count(counts.genuine)) genuine and "
            + "\(NumberText.count(counts.impostor)) impostor comparisons"
    }
}

extension Leaderboard {
    /// IJB-C's 1:1 comparisons, the ones that published rows are of.
    static let benchmark = (genuine: 19_557, impostor: 15_638_932)

    /// Runs in families of the same comparisons, in the order in which these first occur, each with its ranks.
    static func measured(
        _ runs: [RunFolder],
        names: [String?],
        sortFAR: FARTarget,
        bootstrap: SubjectBootstrap
    ) async throws(InputError) -> [Family] {
        var groups: [(key: String, runs: [ComparableRun])] = []
        for (index, folder) in runs.enumerated() {
            let run = try ComparableRun(folder, name: names.indices.contains(index) ? names[index] : nil)
            let key = run.key ?? "without scores: \(run.familyName)"
            if let place = groups.firstIndex(where: { $0.key == key }) {
                groups[place].runs.append(run)
            } else {
                groups.append((key, [run]))
            }
        }
        var families: [Family] = []
        for (key, runs) in groups {
            guard let first = runs.first else { continue }
            let counts = first.report.protocol
            var family = Family(
                name: first.familyName,
                isMeasuredHere: true,
                isByAccuracy: runs.allSatisfy { $0.row.accuracy != nil },
                counts: (counts.genuine, counts.impostor),
                rows: runs.map(\.row)
            )
            // Two families of one name are of different comparisons, or of different subjects.
            if first.key == nil {
                family.name += " (without scores)"
            } else if groups.contains(where: { $0.key != key && $0.runs.first?.familyName == first.familyName }) {
                family.name += " (comparisons \(key.prefix(8)))"
            }
            let ranks = try await ranks(runs, of: family, sortFAR: sortFAR, bootstrap: bootstrap)
            for index in family.rows.indices { family.rows[index].rank = ranks?[index] }
            families.append(family)
        }
        return families
    }

    /// One interval per run; nil where nothing can be tested.
    private static func ranks(
        _ runs: [ComparableRun],
        of family: Family,
        sortFAR: FARTarget,
        bootstrap: SubjectBootstrap
    ) async throws(InputError) -> [RankInterval]? {
        do {
            let folded = runs.compactMap(\.folded)
            if family.isByAccuracy, let first = folded.first {
                return try FoldedDifference.rankIntervals(
                    folded.map(\.scores),
                    labels: first.labels,
                    folds: first.folds,
                    level: bootstrap.level
                )
            }
            let comparisons = runs.compactMap(\.comparisons)
            guard let first = comparisons.first, comparisons.count == runs.count,
                sortFAR.allowedImpostors(of: family.counts?.impostor ?? 0) > 0
            else { return nil }
            return
                try bootstrap.rankIntervals(
                    comparisons.map(\.scores),
                    labels: first.labels,
                    subjects: first.subjects,
                    target: sortFAR
                )
                .value
        } catch {
            throw InputError(.malformed, "\(error)")
        }
    }

    /// A row in its place.
    struct Placed {
        let row: Row
        /// One more than the number of rows of its family with a higher value; nil without a value that the data can show.
        let place: Int?
        /// The same among the quoted rows of as many comparisons, for a measured row of the full benchmark.
        var placeAmongQuoted: (place: Int, of: Int)?
    }

    /// The rows of a family, the highest value first.
    func placed(_ family: Family) -> [Placed] {
        func value(_ row: Row) -> Double? {
            if family.isByAccuracy { return row.accuracy?.mean }
            return row.rates[sortFAR].flatMap { $0.isResolved ? $0.tar : nil }
        }
        let values = family.rows.map(value)
        let quoted = family.isBenchmark && family.isMeasuredHere ? quotedValues : []
        let order = family.rows.indices.sorted { one, other in
            let (first, second) = (values[one] ?? -1, values[other] ?? -1)
            return first != second ? first > second : one < other
        }
        return order.map { index in
            let value = values[index]
            return Placed(
                row: family.rows[index],
                place: value.map { value in 1 + values.count { $0.map { $0 > value } ?? false } },
                placeAmongQuoted: quoted.isEmpty
                    ? nil : value.map { value in (1 + quoted.count { $0 > value }, quoted.count + 1) }
            )
        }
    }

    /// The quoted rows of the full benchmark at the sorted FAR.
    private var quotedValues: [Double] {
        families.filter { $0.isBenchmark && !$0.isMeasuredHere }
            .flatMap { family in family.rows.filter(\.isQuoted).compactMap { $0.rates[sortFAR]?.tar } }
    }
}

extension Leaderboard.Family {
    /// Whether it is of as many comparisons as the full IJB-C benchmark.
    var isBenchmark: Bool {
        counts.map { $0.genuine == Leaderboard.benchmark.genuine && $0.impostor == Leaderboard.benchmark.impostor }
            ?? false
    }
}

public import ArtifactFiles
internal import StrictYAML
public import VerificationMetrics

/// Systems side by side: runs measured here and rows quoted from papers, in families that may be compared.
public struct Leaderboard: Sendable {
    /// A TAR and what is known of its uncertainty.
    struct Rate: Hashable, Sendable {
        /// In [0, 1].
        var tar: Double
        /// Its interval, where one can be given.
        var interval: ClosedRange<Double>?
        /// Whether the interval is only the least it can be: Wilson's, from the number of genuine comparisons.
        var isAssumed: Bool
        /// Whether the data can show that FAR.
        var isResolved: Bool
    }

    /// One system.
    struct Row: Hashable, Sendable {
        var name: String
        var source: String?
        var trainingSet: String?
        var parameters: Int?
        var macs: Int?
        var facesPerSecond: Double?
        /// Whether the numbers are quoted, not measured.
        var isQuoted: Bool
        var rates: [FARTarget: Rate]
        /// Over folds, of a run on a protocol with folds.
        var accuracy: MeanAndDeviation?
        /// Among the rows of its family; nil where nothing can be tested.
        var rank: RankInterval?
    }

    /// Rows that may be compared with each other: measured on the very same comparisons, or stated in one list.
    struct Family: Sendable {
        var name: String
        var isMeasuredHere: Bool
        /// Whether rows stand in the order of their accuracy over folds instead of a TAR.
        var isByAccuracy = false
        /// The protocol's comparisons, where known.
        var counts: (genuine: Int, impostor: Int)?
        var rows: [Row]
    }

    /// The forms that are written.
    public static let forms = ["md", "html", "tex", "csv", "json"]

    /// The FARs of the columns.
    public static let columns: [FARTarget] = [4, 5, 6].compactMap { try? FARTarget("1e-\($0)") }

    private(set) var families: [Family]
    /// The FAR that rows are ranked by.
    public let sortFAR: FARTarget
    /// How many resamplings the ranks rest on.
    let replicates: Int

    /// Collects rows.
    ///
    /// - Parameters:
    ///   - runs: Runs measured here; those with the same comparisons, labels and subjects form a family.
    ///   - names: What each run is called, where that is not what its report says.
    ///   - includesPublished: Whether rows quoted from papers stand beside them.
    ///   - additions: YAML files with further families.
    ///   - sortFAR: The FAR that rows are ranked by: one of ``columns``.
    ///   - bootstrap: How subjects are resampled for the ranks.
    /// - Throws: `InputError` for a FAR that is no column and for files that cannot be read.
    public init(
        runs: [RunFolder],
        names: [String?] = [],
        includesPublished: Bool,
        additions: [String] = [],
        sortFAR: FARTarget,
        bootstrap: SubjectBootstrap
    ) throws(InputError) {
        guard Self.columns.contains(sortFAR) else {
            throw .unknownName("\(sortFAR)", kind: "column to sort by", known: Self.columns.map(\.description))
        }
        self.sortFAR = sortFAR
        replicates = bootstrap.replicates
        families = try Self.measured(runs, names: names, sortFAR: sortFAR, bootstrap: bootstrap)
        for path in additions { families += try LeaderboardFile.families(of: YAMLDocument(path: path)) }
        if includesPublished {
            families += try LeaderboardFile.families(of: YAMLDocument(text: PublishedRows.yaml, file: "published rows"))
        }
        guard families.contains(where: { !$0.rows.isEmpty }) else {
            throw InputError(.usage, "a leaderboard needs runs, a file of rows or the published ones")
        }
    }
}

extension Leaderboard.Rate {
    /// A published percentage; its interval is the least it can be, where the number of comparisons is known.
    init(percent: Double, genuine: Int?) {
        tar = percent / 100
        isAssumed = true
        isResolved = true
        interval = genuine.flatMap { genuine in
            let accepted = min(max(Int((percent / 100 * Double(genuine)).rounded()), 0), genuine)
            let wilson = Interval.wilson(successes: accepted, trials: max(genuine, 0)).value
            return wilson.map { $0.low...$0.high }
        }
    }

    fileprivate init(_ point: ReportedPoint) {
        tar = point.tar
        let interval = point.interval.value
        isAssumed = interval.map { $0.method == .wilson } ?? false
        isResolved = point.resolved
        self.interval = interval.flatMap { $0.low < $0.high ? $0.low...$0.high : nil }
    }
}

extension Leaderboard.Row {
    init(_ report: VerificationReport) {
        name = report.name
        source = report.policy.map { "Measured: \($0.line)" } ?? "Measured"
        trainingSet = report.checkpoint?.trainingSet
        if report.checkpoint?.isTrained == false { trainingSet = "untrained" }
        parameters = report.checkpoint?.parameters
        macs = report.checkpoint?.macs
        facesPerSecond = report.timing?.imagesPerSecond
        isQuoted = false
        rates = [:]
        for point in report.verification.operatingPoints {
            guard let target = try? FARTarget(point.farTarget), let measured = point.outcome.value else { continue }
            rates[target] = Leaderboard.Rate(measured)
        }
    }
}

// MARK: Families and ranks

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
        let folds = (folded?.folds.foldOfPair ?? []).map { UInt32($0) }
        let compared = read.digest(folds: folds)
        let people = subjects.withUnsafeBytes { ContentDigest(of: $0) }
        key = "\(ContentDigest(of: "\(compared)\n\(people)"))"
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
    ) throws(InputError) -> [Family] {
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
            let ranks = try ranks(runs, of: family, sortFAR: sortFAR, bootstrap: bootstrap)
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
    ) throws(InputError) -> [RankInterval]? {
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

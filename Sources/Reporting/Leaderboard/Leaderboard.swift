public import ArtifactFiles
internal import StrictYAML
public import VerificationMetrics

/// Systems side by side: runs measured here and rows quoted from papers, in families that may be compared.
public struct Leaderboard: Sendable {
    /// A TAR at a FAR and what is known of its uncertainty; as in `leaderboard.json`.
    struct Rate: Encodable, Hashable, Sendable {
        var farTarget: String
        /// In [0, 1].
        var tar: Double
        /// The ends of its interval, where one can be given.
        var low: Double?
        var high: Double?
        /// Whether the interval is only the least it can be: Wilson's, from the number of genuine comparisons.
        var assumed: Bool
        /// Whether the data can show that FAR.
        var resolved: Bool
    }

    /// One system; as in `leaderboard.json`.
    struct Row: Encodable, Hashable, Sendable {
        var name: String
        /// Whether the numbers are quoted, not measured.
        var quoted: Bool
        /// The ranks that it may hold among the rows of its family; nil where nothing can be tested.
        var rankBest: Int?
        var rankWorst: Int?
        /// One more than the number of rows of its family with a higher value; nil without a value that the data can show.
        var placeByValue: Int?
        /// The same among the quoted rows of as many comparisons, for a measured row of the full benchmark.
        var placeAmongQuoted: Int?
        /// Over folds, of a run on a protocol with folds.
        var accuracy: MeanAndDeviation?
        var rates: [Rate]
        var parameters: Int?
        var macs: Int?
        var facesPerSecond: Double?
        var trainingSet: String?
        var source: String?

        private enum CodingKeys: String, CodingKey {
            case name, quoted, rankBest, rankWorst, placeByValue, accuracy, rates, parameters, macs, facesPerSecond
            case trainingSet, source
        }

        func rate(at target: FARTarget) -> Rate? { rates.first { $0.farTarget == "\(target)" } }
    }

    /// Rows that may be compared with each other: measured on the very same comparisons, or stated in one list.
    struct Family: Sendable {
        var name: String
        var isMeasuredHere: Bool
        /// Whether rows stand in the order of their accuracy over folds instead of a TAR.
        var isByAccuracy = false
        /// The protocol's comparisons, where known.
        var counts: (genuine: Int, impostor: Int)?
        /// The highest value first.
        var rows: [Row]

        /// Whether it is of as many comparisons as the full IJB-C benchmark.
        var isBenchmark: Bool {
            counts.map { $0.genuine == benchmark.genuine && $0.impostor == benchmark.impostor } ?? false
        }
    }

    /// IJB-C's 1:1 comparisons, the ones that published rows are of.
    static let benchmark = (genuine: 19_557, impostor: 15_638_932)

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
        // The quoted rows of the full benchmark.
        let quoted = families.filter { $0.isBenchmark && !$0.isMeasuredHere }.flatMap(\.rows).filter(\.quoted)
            .compactMap { $0.rate(at: sortFAR)?.tar }
        for index in families.indices { families[index].sort(by: sortFAR, quoted: quoted) }
    }
}

extension Leaderboard.Family {
    /// Sorts the rows by their value and says which place each has.
    fileprivate mutating func sort(by target: FARTarget, quoted: [Double]) {
        let values = rows.map { row in
            isByAccuracy ? row.accuracy?.mean : row.rate(at: target).flatMap { $0.resolved ? $0.tar : nil }
        }
        for (index, value) in values.enumerated() {
            guard let value else { continue }
            rows[index].placeByValue = 1 + values.count { $0.map { $0 > value } ?? false }
            if isBenchmark && isMeasuredHere && !quoted.isEmpty {
                rows[index].placeAmongQuoted = 1 + quoted.count { $0 > value }
            }
        }
        let order = rows.indices.sorted { (values[$1] ?? -1, $0) < (values[$0] ?? -1, $1) }
        rows = order.map { rows[$0] }
    }
}

extension Leaderboard.Rate {
    /// A published percentage; its interval is the least it can be, where the number of comparisons is known.
    init(farTarget: FARTarget, percent: Double, genuine: Int?) {
        self.farTarget = "\(farTarget)"
        tar = percent / 100
        assumed = true
        resolved = true
        guard let genuine else { return }
        let accepted = min(max(Int((percent / 100 * Double(genuine)).rounded()), 0), genuine)
        let wilson = Interval.wilson(successes: accepted, trials: max(genuine, 0)).value
        (low, high) = (wilson?.low, wilson?.high)
    }
}

extension Leaderboard.Row {
    init(_ report: VerificationReport, name: String?) {
        self.name = name ?? report.name
        source = report.policy.map { "Measured: \($0.line)" } ?? "Measured"
        trainingSet = report.checkpoint?.isTrained == false ? "untrained" : report.checkpoint?.trainingSet
        parameters = report.checkpoint?.parameters
        macs = report.checkpoint?.macs
        facesPerSecond = report.timing?.imagesPerSecond
        quoted = false
        rates = []
        for point in report.verification.operatingPoints.sorted(by: { $0.farTarget < $1.farTarget }) {
            guard let target = try? FARTarget(point.farTarget), let measured = point.outcome.value else { continue }
            let interval = measured.interval.value
            let shown = interval.flatMap { $0.low < $0.high ? $0 : nil }
            rates.append(
                Leaderboard.Rate(
                    farTarget: "\(target)",
                    tar: measured.tar,
                    low: shown?.low,
                    high: shown?.high,
                    assumed: interval?.method == .wilson,
                    resolved: measured.resolved
                )
            )
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
        row = Leaderboard.Row(report, name: name)
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
    /// Runs in families of the same comparisons, in the order in which these first occur, each with its ranks.
    private static func measured(
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
            for (index, rank) in (ranks ?? []).enumerated() {
                (family.rows[index].rankBest, family.rows[index].rankWorst) = (rank.best, rank.worst)
            }
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
}

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
    }

    /// Rows that may be compared with each other.
    struct Family: Hashable, Sendable {
        var name: String
        var isMeasuredHere: Bool
        var rows: [Row]
    }

    /// The FARs of the columns.
    public static let columns: [FARTarget] = [4, 5, 6].compactMap { try? FARTarget("1e-\($0)") }

    private(set) var families: [Family]
    /// The FAR that rows are ranked by.
    public let sortFAR: FARTarget

    /// Collects rows.
    ///
    /// - Parameters:
    ///   - runs: Runs measured here; those over one protocol form a family.
    ///   - names: What each run is called, where that is not what its report says.
    ///   - includesPublished: Whether rows quoted from papers stand beside them.
    ///   - additions: YAML files with further families.
    ///   - sortFAR: The FAR that rows are ranked by: one of ``columns``.
    /// - Throws: `InputError` for a FAR that is no column and for files that cannot be read.
    public init(
        runs: [RunFolder],
        names: [String?] = [],
        includesPublished: Bool,
        additions: [String] = [],
        sortFAR: FARTarget
    ) throws(InputError) {
        guard Self.columns.contains(sortFAR) else {
            throw .unknownName("\(sortFAR)", kind: "column to sort by", known: Self.columns.map(\.description))
        }
        self.sortFAR = sortFAR
        families = Self.measured(
            runs.enumerated().map { (names.indices.contains($0) ? names[$0] : nil, $1.report) }
        )
        for path in additions { families += try LeaderboardFile.families(of: YAMLDocument(path: path)) }
        if includesPublished {
            families += try LeaderboardFile.families(of: YAMLDocument(text: PublishedRows.yaml, file: "published rows"))
        }
        guard families.contains(where: { !$0.rows.isEmpty }) else {
            throw InputError(.usage, "a leaderboard needs runs, a file of rows or the published ones")
        }
    }

    /// Runs by what they were measured on, in the order in which protocols first occur.
    private static func measured(_ runs: [(name: String?, report: VerificationReport)]) -> [Family] {
        var families: [Family] = []
        for (rowName, report) in runs {
            let counts = report.protocol
            let name =
                "Measured here: \(counts.name), \(NumberText.count(counts.genuine)) genuine and "
                + "\(NumberText.count(counts.impostor)) impostor comparisons"
            var row = Row(report)
            row.name = rowName ?? row.name
            if let place = families.firstIndex(where: { $0.name == name }) {
                families[place].rows.append(row)
            } else {
                families.append(Family(name: name, isMeasuredHere: true, rows: [row]))
            }
        }
        return families
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

    fileprivate init(_ point: ReportedPoint.Measured) {
        tar = point.tar
        let interval = point.interval.value
        isAssumed = interval.map { $0.method == Interval.Method.wilson.rawValue } ?? false
        isResolved = point.resolved
        self.interval = interval.flatMap { $0.low < $0.high ? $0.low...$0.high : nil }
    }
}

extension Leaderboard.Row {
    fileprivate init(_ report: VerificationReport) {
        name = report.name
        source = report.policy.map { "Measured: \(PolicyWords.line($0))" } ?? "Measured"
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

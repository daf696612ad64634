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
    ) async throws(InputError) {
        guard Self.columns.contains(sortFAR) else {
            throw .unknownName("\(sortFAR)", kind: "column to sort by", known: Self.columns.map(\.description))
        }
        self.sortFAR = sortFAR
        replicates = bootstrap.replicates
        families = try await Self.measured(runs, names: names, sortFAR: sortFAR, bootstrap: bootstrap)
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

    fileprivate init(_ point: ReportedPoint.Measured) {
        tar = point.tar
        let interval = point.interval.value
        isAssumed = interval.map { $0.method == Interval.Method.wilson.rawValue } ?? false
        isResolved = point.resolved
        self.interval = interval.flatMap { $0.low < $0.high ? $0.low...$0.high : nil }
    }
}

extension Leaderboard.Row {
    init(_ report: VerificationReport) {
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

public import ArtifactFiles
public import VerificationMetrics

/// How two systems differ over the same comparisons: the content of `compare.json`.
public struct RunComparison: Codable, Hashable, Sendable {
    /// The number of the JSON layout that this version writes.
    public static let currentSchema = 2

    public var schema: Int
    /// The first system.
    public var first: System
    /// The second system; differences are its values less the first's.
    public var second: System
    /// What both were measured on.
    public var `protocol`: ProtocolSummary
    /// The difference at each FAR, the smallest first.
    public var differences: [AtFAR<Measured>]
    /// The difference of the accuracies over folds; absent for a protocol without folds.
    public var folded: FoldedDifference?
    /// Comparisons that only one of them decides rightly, at one FAR; absent where none is resolved.
    public var flips: Flips?
    /// How the scores of the two go together.
    public var agreement: Agreement

    private enum CodingKeys: String, CodingKey {
        case schema, first, second, `protocol`, differences, folded, flips, agreement
    }

    public struct System: Codable, Hashable, Sendable {
        public var name: String
        public var architecture: String?
        public var sha256: String?
        public var policy: PolicySummary?
    }

    /// TAR of both and what lies between them.
    public struct Measured: Codable, Hashable, Sendable {
        /// TAR of the first system at its own threshold.
        public var firstTAR: Double
        /// TAR of the second system at its own threshold.
        public var secondTAR: Double
        /// The second's less the first's.
        public var difference: Double
        public var standardError: Double
        /// An interval for the difference: leaves out zero exactly where ``pValue`` is at most 1 − level.
        public var interval: Interval
        /// The chance of a difference as many standard errors from zero if the systems were alike.
        public var pValue: Double
        /// ``pValue`` by Holm's correction for all resolved targets; absent for an unresolved one.
        public var adjustedPValue: Double?
        /// The same by Student's t instead of resampling; absent where a system accepts no impostor.
        public var linearisedPValue: Double?
        /// False where the target allows not even one impostor.
        public var resolved: Bool
        public var firstThreshold: Outcome<Double>
        public var secondThreshold: Outcome<Double>
        /// Genuine comparisons that only the second accepts.
        public var genuineGained: Int
        /// Genuine comparisons that only the first accepts.
        public var genuineLost: Int
        /// Impostor comparisons that only the second accepts.
        public var impostorsGained: Int
        /// Impostor comparisons that only the first accepts.
        public var impostorsLost: Int
    }

    /// Comparisons on which the decisions differ most, at one FAR.
    public struct Flips: Codable, Hashable, Sendable {
        /// The FAR at which both decide.
        public var farTarget: Double
        /// Genuine comparisons that only the second accepts.
        public var genuineGained: [Flip]
        /// Genuine comparisons that only the first accepts.
        public var genuineLost: [Flip]
        /// Impostor comparisons that only the second accepts.
        public var impostorsGained: [Flip]
        /// Impostor comparisons that only the first accepts.
        public var impostorsLost: [Flip]
    }

    /// One comparison and what both systems say of it.
    public struct Flip: Codable, Hashable, Sendable {
        /// Its place in the protocol, counted from 0.
        public var comparison: Int
        public var templates: [UInt32]
        public var firstScore: Double
        public var secondScore: Double
        /// The first's distance above its threshold, in standard deviations of its impostor scores.
        public var firstMargin: Double
        /// The second's distance above its threshold, in standard deviations of its impostor scores.
        public var secondMargin: Double
    }

    /// Where the pairs of scores lie.
    public struct Agreement: Codable, Hashable, Sendable {
        public var genuine: Outcome<Grid>
        public var impostor: Outcome<Grid>
    }

    /// Counts over a square grid of pairs of scores; failures to enrol are left out.
    public struct Grid: Codable, Hashable, Sendable {
        /// Lowest and highest score of the first system.
        public var firstRange: [Double]
        /// Lowest and highest score of the second system.
        public var secondRange: [Double]
        /// Squares in a row.
        public var columns: Int
        /// Pairs in each square, row by row from the lowest scores of the second system.
        public var counts: [Int]
        /// Pearson's correlation of the scores.
        public var correlation: Double
    }
}

// MARK: Measuring

extension RunComparison {
    /// Compares two runs by resampling the same subjects for both.
    ///
    /// - Parameters:
    ///   - first: The run that is compared against.
    ///   - second: The run whose gain or loss is measured.
    ///   - farTargets: FAR targets; nil for those that both reports have.
    ///   - bootstrap: How subjects are resampled: at least ``SubjectBootstrap/leastTestReplicates`` times.
    ///   - exampleCount: How many flipped comparisons of each kind are named.
    /// - Throws: `InputError` for folders that cannot be read, and (`mismatch`) for runs over different protocols,
    ///   labels, templates or subjects, with the first difference.
    public init(
        _ first: RunFolder,
        _ second: RunFolder,
        farTargets: [FARTarget]? = nil,
        bootstrap: SubjectBootstrap,
        exampleCount: Int = 6
    ) throws(InputError) {
        let runs = try ComparedRuns(first, second)
        var targets = farTargets ?? []
        if targets.isEmpty { targets = try Self.commonTargets(first.report, second.report) }
        targets.sort()
        let outcomes: [Outcome<PairedDifference>]
        do {
            outcomes = try bootstrap.compare(
                runs.firstScores,
                runs.secondScores,
                labels: runs.labels,
                subjects: runs.subjects,
                targets: targets
            )
        } catch {
            throw InputError(.malformed, "\(error)", file: second.path)
        }
        schema = Self.currentSchema
        self.first = System(first.report)
        self.second = System(second.report)
        self.protocol = first.report.protocol
        differences = zip(targets, outcomes)
            .map { target, outcome in
                AtFAR(farTarget: target.value, outcome: outcome.map { Measured($0, FlipKind.counts($0, runs)) })
            }
        folded = try Self.foldedDifference(first, second, level: bootstrap.level)
        flips = Self.headline(outcomes.compactMap(\.value)).map { Flips($0, runs, count: exampleCount) }
        agreement = Agreement(
            genuine: RunComparison.Grid.counting(runs, label: 1),
            impostor: RunComparison.Grid.counting(runs, label: 0)
        )
    }

    /// The difference of the accuracies over folds; nil where the protocol has none.
    private static func foldedDifference(
        _ first: RunFolder,
        _ second: RunFolder,
        level: Double
    ) throws(InputError) -> FoldedDifference? {
        guard let one = try first.foldedScores(), let other = try second.foldedScores() else { return nil }
        guard one.folds == other.folds else {
            let expected = "as in \(first.path)"
            throw InputError(.mismatch, "the runs have different folds", file: second.path, expected: expected)
        }
        do throws(MetricsError) {
            return try FoldedDifference(one.scores, other.scores, labels: one.labels, folds: one.folds, level: level)
        } catch {
            throw InputError(.malformed, "\(error)", file: second.path)
        }
    }

    private static func commonTargets(
        _ first: VerificationReport,
        _ second: VerificationReport
    ) throws(InputError) -> [FARTarget] {
        let others = Set(second.verification.operatingPoints.map(\.farTarget))
        let common = first.verification.operatingPoints.map(\.farTarget).filter { others.contains($0) }
        let targets = common.compactMap { try? FARTarget($0) }
        guard !targets.isEmpty else {
            throw InputError(.mismatch, "the runs have no FAR target in common: name some")
        }
        return targets
    }

    /// 1e-4 where it is resolved, or else the smallest FAR that is.
    private static func headline(_ differences: [PairedDifference]) -> PairedDifference? {
        let resolved = differences.filter(\.first.resolved)
        return resolved.first { $0.farTarget.value == 1e-4 } ?? resolved.first
    }
}

extension RunComparison.System {
    fileprivate init(_ report: VerificationReport) {
        name = report.name
        architecture = report.checkpoint?.architecture
        sha256 = report.checkpoint?.sha256
        policy = report.policy
    }
}

extension RunComparison.Measured {
    fileprivate init(_ difference: PairedDifference, _ flips: [Int]) {
        firstTAR = difference.first.tar
        secondTAR = difference.second.tar
        self.difference = difference.tarDifference
        standardError = difference.standardError
        interval = difference.interval
        pValue = difference.pValue
        adjustedPValue = difference.adjustedPValue
        linearisedPValue = difference.linearisedPValue
        resolved = difference.first.resolved
        firstThreshold = Outcome(difference.first.threshold, or: .noFiniteScore)
        secondThreshold = Outcome(difference.second.threshold, or: .noFiniteScore)
        genuineGained = flips[0]
        genuineLost = flips[1]
        impostorsGained = flips[2]
        impostorsLost = flips[3]
    }
}

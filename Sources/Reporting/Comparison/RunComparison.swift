/// How two systems differ over the same comparisons: the content of `compare.json`.
public struct RunComparison: Codable, Hashable, Sendable {
    /// The number of the JSON layout that this version writes.
    public static let currentSchema = 2

    /// The number of the JSON layout.
    public var schema: Int
    /// The first system.
    public var first: System
    /// The second system; differences are its values less the first's.
    public var second: System
    /// What both were measured on.
    public var `protocol`: ProtocolSummary
    /// The difference at each FAR, the smallest first.
    public var differences: [Difference]
    /// The difference of the accuracies over folds; absent for a protocol without folds.
    public var folded: Folded?
    /// Comparisons that only one of them decides rightly, at one FAR; absent where none is resolved.
    public var flips: Flips?
    /// How the scores of the two go together.
    public var agreement: Agreement

    private enum CodingKeys: String, CodingKey {
        case schema, first, second, `protocol`, differences, folded, flips, agreement
    }

    /// One of the two.
    public struct System: Codable, Hashable, Sendable {
        /// The run's name.
        public var name: String
        /// The checkpoint's architecture, where there is one.
        public var architecture: String?
        /// The checkpoint's SHA-256, where there is one.
        public var sha256: String?
        /// The policy, where there is one.
        public var policy: PolicySummary?
    }

    /// The difference at one FAR.
    public struct Difference: Hashable, Sendable {
        /// The FAR asked for.
        public var farTarget: Double
        /// What was found there.
        public var outcome: Reported<Measured>
    }

    /// TAR of both and what lies between them.
    public struct Measured: Codable, Hashable, Sendable {
        /// TAR of the first system at its own threshold.
        public var firstTAR: Double
        /// TAR of the second system at its own threshold.
        public var secondTAR: Double
        /// The second's less the first's.
        public var difference: Double
        /// The standard error of the difference.
        public var standardError: Double
        /// An interval for the difference: leaves out zero exactly where ``pValue`` is at most 1 − level.
        public var interval: ReportedInterval
        /// The chance of a difference as many standard errors from zero if the systems were alike.
        public var pValue: Double
        /// ``pValue`` by Holm's correction for all resolved targets; absent for an unresolved one.
        public var adjustedPValue: Double?
        /// The same by Student's t instead of resampling; absent where a system accepts no impostor.
        public var linearisedPValue: Double?
        /// False where the target allows not even one impostor.
        public var resolved: Bool
        /// Threshold of the first system.
        public var firstThreshold: Reported<Double>
        /// Threshold of the second system.
        public var secondThreshold: Reported<Double>
        /// Genuine comparisons that only the second accepts.
        public var genuineGained: Int
        /// Genuine comparisons that only the first accepts.
        public var genuineLost: Int
        /// Impostor comparisons that only the second accepts.
        public var impostorsGained: Int
        /// Impostor comparisons that only the first accepts.
        public var impostorsLost: Int
    }

    /// Accuracy over folds, LFW's way, of both and what lies between them; see `FoldedDifference`.
    public struct Folded: Codable, Hashable, Sendable {
        /// How many folds there are.
        public var folds: Int
        /// How many pairs.
        public var pairs: Int
        /// Accuracy of the first system.
        public var firstAccuracy: FoldedSummary.Spread
        /// Accuracy of the second.
        public var secondAccuracy: FoldedSummary.Spread
        /// The second's less the first's.
        public var difference: Double
        /// The lower end of its interval over folds.
        public var low: Double
        /// The upper end.
        public var high: Double
        /// Nominal coverage.
        public var level: Double
        /// The paired t-test over folds.
        public var pValue: Double
        /// Pairs that only the second decides rightly.
        public var gained: Int
        /// Pairs that only the first decides rightly.
        public var lost: Int
        /// McNemar's exact test over pairs.
        public var pairPValue: Double
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
        /// The ids of its templates.
        public var templates: [UInt32]
        /// The first system's score.
        public var firstScore: Double
        /// The second system's score.
        public var secondScore: Double
        /// The first's distance above its threshold, in standard deviations of its impostor scores.
        public var firstMargin: Double
        /// The second's distance above its threshold, in standard deviations of its impostor scores.
        public var secondMargin: Double
    }

    /// Where the pairs of scores lie.
    public struct Agreement: Codable, Hashable, Sendable {
        /// The genuine comparisons.
        public var genuine: Reported<Grid>
        /// The impostor comparisons.
        public var impostor: Reported<Grid>
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

extension RunComparison.Difference: Codable {
    private enum CodingKeys: String, CodingKey { case farTarget }

    /// Reads the target and, beside it, the measured values or `"undefined"`.
    public init(from decoder: any Decoder) throws {
        farTarget = try decoder.container(keyedBy: CodingKeys.self).decode(Double.self, forKey: .farTarget)
        outcome = try Reported(from: decoder)
    }

    /// Writes the target and, beside it, the measured values or `"undefined"`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(farTarget, forKey: .farTarget)
        try outcome.encode(to: encoder)
    }
}

public import VerificationMetrics

/// A cross-validated set of pairs, LFW's way: each fold judged by a threshold chosen on the others.
public struct FoldedSummary: Codable, Hashable, Sendable {
    /// How many folds there are.
    public var folds: Int
    /// How many pairs.
    public var pairs: Int
    /// The FAR of ``Row/tar``.
    public var farTarget: Double
    /// The figures, by flip and by the rule for thresholds; users confuse them, so all stand side by side.
    public var rows: [Row]

    /// One way of measuring.
    public struct Row: Codable, Hashable, Sendable {
        /// `off`, `sum` or `concat`.
        public var flip: String
        /// Where thresholds come from: ``exact`` or ``grid``.
        public var rule: String
        /// Share of pairs decided rightly.
        public var accuracy: Spread
        /// TAR at the target.
        public var tar: Reported<Spread>
        /// ⌊target × impostors⌋ of the other folds, where that is smallest; absent in older reports.
        public var allowedImpostors: Int?
        /// The FAR that those thresholds reach on the fold held out.
        public var far: Reported<Spread>
        /// The accuracy of each fold.
        public var foldAccuracies: [Double]

        /// Every threshold that the scores tell apart.
        public static let exact = "exact"
        /// InsightFace's squared distances 0, 0.01, … 3.99.
        public static let grid = "squared-distance-grid"

        /// Puts a measurement into a report's form.
        ///
        /// - Parameters:
        ///   - flip: `off`, `sum` or `concat`.
        ///   - rule: ``exact`` or ``grid``.
        ///   - measured: The measurement.
        public init(flip: String, rule: String, measured: FoldedVerification) {
            self.flip = flip
            self.rule = rule
            accuracy = Spread(measured.accuracy)
            tar = Reported(measured.tar) { Spread($0) }
            allowedImpostors = measured.allowedImpostors
            far = Reported(measured.far) { Spread($0) }
            foldAccuracies = measured.folds.map(\.accuracy)
        }
    }

    /// Mean and standard deviation over the folds.
    public struct Spread: Codable, Hashable, Sendable {
        /// The mean.
        public var mean: Double
        /// The standard deviation, n in the denominator.
        public var standardDeviation: Double

        init(_ value: MeanAndDeviation) {
            mean = value.mean
            standardDeviation = value.standardDeviation
        }
    }

    /// Puts rows together.
    public init(folds: Int, pairs: Int, farTarget: Double, rows: [Row]) {
        self.folds = folds
        self.pairs = pairs
        self.farTarget = farTarget
        self.rows = rows
    }
}

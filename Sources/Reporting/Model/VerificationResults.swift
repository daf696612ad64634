public import VerificationMetrics

/// The numbers of a verification experiment.
public struct VerificationResults: Codable, Hashable, Sendable {
    /// TAR at each FAR target by the `at-most` rule, the smallest FAR first.
    public var operatingPoints: [ReportedPoint]
    /// The ROC points nearest the targets, for checking published numbers.
    public var nearestFAR: [ReportedNearestPoint]
    /// Equal error rate.
    public var eer: Reported<Double>
    /// The threshold of the equal error rate.
    public var eerThreshold: Reported<Double>
    /// Area under the ROC curve.
    public var auc: Reported<Double>
    /// Distance of the class means in units of their root mean square deviation.
    public var dPrime: Reported<Double>
    /// The genuine scores in summary.
    public var genuineScores: Reported<ReportedScores>
    /// The impostor scores in summary.
    public var impostorScores: Reported<ReportedScores>
    /// An interval for ``eer``; absent where subjects are not known.
    public var eerInterval: Reported<ReportedInterval>?
    /// An interval for ``auc``; absent where subjects are not known.
    public var aucInterval: Reported<ReportedInterval>?
    /// The error rates of thresholds that were given; absent without any.
    public var thresholds: [ReportedThreshold]?
}

extension VerificationResults {
    /// That genuine comparisons score lower than impostor comparisons, in a sentence; nil where they do not.
    ///
    /// An area under the curve below 0.4 is no matter of chance but for a handful of comparisons.
    package var inversionWarning: String? {
        guard let area = auc.value, area < 0.4 else { return nil }
        return
            "The scores look inverted: genuine comparisons score lower than impostor comparisons (area under the curve "
            + "\(NumberText.fixed(area, decimals: 4))). Distances belong in `metrics --distance`; or are the labels inverted?"
    }
}

/// TAR at one FAR target by the `at-most` rule.
public struct ReportedPoint: Hashable, Sendable {
    /// The FAR asked for.
    public var farTarget: Double
    /// What was found there.
    public var outcome: Reported<Measured>

    /// What a threshold accepts.
    public struct Measured: Codable, Hashable, Sendable {
        /// Accepted genuines over all genuines.
        public var tar: Double
        /// The score from which on comparisons are accepted.
        public var threshold: Reported<Double>
        /// The FAR reached; never above the target.
        public var far: Double
        /// ⌊target × impostors⌋.
        public var allowedImpostors: Int
        /// Impostors accepted.
        public var acceptedImpostors: Int
        /// Genuines accepted.
        public var acceptedGenuine: Int
        /// How well the data show that FAR; the rule of 30 by ``allowedImpostors``.
        public var resolution: FARResolution { FARResolution(allowedImpostors: allowedImpostors) }
        /// False where the target allows not even one impostor: these data cannot show that FAR.
        public var resolved: Bool
        /// An interval for the TAR.
        public var interval: Reported<ReportedInterval>
    }
}

/// The ROC point nearest one FAR target, which it may exceed.
public struct ReportedNearestPoint: Hashable, Sendable {
    /// The FAR asked for.
    public var farTarget: Double
    /// What was found there.
    public var outcome: Reported<Measured>

    /// What a threshold accepts.
    public struct Measured: Codable, Hashable, Sendable {
        /// Accepted genuines over all genuines.
        public var tar: Double
        /// The lowest accepted score; undefined where nothing is accepted.
        public var threshold: Reported<Double>
        /// The FAR of that point.
        public var far: Double
    }
}

/// An interval and what it leaves out.
public struct ReportedInterval: Codable, Hashable, Sendable {
    /// The lower end.
    public var low: Double
    /// The upper end.
    public var high: Double
    /// Nominal coverage.
    public var level: Double
    /// The raw value of an `Interval.Method`.
    public var method: String
    /// How many replicates it rests on.
    public var replicates: Int
    /// The number of independent trials that would spread as the replicates do; absent for a method without.
    public var effectiveCount: Double?
    /// Codes of what it leaves out: the raw values of `Interval.Caveat`.
    public var caveats: [String]
}

/// How the scores of one class lie.
public struct ReportedScores: Codable, Hashable, Sendable {
    /// How many scores, failures to enrol left out.
    public var count: Int
    /// Their mean.
    public var mean: Double
    /// Their standard deviation; absent for a single score.
    public var standardDeviation: Double?
    /// The lowest.
    public var minimum: Double
    /// The highest.
    public var maximum: Double
}

extension ReportedPoint: Codable {
    private enum CodingKeys: String, CodingKey { case farTarget, resolution }

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
        try container.encodeIfPresent(outcome.value?.resolution.rawValue, forKey: .resolution)
    }
}

extension ReportedNearestPoint: Codable {
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

extension ReportedInterval {
    /// What it leaves out, in words.
    var caveatWords: [String] { caveats.map { Interval.Caveat(rawValue: $0)?.description ?? VisibleText.line($0) } }

    /// Whether a caveat holds.
    func has(_ caveat: Interval.Caveat) -> Bool { caveats.contains(caveat.rawValue) }
}

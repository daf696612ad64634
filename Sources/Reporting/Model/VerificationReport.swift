public import VerificationMetrics

/// Everything that is said of one run: the content of `report.json`, from which every other form is made.
///
/// A section that does not apply (no checkpoint, because the scores came from another system) is absent. What differs
/// between two runs of the same inputs is kept in ``timing`` and ``environment``; the rest is the same bytes.
/// `Documentation/ReportSchema.md` documents the JSON.
public struct VerificationReport: Codable, Hashable, Sendable {
    /// The number of the JSON layout that this version writes.
    public static let currentSchema = 1
    /// The forms that every run writes; the JSON comes last, so that a folder with it is whole.
    public static let forms = ["md", "html", "json"]

    /// The number of the JSON layout.
    public var schema: Int
    /// What the run is called: a title for people.
    public var name: String
    /// The files that the run was made from.
    public var inputs: [RunInput]
    /// The network, when there is one.
    public var checkpoint: CheckpointSummary?
    /// How faces became network inputs.
    public var preprocessing: PreprocessingSummary?
    /// How embeddings became templates.
    public var policy: PolicySummary?
    /// What was compared.
    public var `protocol`: ProtocolSummary
    public var verification: VerificationResults
    /// The accuracy of a cross-validated set of pairs; absent for a protocol without folds.
    public var folded: FoldedSummary?
    /// 1:N identification; absent for a protocol without galleries.
    public var identification: IdentificationSummary?
    /// The same numbers under other policies, from the same embeddings.
    public var modes: [ModeResult]?
    /// The comparisons that the system gets most wrong.
    public var hardest: HardestPairs?
    /// Aligned faces to look at.
    public var contactSheet: [PicturedFace]?
    /// Images that could not be used.
    public var failures: FailureSummary?
    /// Points for plots.
    public var curves: ReportCurves
    /// How long it took; differs from run to run.
    public var timing: TimingSummary?
    /// What it ran on and with; differs from machine to machine.
    public var environment: EnvironmentSummary?

    /// Puts a report together; sections that do not apply stay nil.
    public init(name: String, protocol: ProtocolSummary, measured: VerificationMeasurement) {
        schema = Self.currentSchema
        self.name = name
        inputs = []
        self.protocol = `protocol`
        verification = measured.results
        curves = measured.curves
    }

    /// The pictures that the report names.
    var pictureNames: [String] {
        let pairs = (hardest?.impostor ?? []) + (hardest?.genuine ?? [])
        return pairs.flatMap { [$0.first.picture, $0.second.picture] }.compactMap { $0 }
            + (contactSheet ?? []).map(\.picture)
    }
}

/// The numbers of a verification experiment.
public struct VerificationResults: Codable, Hashable, Sendable {
    /// TAR at each FAR target by the `at-most` rule, the smallest FAR first.
    public var operatingPoints: [AtFAR<ReportedPoint>]
    /// The ROC points nearest the targets, for checking published numbers.
    public var nearestFAR: [AtFAR<ReportedNearestPoint>]
    /// Equal error rate.
    public var eer: Outcome<Double>
    public var eerThreshold: Outcome<Double>
    /// Area under the ROC curve.
    public var auc: Outcome<Double>
    /// Distance of the class means in units of their root mean square deviation.
    public var dPrime: Outcome<Double>
    public var genuineScores: Outcome<ScoreSummary>
    public var impostorScores: Outcome<ScoreSummary>
    /// Absent where subjects are not known.
    public var eerInterval: Outcome<Interval>?
    /// Absent where subjects are not known.
    public var aucInterval: Outcome<Interval>?
    /// The error rates of thresholds that were given; absent without any.
    public var thresholds: [ThresholdRates]?
}

/// What was found at a FAR; in JSON the target stands beside the values or beside `"undefined"`.
public struct AtFAR<Found: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    /// The FAR asked for.
    public var farTarget: Double
    public var outcome: Outcome<Found>

    private enum CodingKeys: String, CodingKey {
        case farTarget
    }

    init(farTarget: Double, outcome: Outcome<Found>) {
        self.farTarget = farTarget
        self.outcome = outcome
    }

    public init(from decoder: any Decoder) throws {
        farTarget = try decoder.container(keyedBy: CodingKeys.self).decode(Double.self, forKey: .farTarget)
        outcome = try Outcome(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(farTarget, forKey: .farTarget)
        try outcome.encode(to: encoder)
    }
}

/// What a threshold accepts by the `at-most` rule; as `OperatingPoint`.
public struct ReportedPoint: Codable, Hashable, Sendable {
    /// Accepted genuines over all genuines.
    public var tar: Double
    /// The score from which on comparisons are accepted.
    public var threshold: Outcome<Double>
    /// The FAR reached; never above the target.
    public var far: Double
    /// ⌊target × impostors⌋.
    public var allowedImpostors: Int
    public var acceptedImpostors: Int
    public var acceptedGenuine: Int
    /// False where the target allows not even one impostor: these data cannot show that FAR.
    public var resolved: Bool
    /// An interval for the TAR.
    public var interval: Outcome<Interval>

    /// How well the data show that FAR; the rule of 30 by ``allowedImpostors``.
    public var resolution: FARResolution { FARResolution(allowedImpostors: allowedImpostors) }

    init(_ point: OperatingPoint, _ interval: Outcome<Interval>) {
        tar = point.tar
        threshold = Outcome(point.threshold, or: .noFiniteScore)
        far = point.far
        allowedImpostors = point.allowedImpostors
        acceptedImpostors = point.acceptedImpostors
        acceptedGenuine = point.acceptedGenuine
        resolved = point.resolved
        self.interval = interval
    }

    private enum CodingKeys: String, CodingKey {
        case tar, threshold, far, allowedImpostors, acceptedImpostors, acceptedGenuine, resolved, interval
    }

    private enum DerivedKeys: String, CodingKey {
        case resolution
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(tar, forKey: .tar)
        try container.encode(threshold, forKey: .threshold)
        try container.encode(far, forKey: .far)
        try container.encode(allowedImpostors, forKey: .allowedImpostors)
        try container.encode(acceptedImpostors, forKey: .acceptedImpostors)
        try container.encode(acceptedGenuine, forKey: .acceptedGenuine)
        try container.encode(resolved, forKey: .resolved)
        try container.encode(interval, forKey: .interval)
        var derived = encoder.container(keyedBy: DerivedKeys.self)
        try derived.encode(resolution.rawValue, forKey: .resolution)
    }
}

/// The ROC point nearest one FAR target, which it may exceed; as `NearestFARPoint`.
public struct ReportedNearestPoint: Codable, Hashable, Sendable {
    /// Accepted genuines over all genuines.
    public var tar: Double
    /// The lowest accepted score.
    public var threshold: Outcome<Double>
    /// The FAR of that point.
    public var far: Double
}

/// Points for plots and for the threshold explorer.
public struct ReportCurves: Codable, Hashable, Sendable {
    /// The ROC curve, thinned evenly over decades of either error; undefined when a class is empty.
    public var roc: Outcome<Curve>
    /// TAR intervals at FARs between the targets; empty when none were computed.
    public var band: [BandPoint]
    /// Score counts in equal bins.
    public var histogram: Outcome<ScoreHistogram>

    /// States of the decision from the strictest threshold on, one entry of each list per state.
    public struct Curve: Codable, Hashable, Sendable {
        public var acceptedImpostors: [Int]
        public var acceptedGenuine: [Int]
        /// The lowest accepted score; null where nothing is accepted.
        public var thresholds: [Double?]
    }

    /// A TAR interval at a FAR.
    public struct BandPoint: Codable, Hashable, Sendable {
        public var far: Double
        public var low: Double
        public var high: Double
    }
}

/// The same evaluation under another policy.
public struct ModeResult: Codable, Hashable, Sendable {
    public var policy: PolicySummary
    public var operatingPoints: [AtFAR<ReportedPoint>]
    public var nearestFAR: [AtFAR<ReportedNearestPoint>]

    public init(policy: PolicySummary, results: VerificationResults) {
        self.policy = policy
        operatingPoints = results.operatingPoints
        nearestFAR = results.nearestFAR
    }
}

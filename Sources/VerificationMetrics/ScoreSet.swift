/// Scores in the order of the comparisons, in the precision they came in.
///
/// −∞ is a comparison that no threshold accepts: one of its templates failed to enrol.
public enum ScoreValues: Hashable, Sendable {
    /// Single-precision scores.
    case single([Float])
    /// Double-precision scores: rounding them to single could tie what was apart.
    case double([Double])

    /// How many scores there are.
    public var count: Int {
        switch self {
        case .single(let scores): scores.count
        case .double(let scores): scores.count
        }
    }

    /// The score of one comparison.
    public subscript(index: Int) -> Double {
        switch self {
        case .single(let scores): Double(scores[index])
        case .double(let scores): scores[index]
        }
    }
}

extension ScoreValues {
    /// Refuses what no bootstrap can be run on.
    func check(labels: [UInt8], subjects: ComparisonSubjects) throws(MetricsError) {
        guard count == labels.count, count == subjects.count else {
            throw MetricsError(
                .countMismatch,
                "\(count) scores, \(labels.count) labels and subjects of \(subjects.count) comparisons"
            )
        }
        guard count <= Int(UInt32.max) else {
            throw MetricsError(.invalidOption, "more than \(UInt32.max) comparisons cannot be resampled")
        }
        _ = try labels.genuineCount()
        switch self {
        case .single(let scores): try scores.checkValid()
        case .double(let scores): try scores.checkValid()
        }
    }
}

/// The scores of an evaluation, sorted once; every verification metric is read off it.
///
/// A comparison is accepted when its score is at or above the threshold. A score of −∞ is a comparison that no
/// threshold accepts, because one of its templates failed to enrol: it counts in the denominators only.
/// Nothing depends on the order of the comparisons, and for all but thresholds and score statistics nothing
/// depends on more than the order of the scores.
public struct ScoreSet: Sendable {
    private let curve: Curve

    /// How many comparisons there are.
    public var counts: ClassCounts {
        switch curve {
        case .single(let curve): curve.counts
        case .double(let curve): curve.counts
        }
    }

    /// Sorts scores given in the order of the comparisons.
    ///
    /// - Parameters:
    ///   - scores: One per comparison; −∞ for a comparison that cannot be accepted.
    ///   - labels: 1 for genuine, 0 for impostor, one per comparison.
    /// - Throws: ``MetricsError`` that names the first comparison with a score of NaN or +∞ or another label.
    public init(scores: ScoreValues, labels: [UInt8]) throws(MetricsError) {
        switch scores {
        case .single(let scores): curve = .single(try SortedScores(scores: scores, labels: labels))
        case .double(let scores): curve = .double(try SortedScores(scores: scores, labels: labels))
        }
    }

    /// Sorts single-precision scores given in the order of the comparisons; see ``init(scores:labels:)``.
    public init(scores: [Float], labels: [UInt8]) throws(MetricsError) {
        try self.init(scores: .single(scores), labels: labels)
    }

    /// Sorts double-precision scores given in the order of the comparisons; see ``init(scores:labels:)``.
    public init(scores: [Double], labels: [UInt8]) throws(MetricsError) {
        try self.init(scores: .double(scores), labels: labels)
    }

    /// Sorts scores of which the classes are given apart.
    ///
    /// - Throws: ``MetricsError`` for a score of NaN or +∞; the index counts within its class.
    public init(genuine: [Float], impostor: [Float]) throws(MetricsError) {
        curve = .single(try SortedScores(genuine: genuine, impostor: impostor))
    }

    /// Sorts scores of which the classes are given apart.
    ///
    /// - Throws: ``MetricsError`` for a score of NaN or +∞; the index counts within its class.
    public init(genuine: [Double], impostor: [Double]) throws(MetricsError) {
        curve = .double(try SortedScores(genuine: genuine, impostor: impostor))
    }
}

extension ScoreSet {
    /// TAR at a FAR by the `at-most` rule.
    ///
    /// With k = ⌊αn⌋ allowed, exactly the scores strictly above the (k+1)-th highest impostor are accepted. FAR ≤ α
    /// always holds; ties at the boundary are excluded whole.
    ///
    /// - Returns: The point, or `noGenuine` or `noImpostor`.
    public func operatingPoint(at target: FARTarget) -> Outcome<OperatingPoint> {
        switch curve {
        case .single(let curve): curve.operatingPoint(at: target)
        case .double(let curve): curve.operatingPoint(at: target)
        }
    }

    /// The ROC point nearest a FAR, chosen as InsightFace's scripts and scikit-learn choose it.
    ///
    /// - Returns: The point, or `noGenuine` or `noImpostor`.
    public func nearestPoint(to target: FARTarget) -> Outcome<NearestFARPoint> {
        switch curve {
        case .single(let curve): curve.nearestPoint(to: target)
        case .double(let curve): curve.nearestPoint(to: target)
        }
    }

    /// The rate at which false matches and false non-matches are alike.
    ///
    /// - Returns: The rate, or `noGenuine`, `noImpostor` or `errorRatesNeverMeet`.
    public var equalErrorRate: Outcome<EqualErrorRate> {
        switch curve {
        case .single(let curve): curve.equalErrorRate()
        case .double(let curve): curve.equalErrorRate()
        }
    }

    /// The area under the ROC curve (Mann–Whitney, ties ½; the rejected are the lowest score of all).
    ///
    /// - Returns: The area in [0, 1], or `noGenuine` or `noImpostor`.
    public var areaUnderCurve: Outcome<Double> {
        switch curve {
        case .single(let curve): curve.areaUnderCurve()
        case .double(let curve): curve.areaUnderCurve()
        }
    }

    /// How many comparisons of each class score at or above a threshold.
    public func accepted(atThreshold threshold: Double) -> AcceptedCounts {
        switch curve {
        case .single(let curve): curve.accepted(atThreshold: threshold)
        case .double(let curve): curve.accepted(atThreshold: threshold)
        }
    }

    /// The ROC curve, thinned for plotting.
    ///
    /// - Parameter pointsPerDecade: How many points a factor ten of false accepts, and of misses, gets at most;
    ///   small counts are all kept.
    /// - Returns: The curve, or `noGenuine` or `noImpostor`.
    public func rocCurve(pointsPerDecade: Int = 100) -> Outcome<ROCCurve> {
        switch curve {
        case .single(let curve): curve.rocCurve(pointsPerDecade: pointsPerDecade)
        case .double(let curve): curve.rocCurve(pointsPerDecade: pointsPerDecade)
        }
    }

    /// Every point of the ROC curve; large.
    ///
    /// - Parameter droppingCollinear: Keep only the points that scikit-learn's `roc_curve` keeps by default.
    /// - Returns: The curve, or `noGenuine` or `noImpostor`.
    public func wholeCurve(droppingCollinear: Bool) -> Outcome<ROCCurve> {
        switch curve {
        case .single(let curve): curve.wholeCurve(droppingCollinear: droppingCollinear)
        case .double(let curve): curve.wholeCurve(droppingCollinear: droppingCollinear)
        }
    }

    /// Counts of both classes in equal bins over the range of the scores.
    ///
    /// - Returns: The counts, or `allRejected` or `noSpread`.
    public func histogram(bins: Int) -> Outcome<ScoreHistogram> {
        switch curve {
        case .single(let curve): curve.histogram(bins: bins)
        case .double(let curve): curve.histogram(bins: bins)
        }
    }

    /// Mean, spread and range of the genuine scores, or `allRejected`.
    public var genuineSummary: Outcome<ScoreSummary> {
        switch curve {
        case .single(let curve): curve.summary(curve.genuine)
        case .double(let curve): curve.summary(curve.genuine)
        }
    }

    /// Mean, spread and range of the impostor scores, or `allRejected`.
    public var impostorSummary: Outcome<ScoreSummary> {
        switch curve {
        case .single(let curve): curve.summary(curve.impostor)
        case .double(let curve): curve.summary(curve.impostor)
        }
    }

    /// d′: the distance of the class means in units of their root mean square standard deviation.
    ///
    /// - Returns: The distance, or `allRejected` or `noSpread`.
    public var dPrime: Outcome<Double> {
        genuineSummary.flatMap { genuine in
            impostorSummary.flatMap { impostor in
                guard let first = genuine.standardDeviation, let second = impostor.standardDeviation,
                    first > 0 || second > 0
                else { return .failure(.noSpread) }
                let unit = max(first, second).powerOfTwo
                let spread = ((first / unit * (first / unit) + second / unit * (second / unit)) / 2).squareRoot()
                let distance = (genuine.mean / unit - impostor.mean / unit) / spread
                return distance.isFinite ? .success(distance) : .failure(.noSpread)
            }
        }
    }

    /// The threshold with the most right decisions; see ``FoldedVerification``.
    func mostAccurateThreshold() -> Double? {
        switch curve {
        case .single(let curve): curve.mostAccurateThreshold()
        case .double(let curve): curve.mostAccurateThreshold()
        }
    }
}

/// Sorted scores of either precision.
///
/// An enumeration rather than an existential: a witness of a generic type is not
/// specialised, and is twenty times slower.
private enum Curve: Sendable {
    case single(SortedScores<Float>)
    case double(SortedScores<Double>)
}

extension SortedScores {
    func accepted(atThreshold threshold: Double) -> AcceptedCounts {
        AcceptedCounts(
            impostors: impostor.firstPlace { Double($0) < threshold },
            genuine: genuine.firstPlace { Double($0) < threshold }
        )
    }
}

/// How many comparisons of each class there are, and how many of them no threshold accepts.
public struct ClassCounts: Hashable, Sendable {
    /// Genuine comparisons, rejected ones included: the denominator of TAR.
    public let genuine: Int
    /// Impostor comparisons, rejected ones included: the denominator of FAR.
    public let impostor: Int
    /// Genuine comparisons with a score of −∞: a template failed to enrol.
    public let rejectedGenuine: Int
    /// Impostor comparisons with a score of −∞.
    public let rejectedImpostor: Int
}

/// How many comparisons of each class a threshold accepts.
public struct AcceptedCounts: Hashable, Sendable {
    /// Impostor comparisons accepted: false accepts.
    public let impostors: Int
    /// Genuine comparisons accepted.
    public let genuine: Int

    /// Wraps counts.
    public init(impostors: Int, genuine: Int) {
        self.impostors = impostors
        self.genuine = genuine
    }
}

public import VerificationMetrics

/// The numbers and curves of a set of scores, in a report's form.
public struct VerificationMeasurement: Hashable, Sendable {
    /// How many comparisons there are, and how many of them no threshold accepts.
    public var counts: ClassCounts
    public var results: VerificationResults
    /// Points for plots.
    public var curves: ReportCurves

    /// What to measure.
    public struct Options: Hashable, Sendable {
        /// FAR targets, in any order.
        public var farTargets = FARTarget.standard
        /// How intervals are drawn where subjects are known; nil for Wilson intervals.
        public var bootstrap: SubjectBootstrap?
        /// Nominal coverage of Wilson intervals.
        public var level = 0.95
        /// Thresholds whose error rates are measured, beside those that the targets choose.
        public var thresholds: [Double] = []
        /// Bins of the score histogram.
        public var histogramBins = 120
        /// Points of the ROC curve per factor ten.
        public var pointsPerDecade = 60

        public init(farTargets: [FARTarget] = FARTarget.standard, bootstrap: SubjectBootstrap? = nil) {
            self.farTargets = farTargets
            self.bootstrap = bootstrap
        }
    }

    /// Measures scores.
    ///
    /// Intervals are drawn by resampling subjects where `subjects` and `options.bootstrap` are given and at least two
    /// subjects occur; otherwise they are Wilson's at the fixed threshold, and say what that leaves out.
    ///
    /// - Parameters:
    ///   - scores: One per comparison; −∞ for a comparison of a template that failed to enrol.
    ///   - labels: 1 for genuine, 0 for impostor.
    ///   - subjects: Whom each comparison compares, where known.
    ///   - options: What to measure.
    /// - Throws: `MetricsError` for scores, labels or subjects that do not fit, and a FAR target that a number cannot name.
    public init(
        scores: ScoreValues,
        labels: [UInt8],
        subjects: ComparisonSubjects?,
        options: Options
    ) throws(MetricsError) {
        if let target = options.farTargets.first(where: { !$0.isNamedByValue }) {
            throw MetricsError(.invalidFARTarget, "FAR target \(target) has more digits than a report keeps")
        }
        // The sorted scores are the largest thing here: they are gone before subjects are drawn.
        let measured = try MeasuredScores(scores: scores, labels: labels, options: options)
        var drawn: [Outcome<Interval>]?
        if let subjects, let bootstrap = options.bootstrap {
            drawn = try bootstrap.tarIntervals(
                scores: scores,
                labels: labels,
                subjects: subjects,
                targets: measured.allTargets
            )
        }
        let intervals = measured.allTargets.indices.map { index in
            measured.interval(at: index, drawn: drawn?[index], level: options.level)
        }
        counts = measured.counts
        results = measured.results(intervals)
        if !options.thresholds.isEmpty {
            results.thresholds = try ThresholdRates.measure(
                options.thresholds,
                scores: scores,
                labels: labels,
                subjects: subjects,
                bootstrap: options.bootstrap,
                level: options.level
            )
        }
        if let subjects, let bootstrap = options.bootstrap {
            if let rate = measured.equalErrorRate.value {
                results.eerInterval = try bootstrap.equalErrorRateInterval(
                    rate,
                    scores: scores,
                    labels: labels,
                    subjects: subjects
                )
            }
            results.aucInterval = try Interval.areaUnderCurve(
                scores: scores,
                labels: labels,
                subjects: subjects,
                level: bootstrap.level
            )
        }
        curves = measured.curves(intervals)
    }
}

/// All that is read off the sorted scores of a measurement.
private struct MeasuredScores {
    let counts: ClassCounts
    let targets: [FARTarget]
    /// The targets and the FARs between them at which the band of the ROC plot is drawn.
    let allTargets: [FARTarget]
    private let points: [Outcome<OperatingPoint>]
    private let nearest: [Outcome<NearestFARPoint>]
    let equalErrorRate: Outcome<EqualErrorRate>
    private let areaUnderCurve: Outcome<Double>
    private let dPrime: Outcome<Double>
    private let genuineSummary: Outcome<ScoreSummary>
    private let impostorSummary: Outcome<ScoreSummary>
    private let roc: Outcome<ROCCurve>
    private let histogram: Outcome<ScoreHistogram>

    init(
        scores: ScoreValues,
        labels: [UInt8],
        options: VerificationMeasurement.Options
    ) throws(MetricsError) {
        let set = try ScoreSet(scores: scores, labels: labels)
        counts = set.counts
        targets = Set(options.farTargets).sorted()
        allTargets = targets + Self.bandGrid(between: targets, impostors: set.counts.impostor)
        points = allTargets.map { set.operatingPoint(at: $0) }
        nearest = targets.map { set.nearestPoint(to: $0) }
        equalErrorRate = set.equalErrorRate
        areaUnderCurve = set.areaUnderCurve
        dPrime = set.dPrime
        genuineSummary = set.genuineSummary
        impostorSummary = set.impostorSummary
        roc = set.rocCurve(pointsPerDecade: options.pointsPerDecade)
        histogram = set.histogram(bins: options.histogramBins)
    }

    /// FARs between the smallest and largest target at which the band of the ROC plot is drawn too: 1, 2 and 5 times
    /// powers of ten, where at least one false accept is allowed.
    private static func bandGrid(between targets: [FARTarget], impostors: Int) -> [FARTarget] {
        guard let smallest = targets.first, let largest = targets.last, impostors > 0 else { return [] }
        return (1...12).reversed().flatMap { places in [1, 2, 5].map { "\($0)e-\(places)" } }
            .compactMap { try? FARTarget($0) }
            .filter { target in
                smallest < target && target < largest && target.allowedImpostors(of: impostors) > 0
                    && !targets.contains(target)
            }
    }

    /// The drawn interval, or Wilson's where there are no subjects to draw.
    func interval(at index: Int, drawn: Outcome<Interval>?, level: Double) -> Outcome<Interval> {
        if let drawn, drawn.undefinedReason != .tooFewSubjects { return drawn }
        return points[index]
            .flatMap { point in
                let wilson = Interval.wilson(successes: point.acceptedGenuine, trials: counts.genuine, level: level)
                return wilson.map { interval in
                    Interval(
                        low: interval.low,
                        high: interval.high,
                        level: interval.level,
                        method: interval.method,
                        replicates: interval.replicates,
                        caveats: interval.caveats + (point.resolved ? [] : [.unresolvedTarget])
                    )
                }
            }
    }

    func results(_ intervals: [Outcome<Interval>]) -> VerificationResults {
        VerificationResults(
            operatingPoints: targets.indices.map { index in
                AtFAR(
                    farTarget: targets[index].value,
                    outcome: points[index].map { ReportedPoint($0, intervals[index]) }
                )
            },
            nearestFAR: targets.indices.map { index in
                AtFAR(
                    farTarget: targets[index].value,
                    outcome: nearest[index]
                        .map { point in
                            let threshold = Outcome(point.threshold, or: .nothingAccepted)
                            return ReportedNearestPoint(tar: point.tar, threshold: threshold, far: point.far)
                        }
                )
            },
            eer: equalErrorRate.map(\.rate),
            eerThreshold: equalErrorRate.map(\.threshold),
            auc: areaUnderCurve,
            dPrime: dPrime,
            genuineScores: genuineSummary,
            impostorScores: impostorSummary
        )
    }

    func curves(_ intervals: [Outcome<Interval>]) -> ReportCurves {
        var band: [ReportCurves.BandPoint] = []
        for (target, interval) in zip(allTargets, intervals).sorted(by: { $0.0 < $1.0 }) {
            guard target.allowedImpostors(of: counts.impostor) > 0, let interval = interval.value else { continue }
            band.append(ReportCurves.BandPoint(far: target.value, low: interval.low, high: interval.high))
        }
        return ReportCurves(
            roc: roc.map { curve in
                ReportCurves.Curve(
                    acceptedImpostors: curve.points.map(\.accepted.impostors),
                    acceptedGenuine: curve.points.map(\.accepted.genuine),
                    thresholds: curve.points.map(\.threshold)
                )
            },
            band: band,
            histogram: histogram
        )
    }
}

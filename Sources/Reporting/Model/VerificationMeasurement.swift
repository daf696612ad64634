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
        let targets = Set(options.farTargets).sorted()
        // The FARs at which the band of the ROC plot is drawn, the targets among them.
        let counted: (points: [FARTarget: Outcome<OperatingPoint>], eer: Outcome<EqualErrorRate>)
        do {
            // The sorted scores are the largest thing here: they are gone before subjects are drawn.
            let set = try ScoreSet(scores: scores, labels: labels)
            counts = set.counts
            let grid = targets + Self.bandGrid(between: targets, impostors: set.counts.impostor)
            let points = Dictionary(uniqueKeysWithValues: grid.map { ($0, set.operatingPoint(at: $0)) })
            counted = (points, set.equalErrorRate)
            results = VerificationResults(
                operatingPoints: [],
                nearestFAR: targets.map { target in
                    AtFAR(
                        farTarget: target.value,
                        outcome: set.nearestPoint(to: target).map { ReportedNearestPoint($0) }
                    )
                },
                eer: counted.eer.map(\.rate),
                eerThreshold: counted.eer.map(\.threshold),
                auc: set.areaUnderCurve,
                dPrime: set.dPrime,
                genuineScores: set.genuineSummary,
                impostorScores: set.impostorSummary
            )
            curves = ReportCurves(
                roc: set.rocCurve(pointsPerDecade: options.pointsPerDecade).map { ReportCurves.Curve($0) },
                band: [],
                histogram: set.histogram(bins: options.histogramBins)
            )
        }
        try addIntervals(counted.points, targets, scores, labels, subjects, options)
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
        guard let subjects, let bootstrap = options.bootstrap else { return }
        if let rate = counted.eer.value {
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

    /// Operating points and band: with drawn intervals, or Wilson's where there are no subjects to draw.
    private mutating func addIntervals(
        _ points: [FARTarget: Outcome<OperatingPoint>],
        _ targets: [FARTarget],
        _ scores: ScoreValues,
        _ labels: [UInt8],
        _ subjects: ComparisonSubjects?,
        _ options: Options
    ) throws(MetricsError) {
        let all = points.sorted { $0.key < $1.key }
        var drawn: [Outcome<Interval>]?
        if let subjects, let bootstrap = options.bootstrap {
            drawn = try bootstrap.tarIntervals(
                scores: scores,
                labels: labels,
                subjects: subjects,
                targets: all.map(\.key)
            )
        }
        for (index, (target, point)) in all.enumerated() {
            var interval = drawn?[index] ?? .failure(.tooFewSubjects)
            if interval.undefinedReason == .tooFewSubjects {
                interval = point.flatMap { point in
                    Interval.wilson(successes: point.acceptedGenuine, trials: counts.genuine, level: options.level)
                        .map { point.resolved ? $0 : $0.with(.unresolvedTarget) }
                }
            }
            if targets.contains(target) {
                let outcome = point.map { ReportedPoint($0, interval) }
                results.operatingPoints.append(AtFAR(farTarget: target.value, outcome: outcome))
            }
            if target.allowedImpostors(of: counts.impostor) > 0, let interval = interval.value {
                let point = ReportCurves.BandPoint(far: target.value, low: interval.low, high: interval.high)
                curves.band.append(point)
            }
        }
    }
}

extension Interval {
    /// The same interval with a caveat more.
    fileprivate func with(_ caveat: Caveat) -> Interval {
        Interval(
            low: low,
            high: high,
            level: level,
            method: method,
            replicates: replicates,
            effectiveCount: effectiveCount,
            caveats: caveats + [caveat]
        )
    }
}

extension ReportedNearestPoint {
    fileprivate init(_ point: NearestFARPoint) {
        self.init(tar: point.tar, threshold: Outcome(point.threshold, or: .nothingAccepted), far: point.far)
    }
}

extension ReportCurves.Curve {
    fileprivate init(_ curve: ROCCurve) {
        acceptedImpostors = curve.points.map(\.accepted.impostors)
        acceptedGenuine = curve.points.map(\.accepted.genuine)
        thresholds = curve.points.map(\.threshold)
    }
}

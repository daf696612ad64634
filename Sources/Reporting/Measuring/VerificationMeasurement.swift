public import VerificationMetrics

/// The numbers and curves of a set of scores, in a report's form.
public struct VerificationMeasurement: Hashable, Sendable {
    /// How many comparisons there are, and how many of them no threshold accepts.
    public var counts: ClassCounts
    /// The numbers.
    public var results: VerificationResults
    /// Points for plots.
    public var curves: ReportCurves

    /// What to measure.
    public struct Options: Hashable, Sendable {
        /// FAR targets, in any order.
        public var farTargets: [FARTarget]
        /// How intervals are drawn where subjects are known; nil for Wilson intervals.
        public var bootstrap: SubjectBootstrap?
        /// Nominal coverage of Wilson intervals.
        public var level: Double
        /// Thresholds whose error rates are measured, beside those that the targets choose.
        public var thresholds: [Double] = []
        /// Bins of the score histogram.
        public var histogramBins: Int
        /// Points of the ROC curve per factor ten.
        public var pointsPerDecade: Int

        /// Chooses what to measure.
        ///
        /// - Parameters:
        ///   - farTargets: FAR targets, in any order.
        ///   - bootstrap: How intervals are drawn where subjects are known; nil for Wilson intervals.
        ///   - level: Nominal coverage of Wilson intervals.
        ///   - histogramBins: Bins of the score histogram.
        ///   - pointsPerDecade: Points of the ROC curve per factor ten.
        public init(
            farTargets: [FARTarget] = FARTarget.standard,
            bootstrap: SubjectBootstrap? = nil,
            level: Double = 0.95,
            histogramBins: Int = 120,
            pointsPerDecade: Int = 60
        ) {
            self.farTargets = farTargets
            self.bootstrap = bootstrap
            self.level = level
            self.histogramBins = histogramBins
            self.pointsPerDecade = pointsPerDecade
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
    ) async throws(MetricsError) {
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
            results.thresholds =
                try ThresholdRates.measure(
                    options.thresholds,
                    scores: scores,
                    labels: labels,
                    subjects: subjects,
                    bootstrap: options.bootstrap,
                    level: options.level
                )
                .map { ReportedThreshold($0) }
        }
        if let subjects, let bootstrap = options.bootstrap {
            if let rate = measured.equalErrorRate.value {
                let interval = try bootstrap.equalErrorRateInterval(
                    rate,
                    scores: scores,
                    labels: labels,
                    subjects: subjects
                )
                results.eerInterval = Reported(interval) { ReportedInterval($0) }
            }
            let area = try Interval.areaUnderCurve(
                scores: scores,
                labels: labels,
                subjects: subjects,
                level: bootstrap.level
            )
            results.aucInterval = Reported(area) { ReportedInterval($0) }
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
    private let roc: Reported<ReportCurves.Curve>
    private let histogram: Reported<ReportCurves.Histogram>

    init(
        scores: ScoreValues,
        labels: [UInt8],
        options: VerificationMeasurement.Options
    ) throws(MetricsError) {
        let set = try ScoreSet(scores: scores, labels: labels)
        counts = set.counts
        targets = Set(options.farTargets).sorted()
        allTargets = targets + set.bandGrid(between: targets)
        points = allTargets.map { set.operatingPoint(at: $0) }
        nearest = targets.map { set.nearestPoint(to: $0) }
        equalErrorRate = set.equalErrorRate
        areaUnderCurve = set.areaUnderCurve
        dPrime = set.dPrime
        genuineSummary = set.genuineSummary
        impostorSummary = set.impostorSummary
        roc = Reported(set.rocCurve(pointsPerDecade: options.pointsPerDecade)) { ReportCurves.Curve($0) }
        histogram = Reported(set.histogram(bins: options.histogramBins)) { ReportCurves.Histogram($0) }
    }

    /// The drawn interval, or Wilson's where there are no subjects to draw.
    func interval(at index: Int, drawn: Outcome<Interval>?, level: Double) -> Outcome<Interval> {
        if let drawn, drawn.undefinedReason != .tooFewSubjects { return drawn }
        return points[index]
            .flatMap { point in
                Interval.wilson(successes: point.acceptedGenuine, trials: counts.genuine, level: level)
                    .map { interval in
                        guard !point.resolved else { return interval }
                        return Interval(
                            low: interval.low,
                            high: interval.high,
                            level: interval.level,
                            method: interval.method,
                            replicates: interval.replicates,
                            caveats: interval.caveats + [.unresolvedTarget]
                        )
                    }
            }
    }

    func results(_ intervals: [Outcome<Interval>]) -> VerificationResults {
        VerificationResults(
            operatingPoints: targets.indices.map { index in
                ReportedPoint(
                    farTarget: targets[index].value,
                    outcome: Reported(points[index]) { ReportedPoint.Measured($0, intervals[index]) }
                )
            },
            nearestFAR: targets.indices.map { index in
                ReportedNearestPoint(
                    farTarget: targets[index].value,
                    outcome: Reported(nearest[index]) { ReportedNearestPoint.Measured($0) }
                )
            },
            eer: Reported(equalErrorRate) { $0.rate },
            eerThreshold: Reported(equalErrorRate) { $0.threshold },
            auc: Reported(areaUnderCurve) { $0 },
            dPrime: Reported(dPrime) { $0 },
            genuineScores: Reported(genuineSummary) { ReportedScores($0) },
            impostorScores: Reported(impostorSummary) { ReportedScores($0) }
        )
    }

    func curves(_ intervals: [Outcome<Interval>]) -> ReportCurves {
        ReportCurves(
            roc: roc,
            band: zip(allTargets, intervals).sorted { $0.0 < $1.0 }
                .compactMap { target, interval in ReportCurves.BandPoint(target, interval, counts: counts) },
            histogram: histogram
        )
    }
}

extension ScoreSet {
    /// FARs between the smallest and largest target at which the band of the ROC plot is drawn too: 1, 2 and 5 times
    /// powers of ten, where at least one false accept is allowed.
    fileprivate func bandGrid(between targets: [FARTarget]) -> [FARTarget] {
        guard let smallest = targets.first, let largest = targets.last, counts.impostor > 0 else { return [] }
        var grid: [FARTarget] = []
        for exponent in stride(from: -12, through: -1, by: 1) {
            for digit in [1, 2, 5] {
                guard let target = try? FARTarget("\(digit)e\(exponent)") else { continue }
                let isInside = smallest < target && target < largest
                let isShown = target.allowedImpostors(of: counts.impostor) > 0
                if isInside && isShown && !targets.contains(target) { grid.append(target) }
            }
        }
        return grid
    }
}

extension ReportedPoint.Measured {
    init(_ point: OperatingPoint, _ interval: Outcome<Interval>) {
        tar = point.tar
        threshold = point.threshold.map { .value($0) } ?? .undefined(UndefinedCode.noFiniteScore)
        far = point.far
        allowedImpostors = point.allowedImpostors
        acceptedImpostors = point.acceptedImpostors
        acceptedGenuine = point.acceptedGenuine
        resolved = point.resolved
        self.interval = Reported(interval) { ReportedInterval($0) }
    }
}

extension ReportedNearestPoint.Measured {
    init(_ point: NearestFARPoint) {
        tar = point.tar
        threshold = point.threshold.map { .value($0) } ?? .undefined(UndefinedCode.nothingAccepted)
        far = point.far
    }
}

extension ReportedInterval {
    init(_ interval: Interval) {
        low = interval.low
        high = interval.high
        level = interval.level
        method = interval.method.rawValue
        replicates = interval.replicates
        effectiveCount = interval.effectiveCount
        caveats = interval.caveats.map(\.rawValue)
    }
}

extension ReportedScores {
    init(_ summary: ScoreSummary) {
        count = summary.count
        mean = summary.mean
        standardDeviation = summary.standardDeviation
        minimum = summary.minimum
        maximum = summary.maximum
    }
}

extension ReportCurves.Curve {
    init(_ curve: ROCCurve) {
        acceptedImpostors = curve.points.map(\.accepted.impostors)
        acceptedGenuine = curve.points.map(\.accepted.genuine)
        thresholds = curve.points.map(\.threshold)
    }
}

extension ReportCurves.Histogram {
    init(_ histogram: ScoreHistogram) {
        low = histogram.low
        high = histogram.high
        genuine = histogram.genuine
        impostor = histogram.impostor
    }
}

extension ReportCurves.BandPoint {
    /// Nil where the data cannot show that FAR or there is no interval.
    init?(_ target: FARTarget, _ interval: Outcome<Interval>, counts: ClassCounts) {
        guard target.allowedImpostors(of: counts.impostor) > 0, let interval = interval.value else { return nil }
        self.init(far: target.value, low: interval.low, high: interval.high)
    }
}

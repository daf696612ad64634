internal import VerificationMetrics

/// Operating points as tables show them.
enum PointText {
    /// `95 % interval`, with the level that the points' intervals have.
    static func intervalTitle(_ points: [ReportedPoint]) -> String {
        let levels = Set(points.compactMap { $0.outcome.value?.interval.value?.level })
        guard levels.count == 1, let level = levels.first else { return "interval" }
        return "\(levelText(level)) % interval"
    }

    /// A level in percent: `95`, `99.5`.
    static func levelText(_ level: Double) -> String { NumberText.shortest((level * 1000).rounded() / 10) }

    /// `[95.41, 98.02]` in percent, or that there is none.
    static func intervalText(_ interval: Reported<ReportedInterval>) -> String {
        guard let interval = interval.value, !interval.has(.noVariation) else { return "no interval" }
        return "[\(NumberText.percent(interval.low)), \(NumberText.percent(interval.high))]"
    }

    static func thresholdText(_ threshold: Reported<Double>) -> String {
        threshold.value.map { NumberText.score($0) } ?? "–"
    }

    /// How the intervals of some points were made and what they leave out, in sentences.
    static func intervalNotes(_ points: [ReportedPoint]) -> [String] {
        var notes: [String] = []
        func add(_ note: String) {
            if !notes.contains(note) { notes.append(note) }
        }
        for point in points {
            guard let measured = point.outcome.value else { continue }
            switch measured.interval {
            case .undefined:
                add("No interval at FAR \(NumberText.rate(point.farTarget)): \(measured.interval.reason ?? "").")
            case .value(let interval):
                add(methodSentence(interval))
                for caveat in interval.caveats where caveat != Interval.Caveat.unresolvedTarget.rawValue {
                    let words = Interval.Caveat(rawValue: caveat)?.description ?? VisibleText.line(caveat)
                    let isOfOnePoint =
                        caveat == Interval.Caveat.noVariation.rawValue
                        || caveat == Interval.Caveat.replicatesDiscarded.rawValue
                    let place = isOfOnePoint ? "At FAR \(NumberText.rate(point.farTarget))" : "In these intervals"
                    add("\(place), \(words).")
                }
            }
        }
        return notes
    }

    private static func methodSentence(_ interval: ReportedInterval) -> String {
        let level = levelText(interval.level)
        switch interval.method {
        case Interval.Method.subjectBootstrap.rawValue:
            return "Intervals hold \(level) % of resamplings of the subjects; each resampling finds its own threshold."
        case Interval.Method.wilson.rawValue:
            return "Intervals are Wilson's at \(level) % for the share of accepted genuine comparisons."
        default:
            return "Intervals at \(level) % by the method \(VisibleText.line(interval.method))."
        }
    }

    /// What an unresolved point means in numbers; nil for a resolved one.
    static func unresolvedSentence(_ point: ReportedPoint, impostors: Int) -> String? {
        guard let measured = point.outcome.value, !measured.resolved else { return nil }
        let allowed = NumberText.fixed(point.farTarget * Double(impostors), decimals: 2)
        return "FAR \(NumberText.rate(point.farTarget)) is not resolved by this protocol: it allows \(allowed) of "
            + "\(NumberText.count(impostors)) impostor comparisons, less than one."
    }
}

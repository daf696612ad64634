package import VerificationMetrics

/// Operating points as tables show them.
package enum PointText {
    /// `95 % interval`, with the level that the points' intervals have.
    static func intervalTitle(_ points: [ReportedPoint]) -> String {
        let levels = Set(points.compactMap { $0.outcome.value?.interval.value?.level })
        guard levels.count == 1, let level = levels.first else { return "interval" }
        return "\(levelText(level)) % interval"
    }

    /// A level in percent: `95`, `99.5`.
    static func levelText(_ level: Double) -> String { NumberText.shortest((level * 1000).rounded() / 10) }

    /// How the intervals of some points were made, in a few words; nil without an interval.
    package static func methods(_ intervals: [ReportedInterval]) -> String? {
        let methods = Set(intervals.map(\.method)).sorted()
        guard !methods.isEmpty else { return nil }
        return methods.map { Interval.Method(rawValue: $0)?.description ?? VisibleText.line($0) }
            .joined(separator: "; ")
    }

    /// What little a FAR rests on, in parentheses; nil where the protocol resolves it.
    package static func resolutionMark(_ resolution: FARResolution, allowed: Int) -> String? {
        switch resolution {
        case .unresolved: "not resolved (k < 1)"
        case .few: "few (k = \(allowed))"
        case .resolved: nil
        }
    }

    /// `[95.41, 98.02]` in percent, or that there is none.
    package static func intervalText(_ interval: Reported<ReportedInterval>) -> String {
        guard let interval = interval.value, interval.low < interval.high else { return "no interval" }
        return "[\(NumberText.percent(interval.low)), \(NumberText.percent(interval.high))]"
    }

    /// A point in a line of text: `98.20 [97.01, 98.99]  937 genuine, 68 impostor accepted`, without an interval and as what
    /// it is where the FAR is not resolved.
    package static func line(_ point: ReportedPoint) -> String {
        guard let measured = point.outcome.value else { return "undefined: \(point.outcome.reason ?? "")" }
        let tar = NumberText.percent(measured.tar)
        let accepted = "\(measured.acceptedGenuine) genuine, \(measured.acceptedImpostors) impostor accepted"
        switch resolutionMark(measured.resolution, allowed: measured.allowedImpostors) {
        case let mark? where !measured.resolved: return "\(mark): \(tar) at zero false accepts, \(accepted)"
        case let mark?: return "\(tar) \(intervalText(measured.interval))  \(accepted)  \(mark)"
        case nil: return "\(tar) \(intervalText(measured.interval))  \(accepted)"
        }
    }

    /// A point while a network trains, without an interval: `98.20 % at 1e-4`.
    package static func progress(_ point: OperatingPoint) -> String {
        let mark = resolutionMark(point.resolution, allowed: point.allowedImpostors)
        guard point.resolved else { return "\(point.farTarget) \(mark ?? "")" }
        return "\(NumberText.percent(point.tar)) % at \(point.farTarget)" + (mark.map { ", " + $0 } ?? "")
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
        case Interval.Method.subjectBootstrapWilson.rawValue:
            return
                "Intervals are Wilson's at \(level) % for the number of independent comparisons that would spread as TAR does "
                + "over resampled subjects (n_eff); each resampling finds its own threshold."
        case Interval.Method.subjectBootstrap.rawValue:
            return "Intervals hold \(level) % of resamplings of the subjects; each resampling finds its own threshold."
        case Interval.Method.wilson.rawValue:
            return "Intervals are Wilson's at \(level) % for the share of accepted genuine comparisons, each taken as "
                + "independent: they hold the truth in 45 to 87 % of experiments where subjects differ."
        default:
            return "Intervals at \(level) % by the method \(VisibleText.line(interval.method))."
        }
    }

    /// What a point that is not resolved, or rests on few false accepts, means in numbers; nil for a resolved one.
    static func resolutionSentence(_ point: ReportedPoint, impostors: Int) -> String? {
        guard let measured = point.outcome.value else { return nil }
        let rate = NumberText.rate(point.farTarget)
        switch measured.resolution {
        case .unresolved:
            let allowed = NumberText.fixed(point.farTarget * Double(impostors), decimals: 2)
            return "FAR \(rate) is not resolved by this protocol: it allows \(allowed) of "
                + "\(NumberText.count(impostors)) impostor comparisons, less than one."
        case .few:
            return "FAR \(rate) rests on few false accepts: it allows \(measured.allowedImpostors), and below "
                + "\(FARResolution.enough) the rate itself is known no better than to about ± 30 % (the rule of 30)."
        case .resolved: return nil
        }
    }
}

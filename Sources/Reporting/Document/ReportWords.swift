package import VerificationMetrics

/// Operating points and intervals as tables and lines show them.
package enum PointText {
    /// `95 % interval`, with the level that the intervals have.
    static func intervalTitle(_ intervals: [Interval]) -> String {
        let levels = Set(intervals.map(\.level))
        guard levels.count == 1, let level = levels.first else { return "interval" }
        return "\(levelText(level)) % interval"
    }

    /// A level in percent: `95`, `99.5`.
    static func levelText(_ level: Double) -> String { NumberText.shortest((level * 1000).rounded() / 10) }

    /// How some intervals were made, in a few words; nil without an interval.
    package static func methods(_ intervals: [Interval]) -> String? {
        let methods = Set(intervals.map(\.method)).sorted { $0.rawValue < $1.rawValue }
        return methods.isEmpty ? nil : methods.map(\.description).joined(separator: "; ")
    }

    /// What little a FAR rests on; nil where the protocol resolves it.
    package static func resolutionMark(_ resolution: FARResolution, allowed: Int) -> String? {
        switch resolution {
        case .unresolved: "not resolved (k < 1)"
        case .few: "few (k = \(allowed))"
        case .resolved: nil
        }
    }

    /// `[95.41, 98.02]` in percent, or that there is none.
    static func intervalText(_ interval: Outcome<Interval>) -> String {
        guard let interval = interval.value, interval.low < interval.high else { return "no interval" }
        return "[\(NumberText.percent(interval.low)), \(NumberText.percent(interval.high))]"
    }

    /// The same of a rate that may be small.
    static func smallRange(_ interval: Interval) -> String {
        "[\(NumberText.smallPercent(interval.low)), \(NumberText.smallPercent(interval.high))]"
    }

    /// `96.50 ± 0.42` in percent.
    package static func spread(_ value: MeanAndDeviation) -> String {
        "\(NumberText.percent(value.mean)) ± \(NumberText.percent(value.standardDeviation))"
    }

    /// `undefined: no impostor comparisons`.
    static func undefined(_ reason: UndefinedResult?) -> String { "undefined: \(reason?.description ?? "")" }

    /// A point in a line of text: `98.20 [97.01, 98.99]  937 genuine, 68 impostor accepted`, without an interval and as what
    /// it is where the FAR is not resolved.
    package static func line(_ point: AtFAR<ReportedPoint>) -> String {
        guard let measured = point.outcome.value else { return undefined(point.outcome.undefinedReason) }
        let tar = NumberText.percent(measured.tar)
        let accepted = "\(measured.acceptedGenuine) genuine, \(measured.acceptedImpostors) impostor accepted"
        let mark = resolutionMark(measured.resolution, allowed: measured.allowedImpostors)
        if let mark, !measured.resolved { return "\(mark): \(tar) at zero false accepts, \(accepted)" }
        return "\(tar) \(intervalText(measured.interval))  \(accepted)" + (mark.map { "  \($0)" } ?? "")
    }

    /// A point while a network trains, without an interval: `98.20 % at 1e-4`.
    package static func progress(_ point: OperatingPoint) -> String {
        let mark = resolutionMark(point.resolution, allowed: point.allowedImpostors)
        guard point.resolved else { return "\(point.farTarget) \(mark ?? "")" }
        return "\(NumberText.percent(point.tar)) % at \(point.farTarget)" + (mark.map { ", " + $0 } ?? "")
    }

    /// How the intervals of some points were made and what they leave out, in sentences.
    static func intervalNotes(_ points: [AtFAR<ReportedPoint>]) -> [String] {
        var notes: [String] = []
        func add(_ note: String) {
            if !notes.contains(note) { notes.append(note) }
        }
        for point in points {
            guard let measured = point.outcome.value else { continue }
            let place = "t FAR \(NumberText.rate(point.farTarget))"
            guard let interval = measured.interval.value else {
                add("No interval a\(place): \(measured.interval.undefinedReason?.description ?? "").")
                continue
            }
            add(methodSentence(interval))
            for caveat in interval.caveats where caveat != .unresolvedTarget {
                let isOfOnePoint = caveat == .noVariation || caveat == .replicatesDiscarded
                add("\(isOfOnePoint ? "A\(place)" : "In these intervals"), \(caveat).")
            }
        }
        return notes
    }

    private static func methodSentence(_ interval: Interval) -> String {
        let level = levelText(interval.level)
        return switch interval.method {
        case .subjectBootstrapWilson:
            "Intervals are Wilson's at \(level) % for the number of independent comparisons that would spread as TAR does "
                + "over resampled subjects (n_eff); each resampling finds its own threshold."
        case .subjectBootstrap:
            "Intervals hold \(level) % of resamplings of the subjects; each resampling finds its own threshold."
        case .wilson:
            "Intervals are Wilson's at \(level) % for the share of accepted genuine comparisons, each taken as "
                + "independent: they hold the truth in 45 to 87 % of experiments where subjects differ."
        case .subjectLinearised: "Intervals at \(level) %: \(interval.method)."
        }
    }

    /// What a point that is not resolved, or rests on few false accepts, means in numbers; nil for a resolved one.
    static func resolutionSentence(_ point: AtFAR<ReportedPoint>, impostors: Int) -> String? {
        guard let measured = point.outcome.value else { return nil }
        switch measured.resolution {
        case .unresolved: return unresolvedSentence(point.farTarget, impostors: impostors) + ", less than one."
        case .few:
            return "FAR \(NumberText.rate(point.farTarget)) rests on few false accepts: it allows "
                + "\(measured.allowedImpostors), and below \(FARResolution.enough) the rate itself is known no better "
                + "than to about ± 30 % (the rule of 30)."
        case .resolved: return nil
        }
    }

    /// The beginning of a sentence on a FAR that is not resolved.
    static func unresolvedSentence(_ farTarget: Double, impostors: Int) -> String {
        let allowed = NumberText.fixed(farTarget * Double(impostors), decimals: 2)
        return "FAR \(NumberText.rate(farTarget)) is not resolved by this protocol: it allows \(allowed) of "
            + "\(NumberText.count(impostors)) impostor comparisons"
    }
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

extension PolicySummary {
    /// The choices in words, one line each: what a log says before hours of work.
    package var sentences: [String] { entries.map { "\($0.term) \($0.value): \($0.meaning)" } }

    /// The choices and what they mean.
    var facts: [ReportFact] { entries.map { ReportFact("\($0.term), \($0.value)", $0.meaning) } }

    /// The policy on one line: `flip sum, norm keep, detector score on (InsightFace F2, N1, D1)`.
    var line: String {
        let flips = ["off": "F0", "concat": "F1", "sum": "F2"]
        let text = "flip \(flip), norm \(norm), detector score \(detectorScore)"
        guard let flip = flips[flip], let norm = ["unit": "N0", "keep": "N1"][norm],
            let detector = ["off": "D0", "on": "D1"][detectorScore]
        else { return text }
        return text + " (InsightFace \(flip), \(norm), \(detector))"
    }

    private var entries: [(term: String, value: String, meaning: String)] {
        [
            ("Mirrored image", flip), ("Length of an embedding", norm), ("Detector score", detectorScore),
            ("Template", aggregate), ("Failure to enrol", failures ?? ""),
        ]
        .filter { !$0.1.isEmpty }
        .map { ($0, $1, Self.meanings["\($0): \($1)"] ?? "Not described.") }
    }

    private static let meanings = [
        "Mirrored image: off": "Only the image itself is embedded (InsightFace F0).",
        "Mirrored image: concat": "Image and mirror image are embedded and put end to end (InsightFace F1).",
        "Mirrored image: sum": "The embeddings of image and mirror image are added (InsightFace F2).",
        "Length of an embedding: keep":
            "Embeddings keep their length, so that faces the network is surer of count more "
            + "(InsightFace N1; Keras_insightface calls this N0).",
        "Length of an embedding: unit":
            "Each embedding is scaled to length one before it is averaged "
            + "(InsightFace N0; Keras_insightface calls this N1).",
        "Detector score: on": "Each embedding is weighted by its face detector's confidence (InsightFace D1).",
        "Detector score: off": "All embeddings of a template count alike (InsightFace D0).",
        "Template: media-mean":
            "The mean over each medium (all frames of one video), the sum over media, then length one. "
            + "A comparison's score is the cosine of two templates.",
        "Template: image-sum":
            "The sum over all images, then length one: media are not told apart. "
            + "A comparison's score is the cosine of two templates.",
        "Failure to enrol: reject":
            "A template of which every image failed is rejected in all its comparisons, genuine and impostor; "
            + "they stay in the denominators: the generalised FRR and FAR of ISO/IEC 19795-1.",
        "Failure to enrol: exclude":
            "Comparisons of a template of which every image failed are left out of all counts: the FNMR and FMR of "
            + "ISO/IEC 19795-1.",
    ]

    /// What the columns of a report mean.
    static let definitions: [ReportFact] = [
        ReportFact(
            "FAR, false-accept rate",
            "The share of impostor comparisons (two different people) that are accepted. 1e-4 is one in ten thousand."
        ),
        ReportFact(
            "TAR, true-accept rate",
            "The share of genuine comparisons (one person) that are accepted at the same threshold."
        ),
        ReportFact(
            "Operating point",
            "With k = ⌊FAR target × impostor comparisons⌋ false accepts allowed, exactly the scores strictly above "
                + "the (k+1)-th highest impostor score are accepted. The FAR never exceeds the target; "
                + "tied scores at the boundary are left out as a whole."
        ),
        ReportFact(
            "Not resolved",
            "The target allows less than one false accept among this protocol's impostor comparisons, so the data "
                + "cannot show that rate. The TAR at zero false accepts is given instead and marked."
        ),
        ReportFact(
            "Few",
            "The target allows fewer than 30 false accepts: the threshold, and so the TAR, hangs on a handful of comparisons "
                + "(the rule of 30)."
        ),
        ReportFact(
            "Nearest FAR",
            "The ROC point nearest the target, as InsightFace's scripts and scikit-learn's roc_curve choose it. "
                + "It may exceed the target; it is printed so that published numbers can be checked."
        ),
        ReportFact(
            "FMR and FNMR",
            "False-match and false-non-match rate: of the comparisons whose templates exist. FAR and FRR = 1 − TAR are the "
                + "generalised rates, in which comparisons of templates that failed to enrol count as rejected "
                + "(ISO/IEC 19795-1)."
        ),
        ReportFact(
            "EER, equal error rate",
            "Where false-match and false-non-match rates are alike, interpolated between the two nearest points."
        ),
        ReportFact(
            "AUC",
            "The chance that a genuine comparison scores above an impostor comparison, ties counting one half."
        ),
    ]
}

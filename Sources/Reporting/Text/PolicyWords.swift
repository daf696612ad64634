/// Policies and definitions in words: the text that every human-readable report carries.
enum PolicyWords {
    /// A term and what it means here.
    struct Entry {
        let term: String
        let value: String
        let meaning: String
    }

    static func entries(_ policy: PolicySummary) -> [Entry] {
        var entries = [
            Entry(term: "Mirrored image", value: policy.flip, meaning: flip(policy.flip)),
            Entry(term: "Length of an embedding", value: policy.norm, meaning: norm(policy.norm)),
            Entry(
                term: "Detector score",
                value: policy.detectorScore,
                meaning: detectorScore(policy.detectorScore)
            ),
            Entry(term: "Template", value: policy.aggregate, meaning: aggregate(policy.aggregate)),
        ]
        if let failures = policy.failures {
            entries.append(Entry(term: "Failure to enrol", value: failures, meaning: self.failures(failures)))
        }
        return entries
    }

    /// The policy on one line: `flip sum, norm keep, detector score on (InsightFace F2, N1, D1)`.
    static func line(_ policy: PolicySummary) -> String {
        let alias = insightFaceAlias(policy)
        return "flip \(policy.flip), norm \(policy.norm), detector score \(policy.detectorScore)"
            + (alias.map { " (InsightFace \($0))" } ?? "")
    }

    /// InsightFace's names for the three switches.
    static func insightFaceAlias(_ policy: PolicySummary) -> String? {
        guard let flip = ["off": "F0", "concat": "F1", "sum": "F2"][policy.flip],
            let norm = ["unit": "N0", "keep": "N1"][policy.norm],
            let detector = ["off": "D0", "on": "D1"][policy.detectorScore]
        else { return nil }
        return "\(flip), \(norm), \(detector)"
    }

    private static func flip(_ value: String) -> String {
        switch value {
        case "off": "Only the image itself is embedded (InsightFace F0)."
        case "concat": "Image and mirror image are embedded and put end to end (InsightFace F1)."
        case "sum": "The embeddings of image and mirror image are added (InsightFace F2)."
        default: "Not described."
        }
    }

    private static func norm(_ value: String) -> String {
        switch value {
        case "keep":
            "Embeddings keep their length, so that faces the network is surer of count more "
                + "(InsightFace N1; Keras_insightface calls this N0)."
        case "unit":
            "Each embedding is scaled to length one before it is averaged "
                + "(InsightFace N0; Keras_insightface calls this N1)."
        default: "Not described."
        }
    }

    private static func detectorScore(_ value: String) -> String {
        switch value {
        case "on": "Each embedding is weighted by its face detector's confidence (InsightFace D1)."
        case "off": "All embeddings of a template count alike (InsightFace D0)."
        default: "Not described."
        }
    }

    private static func aggregate(_ value: String) -> String {
        switch value {
        case "media-mean":
            "The mean over each medium (all frames of one video), the sum over media, then length one. "
                + "A comparison's score is the cosine of two templates."
        case "image-sum":
            "The sum over all images, then length one: media are not told apart. "
                + "A comparison's score is the cosine of two templates."
        default: "Not described."
        }
    }

    private static func failures(_ value: String) -> String {
        switch value {
        case "reject":
            "A template of which every image failed is rejected in all its comparisons, genuine and impostor; "
                + "they stay in the denominators: the generalised FRR and FAR of ISO/IEC 19795-1."
        case "exclude":
            "Comparisons of a template of which every image failed are left out of all counts: the FNMR and FMR of "
                + "ISO/IEC 19795-1."
        default: "Not described."
        }
    }

    /// What the columns mean.
    static let definitions: [(term: String, meaning: String)] = [
        (
            "FAR, false-accept rate",
            "The share of impostor comparisons (two different people) that are accepted. "
                + "1e-4 is one in ten thousand."
        ),
        (
            "TAR, true-accept rate",
            "The share of genuine comparisons (one person) that are accepted at the same threshold."
        ),
        (
            "Operating point",
            "With k = ⌊FAR target × impostor comparisons⌋ false accepts allowed, exactly the scores strictly above "
                + "the (k+1)-th highest impostor score are accepted. The FAR never exceeds the target; "
                + "tied scores at the boundary are left out as a whole."
        ),
        (
            "Not resolved",
            "The target allows less than one false accept among this protocol's impostor comparisons, so the data "
                + "cannot show that rate. The TAR at zero false accepts is given instead and marked."
        ),
        (
            "Few",
            "The target allows fewer than 30 false accepts: the threshold, and so the TAR, hangs on a handful of comparisons "
                + "(the rule of 30)."
        ),
        (
            "Nearest FAR",
            "The ROC point nearest the target, as InsightFace's scripts and scikit-learn's roc_curve choose it. "
                + "It may exceed the target; it is printed so that published numbers can be checked."
        ),
        (
            "FMR and FNMR",
            "False-match and false-non-match rate: of the comparisons whose templates exist. FAR and FRR = 1 − TAR are the "
                + "generalised rates, in which comparisons of templates that failed to enrol count as rejected "
                + "(ISO/IEC 19795-1)."
        ),
        (
            "EER, equal error rate",
            "Where false-match and false-non-match rates are alike, interpolated between the two nearest points."
        ),
        (
            "AUC",
            "The chance that a genuine comparison scores above an impostor comparison, ties counting one half."
        ),
    ]
}

extension PolicySummary {
    /// The choices in words, one line each: what a log says before hours of work.
    package var sentences: [String] {
        PolicyWords.entries(self).map { "\($0.term) \($0.value): \($0.meaning)" }
    }
}

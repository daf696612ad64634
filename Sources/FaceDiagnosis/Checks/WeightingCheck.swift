internal import FaceEvaluation

/// What an embedding's length and the detector's score do as weights of a template's images.
package struct WeightingCheck: DoctorCheck {
    package let name = "weights"
    package let question = "Do the embedding's length and the detector's score make good weights?"
    private static let noticeableGain = 0.05

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        guard let embeddings = examination.embeddings(examination.user) else {
            return DoctorCheckResult("not applicable: no usable output")
        }
        let scores = examination.faces.map(\.detectorScore)
        guard let low = scores.min(), let high = scores.max() else { return DoctorCheckResult("not applicable") }
        let policy = examination.policy
        let mine = Self.matrix(embeddings, examination, policy.norm, policy.detectorScore)
        var gains: [(options: String, gain: PairedGain)] = []
        for norm in EvaluationPolicy.Norm.allCases {
            for detector in EvaluationPolicy.DetectorScore.allCases
            where (norm, detector) != (policy.norm, policy.detectorScore) {
                let other = Self.matrix(embeddings, examination, norm, detector)
                gains.append(
                    (
                        "--norm \(norm.rawValue) --detector-score \(detector.rawValue)",
                        PairedGain(from: mine, to: other)
                    )
                )
            }
        }
        let before = gains.first?.gain.before
        var summary =
            "yours: margin \(Words.number(before)); "
            + gains.map { "\($0.options) \(Words.number($0.gain.after))" }.joined(separator: ", ")
        summary += low == high ? "; all detector scores are \(low)" : ""
        var findings: [DoctorFinding] = []
        if policy.detectorScore == .on, low < 0 || high > 1 {
            findings.append(
                DoctorFinding(
                    .warning,
                    check: name,
                    "The detector scores are not between 0 and 1.",
                    likelihood: 0.4,
                    evidence: ["\(low) to \(high) in the sample"],
                    remedy: "Check the last column of the landmark file, or leave the scores out.",
                    options: "--detector-score off"
                )
            )
        }
        if let best = gains.max(by: { $0.gain.after < $1.gain.after }), best.gain.relative > Self.noticeableGain,
            best.gain.isSure(among: gains.count, rate: SettingSearch.falseAlarmRate)
        {
            findings.append(
                DoctorFinding(
                    .warning,
                    check: name,
                    "Other weights of a template's images separate better.",
                    likelihood: 0.3,
                    evidence: ["margin \(Words.number(best.gain.before)) → \(Words.number(best.gain.after))"],
                    remedy: "Compare like with like: published numbers name their policy.",
                    options: best.options
                )
            )
        }
        return DoctorCheckResult(summary, findings)
    }

    /// Cosines of two halves of each subject's images, brought together as templates are.
    private static func matrix(
        _ embeddings: ImageEmbeddings,
        _ examination: Examination,
        _ norm: EvaluationPolicy.Norm,
        _ detector: EvaluationPolicy.DetectorScore
    ) -> SimilarityMatrix {
        let size = embeddings.dimensions
        var rows: [Float] = []
        var subjects: [Int] = []
        let groups = Dictionary(grouping: examination.faces.indices) { examination.faces[$0].subject }
        for (subject, members) in groups.sorted(by: { $0.key < $1.key }) {
            let present = members.filter { embeddings.isEmbedded[$0] }
            guard present.count >= 2 else { continue }
            for half in [present.prefix(present.count / 2), present.suffix(present.count - present.count / 2)] {
                var sum = [Float](repeating: 0, count: size)
                for face in half {
                    let values = embeddings.values[face * size..<(face + 1) * size]
                    let square = values.reduce(0.0) { $0 + Double($1) * Double($1) }
                    var weight = norm == .unit && square > 0 ? 1 / square.squareRoot() : 1
                    if detector == .on { weight *= examination.faces[face].detectorScore }
                    for (axis, value) in values.enumerated() { sum[axis] += value * Float(weight) }
                }
                rows += sum
                subjects.append(subject)
            }
        }
        return SimilarityMatrix(rows, isPresent: subjects.map { _ in true }, subjects: subjects)
    }
}

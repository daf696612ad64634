internal import FaceEvaluation

/// What the mirrored face does.
package struct FlipCheck: DoctorCheck {
    package let name = "flip"
    package let question = "Does the policy for the mirrored face suit the network?"
    private static let noticeableGain = 0.03

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        guard let embeddings = examination.embeddings(examination.user, mirrored: true) else {
            return DoctorCheckResult("not applicable: no usable output")
        }
        var matrices: [EvaluationPolicy.Flip: SimilarityMatrix] = [:]
        for flip in EvaluationPolicy.Flip.allCases {
            matrices[flip] = SimilarityMatrix(
                Self.fused(embeddings, flip),
                isPresent: embeddings.isEmbedded,
                subjects: examination.subjects
            )
        }
        guard let mine = matrices[examination.policy.flip] else { return DoctorCheckResult("not applicable") }
        let gains = EvaluationPolicy.Flip.allCases.filter { $0 != examination.policy.flip }
            .compactMap { flip in
                matrices[flip].map { (flip, PairedGain(from: mine, to: $0)) }
            }
        let words = gains.map { "\($0.0.rawValue) \(Words.number($0.1.after))" }
        let before = gains.first?.1.before
        let summary =
            "yours (\(examination.policy.flip.rawValue)): margin \(Words.number(before)); "
            + words.joined(separator: ", ")
        guard let best = gains.max(by: { $0.1.after < $1.1.after }), best.1.relative > Self.noticeableGain,
            best.1.isSure(among: gains.count, rate: SettingSearch.falseAlarmRate)
        else { return DoctorCheckResult(summary) }
        return DoctorCheckResult(
            summary,
            [
                DoctorFinding(
                    .warning,
                    check: name,
                    "Another policy for the mirrored face separates better: \(best.0.rawValue).",
                    likelihood: 0.3,
                    evidence: ["margin \(Words.number(best.1.before)) → \(Words.number(best.1.after))"],
                    remedy: "Compare like with like: published numbers name their policy.",
                    options: "--flip \(best.0.rawValue)"
                )
            ]
        )
    }

    /// `[faces, dimensions or twice that]`.
    static func fused(_ embeddings: ImageEmbeddings, _ flip: EvaluationPolicy.Flip) -> [Float] {
        let size = embeddings.dimensions
        return (0..<embeddings.imageCount)
            .flatMap { image -> [Float] in
                let start = image * embeddings.viewCount * size
                let upright = embeddings.values[start..<start + size]
                guard flip != .off, embeddings.viewCount == 2 else { return Array(upright) }
                let mirrored = embeddings.values[start + size..<start + 2 * size]
                return flip == .concat ? Array(upright) + Array(mirrored) : zip(upright, mirrored).map { $0 + $1 }
            }
    }
}

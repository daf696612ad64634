package import FaceEvaluation
package import FaceProtocols
package import Reporting
internal import VerificationMetrics

extension FoldedSummary {
    /// The accuracy of a set of pairs over its folds: with and without flip, by exact thresholds and by InsightFace's grid.
    ///
    /// Nil for a protocol without folds.
    package init?(
        _ embeddings: ImageEmbeddings,
        of protocolValue: VerificationProtocol,
        policy: EvaluationPolicy,
        threads: Int
    ) throws {
        let comparisons = protocolValue.comparisons
        guard comparisons.folds.count > 1 else { return nil }
        var foldOfPair = [Int](repeating: 0, count: comparisons.count)
        for (fold, range) in comparisons.folds.enumerated() {
            for pair in range { foldOfPair[pair] = fold }
        }
        let folds = try Folds(foldOfPair: foldOfPair)
        let target = try FARTarget("1e-3")
        var rows: [FoldedSummary.Row] = []
        for flip in [EvaluationPolicy.Flip.sum, .off] {
            var policy = policy
            policy.flip = flip
            let templates = TemplateEmbeddings(embeddings, of: protocolValue, policy: policy, threads: threads)
            let scores = TemplateComparison.scores(of: comparisons, templates: templates, threads: threads)
                .map(Double.init)
            for (rule, candidates) in [
                (FoldedSummary.Row.grid, FoldedVerification.squaredDistanceGrid), (FoldedSummary.Row.exact, nil),
            ] {
                let measured = try FoldedVerification(
                    scores: scores,
                    labels: Array(comparisons.labels),
                    folds: folds,
                    farTarget: target,
                    candidates: candidates
                )
                rows.append(FoldedSummary.Row(flip: flip.rawValue, rule: rule, measured: measured))
            }
        }
        self.init(folds: folds.count, pairs: comparisons.count, farTarget: target.value, rows: rows)
    }
}

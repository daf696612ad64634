internal import ArtifactFiles
internal import VerificationMetrics

/// The scores of a set of pairs with the fold of each, LFW's way.
struct FoldedScores {
    var scores: [Double]
    var labels: [UInt8]
    var folds: Folds
    /// By every threshold that the other folds' scores tell apart.
    var accuracy: MeanAndDeviation
}

extension RunFolder {
    /// The pairs of a run over folds; nil for a protocol without.
    ///
    /// Every pair counts, rejected ones too, whatever the policy for failures. Where `folds.npy` is missing, folds are
    /// consecutive and of equal size; the accuracies that they give must then be those of the report.
    ///
    /// - Throws: `InputError` that names the file that is missing, damaged or does not belong to the report.
    func foldedScores() throws(InputError) -> FoldedScores? {
        guard let summary = report.folded else { return nil }
        let read = try ComparisonScores(
            scores: file("scores.npy"),
            labels: file("labels.npy"),
            comparisons: nil,
            subjects: nil
        )
        let scores = (0..<read.values.count).map { read.values[$0] }
        let labels = read.labels
        let folds: Folds
        let measured: FoldedVerification
        do {
            folds =
                FileSystem.exists(file("folds.npy"))
                ? try Folds(foldOfPair: try NPYFile(path: file("folds.npy")).integers().map { Int($0) })
                : try Folds(pairs: labels.count, folds: summary.folds)
            measured = try FoldedVerification(
                scores: scores,
                labels: labels,
                folds: folds,
                farTarget: FARTarget(summary.farTarget)
            )
        } catch let error as InputError {
            throw error
        } catch {
            throw InputError(.malformed, "\(error)", file: path)
        }
        let row = summary.rows.first { $0.rule == FoldedSummary.Row.exact && $0.flip == report.policy?.flip }
        if let row, measured.folds.map(\.accuracy) != row.foldAccuracies {
            throw InputError(
                .mismatch,
                "these scores and folds did not make report.json: the folds' accuracies differ",
                file: file("scores.npy")
            )
        }
        return FoldedScores(scores: scores, labels: labels, folds: folds, accuracy: measured.accuracy)
    }
}

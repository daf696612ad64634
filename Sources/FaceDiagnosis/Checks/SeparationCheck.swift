/// Whether any setting separates people.
package struct SeparationCheck: DoctorCheck {
    package let name = "separation"
    package let question = "Does the network tell these people apart under any setting?"
    private static let weakAUC = 0.95

    package init() {}

    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        guard let user = try examination.separation(examination.user) else {
            return DoctorCheckResult("not applicable: no usable output")
        }
        let best = try examination.separation(examination.search.best) ?? user
        let summary =
            "AUC \(Words.number(user.auc, 4)), TAR at FAR 1 % \(Words.percent(user.tarAtFAR1Percent)) as you have it; "
            + "at best AUC \(Words.number(best.auc, 4)), \(Words.percent(best.tarAtFAR1Percent))"
        let isExplained = examination.findings.contains { $0.kind == .culprit && Self.dataChecks.contains($0.check) }
        return DoctorCheckResult(
            summary,
            isExplained ? [] : findings(best: best, settingCount: examination.search.trials.count)
        )
    }

    /// Checks whose culprits explain a bad separation by themselves.
    private static let dataChecks: Set = ["pictures", "landmark-shape", "landmark-rows", "labels", "folding"]

    /// Judges the best separation that was found.
    package func findings(best: Separation, settingCount: Int) -> [DoctorFinding] {
        let numbers = [
            "the best of \(settingCount + 1) settings: AUC \(Words.number(best.auc, 3)) (0.5 is chance), "
                + "TAR at FAR 1 % \(Words.percent(best.tarAtFAR1Percent)), margin \(Words.number(best.margin))",
            "mean cosine of one person's pictures \(Words.number(best.genuineMean, 3)), "
                + "of strangers \(Words.number(best.impostorMean, 3))",
        ]
        if best.auc < Separation.soundAUC {
            return [
                DoctorFinding(
                    .culprit,
                    check: name,
                    "The network does not separate these people under any setting that was tried.",
                    likelihood: 0.75,
                    evidence: numbers,
                    remedy:
                        "Most often the checkpoint is not trained, is of another task, or its weights were loaded into "
                        + "another architecture (`verifar checkpoint inspect`). If it works elsewhere, look at the labels and "
                        + "at the contact sheet."
                )
            ]
        }
        guard best.auc < Self.weakAUC else { return [] }
        return [
            DoctorFinding(
                .warning,
                check: name,
                "The network separates these people only weakly, whatever the setting.",
                likelihood: 0.4,
                evidence: numbers,
                remedy: "The data may be hard or the network weak; no setting is to blame."
            )
        ]
    }
}

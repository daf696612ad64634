/// The part that the checks of settings share: what the search found of a factor, in words.
enum SettingCheck {
    /// With less than this AUC even the best setting separates too badly to blame the user's.
    static let soundAUC = 0.85

    static func result(of factor: any SettingFactor, _ examination: Examination) throws -> DoctorCheckResult {
        let search = examination.search
        let trials = search.trials.filter { $0.factor == factor.name && $0.round == 1 }
        let best = trials.filter { $0.separation != nil }
            .max { ($0.separation?.margin ?? 0) < ($1.separation?.margin ?? 0) }
        let user = try examination.separation(examination.user)
        let words = best.map { "best of \(trials.count) others: \($0.label), margin \(number($0.separation?.margin))" }
        let summary = "yours: margin \(number(user?.margin)); \(words ?? "nothing to compare")"
        guard let change = search.changes.first(where: { $0.factor == factor.name }) else {
            return DoctorCheckResult(summary)
        }
        guard let final = try examination.separation(search.best), final.auc >= soundAUC else {
            return DoctorCheckResult(summary + "; but no setting separates well")
        }
        let words2 = factor.explanation(of: examination.user, right: search.best)
        let gain = change.gain
        var evidence = [
            "margin \(number(gain.before)) as you have it, \(number(gain.after)) with this put right"
                + " (\(number(gain.standardErrors, 1)) standard errors)"
        ]
        if let user, search.changes.count == 1 {
            evidence.append(
                "TAR at FAR 1 % \(percent(user.tarAtFAR1Percent)) → \(percent(final.tarAtFAR1Percent)), "
                    + "AUC \(number(user.auc, 4)) → \(number(final.auc, 4))"
            )
        }
        let finding = DoctorFinding(
            .culprit,
            check: factor.name,
            words2.title,
            likelihood: likelihood(gain),
            evidence: evidence,
            remedy: words2.remedy,
            options: words2.options
        )
        return DoctorCheckResult(summary, [finding])
    }

    /// Grows with what the user's value costs and how sure that is; below what data culprits have.
    static func likelihood(_ gain: PairedGain) -> Double {
        let sure = min(1, max(0, gain.standardErrors / 8))
        let large = min(1, max(0, gain.relative / 0.5))
        return min(0.97, 0.5 + 0.32 * sure + 0.15 * large)
    }

    static func number(_ value: Double?, _ decimals: Int = 2) -> String { Words.number(value, decimals) }

    static func percent(_ value: Double?) -> String { Words.percent(value) }
}

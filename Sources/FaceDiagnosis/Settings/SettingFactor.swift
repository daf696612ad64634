package import FaceImaging

/// One thing that a user may have set wrongly, and the other values that it may have.
package protocol SettingFactor: Sendable {
    /// Its name in reports.
    var name: String { get }
    /// What the margin must gain, as a share, before another value is held to be the right one.
    var smallestGain: Double { get }

    /// The other values, everything else being as it is; of near equals the first is preferred.
    func variants(of setting: DoctorSetting) -> [SettingVariant]

    /// The setting with this factor as another setting has it.
    func taking(_ other: DoctorSetting, into setting: DoctorSetting) -> DoctorSetting

    /// What is wrong in the first setting, given that the second one is right.
    func explanation(of wrong: DoctorSetting, right: DoctorSetting) -> SettingExplanation
}

/// A value of a factor.
package struct SettingVariant: Hashable, Sendable {
    /// What it is, in a few words.
    package var label: String
    /// The whole setting.
    package var setting: DoctorSetting

    package init(_ label: String, _ setting: DoctorSetting) {
        self.label = label
        self.setting = setting
    }
}

/// A wrong setting in words.
package struct SettingExplanation: Hashable, Sendable {
    /// What is wrong.
    package var title: String
    /// What to do.
    package var remedy: String
    /// The options that do it; nil where no option can.
    package var options: String?
}

/// What is varied: the preprocessing, and where the face sits in its crop.
package struct DoctorSetting: Hashable, Sendable {
    /// Size, channels, normalisation and template.
    package var preprocessing: FacePreprocessing
    /// On top of the alignment.
    package var adjustment: FaceAdjustment

    package init(_ preprocessing: FacePreprocessing, adjustment: FaceAdjustment = .none) {
        self.preprocessing = preprocessing
        self.adjustment = adjustment
    }
}

extension FacePreprocessing {
    /// The shortest options that ask for this preprocessing: a name, or a name with single values overridden.
    package var commandLineOptions: String {
        var best: [String]?
        for named in Self.all {
            var options = ["--preprocess \(named.name)"]
            let base = named.preprocessing
            if base.channels != channels { options.append("--channels \(channels.rawValue)") }
            if base.mean != mean { options.append("--mean \(Self.list(mean))") }
            if base.std != std { options.append("--std \(Self.list(std))") }
            if base.width != width || base.height != height { options.append("--size \(width)x\(height)") }
            if base.template != template { options.append("--template \(template)") }
            if options.count < (best?.count ?? .max) { best = options }
        }
        return (best ?? []).joined(separator: " ")
    }

    static func list(_ values: [Float]) -> String {
        values.map { value in
            let text = "\(value)"
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        .joined(separator: ",")
    }
}

/// A check that varies a setting says what the search found of it, in words.
extension DoctorCheck where Self: SettingFactor {
    package func run(_ examination: Examination) throws -> DoctorCheckResult {
        let search = examination.search
        let trials = search.trials.filter { $0.factor == name && $0.round == 1 }
        let best = trials.filter { $0.separation != nil }
            .max { ($0.separation?.margin ?? 0) < ($1.separation?.margin ?? 0) }
        let user = try examination.separation(examination.user)
        let words = best.map {
            "best of \(trials.count) others: \($0.label), margin \(Words.number($0.separation?.margin))"
        }
        let summary = "yours: margin \(Words.number(user?.margin)); \(words ?? "nothing to compare")"
        guard let change = search.changes.first(where: { $0.factor == name }) else {
            return DoctorCheckResult(summary)
        }
        guard let final = try examination.separation(search.best), final.auc >= Separation.soundAUC else {
            return DoctorCheckResult(summary + "; but no setting separates well")
        }
        let fault = explanation(of: examination.user, right: search.best)
        let gain = change.gain
        var evidence = [
            "margin \(Words.number(gain.before)) as you have it, \(Words.number(gain.after)) with this put right"
                + " (\(Words.number(gain.standardErrors, 1)) standard errors)"
        ]
        if let user, search.changes.count == 1 {
            evidence.append(
                "TAR at FAR 1 % \(Words.percent(user.tarAtFAR1Percent)) → \(Words.percent(final.tarAtFAR1Percent)), "
                    + "AUC \(Words.number(user.auc, 4)) → \(Words.number(final.auc, 4))"
            )
        }
        let finding = DoctorFinding(
            .culprit,
            check: name,
            fault.title,
            likelihood: gain.likelihood,
            evidence: evidence,
            remedy: fault.remedy,
            options: fault.options
        )
        return DoctorCheckResult(summary, [finding])
    }
}

extension PairedGain {
    /// Grows with what the user's value costs and how sure that is; below what data culprits have.
    var likelihood: Double {
        let sure = min(1, max(0, standardErrors / 8))
        let large = min(1, max(0, relative / 0.5))
        return min(0.97, 0.5 + 0.32 * sure + 0.15 * large)
    }
}

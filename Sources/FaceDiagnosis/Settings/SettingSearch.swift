internal import ArtifactFiles

/// A variant as it was measured.
package struct SettingTrial: Sendable {
    /// The factor's name.
    package var factor: String
    /// The variant's label.
    package var label: String
    /// The setting.
    package var setting: DoctorSetting
    /// How it separates; nil where the network gave no usable output.
    package var separation: Separation?
    /// Against the setting that it was varied from.
    package var gain: PairedGain?
    /// 1 for variants of the user's own setting; later rounds vary the best of the round before.
    package var round: Int
}

/// A factor that the user has wrong.
package struct SettingChange: Sendable {
    /// The factor's name.
    package var factor: String
    /// From the final setting with the user's value of this factor to the final setting.
    package var gain: PairedGain
}

/// Looks for settings under which the network separates better, one factor at a time.
///
/// From the user's setting, each round varies every factor alone and adopts the variant that gains most, as long as it
/// gains surely and more than the factor's threshold. In the end each factor that changed is set back alone: what is
/// lost by that is what the user's value costs. So that two mistakes at once are told apart. A change whose loss is not
/// sure after all, since a later change made it needless, is taken back.
///
/// *Surely* is Bonferroni's: a gain's chance (``PairedGain/chance``) must be at most the round's ``rate(ofRound:)``,
/// divided by the variants of the round. Where no variant is better than the user's setting, a run blames it with a
/// chance of at most ``falseAlarmRate``, since no second round follows; the later rounds together adopt a variant that is
/// no better with a chance of at most as much again. (The base of a later round was chosen because it looked good, which
/// only makes it harder to beat.) Taking back can only lessen both. The bounds are as good as Student's distribution is
/// for a mean over so few subjects; the jackknife's excess of a quarter to a third makes up for more than that.
package struct SettingSearch {
    /// How the search ended.
    package struct Outcome: Sendable {
        /// Everything that was tried.
        package var trials: [SettingTrial] = []
        /// The factors that the user has wrong, by what they cost.
        package var changes: [SettingChange] = []
        /// The user's setting with these put right.
        package var best: DoctorSetting
    }

    /// The chance, at most, that a run blames the user's setting where no variant is better.
    package static let falseAlarmRate = 0.01
    private static let mostRounds = 5

    /// The chance, at most, that a round adopts a variant though none is better: ``falseAlarmRate`` in the first round,
    /// and as much for the later ones together.
    ///
    /// - Parameter round: From 1.
    package static func rate(ofRound round: Int) -> Double {
        round == 1 ? falseAlarmRate : falseAlarmRate / Double(mostRounds - 1)
    }
    /// Variants that reach this share of the best count as its equals.
    private static let equality = 0.995

    private let factors: [any SettingFactor]
    private let matrix: (DoctorSetting) throws -> SimilarityMatrix?

    /// Creates a search.
    ///
    /// - Parameters:
    ///   - factors: What to vary.
    ///   - matrix: Embeds and compares the sample under a setting; nil where the network's output is of no use.
    package init(_ factors: [any SettingFactor], matrix: @escaping (DoctorSetting) throws -> SimilarityMatrix?) {
        self.factors = factors
        self.matrix = matrix
    }

    /// Searches from a setting.
    package func run(from user: DoctorSetting) throws -> Outcome {
        var outcome = Outcome(best: user)
        for round in 1...Self.mostRounds {
            let trials = try factors.flatMap { try self.trials(of: $0, around: outcome.best, round: round) }
            outcome.trials += trials
            guard let next = Self.choice(among: trials, factors) else { break }
            outcome.best = next.setting
        }
        try settle(&outcome, user)
        return outcome
    }

    private func trials(
        of factor: any SettingFactor,
        around setting: DoctorSetting,
        round: Int
    ) throws -> [SettingTrial] {
        let base = try matrix(setting)
        return try factor.variants(of: setting)
            .map { variant in
                let found = try matrix(variant.setting)
                let gain = base.flatMap { base in found.map { PairedGain(from: base, to: $0) } }
                    .flatMap { $0.subjects > 1 ? $0 : nil }
                return SettingTrial(
                    factor: factor.name,
                    label: variant.label,
                    setting: variant.setting,
                    separation: found.flatMap { Separation($0) },
                    gain: gain,
                    round: round
                )
            }
    }

    /// The trial that gains most, if any gains enough.
    package static func choice(among trials: [SettingTrial], _ factors: [any SettingFactor]) -> SettingTrial? {
        let gainful = trials.filter { trial in
            guard let gain = trial.gain, let factor = factors.first(where: { $0.name == trial.factor }) else {
                return false
            }
            return isGain(gain, factor, among: trials.count, rate: rate(ofRound: trial.round))
        }
        guard let best = gainful.max(by: { ($0.gain?.after ?? 0) < ($1.gain?.after ?? 0) }) else { return nil }
        return gainful.first { trial in
            trial.factor == best.factor && (trial.gain?.after ?? 0) >= (best.gain?.after ?? 0) * equality
        }
    }

    private static func isGain(
        _ gain: PairedGain,
        _ factor: any SettingFactor,
        among comparisons: Int,
        rate: Double
    ) -> Bool {
        gain.relative >= factor.smallestGain && gain.isSure(among: comparisons, rate: rate)
    }

    /// Finds what each change is worth, and takes back, the least first, those that are worth nothing.
    private func settle(_ outcome: inout Outcome, _ user: DoctorSetting) throws {
        while true {
            outcome.changes = try changes(from: user, to: outcome.best)
            let needless = outcome.changes.last { change in
                guard let factor = factors.first(where: { $0.name == change.factor }) else { return false }
                let count = outcome.changes.count
                return !Self.isGain(change.gain, factor, among: count, rate: Self.falseAlarmRate)
            }
            guard let factor = factors.first(where: { $0.name == needless?.factor }) else { return }
            outcome.best = factor.taking(user, into: outcome.best)
        }
    }

    private func changes(from user: DoctorSetting, to best: DoctorSetting) throws -> [SettingChange] {
        var changes: [SettingChange] = []
        let bestMatrix = try matrix(best)
        for factor in factors {
            let reverted = factor.taking(user, into: best)
            guard reverted != best, let before = try matrix(reverted), let bestMatrix else { continue }
            changes.append(SettingChange(factor: factor.name, gain: PairedGain(from: before, to: bestMatrix)))
        }
        return changes.sorted { $0.gain.difference > $1.gain.difference }
    }
}

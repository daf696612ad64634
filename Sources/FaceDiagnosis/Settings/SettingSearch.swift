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
/// lost by that is what the user's value costs. So that two mistakes at once are told apart.
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

    /// Standard errors that a gain must have: chance alone, with two dozen variants, hardly ever gives as many.
    package static let surety = 4.0
    /// Variants that reach this share of the best count as its equals.
    private static let equality = 0.995
    private static let mostRounds = 5

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
        outcome.changes = try changes(from: user, to: outcome.best)
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
            return gain.relative >= factor.smallestGain && gain.standardErrors >= surety
        }
        guard let best = gainful.max(by: { ($0.gain?.after ?? 0) < ($1.gain?.after ?? 0) }) else { return nil }
        return gainful.first { trial in
            trial.factor == best.factor && (trial.gain?.after ?? 0) >= (best.gain?.after ?? 0) * equality
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

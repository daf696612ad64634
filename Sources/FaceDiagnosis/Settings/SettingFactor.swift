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

    /// Creates a variant.
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

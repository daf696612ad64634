internal import FaceImaging

/// Red first or blue first.
package struct ChannelCheck: DoctorCheck, SettingFactor {
    package let name = "channel-order"
    package let question = "Does the network see red where it expects red?"
    package let smallestGain = 0.015

    package init() {}

    package func variants(of setting: DoctorSetting) -> [SettingVariant] {
        ChannelOrder.allCases.filter { $0 != setting.preprocessing.channels }
            .map { order in
                var other = setting
                other.preprocessing.channels = order
                return SettingVariant(order.rawValue, other)
            }
    }

    package func taking(_ other: DoctorSetting, into setting: DoctorSetting) -> DoctorSetting {
        var result = setting
        result.preprocessing.channels = other.preprocessing.channels
        return result
    }

    package func explanation(of wrong: DoctorSetting, right: DoctorSetting) -> SettingExplanation {
        let (given, expected) = (wrong.preprocessing.channels.rawValue, right.preprocessing.channels.rawValue)
        return SettingExplanation(
            title: "The channel order is wrong: the network gets \(given) and expects \(expected).",
            remedy: "Give it \(expected) faces.",
            options: "--channels \(expected)"
        )
    }
}

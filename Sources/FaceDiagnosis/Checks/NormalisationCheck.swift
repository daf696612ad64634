internal import FaceImaging

/// Mean and standard deviation.
package struct NormalisationCheck: DoctorCheck, SettingFactor {
    package let name = "normalisation"
    package let question = "Are the pixel values in the range that the network was trained with?"
    package let smallestGain = 0.012

    /// Those without a name of their own.
    private static let others: [(label: String, mean: [Float], std: [Float])] = [
        ("0…1: x/255", [0, 0, 0], [255, 255, 255]),
        ("0…255: as they are (normalised in the network)", [0, 0, 0], [1, 1, 1]),
        ("−127.5…127.5: x−127.5", [127.5, 127.5, 127.5], [1, 1, 1]),
        ("Caffe's means, not scaled", [123, 117, 104], [1, 1, 1]),
    ]

    package init() {}

    package func variants(of setting: DoctorSetting) -> [SettingVariant] {
        let named = FacePreprocessing.all.map { ($0.name, $0.preprocessing.mean, $0.preprocessing.std) }
        var seen: Set = [setting.preprocessing.mean + setting.preprocessing.std]
        return (named + Self.others)
            .compactMap { label, mean, std in
                guard seen.insert(mean + std).inserted else { return nil }
                var other = setting
                (other.preprocessing.mean, other.preprocessing.std) = (mean, std)
                return SettingVariant(label, other)
            }
    }

    package func taking(_ other: DoctorSetting, into setting: DoctorSetting) -> DoctorSetting {
        var result = setting
        result.preprocessing.mean = other.preprocessing.mean
        result.preprocessing.std = other.preprocessing.std
        return result
    }

    package func explanation(of wrong: DoctorSetting, right: DoctorSetting) -> SettingExplanation {
        func words(_ value: FacePreprocessing) -> String {
            "mean \(FacePreprocessing.list(value.mean)), std \(FacePreprocessing.list(value.std))"
        }
        let alone = taking(right, into: wrong).preprocessing
        let options =
            alone.name.map { "--preprocess \($0)" }
            ?? "--mean \(FacePreprocessing.list(alone.mean)) --std \(FacePreprocessing.list(alone.std))"
        let name = FacePreprocessing.all.first {
            $0.preprocessing.mean == alone.mean && $0.preprocessing.std == alone.std
        }
        let title = "The normalisation is wrong: \(words(wrong.preprocessing)) instead of \(words(alone))"
        return SettingExplanation(
            title: title + (name.map { " (as '\($0.name)' has it)." } ?? "."),
            remedy: "Normalise the pixels as in training.",
            options: options
        )
    }
}

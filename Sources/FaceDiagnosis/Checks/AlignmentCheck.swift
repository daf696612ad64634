internal import FaceImaging
internal import Foundation

/// The template, and shifts and scales of the face in its crop.
package struct AlignmentCheck: DoctorCheck, SettingFactor {
    package let name = "alignment"
    package let question = "Does the face sit in its crop where the network expects it?"
    package let smallestGain = 0.025

    private static let shifts = [2.0, 4, 8]
    private static let scales = [0.8, 0.875, 0.94, 1.07, 1.143, 1.25]

    package init() {}

    package func variants(of setting: DoctorSetting) -> [SettingVariant] {
        let preprocessing = setting.preprocessing
        func points(_ template: FaceTemplate) -> FaceLandmarks {
            template.points(width: preprocessing.width, height: preprocessing.height)
        }
        var seen = FaceTemplate.all.filter { $0.name == preprocessing.template }.map(points)
        var variants: [SettingVariant] = []
        for template in FaceTemplate.all where !seen.contains(where: { Self.isSame($0, points(template)) }) {
            seen.append(points(template))
            var other = setting
            other.preprocessing.template = template.name
            variants.append(SettingVariant("template \(template.name)", other))
        }
        func adjusted(_ label: String, _ adjustment: FaceAdjustment) -> SettingVariant {
            var other = setting
            other.adjustment = setting.adjustment.followed(by: adjustment)
            return SettingVariant(label, other)
        }
        for pixels in Self.shifts {
            let text = Words.number(pixels, 0)
            variants.append(adjusted("\(text) px to the left", FaceAdjustment(right: -pixels)))
            variants.append(adjusted("\(text) px to the right", FaceAdjustment(right: pixels)))
            variants.append(adjusted("\(text) px up", FaceAdjustment(down: -pixels)))
            variants.append(adjusted("\(text) px down", FaceAdjustment(down: pixels)))
        }
        for scale in Self.scales {
            variants.append(adjusted("scaled by \(Words.number(scale, 3))", FaceAdjustment(scale: scale)))
        }
        return variants
    }

    private static func isSame(_ left: FaceLandmarks, _ right: FaceLandmarks) -> Bool {
        zip(left.points, right.points).allSatisfy { abs($0.x - $1.x) < 1e-6 && abs($0.y - $1.y) < 1e-6 }
    }

    package func taking(_ other: DoctorSetting, into setting: DoctorSetting) -> DoctorSetting {
        var result = setting
        result.preprocessing.template = other.preprocessing.template
        result.adjustment = other.adjustment
        return result
    }

    package func explanation(of wrong: DoctorSetting, right: DoctorSetting) -> SettingExplanation {
        let adjustment = right.adjustment
        if adjustment == .none {
            let (used, expected) = (wrong.preprocessing.template, right.preprocessing.template)
            return SettingExplanation(
                title:
                    "The alignment template is wrong: '\(used)' instead of '\(expected)'\(Self.offset(wrong, right)).",
                remedy: "Align the faces by the template of training.",
                options: "--template \(expected)"
            )
        }
        var faults: [String] = []
        if adjustment.right != 0 {
            faults.append("about \(pixels(adjustment.right)) too far to the \(adjustment.right < 0 ? "right" : "left")")
        }
        if adjustment.down != 0 {
            faults.append("about \(pixels(adjustment.down)) too \(adjustment.down < 0 ? "low" : "high")")
        }
        if adjustment.scale != 1 {
            let percent = Words.number(abs(1 / adjustment.scale - 1) * 100, 0)
            faults.append("about \(percent) % too \(adjustment.scale < 1 ? "large" : "small")")
        }
        let template = right.preprocessing.template
        let changesTemplate = template != wrong.preprocessing.template
        return SettingExplanation(
            title: "The faces do not sit where the network expects them: \(faults.joined(separator: ", ")) in the "
                + "\(wrong.preprocessing.width)x\(wrong.preprocessing.height) crop.",
            remedy: "No template has that offset, so look at the landmarks: were they found in other crops than these, "
                + "or in pictures of another size, or are they of another kind of point? See the contact sheets.",
            options: changesTemplate ? "--template \(template)" : nil
        )
    }

    private func pixels(_ value: Double) -> String { "\(Words.number(abs(value), 0)) px" }

    /// How far apart two templates' faces are, in words.
    private static func offset(_ wrong: DoctorSetting, _ right: DoctorSetting) -> String {
        func points(_ setting: DoctorSetting) -> [SIMD2<Double>] {
            let template = FaceTemplate.all.first { $0.name == setting.preprocessing.template }
            return template?.points(width: setting.preprocessing.width, height: setting.preprocessing.height).points
                ?? []
        }
        let (used, expected) = (points(wrong), points(right))
        guard used.count == expected.count, !used.isEmpty else { return "" }
        let shift = zip(used, expected).reduce(SIMD2<Double>.zero) { $0 + ($1.0 - $1.1) } / Double(used.count)
        let ratio = (used[1].x - used[0].x) / (expected[1].x - expected[0].x)
        var words: [String] = []
        if abs(shift.x) >= 0.5 {
            words.append("\(Words.number(abs(shift.x), 0)) px too far to the \(shift.x > 0 ? "right" : "left")")
        }
        if abs(shift.y) >= 0.5 {
            words.append("\(Words.number(abs(shift.y), 0)) px too \(shift.y > 0 ? "low" : "high")")
        }
        if abs(ratio - 1) >= 0.01 {
            words.append("\(Words.number(abs(ratio - 1) * 100, 0)) % too \(ratio > 1 ? "large" : "small")")
        }
        return words.isEmpty ? "" : ", which puts the faces " + words.joined(separator: ", ")
    }
}

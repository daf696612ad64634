package import FaceImaging

/// What is varied: the preprocessing, and where the face sits in its crop.
package struct DoctorSetting: Hashable, Sendable {
    /// Size, channels, normalisation and template.
    package var preprocessing: FacePreprocessing
    /// On top of the alignment.
    package var adjustment: FaceAdjustment

    /// Creates a setting.
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

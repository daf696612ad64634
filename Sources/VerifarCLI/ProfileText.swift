internal import Foundation
internal import NeuralCompute
internal import NeuralGraph

/// A profile as a table: a roofline in words.
enum ProfileText {
    /// One line per step, then the sum.
    static func lines(_ profile: InferenceProfile, facesPerPass: Int) -> [String] {
        let total = profile.seconds
        var lines = [
            "",
            "layer".padded(30) + "kernel".padded(18) + "output".padded(14)
                + "    MMACs      us   time   GFLOP/s   of peak",
        ]
        for step in profile.steps {
            lines.append(
                String(step.name.suffix(29)).padded(30) + step.kernel.padded(18) + "\(step.shape)".padded(14)
                    + numbers(step.multiplyAccumulates, step.seconds, total, profile.peakOperationsPerSecond)
            )
        }
        let all = profile.steps.reduce(0) { $0 + $1.multiplyAccumulates }
        lines.append("all".padded(62) + numbers(all, total, total, profile.peakOperationsPerSecond))
        lines.append(
            String(
                format:
                    "one core, %d faces per pass: %.1f faces/s; the fp32 dense kernel's peak in cache is %.0f GFLOP/s",
                facesPerPass,
                1 / total,
                profile.peakOperationsPerSecond * 1e-9
            )
        )
        return lines
    }

    private static func numbers(_ macs: Int, _ seconds: Double, _ total: Double, _ peak: Double) -> String {
        let rate = seconds > 0 ? 2 * Double(macs) / seconds : 0
        return String(
            format: "%9.2f%8.1f%6.1f%%%10.1f%9.0f%%",
            Double(macs) * 1e-6,
            seconds * 1e6,
            100 * seconds / total,
            rate * 1e-9,
            100 * rate / peak
        )
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}

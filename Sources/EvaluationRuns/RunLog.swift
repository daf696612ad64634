internal import Foundation
internal import Reporting

/// What a run notes: told as it goes, and kept for `run.log`.
package final class RunLog {
    package private(set) var text = ""
    private let listener: RunListener

    package init(_ listener: @escaping RunListener) { self.listener = listener }

    /// One line.
    package func note(_ line: String) {
        text += line + "\n"
        listener(.note(line))
    }
}

/// Seconds of the parts of a run.
final class RunClock {
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private(set) var stages: [TimingSummary.Stage] = []
    let startedAt = Date().formatted(.iso8601)

    /// Ends a part that began at the last mark.
    func mark(_ stage: String) {
        let now = ContinuousClock.now
        stages.append(TimingSummary.Stage(name: stage, seconds: (now - last) / .seconds(1)))
        last = now
    }

    var totalSeconds: Double { (.now - start) / .seconds(1) }

    /// The largest resident memory of this process so far, in bytes.
    static var peakMemoryBytes: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
    }
}

/// What this build calls itself.
public enum VerifarVersion {
    /// The version, also written into every report.
    public static let current = "0.1.0"
}

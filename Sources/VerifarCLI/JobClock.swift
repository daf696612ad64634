internal import Foundation
internal import Reporting

/// Seconds of the parts of a job.
final class JobClock {
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private(set) var stages: [TimingSummary.Stage] = []
    let startedAt = Date().formatted(.iso8601)

    /// Ends a part that began at the last mark.
    func mark(_ stage: String) {
        let now = ContinuousClock.now
        stages.append(TimingSummary.Stage(name: stage, seconds: Self.seconds(now - last)))
        last = now
    }

    var totalSeconds: Double { Self.seconds(.now - start) }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    /// The largest resident memory of this process so far, in bytes.
    static var peakMemoryBytes: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
    }
}

/// What a run tells: on standard error as it goes, and into `run.log`.
final class RunLog {
    private(set) var text = ""
    private let isQuiet: Bool

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// One line.
    func note(_ line: String) {
        text += line + "\n"
        if !isQuiet { FileHandle.standardError.write(Data((line + "\n").utf8)) }
    }
}

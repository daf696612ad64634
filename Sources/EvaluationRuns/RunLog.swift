package import ArtifactFiles
internal import Foundation
package import Reporting

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

/// The forms of a report that every run writes.
package enum ReportFiles {
    private static let names: Set = ["json", "md", "html"]

    /// Writes them; `report.json` comes last, so that a folder that has it is whole.
    ///
    /// - Throws: ``InputError`` (`unwritable`).
    package static func write(_ document: ReportDocument, to folder: String) throws(InputError) {
        let last = RunFolder.seal
        FileSystem.remove(FileSystem.join(folder, last))
        var files: [RenderedFile] = []
        for reporter in Reporters.all where names.contains(reporter.name) {
            files += try reporter.files(for: document)
        }
        for file in files.filter({ $0.name != last }) + files.filter({ $0.name == last }) {
            try AtomicFile.write(file.text, to: FileSystem.join(folder, file.name))
        }
    }
}

import Foundation
import Testing

/// Texts that were looked at once and must not change unnoticed.
enum GoldenText {
    private static let folder: String = {
        let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/" + package + "/Fixtures/Reporting/"
    }()

    static func path(_ name: String) -> String { folder + name }

    /// Compares with the file of that name under `Fixtures/Reporting`.
    ///
    /// With `VERIFAR_RECORD_GOLDENS=1` the file is
    /// written instead, and the test fails.
    static func expect(_ text: String, matches name: String) throws {
        let path = folder + name
        if ProcessInfo.processInfo.environment["VERIFAR_RECORD_GOLDENS"] == "1" {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            Issue.record("recorded \(path): look at it, then run again without recording")
            return
        }
        let golden = try String(contentsOfFile: path, encoding: .utf8)
        guard golden != text else { return }
        let pairs = zip(
            golden.split(separator: "\n", omittingEmptySubsequences: false),
            text.split(separator: "\n", omittingEmptySubsequences: false)
        )
        let place = pairs.enumerated().first { $0.element.0 != $0.element.1 }
        Issue.record(
            """
            \(name) differs from its golden, first in line \((place?.offset ?? -2) + 1):
            expected \(place?.element.0 ?? "another length")
            found    \(place?.element.1 ?? "another length")
            """
        )
    }
}

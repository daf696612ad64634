internal import Foundation
internal import Reporting

/// The few lines that a command leaves on standard output.
enum SummaryText {
    /// A number with so many decimals.
    static func fixed(_ value: Double, decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

    /// TAR at each FAR with interval and counts, and where the report is.
    static func headline(
        name: String,
        protocolName: String,
        results: VerificationResults,
        reportPath: String?
    ) -> String {
        var lines = ["\(name) on \(protocolName): TAR in percent"]
        for point in results.operatingPoints.sorted(by: { $0.farTarget < $1.farTarget }) {
            lines.append("  FAR \(rate(point.farTarget))  " + line(point))
        }
        if let reportPath { lines.append("report: \(reportPath)") }
        return lines.joined(separator: "\n")
    }

    /// What InsightFace's scripts would print.
    static func nearest(_ results: VerificationResults) -> String {
        let cells = results.nearestFAR.sorted { $0.farTarget < $1.farTarget }
            .map { point in
                let tar = point.outcome.value.map { fixed($0.tar * 100, decimals: 2) } ?? "undefined"
                return "\(rate(point.farTarget)): \(tar)"
            }
        return "nearest FAR (as InsightFace's scripts print it): " + cells.joined(separator: ", ")
    }

    private static func line(_ point: ReportedPoint) -> String {
        guard let measured = point.outcome.value else { return "undefined: \(point.outcome.reason ?? "")" }
        var text = fixed(measured.tar * 100, decimals: 2)
        if let interval = measured.interval.value {
            text += " [\(fixed(interval.low * 100, decimals: 2)), \(fixed(interval.high * 100, decimals: 2))]"
        }
        text += "  \(measured.acceptedGenuine) genuine, \(measured.acceptedImpostors) impostor accepted"
        return measured.resolved ? text : text + "  (not resolved: this protocol allows no impostor at that FAR)"
    }

    private static func rate(_ value: Double) -> String {
        let short = String(format: "%.0e", value)
        return Double(short) == value ? short : "\(value)"
    }
}

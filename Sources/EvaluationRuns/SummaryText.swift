internal import Foundation
package import Reporting
internal import VerificationMetrics

/// The few lines that a command leaves on standard output.
package enum SummaryText {
    /// A number with so many decimals.
    package static func fixed(_ value: Double, decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

    /// A number with at most so many decimals, as people write it: 57.12, not 57.120003.
    package static func shortest(_ value: Double, decimals: Int) -> String {
        var text = fixed(value, decimals: decimals)
        while text.contains("."), text.last == "0" || text.last == "." { text.removeLast() }
        return text
    }

    /// TAR at each FAR with interval and counts, and where the report is.
    package static func headline(_ report: VerificationReport, reportPath: String?) -> String {
        let results = report.verification
        let intervals = results.operatingPoints.compactMap { $0.outcome.value }.filter(\.resolved)
            .compactMap(\.interval.value)
        let method = PointText.methods(intervals).map { " [interval: \($0)]" } ?? ""
        var lines = ["\(report.name) on \(report.protocol.name): TAR in percent\(method)"]
        lines += results.operatingPoints.map { "  FAR \(rate($0.farTarget))  " + PointText.line($0) }
        for point in results.thresholds ?? [] {
            func text(_ rate: Outcome<MeasuredRate>) -> String {
                guard let rate = rate.value else { return "undefined" }
                let interval = rate.interval.value.map { " [\(percent($0.low)), \(percent($0.high))]" } ?? ""
                return percent(rate.rate) + interval
            }
            lines.append(
                "  threshold \(shortest(point.threshold, decimals: 9))  FMR \(text(point.fmr))  FNMR \(text(point.fnmr))"
            )
        }
        if let warning = results.inversionWarning { lines.append("warning: \(warning)") }
        if let reportPath { lines.append("report: \(reportPath)") }
        return (lines + folds(report.folded) + identification(report.identification)).joined(separator: "\n")
    }

    /// A small rate in percent with three significant digits.
    private static func percent(_ rate: Double) -> String {
        rate > 0 && rate < 0.01 ? String(format: "%.3g", rate * 100) : fixed(rate * 100, decimals: 2)
    }

    /// What InsightFace's scripts would print.
    package static func nearest(_ results: VerificationResults) -> String {
        let cells = results.nearestFAR.map { point in
            "\(rate(point.farTarget)): \(point.outcome.value.map { fixed($0.tar * 100, decimals: 2) } ?? "undefined")"
        }
        return "nearest FAR (as InsightFace's scripts print it): " + cells.joined(separator: ", ")
    }

    private static func rate(_ value: Double) -> String {
        let short = String(format: "%.0e", value)
        return Double(short) == value ? short : "\(value)"
    }

    private static func folds(_ folded: FoldedSummary?) -> [String] {
        guard let folded else { return [] }
        return folded.rows.filter { $0.rule == FoldedSummary.Row.grid }
            .map { row in
                let name = row.flip == "sum" ? "Accuracy-Flip" : "Accuracy"
                return "\(name) (flip \(row.flip), \(folded.folds) folds): \(PointText.spread(row.accuracy)) %"
            }
    }

    private static func identification(_ results: IdentificationSummary?) -> [String] {
        guard let results else { return [] }
        func percent(_ outcome: Outcome<MeasuredRate>) -> String {
            outcome.value.map { fixed($0.rate * 100, decimals: 2) + " %" } ?? "undefined"
        }
        func percent(_ open: IdentificationSummary.OpenSetRate) -> String {
            let mark = PointText.resolutionMark(open.resolution, allowed: open.allowedProbes ?? 0)
            return open.resolved || open.outcome.value == nil
                ? percent(open.outcome) + (mark.map { ", " + $0 } ?? "") : mark ?? ""
        }
        let ranks = results.average.ranks.map { "rank-\($0.rank) \(percent($0.outcome))" }
        let open = results.average.openSet.map { "TPIR@FPIR=\($0.fpirTarget) \(percent($0))" }
        return ["1:N, mean of \(results.galleries.count) galleries: " + (ranks + open).joined(separator: ", ")]
    }
}

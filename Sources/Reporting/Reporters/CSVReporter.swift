internal import ArtifactFiles
internal import VerificationMetrics

/// `report.csv`, the operating points, and `curve.csv`, the ROC curve: numbers for other programs, in full precision.
struct CSVReporter: Reporter {
    /// What `--format` calls it.
    let name = "csv"
    /// One line on what it writes.
    let summary = "report.csv and curve.csv: operating points and ROC curve in full precision"

    /// Writes `report.csv` and `curve.csv`.
    func files(for document: ReportDocument) throws(InputError) -> [RenderedFile] {
        let report = document.report
        return [
            RenderedFile(name: "report.csv", text: points(report)),
            RenderedFile(name: "curve.csv", text: curve(report)),
        ] + folded(report) + identification(report)
    }

    private static let columns = [
        "flip", "norm", "detector_score", "rule", "far_target", "tar", "far", "threshold", "resolved",
        "allowed_impostors",
        "accepted_impostors", "accepted_genuine", "impostors", "genuines", "interval_low", "interval_high",
        "interval_level", "interval_method", "interval_replicates", "undefined", "resolution",
        "interval_effective_count",
    ]

    private func points(_ report: VerificationReport) -> String {
        let results = report.verification
        var rows = rows(report.policy, results.operatingPoints, results.nearestFAR, report)
        for mode in report.modes ?? [] {
            rows += self.rows(mode.policy, mode.operatingPoints, mode.nearestFAR, report)
        }
        return ([Self.columns] + rows).map(CSVText.line).joined()
    }

    private func rows(
        _ policy: PolicySummary?,
        _ points: [ReportedPoint],
        _ nearest: [ReportedNearestPoint],
        _ report: VerificationReport
    ) -> [[String]] {
        points.map { row(policy, $0, report) } + nearest.map { row(policy, $0) }
    }

    private func row(_ policy: PolicySummary?, _ point: ReportedPoint, _ report: VerificationReport) -> [String] {
        let start = Self.names(policy) + ["at-most", "\(point.farTarget)"]
        guard let measured = point.outcome.value else { return undefined(start, point.outcome) }
        let interval = measured.interval.value
        return start + [
            "\(measured.tar)", "\(measured.far)", measured.threshold.value.map { "\($0)" } ?? "",
            "\(measured.resolved)", "\(measured.allowedImpostors)", "\(measured.acceptedImpostors)",
            "\(measured.acceptedGenuine)", "\(report.protocol.impostor)", "\(report.protocol.genuine)",
            interval.map { "\($0.low)" } ?? "", interval.map { "\($0.high)" } ?? "",
            interval.map { "\($0.level)" } ?? "", interval?.method ?? "",
            interval.map { "\($0.replicates)" } ?? "", "", measured.resolution.rawValue,
            interval?.effectiveCount.map { "\($0)" } ?? "",
        ]
    }

    private func row(_ policy: PolicySummary?, _ point: ReportedNearestPoint) -> [String] {
        let start = Self.names(policy) + ["nearest", "\(point.farTarget)"]
        guard let measured = point.outcome.value else { return undefined(start, point.outcome) }
        let values = ["\(measured.tar)", "\(measured.far)", measured.threshold.value.map { "\($0)" } ?? ""]
        return start + values + [String](repeating: "", count: Self.columns.count - start.count - values.count)
    }

    private static func names(_ policy: PolicySummary?) -> [String] {
        policy.map { [$0.flip, $0.norm, $0.detectorScore] } ?? ["", "", ""]
    }

    private func undefined<Value>(_ start: [String], _ outcome: Reported<Value>) -> [String] {
        start + [String](repeating: "", count: Self.columns.count - start.count - 3) + [outcome.reason ?? "", "", ""]
    }

    private func folded(_ report: VerificationReport) -> [RenderedFile] {
        guard let folded = report.folded else { return [] }
        let header = CSVText.line([
            "flip", "thresholds", "accuracy_mean", "accuracy_std", "far_target", "tar_mean", "tar_std", "undefined",
            "resolution",
        ])
        let lines = folded.rows.map { row in
            CSVText.line([
                row.flip, row.rule, "\(row.accuracy.mean)", "\(row.accuracy.standardDeviation)", "\(folded.farTarget)",
                row.tar.value.map { "\($0.mean)" } ?? "", row.tar.value.map { "\($0.standardDeviation)" } ?? "",
                row.tar.reason ?? "",
                row.allowedImpostors.map { FARResolution(allowedImpostors: $0).rawValue } ?? "",
            ])
        }
        return [RenderedFile(name: "folds.csv", text: header + lines.joined())]
    }

    private func identification(_ report: VerificationReport) -> [RenderedFile] {
        guard let results = report.identification else { return [] }
        var text = CSVText.line([
            "gallery", "measure", "at", "rate", "interval_low", "interval_high", "undefined", "interval_method",
            "resolution",
        ])
        func add(
            _ gallery: String,
            _ measure: String,
            _ place: String,
            _ outcome: Reported<IdentificationSummary.Rate>,
            _ resolution: FARResolution? = nil
        ) {
            let interval = outcome.value?.interval.value
            text += CSVText.line([
                gallery, measure, place, outcome.value.map { "\($0.rate)" } ?? "",
                interval.map { "\($0.low)" } ?? "", interval.map { "\($0.high)" } ?? "", outcome.reason ?? "",
                interval?.method ?? "", resolution?.rawValue ?? "",
            ])
        }
        func add(
            _ name: String,
            _ ranks: [IdentificationSummary.RankRate],
            _ openSet: [IdentificationSummary.OpenSetRate]
        ) {
            for rank in ranks { add(name, "rank", "\(rank.rank)", rank.outcome) }
            for rate in openSet { add(name, "tpir", "\(rate.fpirTarget)", rate.outcome, rate.resolution) }
        }
        for gallery in results.galleries { add(gallery.name, gallery.ranks, gallery.openSet) }
        add("average", results.average.ranks, results.average.openSet)
        return [RenderedFile(name: "identification.csv", text: text)]
    }

    private func curve(_ report: VerificationReport) -> String {
        let header = CSVText.line(["accepted_impostors", "accepted_genuine", "far", "tar", "lowest_accepted_score"])
        guard let curve = report.curves.roc.value else { return header }
        let counts = report.protocol
        return header
            + curve.thresholds.indices
            .map { index in
                let impostors = curve.acceptedImpostors[index]
                let genuine = curve.acceptedGenuine[index]
                return CSVText.line([
                    "\(impostors)", "\(genuine)",
                    "\(Double(impostors) / Double(max(counts.impostor, 1)))",
                    "\(Double(genuine) / Double(max(counts.genuine, 1)))",
                    curve.thresholds[index].map { "\($0)" } ?? "",
                ])
            }
            .joined()
    }
}

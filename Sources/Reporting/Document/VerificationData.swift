internal import VerificationMetrics

extension VerificationReport {
    /// Operating points, the ROC curve, folds and identification rates in full precision.
    var dataTables: [DataTable] { [pointData, curveData] + [foldData, identificationData].compactMap { $0 } }

    private var pointData: DataTable {
        var table = DataTable(
            "report",
            columns: [
                "flip", "norm", "detector_score", "rule", "far_target", "tar", "far", "threshold", "resolved",
                "allowed_impostors", "accepted_impostors", "accepted_genuine", "impostors", "genuines",
                "interval_low", "interval_high", "interval_level", "interval_method", "interval_replicates",
                "undefined", "resolution", "interval_effective_count",
            ]
        )
        func add(_ policy: PolicySummary?, _ rule: String, _ target: Double, _ values: [String: String]) {
            let names = ["flip": policy?.flip, "norm": policy?.norm, "detector_score": policy?.detectorScore]
                .compactMapValues { $0 }
            let row = names.merging(values) { $1 }.merging(["rule": rule, "far_target": "\(target)"]) { $1 }
            table.rows.append(table.columns.map { row[$0] ?? "" })
        }
        func add(_ policy: PolicySummary?, _ points: [AtFAR<ReportedPoint>], _ nearest: [AtFAR<ReportedNearestPoint>]) {
            for point in points { add(policy, "at-most", point.farTarget, values(point)) }
            for point in nearest {
                var values: [String: String] = [:]
                if let measured = point.outcome.value {
                    values = ["tar": "\(measured.tar)", "far": "\(measured.far)"]
                    values["threshold"] = measured.threshold.value.map { "\($0)" }
                }
                values["undefined"] = point.outcome.undefinedReason?.description
                add(policy, "nearest", point.farTarget, values)
            }
        }
        add(policy, verification.operatingPoints, verification.nearestFAR)
        for mode in modes ?? [] { add(mode.policy, mode.operatingPoints, mode.nearestFAR) }
        return table
    }

    private func values(_ point: AtFAR<ReportedPoint>) -> [String: String] {
        guard let measured = point.outcome.value else {
            return ["undefined": point.outcome.undefinedReason?.description ?? ""]
        }
        var values = [
            "tar": "\(measured.tar)", "far": "\(measured.far)", "resolved": "\(measured.resolved)",
            "allowed_impostors": "\(measured.allowedImpostors)", "accepted_impostors": "\(measured.acceptedImpostors)",
            "accepted_genuine": "\(measured.acceptedGenuine)", "impostors": "\(self.protocol.impostor)",
            "genuines": "\(self.protocol.genuine)", "resolution": measured.resolution.rawValue,
        ]
        values["threshold"] = measured.threshold.value.map { "\($0)" }
        if let interval = measured.interval.value {
            values["interval_low"] = "\(interval.low)"
            values["interval_high"] = "\(interval.high)"
            values["interval_level"] = "\(interval.level)"
            values["interval_method"] = interval.method.rawValue
            values["interval_replicates"] = "\(interval.replicates)"
            values["interval_effective_count"] = interval.effectiveCount.map { "\($0)" }
        }
        return values
    }

    private var curveData: DataTable {
        var table = DataTable(
            "curve",
            columns: ["accepted_impostors", "accepted_genuine", "far", "tar", "lowest_accepted_score"]
        )
        guard let curve = curves.roc.value else { return table }
        let (impostors, genuines) = (Double(max(self.protocol.impostor, 1)), Double(max(self.protocol.genuine, 1)))
        for index in curve.thresholds.indices {
            let (impostor, genuine) = (curve.acceptedImpostors[index], curve.acceptedGenuine[index])
            table.rows.append([
                "\(impostor)", "\(genuine)", "\(Double(impostor) / impostors)", "\(Double(genuine) / genuines)",
                DataTable.field(curve.thresholds[index]),
            ])
        }
        return table
    }

    private var foldData: DataTable? {
        guard let folded else { return nil }
        let columns = [
            "flip", "thresholds", "accuracy_mean", "accuracy_std", "far_target", "tar_mean", "tar_std", "undefined",
            "resolution",
        ]
        let rows = folded.rows.map { row in
            [
                row.flip, row.rule, "\(row.accuracy.mean)", "\(row.accuracy.standardDeviation)", "\(folded.farTarget)",
                DataTable.field(row.tar.value?.mean), DataTable.field(row.tar.value?.standardDeviation),
                DataTable.field(row.tar.undefinedReason),
                DataTable.field(row.allowedImpostors.map { FARResolution(allowedImpostors: $0).rawValue }),
            ]
        }
        return DataTable("folds", columns: columns, rows: rows)
    }

    private var identificationData: DataTable? {
        guard let results = identification else { return nil }
        var table = DataTable(
            "identification",
            columns: [
                "gallery", "measure", "at", "rate", "interval_low", "interval_high", "undefined", "interval_method",
                "resolution",
            ]
        )
        func add(_ start: [String], _ outcome: Outcome<MeasuredRate>, _ resolution: FARResolution? = nil) {
            let interval = outcome.value?.interval.value
            table.rows.append(
                start + [
                    DataTable.field(outcome.value?.rate), DataTable.field(interval?.low),
                    DataTable.field(interval?.high),
                    DataTable.field(outcome.undefinedReason), DataTable.field(interval?.method.rawValue),
                    DataTable.field(resolution?.rawValue),
                ]
            )
        }
        let all = results.galleries.map { ($0.name, $0.ranks, $0.openSet) }
        for (name, ranks, openSet) in all + [("average", results.average.ranks, results.average.openSet)] {
            for rank in ranks { add([name, "rank", "\(rank.rank)"], rank.outcome) }
            for rate in openSet { add([name, "tpir", "\(rate.fpirTarget)"], rate.outcome, rate.resolution) }
        }
        return table
    }
}

internal import VerificationMetrics

/// Tables of what only some protocols have: folds and galleries.
extension ReportTables {
    /// Whether there are comparisons to speak of; a protocol of searches alone has none.
    var hasComparisons: Bool {
        report.protocol.genuine + report.protocol.impostor > 0 || report.identification == nil
    }

    /// Accuracy over folds, with and without flip; nil for a protocol without folds.
    var folded: ReportTable? {
        guard let folded = report.folded else { return nil }
        return ReportTable(
            caption:
                "Accuracy over \(folded.folds) folds of \(NumberText.count(folded.pairs)) pairs, mean ± standard deviation",
            columns: [
                .init(title: "Flip", alignment: .left),
                .init(title: "InsightFace calls it", alignment: .left),
                .init(title: "Thresholds", alignment: .left),
                .init(title: "Accuracy %", alignment: .right),
                .init(title: "TAR % at FAR \(NumberText.rate(folded.farTarget))", alignment: .right),
                .init(title: "FAR % reached", alignment: .right),
            ],
            rows: folded.rows.map { row in
                [
                    .init(VisibleText.line(row.flip)), .init(Self.alias(row)),
                    .init(row.rule == FoldedSummary.Row.grid ? "InsightFace's grid" : "exact"),
                    .init(Self.text(row.accuracy)),
                    Self.tar(row),
                    .init(row.far.value.map(Self.text) ?? "undefined: \(row.far.reason ?? "")"),
                ]
            },
            notes: [
                "Published accuracies are mostly “Accuracy-Flip”: the embeddings of face and mirror image added. “Accuracy” "
                    + "is without flip. The two are often confused.",
                "A fold's threshold is chosen on the other folds: among all that the scores tell apart (exact), or among "
                    + "squared distances 0, 0.01, … 3.99 as InsightFace's script does.",
                "The threshold of a fold's TAR is that of the other folds' impostors. Not resolved: at that FAR they allow not "
                    + "even one; few: fewer than \(FARResolution.enough).",
            ]
        )
    }

    private static func alias(_ row: FoldedSummary.Row) -> String {
        guard row.rule == FoldedSummary.Row.grid else { return "–" }
        return row.flip == "sum" ? "Accuracy-Flip" : row.flip == "off" ? "Accuracy" : "–"
    }

    /// The TAR of a row whose thresholds rest on enough impostors of the other folds.
    private static func tar(_ row: FoldedSummary.Row) -> ReportTable.Cell {
        guard let tar = row.tar.value else { return .init("undefined: \(row.tar.reason ?? "")") }
        switch row.allowedImpostors.map(FARResolution.init(allowedImpostors:)) {
        case .unresolved: return .init("not resolved", detail: "\(text(tar)) at zero false accepts")
        case .few: return .init(text(tar) + " (few)")
        case .resolved, nil: return .init(text(tar))
        }
    }

    private static func text(_ spread: FoldedSummary.Spread) -> String {
        "\(NumberText.percent(spread.mean)) ± \(NumberText.percent(spread.standardDeviation))"
    }

    /// Identification rates, a row for each gallery and one for their average; nil without galleries.
    var identification: ReportTable? {
        guard let results = report.identification else { return nil }
        let ranks = results.average.ranks.map(\.rank)
        let targets = results.average.openSet.map(\.fpirTarget)
        func cells(
            _ ranks: [IdentificationSummary.RankRate],
            _ openSet: [IdentificationSummary.OpenSetRate]
        ) -> [ReportTable.Cell] {
            ranks.map { Self.cell($0.outcome, .resolved) } + openSet.map { Self.cell($0.outcome, $0.resolution) }
        }
        let average =
            [.init("average"), .init(""), .init(""), .init("")]
            + cells(results.average.ranks, results.average.openSet)
        return ReportTable(
            caption: "1:N identification, each gallery apart and averaged",
            columns: [
                .init(title: "Gallery", alignment: .left), .init(title: "Subjects", alignment: .right),
                .init(title: "Mated probes", alignment: .right), .init(title: "Others", alignment: .right),
            ] + ranks.map { .init(title: "Rank-\($0) %", alignment: .right) }
                + targets.map { .init(title: "TPIR % at FPIR \(NumberText.rate($0))", alignment: .right) },
            rows: results.galleries.map { gallery in
                [
                    .init(VisibleText.line(gallery.name)), .init(NumberText.count(gallery.subjects)),
                    .init(NumberText.count(gallery.mated)), .init(NumberText.count(gallery.unmated)),
                ] + cells(gallery.ranks, gallery.openSet)
            } + [average],
            notes: [
                "Rank-k: mated probes whose mate is among the k best gallery subjects; ties count against the system.",
                "TPIR: mated probes whose mate is at rank 1 and passes the threshold at which at most that share of the "
                    + "probes without a mate raises any candidate (FPIR).",
                "In brackets: 95 % intervals (\(results.intervalMethods ?? "none were drawn")) from resampled probe subjects; "
                    + "in parentheses: the FPIR allows not even one probe, so the rate is that at zero; few: it allows fewer "
                    + "than \(FARResolution.enough).",
            ]
        )
    }

    private static func cell(
        _ outcome: Reported<IdentificationSummary.Rate>,
        _ resolution: FARResolution
    ) -> ReportTable.Cell {
        guard let rate = outcome.value else { return .init("undefined", detail: outcome.reason) }
        let percent = NumberText.percent(rate.rate)
        let interval = PointText.intervalText(rate.interval)
        return switch resolution {
        case .unresolved: .init("(\(percent))", detail: "not resolved (k < 1)")
        case .few: .init(percent + " (few)", detail: interval)
        case .resolved: .init(percent, detail: interval)
        }
    }
}

internal import ArtifactFiles
internal import VerificationMetrics

extension Leaderboard {
    /// The leaderboard as a document.
    ///
    /// - Parameter name: What its files are called, without an ending.
    public func document(name: String = "leaderboard") -> ReportDocument {
        var document = ReportDocument(name: name, title: "Leaderboard")
        document.sections = [
            ReportSection("", families.enumerated().map { .table(table($1, label: "leaderboard-\($0 + 1)")) }),
            ReportSection("How to read this", notes.map { .paragraph($0) }),
        ]
        document.data = [data(name)]
        let json = LeaderboardJSON(
            sortFAR: "\(sortFAR)",
            replicates: replicates,
            families: families.map { family in
                LeaderboardJSON.Family(
                    name: family.name,
                    orderedBy: family.isByAccuracy ? "accuracy" : "tar",
                    notes: notes(family),
                    rows: family.rows
                )
            }
        )
        document.json = { () throws(InputError) in try JSONText.of(json) }
        return document
    }

    private var notes: [String] {
        let isAssumed = families.contains { family in
            family.rows.contains { row in row.rates.contains { $0.assumed && $0.low != nil } }
        }
        let isRanked = families.contains { family in family.rows.contains { $0.rankBest != nil } }
        return ["TAR in percent with 95 % intervals; rows stand in the order of their TAR at FAR \(sortFAR)."]
            + (isRanked ? [rankRule] : []) + (isAssumed ? [Self.assumedRule] : [])
            + ["Families are kept apart: they differ in comparisons, training set, teacher or network."]
    }

    /// The rule of the ranks, in words.
    private var rankRule: String {
        "Rank: the ranks that a row may hold, for all rows of a table at once with 95 % confidence: from one more than the "
            + "number of rows significantly better at FAR \(sortFAR) to the number of rows less those significantly worse, "
            + "by paired tests of all pairs over \(NumberText.count(replicates)) resamplings of the same subjects (max-T). "
            + "A TAR's own interval says nothing of the rank: systems that err on the same faces differ by less than their "
            + "intervals. Rows without scores have no rank, only a place by value that no test stands behind."
    }

    /// What ≈ means.
    private static let assumedRule =
        "≈: no interval was published (or no subjects are known). The one shown is Wilson's at 95 % for the protocol's "
        + "genuine comparisons; it leaves the threshold and shared subjects out and so is too narrow."

    private func notes(_ family: Family) -> [String] {
        var notes: [String] = []
        if family.isByAccuracy {
            notes.append(
                "Accuracy in percent, mean ± standard deviation over folds, each decided by the threshold that is best on "
                    + "the others. Ranks by paired t-tests over the folds, by Holm's correction."
            )
        }
        guard families.contains(where: { !$0.isMeasuredHere }) else { return notes }
        let full =
            "the full IJB-C 1:1 benchmark (\(NumberText.count(Self.benchmark.genuine)) genuine and "
            + "\(NumberText.count(Self.benchmark.impostor)) impostor comparisons)"
        switch (family.isMeasuredHere, family.isBenchmark) {
        case (true, true):
            notes.append(
                "As many comparisons as \(full). The place among quoted rows is by value alone: no test stands behind it."
            )
        case (true, false): notes.append("Not \(full): these values are not to be read beside quoted ones.")
        case (false, true): notes.append("Of \(full), without scores: places are by value, not ranks.")
        case (false, false):
            notes.append("Without scores: places are by value, not ranks. Not known to be of \(full).")
        }
        return notes
    }

    /// One family; intervals stand small beside their TAR, a source that is not the whole family's beside the name.
    private func table(_ family: Family, label: String) -> ReportTable {
        let isAmongQuoted = family.rows.contains { $0.placeAmongQuoted != nil }
        let quotedCount = families.filter { $0.isBenchmark && !$0.isMeasuredHere }.flatMap(\.rows)
            .count { $0.quoted && $0.rate(at: sortFAR) != nil }
        let values = family.isByAccuracy ? ["Accuracy"] : Self.columns.map { "TAR at \($0)" }
        let common = family.commonSource
        var table = ReportTable(
            label,
            caption: family.name,
            columns: [.right(family.isMeasuredHere ? "Rank" : "Place by value"), .left("System")]
                + values.map { .right($0) }
                + (isAmongQuoted ? [.right("Among quoted, by value", isDetail: true)] : [])
                + ["Parameters", "MACs", "Faces/s"].map { .right($0, isDetail: true) }
                + [.left("Training set", isDetail: true)],
            rows: family.rows.map { row in
                let rank = family.isMeasuredHere ? Self.rank(row) : row.placeByValue.map { "\($0)" }
                let among = row.placeAmongQuoted.map { "\($0) of \(quotedCount + 1)" }
                let facts = [
                    row.parameters.map(NumberText.magnitude), row.macs.map(NumberText.magnitude),
                    row.facesPerSecond.map { NumberText.fixed($0, decimals: 0) }, row.trainingSet,
                ]
                return [.init(rank ?? "–"), .init(row.name, source: row.sourceText == common ? nil : row.sourceText)]
                    + (family.isByAccuracy
                        ? [.init(row.accuracy.map(PointText.spread) ?? "–")]
                        : Self.columns.map { cell(row.rate(at: $0)) })
                    + (isAmongQuoted ? [.init(among ?? "–")] : []) + facts.map { .init($0 ?? "–") }
            },
            notes: notes(family)
        )
        table.source = common.map { $0 + "." }
        table.isSortable = true
        return table
    }

    private static func rank(_ row: Row) -> String? {
        guard let best = row.rankBest, let worst = row.rankWorst else { return nil }
        return best == worst ? "\(best)" : "\(best)–\(worst)"
    }

    private func cell(_ rate: Rate?) -> ReportTable.Cell {
        guard let rate else { return "–" }
        guard rate.resolved else { return "not resolved" }
        guard let low = rate.low, let high = rate.high else { return .init(NumberText.percent(rate.tar)) }
        let ends = "[\(NumberText.percent(low)), \(NumberText.percent(high))]"
        return .init(NumberText.percent(rate.tar), detail: (rate.assumed ? "≈ " : "") + ends)
    }

    /// A line for each system and FAR, or for its accuracy.
    private func data(_ name: String) -> DataTable {
        let start = ["family", "quoted", "rank_best", "rank_worst", "place_by_value", "system"]
        let values = [
            "far_target", "tar", "interval_low", "interval_high", "interval_assumed", "resolved", "accuracy",
        ]
        let facts = ["parameters", "macs", "faces_per_second", "training_set", "source"]
        var table = DataTable(name, columns: start + values + facts)
        for family in families {
            for row in family.rows {
                func add(_ values: [String]) {
                    let place = [DataTable.field(row.rankBest), DataTable.field(row.rankWorst)]
                    let facts = [
                        DataTable.field(row.parameters), DataTable.field(row.macs), DataTable.field(row.facesPerSecond),
                        row.trainingSet ?? "", row.source ?? "",
                    ]
                    let start = [family.name, "\(row.quoted)"] + place + [DataTable.field(row.placeByValue), row.name]
                    table.rows.append(start + values + facts)
                }
                for rate in row.rates {
                    let ends = [DataTable.field(rate.low), DataTable.field(rate.high)]
                    add([rate.farTarget, "\(rate.tar)"] + ends + ["\(rate.assumed)", "\(rate.resolved)", ""])
                }
                if let accuracy = row.accuracy { add(["", "", "", "", "", "", "\(accuracy.mean)"]) }
            }
        }
        return table
    }
}

/// What `leaderboard.json` holds.
private struct LeaderboardJSON: Encodable {
    struct Family: Encodable {
        var name: String
        var orderedBy: String
        var notes: [String]
        var rows: [Leaderboard.Row]
    }

    var schema = 1
    var sortFAR: String
    var replicates: Int
    var families: [Family]
}

extension Leaderboard.Row {
    /// Where the numbers are from, and whether they were measured or quoted.
    var sourceText: String? { source.map { quoted ? "Quoted, not measured: \($0)" : $0 } }
}

extension Leaderboard.Family {
    /// The source that most rows share, if it is more than one row.
    fileprivate var commonSource: String? {
        let counts = Dictionary(grouping: rows.compactMap(\.sourceText)) { $0 }.mapValues(\.count)
        let most = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return most.flatMap { $0.value > 1 ? $0.key : nil }
    }
}

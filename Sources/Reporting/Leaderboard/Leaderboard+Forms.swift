public import ArtifactFiles
internal import VerificationMetrics

extension Leaderboard {
    /// `leaderboard.md`, `.html`, `.tex`, `.csv` and `.json`.
    ///
    /// - Throws: `InputError` (`malformed`) for a number that JSON cannot hold.
    public func files() throws(InputError) -> [RenderedFile] {
        [
            RenderedFile(name: "leaderboard.md", text: markdown),
            RenderedFile(name: "leaderboard.html", text: page),
            RenderedFile(name: "leaderboard.tex", text: tex),
            RenderedFile(name: "leaderboard.csv", text: csv),
            RenderedFile(name: "leaderboard.json", text: try jsonText()),
        ]
    }

    /// The tables for a terminal.
    public var summaryText: String {
        let tables = families.map { family in
            var table = table(family)
            // Rank, system and rates: what fits a terminal.
            let count = 2 + valueTitles(family).count
            table = ReportTable(
                caption: table.caption,
                columns: Array(table.columns.prefix(count)),
                rows: table.rows.map { [$0[0], .init($0[1].text)] + $0[2..<count] },
                notes: familyNotes(family)
            )
            return ([VisibleText.line(family.name), "", PlainTable.text(table)] + table.notes.map { $0 + "\n" })
                .joined(separator: "\n")
        }
        return tables.joined(separator: "\n") + "\n" + notes.joined(separator: "\n") + "\n"
    }

    private static let title = "Leaderboard"

    private var notes: [String] {
        let isAssumed = families.contains { family in
            family.rows.contains { row in row.rates.values.contains { $0.isAssumed && $0.interval != nil } }
        }
        let isRanked = families.contains { family in family.rows.contains { $0.rank != nil } }
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

    private func familyNotes(_ family: Family) -> [String] {
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

    private func valueTitles(_ family: Family) -> [String] {
        family.isByAccuracy ? ["Accuracy"] : Self.columns.map { "TAR at \($0)" }
    }

    /// One family; intervals stand small beside their TAR, a source that is not the whole family's beside the name.
    func table(_ family: Family) -> ReportTable {
        let placed = placed(family)
        let isAmongQuoted = placed.contains { $0.placeAmongQuoted != nil }
        let first = family.isMeasuredHere ? "Rank" : "Place by value"
        let common = family.commonSource
        let titles =
            valueTitles(family).map { ReportTable.Column(title: $0, alignment: .right) }
            + (isAmongQuoted ? [.init(title: "Among quoted, by value", alignment: .right)] : [])
        return ReportTable(
            caption: family.name,
            columns: [.init(title: first, alignment: .right), .init(title: "System", alignment: .left)] + titles
                + [
                    .init(title: "Parameters", alignment: .right), .init(title: "MACs", alignment: .right),
                    .init(title: "Faces/s", alignment: .right), .init(title: "Training set", alignment: .left),
                ],
            rows: placed.map { cells($0, family, commonSource: common, isAmongQuoted: isAmongQuoted) },
            notes: (common.map { [$0 + "."] } ?? []) + familyNotes(family)
        )
    }

    private func cells(
        _ placed: Placed,
        _ family: Family,
        commonSource: String?,
        isAmongQuoted: Bool
    ) -> [ReportTable.Cell] {
        let row = placed.row
        let rank = family.isMeasuredHere ? row.rank.map(Self.text) : placed.place.map { "\($0)" }
        let name = ReportTable.Cell(row.name, detail: row.sourceText == commonSource ? nil : row.sourceText)
        var cells = [ReportTable.Cell(rank ?? "–"), name]
        if family.isByAccuracy {
            let percent = NumberText.percent
            cells.append(.init(row.accuracy.map { "\(percent($0.mean)) ± \(percent($0.standardDeviation))" } ?? "–"))
        } else {
            cells += Self.columns.map { cell(row.rates[$0]) }
        }
        if isAmongQuoted { cells.append(.init(placed.placeAmongQuoted.map { "\($0.place) of \($0.of)" } ?? "–")) }
        cells.append(.init(row.parameters.map { NumberText.magnitude($0) } ?? "–"))
        cells.append(.init(row.macs.map { NumberText.magnitude($0) } ?? "–"))
        cells.append(.init(row.facesPerSecond.map { NumberText.fixed($0, decimals: 0) } ?? "–"))
        cells.append(.init(row.trainingSet ?? "–"))
        return cells
    }

    private static func text(_ rank: RankInterval) -> String {
        rank.best == rank.worst ? "\(rank.best)" : "\(rank.best)–\(rank.worst)"
    }

    private func cell(_ rate: Rate?) -> ReportTable.Cell {
        guard let rate else { return .init("–") }
        guard rate.isResolved else { return .init("not resolved") }
        guard let interval = rate.interval else { return .init(NumberText.percent(rate.tar)) }
        let ends = "[\(NumberText.percent(interval.lowerBound)), \(NumberText.percent(interval.upperBound))]"
        return .init(NumberText.percent(rate.tar), detail: (rate.isAssumed ? "≈ " : "") + ends)
    }

    // MARK: Forms

    private var markdown: String {
        var sections = ["# \(Self.title)\n"] + notes.map { MarkdownText.escaped($0) + "\n" }
        for family in families {
            let table = table(family)
            sections += ["## \(MarkdownText.escaped(family.name))\n", MarkdownText.table(table)]
            sections += table.notes.map { MarkdownText.escaped($0) + "\n" }
        }
        return sections.joined(separator: "\n")
    }

    private var tex: String {
        let tables = families.enumerated().map { TeXText.table(table($1), label: "tab:leaderboard-\($0 + 1)") }
        let notes = notes.map { TeXText.escaped($0) }.joined(separator: "\n\n")
        return TeXText.document(title: Self.title, body: notes + "\n\n" + tables.joined())
    }

    private var page: String {
        var context = PageContext(["title": Self.title])
        context.set("notes", notes.map { PageContext(["note": $0]) })
        context.set(
            "families",
            families.map { family in
                let full = table(family)
                let table = ReportTable(caption: "", columns: full.columns, rows: full.rows, notes: full.notes)
                var context = PageContext(["familyName": family.name])
                context.set("board", PageContext(table, style: "sortable"))
                return context
            }
        )
        return PageShell.page(
            title: Self.title,
            body: Markup(trusted: LeaderboardPage.template.render(context)),
            script: LeaderboardPage.script
        )
    }

    private var csv: String {
        let header = [
            "family", "quoted", "rank_best", "rank_worst", "place_by_value", "system", "far_target", "tar",
            "interval_low",
            "interval_high", "interval_assumed", "resolved", "accuracy", "parameters", "macs", "faces_per_second",
            "training_set", "source",
        ]
        var lines = [CSVText.line(header)]
        for row in document.families.flatMap({ family in family.rows.map { (family.name, $0) } }) {
            let (family, row) = row
            func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "" }
            func line(_ values: [String]) -> String {
                let place = [
                    family, "\(row.quoted)", text(row.rankBest), text(row.rankWorst), text(row.placeByValue), row.name,
                ]
                let facts = [
                    text(row.parameters), text(row.macs), text(row.facesPerSecond), text(row.trainingSet),
                    text(row.source),
                ]
                return CSVText.line(place + values + facts)
            }
            for rate in row.rates {
                let (low, high) = (text(rate.low), text(rate.high))
                lines.append(
                    line([rate.farTarget, "\(rate.tar)", low, high, "\(rate.assumed)", "\(rate.resolved)", ""])
                )
            }
            if let accuracy = row.accuracy { lines.append(line(["", "", "", "", "", "", "\(accuracy.mean)"])) }
        }
        return lines.joined()
    }

    /// The content of `leaderboard.json`.
    ///
    /// - Throws: `InputError` (`malformed`) for a number that JSON cannot hold.
    public func jsonText() throws(InputError) -> String {
        do {
            return try OrderedJSONEncoder.text(of: document)
        } catch {
            throw InputError(.malformed, "the leaderboard cannot be written as JSON: \(error)")
        }
    }

    private var document: LeaderboardDocument {
        LeaderboardDocument(
            sortFAR: "\(sortFAR)",
            replicates: replicates,
            families: families.map { family in
                LeaderboardDocument.Family(
                    name: family.name,
                    orderedBy: family.isByAccuracy ? "accuracy" : "tar",
                    notes: familyNotes(family),
                    rows: placed(family).map { LeaderboardDocument.Row($0) }
                )
            }
        )
    }
}

/// What `leaderboard.json` holds, and a line of `leaderboard.csv`.
private struct LeaderboardDocument: Encodable {
    var schema = 1
    var sortFAR: String
    var replicates: Int
    var families: [Family]

    struct Family: Encodable {
        var name: String
        var orderedBy: String
        var notes: [String]
        var rows: [Row]
    }

    struct Row: Encodable {
        var name: String
        var quoted: Bool
        var rankBest: Int?
        var rankWorst: Int?
        var placeByValue: Int?
        var accuracy: FoldedSummary.Spread?
        var rates: [Rate]
        var parameters: Int?
        var macs: Int?
        var facesPerSecond: Double?
        var trainingSet: String?
        var source: String?

        init(_ placed: Leaderboard.Placed) {
            let row = placed.row
            name = row.name
            quoted = row.isQuoted
            rankBest = row.rank?.best
            rankWorst = row.rank?.worst
            placeByValue = placed.place
            accuracy = row.accuracy.map { FoldedSummary.Spread($0) }
            rates = row.rates.sorted { $0.key < $1.key }
                .map { target, rate in
                    Rate(
                        farTarget: "\(target)",
                        tar: rate.tar,
                        low: rate.interval?.lowerBound,
                        high: rate.interval?.upperBound,
                        assumed: rate.isAssumed,
                        resolved: rate.isResolved
                    )
                }
            parameters = row.parameters
            macs = row.macs
            facesPerSecond = row.facesPerSecond
            trainingSet = row.trainingSet
            source = row.source
        }
    }

    struct Rate: Encodable {
        var farTarget: String
        var tar: Double
        var low: Double?
        var high: Double?
        var assumed: Bool
        var resolved: Bool
    }
}

extension Leaderboard.Row {
    /// Where the numbers are from, and whether they were measured or quoted.
    var sourceText: String? { source.map { isQuoted ? "Quoted, not measured: \($0)" : $0 } }
}

extension Leaderboard.Family {
    /// The source that most rows share, if it is more than one row.
    fileprivate var commonSource: String? {
        let counts = Dictionary(grouping: rows.compactMap(\.sourceText)) { $0 }.mapValues(\.count)
        let most = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return most.flatMap { $0.value > 1 ? $0.key : nil }
    }
}

/// The template of `leaderboard.html` and the script that sorts its tables.
private enum LeaderboardPage {
    static let template = PageTemplate(
        """
        <header><h1>{{{title}}}</h1></header>
        {{#families}}<h2>{{{familyName}}}</h2>
        {{#board}}{{> table}}{{/board}}{{/families}}
        <h2>How to read this</h2>
        {{#notes}}<p>{{{note}}}</p>{{/notes}}
        """,
        partials: PageShell.partials
    )

    static let script = """
        (() => {
        "use strict";
        const units = {"": 1, M: 1e6, G: 1e9};
        function value(cell) {
          const text = cell.querySelector("span").firstChild?.textContent.trim() ?? "";
          // A range of ranks by its best, then by its worst.
          const ranks = /^([0-9]+)–([0-9]+)$/.exec(text);
          if (ranks) return +ranks[1] + ranks[2] / 1e6;
          const number = /^(-?[0-9][0-9,]*\\.?[0-9]*) ?([MG]?)(?: (?:±|of) .*)?$/.exec(text);
          return number ? number[1].replaceAll(",", "") * units[number[2]] : text;
        }
        const isMissing = v => v === "–" || v === "" || v === "not resolved";
        function compare(a, b) {
          const numbers = typeof a === "number" && typeof b === "number";
          return numbers ? a - b : String(a).localeCompare(String(b));
        }
        for (const table of document.querySelectorAll("table.sortable")) {
          const heads = [...table.tHead.rows[0].cells];
          heads.forEach((head, column) => {
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = head.textContent;
            head.replaceChildren(button);
            button.addEventListener("click", () => {
              const first = head.classList.contains("r") && column > 0 ? "descending" : "ascending";
              const other = first === "ascending" ? "descending" : "ascending";
              const order = head.getAttribute("aria-sort") === first ? other : first;
              heads.forEach(h => h.removeAttribute("aria-sort"));
              head.setAttribute("aria-sort", order);
              const rows = [...table.tBodies[0].rows].map(row => [value(row.cells[column]), row]);
              rows.sort(([a], [b]) => isMissing(a) - isMissing(b) ||
                (order === "ascending" ? compare(a, b) : compare(b, a)));
              table.tBodies[0].append(...rows.map(([, row]) => row));
            });
          });
        }
        const wanted = /^#sort=([0-9]+),([0-9]+)$/.exec(location.hash);
        if (wanted) {
          const table = document.querySelectorAll("table.sortable")[+wanted[1]];
          table?.tHead.rows[0].cells[+wanted[2]]?.querySelector("button")?.click();
        }
        })();
        """
}

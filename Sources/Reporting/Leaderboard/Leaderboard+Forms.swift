internal import VerificationMetrics

extension Leaderboard {
    /// `leaderboard.md`, `leaderboard.html`, `leaderboard.tex` and `leaderboard.csv`.
    public func files() -> [RenderedFile] {
        [
            RenderedFile(name: "leaderboard.md", text: markdown),
            RenderedFile(name: "leaderboard.html", text: page),
            RenderedFile(name: "leaderboard.tex", text: tex),
            RenderedFile(name: "leaderboard.csv", text: csv),
        ]
    }

    /// The tables for a terminal.
    public var summaryText: String {
        let tables = families.map { family in
            var table = table(family)
            // Rank, system and rates: what fits a terminal.
            table = ReportTable(
                caption: table.caption,
                columns: Array(table.columns.prefix(5)),
                rows: table.rows.map { [$0[0], .init($0[1].text)] + $0[2...4] },
                notes: []
            )
            return "\(VisibleText.line(family.name))\n\n" + PlainTable.text(table)
        }
        return tables.joined(separator: "\n") + "\n" + notes.joined(separator: "\n") + "\n"
    }

    private static let title = "Leaderboard"

    private var notes: [String] {
        let isAssumed = families.contains { family in
            family.rows.contains { row in row.rates.values.contains { $0.isAssumed && $0.interval != nil } }
        }
        return ["TAR in percent with 95 % intervals; sorted by FAR \(sortFAR).", Self.rankRule]
            + (isAssumed ? [Self.assumedRule] : [])
            + ["Families are kept apart: they differ in protocol, training set, teacher or network."]
    }

    /// One family; intervals stand small beside their TAR, a source that is not the whole family's beside the name.
    func table(_ family: Family) -> ReportTable {
        let rates = Self.columns.map { ReportTable.Column(title: "TAR at \($0)", alignment: .right) }
        let common = family.commonSource
        return ReportTable(
            caption: family.name,
            columns: [.init(title: "Rank", alignment: .right), .init(title: "System", alignment: .left)] + rates
                + [
                    .init(title: "Parameters", alignment: .right), .init(title: "MACs", alignment: .right),
                    .init(title: "Faces/s", alignment: .right), .init(title: "Training set", alignment: .left),
                ],
            rows: ranked(family).map { cells($0, commonSource: common) },
            notes: common.map { [$0 + "."] } ?? []
        )
    }

    private func cells(_ ranked: Ranked, commonSource: String?) -> [ReportTable.Cell] {
        let row = ranked.row
        let name = ReportTable.Cell(row.name, detail: row.sourceText == commonSource ? nil : row.sourceText)
        var cells = [ReportTable.Cell(ranked.rank.map { "\($0)" } ?? "–"), name]
        cells += Self.columns.map { cell(row.rates[$0]) }
        cells.append(.init(row.parameters.map { NumberText.magnitude($0) } ?? "–"))
        cells.append(.init(row.macs.map { NumberText.magnitude($0) } ?? "–"))
        cells.append(.init(row.facesPerSecond.map { NumberText.fixed($0, decimals: 0) } ?? "–"))
        cells.append(.init(row.trainingSet ?? "–"))
        return cells
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
            "family", "quoted", "rank", "system", "far_target", "tar", "interval_low", "interval_high",
            "interval_assumed", "resolved", "parameters", "macs", "faces_per_second", "training_set", "source",
        ]
        var lines = [CSVText.line(header)]
        for family in families {
            for ranked in ranked(family) {
                for (target, rate) in ranked.row.rates.sorted(by: { $0.key < $1.key }) {
                    lines.append(CSVText.line(csvFields(family.name, ranked, target, rate)))
                }
            }
        }
        return lines.joined()
    }

    private func csvFields(_ family: String, _ ranked: Ranked, _ target: FARTarget, _ rate: Rate) -> [String] {
        let row = ranked.row
        func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "" }
        let place = [family, "\(row.isQuoted)", text(ranked.rank), row.name, "\(target)"]
        let numbers = [
            "\(rate.tar)", text(rate.interval?.lowerBound), text(rate.interval?.upperBound), "\(rate.isAssumed)",
            "\(rate.isResolved)",
        ]
        return place + numbers + [
            text(row.parameters), text(row.macs), text(row.facesPerSecond), text(row.trainingSet), text(row.source),
        ]
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
          const number = /^(-?[0-9][0-9,]*\\.?[0-9]*) ?([MG]?)$/.exec(text);
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

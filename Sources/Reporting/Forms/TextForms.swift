internal import ArtifactFiles

/// `report.md`: tables and facts for people and for version control.
struct MarkdownForm: ReportForm {
    let name = "md"
    let summary = "report.md: tables for reading and for version control"

    func files(of document: ReportDocument) -> [RenderedFile] {
        var parts = ["# \(Self.escaped(document.title))\n"]
        parts += [document.lead].compactMap { $0 }.map { Self.escaped($0) + "\n" }
        parts += document.warnings.map { "> \(Self.escaped($0))\n" }
        for section in document.sections {
            let blocks = section.blocks.flatMap { Self.parts($0, level: section.title.isEmpty ? "##" : "###") }
            guard !blocks.isEmpty else { continue }
            if !section.title.isEmpty { parts.append("## \(Self.escaped(section.title))\n") }
            parts += blocks
        }
        return [RenderedFile(name: document.name + ".md", text: parts.joined(separator: "\n"))]
    }

    private static func parts(_ block: ReportBlock, level: String) -> [String] {
        func heading(_ text: String) -> [String] { text.isEmpty ? [] : ["\(level) \(escaped(text))\n"] }
        func list(_ facts: [ReportFact]) -> String {
            facts.map { "- \(escaped($0.label)): \(escaped($0.value))\n" }.joined()
        }
        switch block {
        case .heading(let text): return heading(text)
        case .paragraph(let text): return [escaped(text) + "\n"]
        case .list(let lines): return lines.isEmpty ? [] : [lines.map { "- \(escaped($0))\n" }.joined()]
        case .code(let text): return ["    \(VisibleText.line(text))\n"]
        case .facts(let facts): return facts.isEmpty ? [] : [list(facts)]
        case .columns(let columns): return columns.filter { !$0.1.isEmpty }.flatMap { heading($0) + [list($1)] }
        case .table(let table):
            return heading(table.caption) + [self.table(table)] + table.remarks.map { escaped($0) + "\n" }
        case .comparisons(let comparisons): return [table(ReportTable(comparisons))]
        case .picture(let file, let alt): return ["![\(escaped(alt))](\(file))\n"]
        case .tiles, .figures, .faces: return []
        }
    }

    private static func table(_ table: ReportTable) -> String {
        let titles = table.columns.map { escaped($0.title) }
        let rows = table.rows.map { row in row.map { escaped($0.line) } }
        let widths = TextColumns.widths([titles] + rows).map { max(3, $0) }
        let rule = zip(widths, table.columns)
            .map { width, column in
                let dashes = String(repeating: "-", count: width - 1)
                return column.alignment == .right ? dashes + ":" : ":" + dashes
            }
        return ([titles, rule] + rows)
            .map { "| " + TextColumns.padded($0, widths, table.columns).joined(separator: " | ") + " |\n" }
            .joined()
    }

    /// Text in which nothing is markup: neither Markdown's nor HTML's.
    private static func escaped(_ text: String) -> String {
        let visible = VisibleText.line(text)
        // Brackets alone are no link; intervals stay readable.
        let mayLink = ["](", "][", "]:"].contains { visible.contains($0) }
        var output = ""
        for scalar in visible.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\\", "`", "*", "_", "|", "#", "~", "$", "!": output += "\\\(scalar)"
            case "[" where mayLink, "]" where mayLink: output += "\\\(scalar)"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}

/// `report.txt`: the same without markup, and what commands print.
struct PlainTextForm: ReportForm {
    let name = "txt"
    let summary = "report.txt: tables without markup"

    func files(of document: ReportDocument) -> [RenderedFile] {
        [RenderedFile(name: document.name + ".txt", text: Self.text(of: document, isSummary: false) + "\n")]
    }

    /// The document as text.
    ///
    /// - Parameters:
    ///   - document: What is written.
    ///   - isSummary: Whether title and details are left out, for a terminal.
    static func text(of document: ReportDocument, isSummary: Bool) -> String {
        var parts = (isSummary ? [] : [document.title]) + [document.lead].compactMap { $0 }.map(VisibleText.line)
        parts += document.warnings.map { "warning: " + VisibleText.line($0) }
        for section in document.sections where !(isSummary && section.isDetail) {
            let blocks = section.blocks.flatMap { Self.parts($0, isSummary) }
            guard !blocks.isEmpty else { continue }
            if !section.title.isEmpty { parts.append(VisibleText.line(section.title)) }
            parts += blocks
        }
        return parts.joined(separator: "\n\n")
    }

    private static func parts(_ block: ReportBlock, _ isSummary: Bool) -> [String] {
        func list(_ facts: [ReportFact]) -> String {
            facts.map { "  \(VisibleText.line($0.label)): \(VisibleText.line($0.value))" }.joined(separator: "\n")
        }
        switch block {
        case .heading(let text), .paragraph(let text): return [VisibleText.line(text)]
        case .list(let lines):
            return lines.isEmpty ? [] : [lines.map { "  \(VisibleText.line($0))" }.joined(separator: "\n")]
        case .code(let text): return ["    " + VisibleText.line(text)]
        case .facts(let facts): return facts.isEmpty ? [] : [list(facts)]
        case .columns(let columns):
            return columns.filter { !$0.1.isEmpty }.map { VisibleText.line($0) + "\n" + list($1) }
        case .table(let table):
            let caption = table.caption.isEmpty ? [] : [VisibleText.line(table.caption)]
            let notes = (isSummary ? table.notes : table.remarks).map { VisibleText.line($0) }
            return caption + [self.table(table, isSummary)] + (notes.isEmpty ? [] : [notes.joined(separator: "\n")])
        case .comparisons(let comparisons): return [table(ReportTable(comparisons), isSummary)]
        case .picture(let file, _): return [file]
        case .tiles, .figures, .faces: return []
        }
    }

    /// Columns two spaces apart, titles over a rule.
    private static func table(_ table: ReportTable, _ isSummary: Bool) -> String {
        let shown = table.columns.indices.filter { !(isSummary && table.columns[$0].isDetail) }
        let columns = shown.map { table.columns[$0] }
        let rows = table.rows.map { row in
            shown.map {
                VisibleText.line(isSummary ? ReportTable.Cell.line(row[$0].text, row[$0].detail) : row[$0].line)
            }
        }
        let widths = TextColumns.widths([columns.map(\.title)] + rows)
        var lines = ([columns.map(\.title)] + rows)
            .map { cells in
                var line = TextColumns.padded(cells, widths, columns).joined(separator: "  ")
                while line.hasSuffix(" ") { line.removeLast() }
                return line
            }
        lines.insert(String(repeating: "─", count: widths.reduce(0, +) + 2 * max(0, widths.count - 1)), at: 1)
        return lines.joined(separator: "\n")
    }
}

/// Columns of text as wide as their widest cell.
private enum TextColumns {
    static func widths(_ rows: [[String]]) -> [Int] {
        (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    }

    static func padded(_ cells: [String], _ widths: [Int], _ columns: [ReportTable.Column]) -> [String] {
        cells.indices.map { index in
            let space = String(repeating: " ", count: max(0, widths[index] - cells[index].count))
            return columns[index].alignment == .right ? space + cells[index] : cells[index] + space
        }
    }
}

extension ReportTable {
    /// Comparisons without their faces.
    init(_ comparisons: [HardestPairs.Comparison]) {
        func cell(_ side: HardestPairs.Side) -> Cell {
            let names = side.images.prefix(3).map { VisibleText.line($0, limit: 40) }.joined(separator: ", ")
            let more = max(side.images.count, side.imageCount ?? 0) > 3 ? ", …" : ""
            return Cell(VisibleText.line(side.template, limit: 40), detail: names + more)
        }
        self.init(
            "comparisons",
            columns: [.right("Score"), .right("Comparison"), .left("Template"), .left("Template")],
            rows: comparisons.map { pair in
                [Cell(NumberText.score(pair.score)), Cell("\(pair.comparison)"), cell(pair.first), cell(pair.second)]
            }
        )
    }
}

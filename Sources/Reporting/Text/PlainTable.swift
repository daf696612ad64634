/// Tables for a terminal.
enum PlainTable {
    /// Columns two spaces apart, titles over a rule; without notes.
    static func text(_ table: ReportTable) -> String {
        let titles = table.columns.map(\.title)
        let rows = table.rows.map { row in
            row.map { VisibleText.line($0.line) }
        }
        let widths = titles.indices.map { column in
            ([titles[column]] + rows.map { $0[column] }).map(\.count).max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                let space = String(repeating: " ", count: max(0, widths[column] - cells[column].count))
                return table.columns[column].alignment == .right ? space + cells[column] : cells[column] + space
            }
            var line = padded.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }
        let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * max(0, widths.count - 1)) + "\n"
        return line(titles) + rule + rows.map(line).joined()
    }
}

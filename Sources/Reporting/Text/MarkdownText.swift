/// Markdown's spelling of foreign text, tables and lists.
enum MarkdownText {
    /// Text in which nothing is markup: neither Markdown's nor HTML's.
    static func escaped(_ text: String) -> String {
        let visible = VisibleText.line(text)
        // Brackets alone are no link; intervals stay readable.
        let mayLink = ["](", "][", "]:"].contains { visible.contains($0) }
        var output = ""
        for scalar in visible.unicodeScalars {
            switch scalar {
            case "[" where !mayLink, "]" where !mayLink: output.unicodeScalars.append(scalar)
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\\", "`", "*", "_", "[", "]", "|", "#", "~", "$", "!":
                output += "\\"
                output.unicodeScalars.append(scalar)
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    static func table(_ table: ReportTable) -> String {
        let titles = table.columns.map { escaped($0.title) }
        let rows = table.rows.map { row in
            row.map { escaped($0.line) }
        }
        let widths = titles.indices.map { column in
            max(3, ([titles[column]] + rows.map { $0[column] }).map(\.count).max() ?? 0)
        }
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                let space = String(repeating: " ", count: max(0, widths[column] - cells[column].count))
                return table.columns[column].alignment == .right ? space + cells[column] : cells[column] + space
            }
            return "| " + padded.joined(separator: " | ") + " |\n"
        }
        let rule = table.columns.indices.map { column in
            let dashes = String(repeating: "-", count: widths[column] - 1)
            return table.columns[column].alignment == .right ? dashes + ":" : ":" + dashes
        }
        return line(titles) + line(rule) + rows.map(line).joined()
    }

    static func list(_ facts: [ReportFact]) -> String {
        facts.map { "- \(escaped($0.label)): \(escaped($0.value))\n" }.joined()
    }
}

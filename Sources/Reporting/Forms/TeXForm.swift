internal import ArtifactFiles

/// `report.tex`: tables in booktabs style, in a document that compiles by itself.
struct TeXForm: ReportForm {
    let name = "tex"
    let summary = "report.tex: booktabs tables in a document that compiles"

    func files(of document: ReportDocument) -> [RenderedFile] {
        var body = document.lead.map { Self.escaped($0) + "\n\n" } ?? ""
        for warning in document.warnings { body += "\\noindent\\textbf{Note:} \(Self.escaped(warning))\n\n" }
        for section in document.sections where !section.isDetail {
            // Tables float away from a heading, and lists side by side have headings of their own.
            var heading = section.title
            for block in section.blocks {
                let text = Self.text(block)
                if case .table = block {
                } else if case .columns = block {
                } else if !text.isEmpty, !heading.isEmpty {
                    body += "\\subsection*{\(Self.escaped(heading))}\n"
                    heading = ""
                }
                body += text
            }
        }
        let text = Self.page(title: document.title, body: body)
        return [RenderedFile(name: document.name + ".tex", text: text)]
    }

    private static func text(_ block: ReportBlock) -> String {
        switch block {
        case .heading(let text): "\\subsubsection*{\(escaped(text))}\n"
        case .paragraph(let text): escaped(text) + "\n\n"
        case .code(let text): "\\texttt{\(escaped(text))}\n\n"
        case .list(let lines):
            lines.isEmpty
                ? ""
                : "\\begin{itemize}\n\(lines.map { "\\item \(escaped($0))\n" }.joined())\\end{itemize}\n\n"
        case .facts(let facts): self.facts(facts)
        case .columns(let columns):
            columns.filter { !$0.1.isEmpty }
                .map { "\\subsection*{\(escaped($0))}\n\(facts($1))" }.joined()
        case .table(let table): self.table(table)
        case .comparisons(let comparisons): table(ReportTable(comparisons))
        case .tiles, .figures, .faces, .picture: ""
        }
    }

    /// A table in booktabs style; cells of small columns are set small, notes stand below.
    private static func table(_ table: ReportTable) -> String {
        let columns = table.columns.map { $0.alignment == .right ? "r" : "l" }.joined()
        func small(_ text: String) -> String { text.isEmpty ? "" : "{\\scriptsize \(text)}" }
        func cell(_ text: String, _ column: ReportTable.Column) -> String {
            column.isSmall ? small(withPowers(text)) : withPowers(text)
        }
        let titles = table.columns.map { cell($0.title, $0) }.joined(separator: " & ")
        let rows = table.rows.map { row in
            zip(row, table.columns)
                .map { content, column in
                    let detail = small(escaped(content.detail ?? content.source ?? ""))
                    guard !detail.isEmpty else { return cell(content.text, column) }
                    if column.alignment == .right { return cell(content.text, column) + " " + detail }
                    return "\\begin{tabular}[t]{@{}l@{}}\(cell(content.text, column)) \\\\ \(detail)\\end{tabular}"
                }
                .joined(separator: " & ") + " \\\\\n"
        }
        let notes = table.remarks.map { withPowers($0) }.joined(separator: " ")
        return """
            \\begin{table}[htbp]
            \\centering
            \\caption{\(escaped(table.caption))}
            \\label{tab:\(table.label)}
            \\small
            \\resizebox{\\ifdim\\width>\\linewidth \\linewidth\\else \\width\\fi}{!}{%
            \\begin{tabular}{@{}\(columns)@{}}
            \\toprule
            \(titles) \\\\
            \\midrule
            \(rows.joined())\\bottomrule
            \\end{tabular}}
            \(notes.isEmpty ? "" : "\n\\smallskip\n\\begin{minipage}{\\linewidth}\\footnotesize \(notes)\\end{minipage}\n")\
            \\end{table}

            """
    }

    private static func facts(_ facts: [ReportFact]) -> String {
        guard !facts.isEmpty else { return "" }
        let rows = facts.map { "\(escaped($0.label)) & \(breakable($0.value)) \\\\\n" }.joined()
        return """
            \\noindent\\begin{tabular}{@{}p{0.32\\linewidth}p{0.62\\linewidth}@{}}
            \(rows)\\end{tabular}


            """
    }

    /// Text in which words longer than a line, such as digests, may be broken.
    private static func breakable(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false)
            .map { word in
                guard word.count > 24 else { return escaped(String(word)) }
                var rest = word
                var parts: [String] = []
                while !rest.isEmpty {
                    parts.append(escaped(String(rest.prefix(16))))
                    rest = rest.dropFirst(16)
                }
                return parts.joined(separator: "\\allowbreak{}")
            }
            .joined(separator: " ")
    }

    /// Text in which rates such as `1e-4` stand as powers of ten: `$10^{-4}$`, `$2.5\cdot10^{-4}$`.
    private static func withPowers(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false)
            .map { word in
                let number = word.hasSuffix(":") ? word.dropLast() : word
                guard number.contains("e-"), number.first?.isNumber == true, let value = Double(number), value > 0,
                    value < 1
                else { return escaped(String(word)) }
                let (digits, exponent) = NumberText.scientific(value)
                let factor = digits == "1" ? "" : "\(digits)\\cdot"
                return "$\(factor)10^{\(exponent)}$" + word.suffix(word.count - number.count)
            }
            .joined(separator: " ")
    }

    /// Text in which nothing is a command.
    ///
    /// Characters beyond those of Western Europe are left to the document's `\unichar`: XeLaTeX and LuaLaTeX set them where
    /// a font has them, and everywhere else their code stands. So the file compiles whatever a name holds.
    private static func escaped(_ text: String) -> String {
        var output = ""
        var last: Unicode.Scalar?
        for scalar in VisibleText.line(text).unicodeScalars {
            // Two of these would become one other character.
            if scalar == last, "-',".unicodeScalars.contains(scalar) { output += "{}" }
            output += spelling(of: scalar)
            last = scalar
        }
        return output
    }

    private static func spelling(of scalar: Unicode.Scalar) -> String {
        if let known = spellings[scalar] { return known }
        // Printable ASCII, and the letters that the T1 encoding has.
        let isLetter = (0xc0...0xff).contains(scalar.value) && scalar.value != 0xd7 && scalar.value != 0xf7
        if (0x20..<0x7f).contains(scalar.value) || isLetter { return String(scalar) }
        return "\\unichar{\(String(scalar.value, radix: 16, uppercase: true))}"
    }

    private static let spellings: [Unicode.Scalar: String] = [
        "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#", "%": "\\%",
        "_": "\\_", "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "\\textless{}",
        ">": "\\textgreater{}", "|": "\\textbar{}", "\"": "\\textquotedbl{}", "`": "\\textasciigrave{}",
        "−": "$-$", "–": "--", "—": "---", "×": "$\\times$", "±": "$\\pm$", "′": "$'$", "…": "\\ldots{}",
        "⌊": "$\\lfloor$", "⌋": "$\\rfloor$", "Δ": "$\\Delta$", "≈": "$\\approx$", "½": "$1/2$", "·": "$\\cdot$",
        "“": "\\textquotedblleft{}", "”": "\\textquotedblright{}", "„": "\\quotedblbase{}",
        "‘": "\\textquoteleft{}", "’": "\\textquoteright{}", "‚": "\\quotesinglbase{}", "«": "\\guillemotleft{}",
        "»": "\\guillemotright{}", "≤": "$\\leq$", "≥": "$\\geq$", "→": "$\\to$", "∞": "$\\infty$", "²": "$^2$",
        "³": "$^3$", "°": "$^\\circ$", "\u{a0}": "~",
    ]

    private static func page(title: String, body: String) -> String {
        """
        % pdfLaTeX, XeLaTeX and LuaLaTeX compile this; the latter two also show names in other scripts.
        \\documentclass[10pt]{article}
        \\usepackage{iftex}
        \\ifPDFTeX
        \\usepackage[T1]{fontenc}
        \\usepackage[utf8]{inputenc}
        \\IfFileExists{lmodern.sty}{\\usepackage{lmodern}}{}
        \\DeclareRobustCommand{\\unichar}[1]{[U+#1]}
        \\else
        \\usepackage{fontspec}
        \\newcommand{\\unifont}{}
        \\newcommand{\\tryfont}[1]{\\IfFontExistsTF{#1}{\\renewfontfamily{\\unifont}{#1}}{}}
        \\tryfont{DejaVu Sans}
        \\tryfont{FandolSong-Regular.otf}
        \\tryfont{WenQuanYi Micro Hei}
        \\tryfont{Noto Sans CJK SC}
        \\tryfont{Noto Serif CJK SC}
        \\DeclareRobustCommand{\\unichar}[1]{%
        \\iffontchar\\font"#1 \\char"#1\\else{\\unifont\\iffontchar\\font"#1 \\char"#1\\else[U+#1]\\fi}\\fi}
        \\fi
        \\usepackage[margin=2cm]{geometry}
        \\usepackage{graphicx}
        \\usepackage{booktabs}
        \\begin{document}
        \\section*{\(escaped(title))}
        \(body)\\end{document}

        """
    }
}

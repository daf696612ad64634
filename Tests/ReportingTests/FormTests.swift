import ArtifactFiles
import Foundation
import Reporting
import Testing
import VerificationMetrics

/// What holds in every form, and of text, tables of data and TeX.
@Suite struct FormTests {
    @Test func unknownFormatListsTheKnown() {
        let error = #expect(throws: InputError.self) { try ReportForms.named("docx") }
        #expect(
            error?.description == "unknown report format 'docx' (expected one of json, md, html, tex, csv, svg, txt)"
        )
    }

    @Test(arguments: ReportForms.all.map(\.name)) func sameReportSameBytes(name: String) throws {
        let document = try SampleRun().report().document()
        #expect(try document.files([name]) == document.files([name]))
    }

    @Test(arguments: ["report.csv", "curve.csv"]) func dataAreThoseOfEarlierVersions(name: String) throws {
        let files = try SampleRun().report().document().files(["csv"])
        try GoldenText.expectSameBytes(try #require(files.first { $0.name == name }).text, as: name)
    }

    /// Every operating point and what it rests on stand in each form for people.
    @Test(arguments: ["md", "html", "tex", "txt"]) func numbersAreThoseOfTheReport(form: String) throws {
        let report = try SampleRun().report()
        let text = try report.document().text(form)
        for point in report.verification.operatingPoints {
            let measured = try #require(point.outcome.value)
            let interval = try #require(measured.interval.value)
            #expect(text.contains(NumberText.percent(measured.tar)))
            let range = "[\(NumberText.percent(interval.low)), \(NumberText.percent(interval.high))]"
            #expect(text.contains(range) == measured.resolved, "\(range)")
        }
        #expect(text.contains("58.395") && text.contains("not resolved by this protocol"))
    }

    @Test func rowsOfTablesHaveTheCellsOfTheirHeads() throws {
        let text = try SampleRun().report(hostile: true).document().text("md")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var cells: Int?
        for line in lines {
            let bars = line.replacing("\\|", with: "").count { $0 == "|" }
            guard line.hasPrefix("| ") else {
                cells = nil
                continue
            }
            #expect(cells ?? bars == bars, "\(line)")
            cells = bars
        }
        #expect(!text.contains("<script") && !text.contains("[x](javascript"))
    }

    @Test func aSummaryHasNoDetails() throws {
        let report = try SampleRun().report()
        let (summary, whole) = (report.document().summary, try report.document().text("txt"))
        #expect(whole.contains("What the words mean") && !summary.contains("What the words mean"))
        #expect(whole.hasPrefix("Sample run\n") && summary.hasPrefix("mobilefacenet on sample"))
        #expect(summary.contains("─\n1e-4  not resolved"))
    }

    // MARK: TeX

    @Test func textKeepsItsCharacters() throws {
        var report = try SampleRun().report()
        report.name = "“a” --far ''x,, 中文é"
        let expected =
            "\\textquotedblleft{}a\\textquotedblright{} -{}-far '{}'x,{}, \\unichar{4E2D}\\unichar{6587}é"
        #expect(try report.document().text("tex").contains("\\section*{\(expected)}"))
    }

    /// No TeX here to compile with: braces balance, environments nest, every command is one that the template uses.
    @Test(arguments: [false, true]) func hostileNamesAddNoCommands(hostile: Bool) throws {
        let known: Set = [
            "documentclass", "usepackage", "begin", "end", "section", "subsection", "subsubsection", "centering",
            "caption", "label", "small", "toprule", "midrule", "bottomrule", "smallskip", "footnotesize", "scriptsize",
            "noindent", "textbf", "linewidth", "allowbreak", "textbackslash", "textasciicircum", "textasciitilde",
            "textless", "textgreater", "textbar", "textquotedbl", "textasciigrave", "times", "pm", "ldots", "lfloor",
            "rfloor", "Delta", "approx", "cdot", "textquotedblleft", "textquotedblright", "quotedblbase",
            "textquoteleft", "textquoteright", "quotesinglbase", "guillemotleft", "guillemotright", "leq", "geq", "to",
            "infty", "circ", "unichar", "resizebox", "ifdim", "width", "else", "fi", "IfFileExists",
        ]
        let tex = try SampleRun().report(hostile: hostile).document().text("tex")
        var depth = 0
        var environments: [String] = []
        // What stands before the document is the template's own.
        let start = try #require(tex.range(of: "\\begin{document}"))
        var rest = tex[start.lowerBound...]
        while let character = rest.popFirst() {
            switch character {
            case "{": depth += 1
            case "}": depth -= 1
            case "%": #expect(rest.first == "\n", "a comment swallows the rest of a line")
            case "\\":
                let name = String(rest.prefix { $0.isASCII && $0.isLetter })
                if name.isEmpty {
                    #expect("\\{}$&#%_".contains(rest.removeFirst()))
                    continue
                }
                #expect(known.contains(name), "\\\(name)")
                rest = rest.dropFirst(name.count)
                let argument = String(rest.dropFirst().prefix { $0 != "}" })
                if name == "begin" { environments.append(argument) }
                if name == "end" { #expect(environments.popLast() == argument) }
            default: #expect(character.isASCII, "\(character)")
            }
            #expect(depth >= 0)
        }
        #expect(depth == 0 && environments.isEmpty)
    }
}

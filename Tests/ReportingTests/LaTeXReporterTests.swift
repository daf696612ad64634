import Foundation
import Reporting
import Testing

@Suite struct LaTeXReporterTests {
    private func text(hostile: Bool) async throws -> String {
        let document = ReportDocument(report: try await SampleRun().report(hostile: hostile))
        return try #require(try Reporters.named("tex").files(for: document).first).text
    }

    @Test func isAsLookedAt() async throws {
        try GoldenText.expect(try await text(hostile: false), matches: "report.tex")
    }

    @Test func textKeepsItsCharacters() async throws {
        var report = try await SampleRun().report()
        report.name = "“a” --far ''x,, 中文é"
        let text = try #require(try Reporters.named("tex").files(for: ReportDocument(report: report)).first).text
        let expected =
            "\\textquotedblleft{}a\\textquotedblright{} -{}-far '{}'x,{}, \\unichar{4E2D}\\unichar{6587}é"
        #expect(text.contains("\\section*{\(expected)}"))
    }

    /// No TeX here to compile with: braces balance, environments nest, every command is one that the template uses.
    @Test(arguments: [false, true]) func hostileNamesAddNoCommands(hostile: Bool) async throws {
        let known: Set = [
            "documentclass", "usepackage", "begin", "end", "section", "subsection", "centering", "caption", "label",
            "small", "toprule", "midrule", "bottomrule", "smallskip", "footnotesize", "scriptsize", "noindent",
            "textbf", "linewidth", "allowbreak", "textbackslash", "textasciicircum", "textasciitilde", "textless",
            "textgreater", "textbar", "textquotedbl", "textasciigrave", "times", "pm", "ldots", "lfloor", "rfloor",
            "Delta", "approx", "cdot",
            "textquotedblleft", "textquotedblright", "quotedblbase", "textquoteleft", "textquoteright",
            "quotesinglbase", "guillemotleft", "guillemotright", "leq", "geq", "to", "infty", "circ", "unichar",
            "resizebox", "ifdim", "width", "else", "fi", "IfFileExists",
        ]
        let tex = try await text(hostile: hostile)
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

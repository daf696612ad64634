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

    /// No TeX here to compile with: braces balance, environments nest, every command is one that the template uses.
    @Test(arguments: [false, true]) func hostileNamesAddNoCommands(hostile: Bool) async throws {
        let known: Set = [
            "documentclass", "usepackage", "begin", "end", "section", "subsection", "centering", "caption", "label",
            "small", "toprule", "midrule", "bottomrule", "smallskip", "footnotesize", "scriptsize", "noindent",
            "textbf", "linewidth", "allowbreak", "textbackslash", "textasciicircum", "textasciitilde", "textless",
            "textgreater", "textbar", "textquotedbl", "textasciigrave", "times", "pm", "ldots", "lfloor", "rfloor",
            "Delta", "approx", "cdot", "resizebox", "ifdim", "width", "else", "fi", "IfFileExists",
        ]
        let tex = try await text(hostile: hostile)
        var depth = 0
        var environments: [String] = []
        var rest = tex[...]
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

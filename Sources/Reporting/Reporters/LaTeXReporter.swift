internal import ArtifactFiles

/// `report.tex`: tables in booktabs style, in a document that compiles by itself.
struct LaTeXReporter: Reporter {
    /// What `--format` calls it.
    let name = "tex"
    /// One line on what it writes.
    let summary = "report.tex: booktabs tables in a document that compiles"

    /// Writes `report.tex`.
    func files(for document: ReportDocument) throws(InputError) -> [RenderedFile] {
        let report = document.report
        let tables = ReportTables(report: report)
        var body = TeXText.escaped(tables.summarySentence) + "\n\n"
        for warning in tables.warnings { body += "\\noindent\\textbf{Note:} \(TeXText.escaped(warning))\n\n" }
        if tables.hasComparisons { body += TeXText.table(tables.operatingPoints, label: "tab:operating-points") }
        if let thresholds = tables.thresholds { body += TeXText.table(thresholds, label: "tab:thresholds") }
        if let folded = tables.folded { body += TeXText.table(folded, label: "tab:folds") }
        if let identification = tables.identification {
            body += TeXText.table(identification, label: "tab:identification")
        }
        if let modes = tables.modes { body += TeXText.table(modes, label: "tab:policies") }
        if tables.hasComparisons { body += TeXText.facts("Overall", tables.overall) }
        body += TeXText.facts("Network", tables.checkpoint)
        body += TeXText.facts("Preprocessing", tables.preprocessing)
        if let policy = report.policy {
            body += TeXText.facts(
                "Policy",
                PolicyWords.entries(policy).map { ReportFact("\($0.term): \($0.value)", $0.meaning) }
            )
        }
        body += TeXText.facts("Protocol", tables.protocolFacts)
        return [RenderedFile(name: "report.tex", text: TeXText.document(title: report.name, body: body))]
    }
}

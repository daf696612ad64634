internal import ArtifactFiles

/// `report.md`: tables and facts for people and for version control.
struct MarkdownReporter: Reporter {
    /// What `--format` calls it.
    let name = "md"
    /// One line on what it writes.
    let summary = "report.md: tables for reading and for version control"

    /// Writes `report.md`.
    func files(for document: ReportDocument) throws(InputError) -> [RenderedFile] {
        [RenderedFile(name: "report.md", text: text(document.report))]
    }

    private func text(_ report: VerificationReport) -> String {
        let tables = ReportTables(report: report)
        var sections = [
            "# \(MarkdownText.escaped(report.name))\n", MarkdownText.escaped(tables.summarySentence) + "\n",
        ]
        sections += tables.warnings.map { "> \(MarkdownText.escaped($0))\n" }
        if tables.hasComparisons {
            sections.append(MarkdownText.table(tables.operatingPoints))
            sections += notes(tables.operatingPoints)
            if let thresholds = tables.thresholds {
                sections += ["## \(thresholds.caption)\n", MarkdownText.table(thresholds)] + notes(thresholds)
            }
            sections.append(MarkdownText.list(tables.overall))
        }
        if let folded = tables.folded {
            sections += ["## \(folded.caption)\n", MarkdownText.table(folded)] + notes(folded)
        }
        if let identification = tables.identification {
            sections += ["## \(identification.caption)\n", MarkdownText.table(identification)] + notes(identification)
        }
        if let modes = tables.modes {
            sections += ["## Every policy\n", MarkdownText.table(modes)] + notes(modes)
        }
        sections += section("Network", tables.checkpoint)
        sections += section("Preprocessing", tables.preprocessing)
        if let policy = report.policy {
            let facts = PolicyWords.entries(policy).map { ReportFact("\($0.term), \($0.value)", $0.meaning) }
            sections += section("Policy", facts)
        }
        sections += section("Protocol", tables.protocolFacts)
        sections += failures(report)
        sections += hardest(report)
        sections += section("What the words mean", PolicyWords.definitions.map { ReportFact($0.term, $0.meaning) })
        sections += section("Inputs", tables.inputs)
        sections += section("Timing", tables.timing)
        sections += section("Environment", tables.environment)
        return sections.joined(separator: "\n")
    }

    private func notes(_ table: ReportTable) -> [String] {
        table.notes.map { MarkdownText.escaped($0) + "\n" }
    }

    private func section(_ title: String, _ facts: [ReportFact]) -> [String] {
        facts.isEmpty ? [] : ["## \(title)\n", MarkdownText.list(facts)]
    }

    private func failures(_ report: VerificationReport) -> [String] {
        var sections: [String] = []
        if let failures = report.failures, failures.total > 0 {
            let reasons = failures.reasons.map { ReportFact($0.reason, NumberText.count($0.count)) }
            let examples = failures.examples.map { ReportFact($0.image, $0.reason) }
            sections += ["## Failed images: \(NumberText.count(failures.total))\n", MarkdownText.list(reasons)]
            if !examples.isEmpty {
                sections += ["The first \(examples.count); `failures.csv` has all.\n", MarkdownText.list(examples)]
            }
        }
        if let findings = report.protocol.findings, !findings.isEmpty {
            let lines = findings.map { "- \(MarkdownText.escaped($0))\n" }.joined()
            sections += ["## What the protocol's validation found\n", lines]
        }
        return sections
    }

    private func hardest(_ report: VerificationReport) -> [String] {
        guard let hardest = report.hardest else { return [] }
        return [
            "## Impostors with the highest scores\n", MarkdownText.table(table(hardest.impostor)),
            "## Genuines with the lowest scores\n", MarkdownText.table(table(hardest.genuine)),
        ]
    }

    private func table(_ comparisons: [HardestPairs.Comparison]) -> ReportTable {
        func side(_ side: HardestPairs.Side) -> ReportTable.Cell {
            let images = side.images.prefix(3).map { VisibleText.line($0, limit: 40) }.joined(separator: ", ")
            let more = side.images.count > 3 || (side.imageCount ?? 0) > side.images.count ? ", …" : ""
            return .init(VisibleText.line(side.template, limit: 40), detail: images + more)
        }
        return ReportTable(
            caption: "",
            columns: [
                .init(title: "Score", alignment: .right), .init(title: "Comparison", alignment: .right),
                .init(title: "Template", alignment: .left), .init(title: "Template", alignment: .left),
            ],
            rows: comparisons.map { comparison in
                [
                    .init(NumberText.score(comparison.score)), .init(String(comparison.comparison)),
                    side(comparison.first), side(comparison.second),
                ]
            },
            notes: []
        )
    }
}

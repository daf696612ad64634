public import ArtifactFiles
internal import Plotting

extension RunComparison {
    /// `compare.json`, `compare.md` and `compare.html`.
    ///
    /// - Throws: `InputError` (`malformed`) for a number that JSON cannot hold.
    public func files() throws(InputError) -> [RenderedFile] {
        [
            RenderedFile(name: "compare.json", text: try jsonText()),
            RenderedFile(name: "compare.md", text: markdown),
            RenderedFile(name: "compare.html", text: page),
        ]
    }

    /// The table of differences for a terminal.
    public var summaryText: String {
        let tables = ComparisonTables(comparison: self)
        let parts = (tables.folded.map { [$0] } ?? []) + [tables.differences]
        return
            ([tables.summarySentence] + parts.flatMap { ["", $0.caption + "\n", PlainTable.text($0)] + $0.notes })
            .joined(separator: "\n") + "\n"
    }

    /// The content of `compare.json`.
    ///
    /// - Throws: `InputError` (`malformed`) for a number that JSON cannot hold.
    public func jsonText() throws(InputError) -> String {
        do {
            return try OrderedJSONEncoder.text(of: self)
        } catch {
            throw InputError(.malformed, "the comparison cannot be written as JSON: \(error)")
        }
    }

    private var markdown: String {
        let tables = ComparisonTables(comparison: self)
        var sections = [
            "# \(MarkdownText.escaped(tables.title))\n", MarkdownText.escaped(tables.summarySentence) + "\n",
        ]
        for table in (tables.folded.map { [$0] } ?? []) + [tables.differences] {
            sections += ["## \(MarkdownText.escaped(table.caption))\n", MarkdownText.table(table)]
            sections += table.notes.map { MarkdownText.escaped($0) + "\n" }
        }
        sections += ["## \(tables.flipCounts.caption)\n", MarkdownText.table(tables.flipCounts)]
        for table in tables.examples {
            sections += ["### \(table.caption) (widest at FAR \(flipRate))\n", MarkdownText.table(table)]
        }
        for system in tables.systems { sections += ["## \(system.title)\n", MarkdownText.list(system.facts)] }
        return sections.joined(separator: "\n")
    }

    private var flipRate: String { flips.map { NumberText.rate($0.farTarget) } ?? "" }

    private var page: String {
        let tables = ComparisonTables(comparison: self)
        let figures = ComparisonFigures(self)
        var context = PageContext(["title": tables.title, "summary": tables.summarySentence, "rate": flipRate])
        func figure(_ plot: Plot, _ caption: String) -> PageContext {
            var figure = PageContext(["caption": caption])
            figure.set("svg", Markup(trusted: plot.svg()))
            return figure
        }
        func agreementCaption(_ grid: Reported<Grid>, _ name: String) -> String {
            let correlation = grid.value.map { NumberText.fixed($0.correlation, decimals: 3) } ?? "–"
            return "Each \(name) comparison's two scores; darker squares hold more. Correlation \(correlation)."
        }
        context.set("folded", tables.folded.map { PageContext($0, style: "stack") })
        context.set("differences", PageContext(tables.differences, style: "stack"))
        context.set(
            "figure",
            figures.differences.map {
                figure(
                    $0,
                    "Whiskers are intervals of one FAR each. Where one crosses zero, the two are not told apart."
                )
            }
        )
        context.set("flipCounts", PageContext(tables.flipCounts, style: "stack"))
        context.set("hasExamples", !tables.examples.isEmpty)
        context.set("examples", tables.examples.map { PageContext($0) })
        let agreements = [
            figures.agreement(genuine: true).map { figure($0, agreementCaption(agreement.genuine, "genuine")) },
            figures.agreement(genuine: false).map { figure($0, agreementCaption(agreement.impostor, "impostor")) },
        ]
        context.set("agreements", agreements.compactMap { $0 })
        context.set(
            "systems",
            tables.systems.map { system in
                var context = PageContext(["title": system.title])
                context.set("facts", PageContext(system.facts))
                return context
            }
        )
        return PageShell.page(
            title: tables.title,
            body: Markup(trusted: ComparisonPage.template.render(context)),
            script: ""
        )
    }
}

/// The template of `compare.html`.
private enum ComparisonPage {
    static let template = PageTemplate(
        """
        <header><h1>{{{title}}}</h1><p class="lead">{{{summary}}}</p></header>
        {{#folded}}{{> table}}{{/folded}}
        {{#differences}}{{> table}}{{/differences}}
        {{#figure}}<div class="figures"><figure>{{{svg}}}<figcaption>{{{caption}}}</figcaption></figure></div>{{/figure}}
        <h2>Which comparisons flipped</h2>
        {{#flipCounts}}{{> table}}{{/flipCounts}}
        {{#hasExamples}}<h3>The widest changes at FAR {{{rate}}}</h3>
        <p>Distances from the threshold are in standard deviations of each system's impostor scores; comparisons are
        numbered from 0.</p>
        {{#examples}}{{> table}}{{/examples}}{{/hasExamples}}
        <h2>How the scores agree</h2>
        <div class="figures">
        {{#agreements}}<figure>{{{svg}}}<figcaption>{{{caption}}}</figcaption></figure>
        {{/agreements}}</div>
        <h2>The systems</h2>
        <div class="columns">{{#systems}}<div><h3>{{{title}}}</h3>{{#facts}}{{> facts}}{{/facts}}</div>{{/systems}}</div>
        """,
        partials: PageShell.partials
    )
}

internal import ArtifactFiles
internal import Foundation

/// The outermost part of every page.
///
/// Its policy lets nothing load from anywhere and nothing run but our own script.
enum PageShell {
    private static let template = PageTemplate(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta http-equiv="Content-Security-Policy" content="{{{policy}}}"/>
        <title>{{{title}}}</title>
        <link rel="icon" href="data:,"/>
        <style>{{{style}}}</style>
        </head>
        <body>
        {{{body}}}
        {{#script}}<script>{{{code}}}</script>
        {{/script}}</body>
        </html>

        """
    )

    /// A whole page.
    ///
    /// - Parameters:
    ///   - title: Foreign text.
    ///   - body: What stands between the body's tags.
    ///   - script: Our own script, or empty.
    static func page(title: String, body: Markup, script: String) -> String {
        var context = PageContext(["title": title])
        context.set("style", Markup(trusted: PageStyle.text))
        context.set("body", body)
        let sources = script.isEmpty ? "'none'" : source(of: script)
        context.set(
            "policy",
            Markup(
                trusted: "default-src 'none'; img-src data:; style-src \(source(of: PageStyle.text)); "
                    + "script-src \(sources); base-uri 'none'; form-action 'none'"
            )
        )
        if script.isEmpty {
            context.set("script", false)
        } else {
            var code = PageContext()
            code.set("code", Markup(trusted: script))
            context.set("script", code)
        }
        return template.render(context)
    }

    /// The name by which a content policy allows one inline text and no other.
    private static func source(of text: String) -> String {
        "'sha256-" + Data(ContentDigest(of: text).bytes).base64EncodedString() + "'"
    }

    /// Partials that several pages use.
    static let partials = [
        "table": """
        <div class="scroll"><table class="{{{class}}}">{{#hasCaption}}<caption>{{{caption}}}</caption>{{/hasCaption}}
        <thead><tr>{{#columns}}<th scope="col" class="{{{kind}}}">{{{title}}}</th>{{/columns}}</tr></thead>
        <tbody>
        {{#rows}}<tr>{{#cells}}<td class="{{{kind}}}" data-label="{{{label}}}">\
        <span>{{{text}}}{{#detail}} <small>{{{detailText}}}</small>{{/detail}}</span></td>{{/cells}}</tr>
        {{/rows}}</tbody></table></div>
        {{#hasNotes}}<div class="notes">{{#notes}}<p>{{{note}}}</p>{{/notes}}</div>{{/hasNotes}}
        """,
        "facts": "<dl>{{#facts}}<dt>{{{label}}}</dt><dd>{{{value}}}</dd>{{/facts}}</dl>",
    ]
}

extension PageContext {
    /// A table for the partial of that name.
    init(_ table: ReportTable, style: String = "") {
        self.init(["class": style])
        set("hasCaption", !table.caption.isEmpty)
        set("caption", table.caption)
        set(
            "columns",
            table.columns.map { column in
                var context = PageContext(["title": column.title])
                context.set("kind", Markup(trusted: column.style))
                return context
            }
        )
        set(
            "rows",
            table.rows.map { row in
                var context = PageContext()
                context.set("cells", zip(row, table.columns).map { PageContext($0, column: $1) })
                return context
            }
        )
        set("hasNotes", !table.notes.isEmpty)
        set("notes", table.notes.map { PageContext(["note": $0]) })
    }

    private init(_ cell: ReportTable.Cell, column: ReportTable.Column) {
        self.init(["text": cell.text, "label": column.title, "detailText": cell.detail ?? ""])
        set("kind", Markup(trusted: column.style))
        set("detail", cell.detail != nil)
    }

    /// A list for the partial `facts`; nil when it is empty, so that its section is left out.
    init?(_ facts: [ReportFact]) {
        guard !facts.isEmpty else { return nil }
        self.init()
        set("facts", facts.map { PageContext(["label": $0.label, "value": $0.value]) })
    }
}

extension ReportTable.Column {
    fileprivate var style: String { (alignment == .right ? "r" : "l") + (isSmall ? " s" : "") }
}

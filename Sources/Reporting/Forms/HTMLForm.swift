internal import ArtifactFiles
internal import Foundation
internal import Plotting

/// `report.html`: one file with everything in it, for screens, telephones and paper.
///
/// Its policy lets nothing load from anywhere and nothing run but our own scripts.
struct HTMLForm: ReportForm {
    let name = "html"
    let summary = "report.html: everything in one page that needs no network"

    func files(of document: ReportDocument) throws(InputError) -> [RenderedFile] {
        var head = [Markup.element("h1", document.title)]
        if let lead = document.lead { head.append(.element("p", class: "lead", lead)) }
        head += document.warnings.map { .element("p", class: "warning", $0) }
        var body = [Markup.element("header", children: head)]
        for section in document.sections {
            let blocks = try section.blocks
                .map { block throws(InputError) in try Self.markup(block, document.pictures) }
                .filter { $0 != .empty }
            guard !blocks.isEmpty else { continue }
            if !section.title.isEmpty { body.append(.element("h2", section.title)) }
            body += blocks
        }
        let text = Self.page(document.windowTitle ?? document.title, body, scripts: Self.scripts(of: document))
        return [RenderedFile(name: document.name + ".html", text: text)]
    }

    // MARK: Page

    private static func page(_ title: String, _ body: [Markup], scripts: [String]) -> String {
        // A content policy allows inline texts by their digests.
        func sources(_ texts: [String]) -> String {
            let digests = texts.map { Data(ContentDigest(of: $0).bytes).base64EncodedString() }
            return digests.isEmpty ? "'none'" : digests.map { "'sha256-\($0)'" }.joined(separator: " ")
        }
        let policy =
            "default-src 'none'; img-src data:; style-src \(sources([PageTexts.style])); "
            + "script-src \(sources(scripts)); base-uri 'none'; form-action 'none'"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta http-equiv="Content-Security-Policy" content="\(policy)"/>
            \(Markup.element("title", title).text)
            <link rel="icon" href="data:,"/>
            <style>\(PageTexts.style)</style>
            </head>
            <body>
            \(body.map(\.text).joined(separator: "\n"))
            \(scripts.map { "<script>\($0)</script>\n" }.joined())</body>
            </html>

            """
    }

    private static func scripts(of document: ReportDocument) -> [String] {
        let blocks = document.sections.flatMap(\.blocks)
        let isExplored = blocks.contains { if case .figures(_, .some) = $0 { true } else { false } }
        let isSorted = blocks.contains { if case .table(let table) = $0 { table.isSortable } else { false } }
        return (isExplored ? [PageTexts.explorerScript] : []) + (isSorted ? [PageTexts.sortingScript] : [])
    }

    // MARK: Blocks

    private static func markup(_ block: ReportBlock, _ pictures: [String: [UInt8]]) throws(InputError) -> Markup {
        switch block {
        case .heading(let text): return .element("h3", text)
        case .paragraph(let text): return .element("p", text)
        case .list(let lines): return .element("ul", children: lines.map { .element("li", $0) })
        case .code(let text): return .element("pre", text)
        case .facts(let facts): return self.facts(facts)
        case .columns(let columns):
            let shown = columns.filter { !$0.1.isEmpty }
                .map { title, facts in Markup.element("div", children: [.element("h3", title), self.facts(facts)]) }
            return shown.isEmpty ? .empty : .element("div", class: "columns", children: shown)
        case .table(let table): return self.table(table)
        case .tiles(let tiles):
            let attributes = [("class", "tiles"), ("aria-label", "Headline")]
            return tiles.isEmpty ? .empty : .element("section", with: attributes, children: tiles.map(tile))
        case .figures(let figures, let explorer):
            let shown = figures.map { figure in
                Markup.element(
                    "figure",
                    children: [
                        Markup(trusted: figure.plot.svg()), .element("figcaption", figure.caption),
                    ]
                )
            }
            let control = try explorer.map { states throws(InputError) in try self.explorer(states) } ?? .empty
            return shown.isEmpty ? .empty : .element("div", class: "figures", children: shown + [control])
        case .comparisons(let comparisons):
            return .element("div", class: "pairs", children: comparisons.map { pair($0, pictures) })
        case .faces(let faces, let note):
            let sheet = faces.compactMap { face -> Markup? in
                guard let jpeg = pictures[face.picture] else { return nil }
                let name = VisibleText.line(face.image.split(separator: "/").last.map(String.init) ?? "", limit: 24)
                let picture = picture(jpeg, [("alt", face.image), ("title", face.image)])
                return .element("figure", children: [picture, .element("figcaption", name)])
            }
            guard !sheet.isEmpty else { return .empty }
            return Markup(joining: [.element("p", note), .element("div", class: "sheet", children: sheet)])
        // A page holds everything that it shows.
        case .picture(let file, let alt): return .element("p", "\(alt): \(file)")
        }
    }

    private static func facts(_ facts: [ReportFact]) -> Markup {
        let children = facts.flatMap { [Markup.element("dt", $0.label), .element("dd", $0.value)] }
        return facts.isEmpty ? .empty : .element("dl", children: children)
    }

    private static func tile(_ tile: ReportTile) -> Markup {
        let value: Markup
        if let interval = tile.interval {
            let children = [Markup(escaping: tile.value + " % "), .element("small", interval)]
            value = .element("div", class: "value", children: children)
        } else {
            value = .element("div", class: "value none", tile.value)
        }
        let head = [Markup.element("h3", tile.title), .element("p", class: "soft", tile.meaning), value]
        return .element("div", class: "tile", children: head + tile.lines.map { .element("p", $0) })
    }

    /// A table; one that can be sorted has its caption as a heading.
    private static func table(_ table: ReportTable) -> Markup {
        func kind(_ column: ReportTable.Column) -> String {
            (column.alignment == .right ? "r" : "l") + (column.isSmall ? " s" : "")
        }
        let titles = table.columns.map { column in
            Markup.element("th", with: [("scope", "col"), ("class", kind(column))], column.title)
        }
        let rows = table.rows.map { row in
            let cells = zip(row, table.columns)
                .map { cell, column -> Markup in
                    let small =
                        (cell.detail ?? cell.source).map { [Markup(escaping: " "), .element("small", $0)] } ?? []
                    let content = Markup.element("span", children: [Markup(escaping: cell.text)] + small)
                    let attributes = [("class", kind(column)), ("data-label", column.title)]
                    return .element("td", with: attributes, children: [content])
                }
            return Markup.element("tr", children: cells)
        }
        let style = table.isSortable ? "sortable" : "stack" + (table.setsDetailsBelow ? " below" : "")
        let hasCaption = !table.caption.isEmpty && !table.isSortable
        let caption: Markup = hasCaption ? .element("caption", table.caption) : .empty
        let head = Markup.element("thead", children: [.element("tr", children: titles)])
        let content = Markup.element(
            "table",
            class: style,
            children: [caption, head, .element("tbody", children: rows)]
        )
        let notes = table.remarks.map { Markup.element("p", $0) }
        return Markup(joining: [
            table.isSortable ? .element("h2", table.caption) : .empty,
            .element("div", class: "scroll", children: [content]),
            notes.isEmpty ? .empty : .element("div", class: "notes", children: notes),
        ])
    }

    private static func pair(_ comparison: HardestPairs.Comparison, _ pictures: [String: [UInt8]]) -> Markup {
        let sides = [comparison.first, comparison.second]
            .map { side -> Markup in
                let shown = side.images.prefix(2).map { VisibleText.line($0, limit: 32) }.joined(separator: ", ")
                let count = side.imageCount ?? side.images.count
                let images = count > 2 ? "\(shown), … (\(NumberText.count(count)) images)" : shown
                let line = Markup(trusted: "<br/>")
                let face = side.picture.flatMap { pictures[$0] }
                    .map { jpeg in
                        let alt = "a face of template \(side.template)"
                        return picture(jpeg, [("alt", alt), ("width", "112"), ("height", "112")])
                    }
                let subject = side.subject.map { Markup(escaping: "subject " + VisibleText.line($0, limit: 40)) }
                return .element(
                    "div",
                    class: "side",
                    children: [
                        face ?? .empty, Markup(escaping: "template " + VisibleText.line(side.template, limit: 40)),
                        subject.map { Markup(joining: [line, $0]) } ?? .empty, line,
                        .element("span", class: "soft", with: [("title", side.images.joined(separator: ", "))], images),
                    ]
                )
            }
        return .element(
            "div",
            class: "pair",
            children: [
                .element("b", NumberText.score(comparison.score)), Markup(escaping: " "),
                .element("span", class: "soft", "comparison \(NumberText.count(comparison.comparison))"),
                .element("div", class: "sides", children: sides),
            ]
        )
    }

    private static func picture(_ jpeg: [UInt8], _ attributes: [(String, String)]) -> Markup {
        let source = "data:image/jpeg;base64," + Data(jpeg).base64EncodedString()
        return Markup(trusted: "<img\(Markup.attributes([("src", source)] + attributes))/>")
    }

    private static func explorer(_ states: ThresholdStates) throws(InputError) -> Markup {
        // Numbers and our own labels: nothing that could end the element.
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json: String
        do {
            json = String(decoding: try encoder.encode(states), as: UTF8.self)
        } catch {
            throw InputError(.malformed, "the states of the threshold cannot be written: \(error)")
        }
        return Markup(trusted: PageTexts.explorer + "<script type=\"application/json\" id=\"states\">\(json)</script>")
    }
}

/// Text that may stand in a page: made by escaping foreign text, or from what this module wrote itself.
private struct Markup: Hashable {
    let text: String

    static let empty = Markup(trusted: "")

    /// Markup written by this module.
    init(trusted text: String) { self.text = text }

    /// Foreign text, safe in element content and in quoted attribute values.
    ///
    /// It goes scalar by scalar: a quote with a combining mark is one character but ends an attribute all the same.
    init(escaping text: String) {
        var output = ""
        for scalar in VisibleText.line(text).unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(scalar)
            }
        }
        self.text = output
    }

    init(joining parts: [Markup]) { text = parts.filter { $0 != .empty }.map(\.text).joined(separator: "\n") }

    static func element(
        _ name: String,
        class style: String? = nil,
        with attributes: [(String, String)] = [],
        children: [Markup]
    ) -> Markup {
        let attributes = self.attributes((style.map { [("class", $0)] } ?? []) + attributes)
        return Markup(trusted: "<\(name)\(attributes)>\(children.map(\.text).joined())</\(name)>")
    }

    static func element(
        _ name: String,
        class style: String? = nil,
        with attributes: [(String, String)] = [],
        _ text: String
    ) -> Markup {
        element(name, class: style, with: attributes, children: [Markup(escaping: text)])
    }

    static func attributes(_ attributes: [(String, String)]) -> String {
        attributes.map { " \($0)=\"\(Markup(escaping: $1).text)\"" }.joined()
    }
}

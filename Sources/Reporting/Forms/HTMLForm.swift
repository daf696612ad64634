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
        let lead: Markup = document.lead.map { "<p class=\"lead\">\($0)</p>\n" } ?? ""
        let warnings = document.warnings.map { "<p class=\"warning\">\($0)</p>\n" as Markup }
        var body: Markup = "<header>\n<h1>\(document.title)</h1>\n\(lead)\(warnings)</header>\n"
        for section in document.sections {
            let title: Markup = section.title.isEmpty ? "" : "<h2>\(section.title)</h2>\n"
            var blocks: [Markup] = []
            for block in section.blocks { blocks.append(try Self.markup(block, document.pictures)) }
            if blocks.contains(where: { !$0.text.isEmpty }) { body = "\(body)\(title)\(blocks)" }
        }
        let page = Self.page(document.windowTitle ?? document.title, body, scripts: Self.scripts(of: document))
        return [RenderedFile(name: document.name + ".html", text: page.text)]
    }

    // MARK: Page

    private static func page(_ title: String, _ body: Markup, scripts: [String]) -> Markup {
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
            <meta http-equiv="Content-Security-Policy" content="\(Markup(trusted: policy))"/>
            <title>\(title)</title>
            <link rel="icon" href="data:,"/>
            <style>\(Markup(trusted: PageTexts.style))</style>
            </head>
            <body>
            \(body)\(scripts.map { "<script>\(Markup(trusted: $0))</script>\n" })</body>
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
        case .heading(let text): return "<h3>\(text)</h3>\n"
        case .paragraph(let text): return "<p>\(text)</p>\n"
        case .list(let lines): return "<ul>\(lines.map { "<li>\($0)</li>" })</ul>\n"
        case .code(let text): return "<pre>\(text)</pre>\n"
        case .facts(let facts): return self.facts(facts)
        case .columns(let columns):
            let shown = columns.filter { !$0.1.isEmpty }
                .map { title, facts in "<div><h3>\(title)</h3>\(self.facts(facts))</div>\n" as Markup }
            return shown.isEmpty ? "" : "<div class=\"columns\">\(shown)</div>\n"
        case .table(let table): return self.table(table)
        case .tiles(let tiles):
            return tiles.isEmpty
                ? "" : "<section class=\"tiles\" aria-label=\"Headline\">\(tiles.map(tile))</section>\n"
        case .figures(let figures, let states):
            let shown = figures.map { figure -> Markup in
                let plot = Markup(trusted: figure.plot.svg())
                return "<figure>\(plot)<figcaption>\(figure.caption)</figcaption></figure>\n"
            }
            let explorer = try states.map { states throws(InputError) in try self.explorer(states) } ?? ""
            return shown.isEmpty ? "" : "<div class=\"figures\">\(shown)\(explorer)</div>\n"
        case .comparisons(let comparisons):
            return "<div class=\"pairs\">\(comparisons.map { pair($0, pictures) })</div>\n"
        case .faces(let faces, let note):
            let sheet = faces.compactMap { face -> Markup? in
                guard let jpeg = pictures[face.picture] else { return nil }
                let name = VisibleText.line(face.image.split(separator: "/").last.map(String.init) ?? "", limit: 24)
                return """
                    <figure><img src="\(source(jpeg))" alt="\(face.image)" title="\(face.image)"/>\
                    <figcaption>\(name)</figcaption></figure>

                    """
            }
            return sheet.isEmpty ? "" : "<p>\(note)</p>\n<div class=\"sheet\">\(sheet)</div>\n"
        // A page holds everything that it shows.
        case .picture(let file, let alt): return "<p>\(alt): \(file)</p>\n"
        }
    }

    private static func facts(_ facts: [ReportFact]) -> Markup {
        facts.isEmpty ? "" : "<dl>\(facts.map { "<dt>\($0.label)</dt><dd>\($0.value)</dd>" })</dl>\n"
    }

    private static func tile(_ tile: ReportTile) -> Markup {
        let value: Markup =
            tile.interval.map { "<div class=\"value\">\(tile.value) % <small>\($0)</small></div>" }
            ?? "<div class=\"value none\">\(tile.value)</div>"
        return """
            <div class="tile"><h3>\(tile.title)</h3><p class="soft">\(tile.meaning)</p>
            \(value)\(tile.lines.map { "<p>\($0)</p>\n" })</div>

            """
    }

    /// A table; one that can be sorted has its caption as a heading.
    private static func table(_ table: ReportTable) -> Markup {
        func kind(_ column: ReportTable.Column) -> String {
            (column.alignment == .right ? "r" : "l") + (column.isSmall ? " s" : "")
        }
        let rows = table.rows.map { row -> Markup in
            let cells = zip(row, table.columns)
                .map { cell, column -> Markup in
                    let small: Markup = (cell.detail ?? cell.source).map { " <small>\($0)</small>" } ?? ""
                    return """
                        <td class="\(kind(column))" data-label="\(column.title)"><span>\(cell.text)\(small)</span></td>
                        """
                }
            return "<tr>\(cells)</tr>\n"
        }
        let heading: Markup = table.isSortable ? "<h2>\(table.caption)</h2>\n" : ""
        let hasCaption = !table.caption.isEmpty && !table.isSortable
        let caption: Markup = hasCaption ? "<caption>\(table.caption)</caption>" : ""
        let style = table.isSortable ? "sortable" : "stack" + (table.setsDetailsBelow ? " below" : "")
        let remarks = table.remarks.map { "<p>\($0)</p>" as Markup }
        let notes: Markup = remarks.isEmpty ? "" : "<div class=\"notes\">\(remarks)</div>\n"
        return """
            \(heading)<div class="scroll"><table class="\(style)">\(caption)
            <thead><tr>\(table.columns.map { "<th scope=\"col\" class=\"\(kind($0))\">\($0.title)</th>" })</tr></thead>
            <tbody>
            \(rows)</tbody></table></div>
            \(notes)
            """
    }

    private static func pair(_ comparison: HardestPairs.Comparison, _ pictures: [String: [UInt8]]) -> Markup {
        let sides = [comparison.first, comparison.second]
            .map { side -> Markup in
                let shown = side.images.prefix(2).map { VisibleText.line($0, limit: 32) }.joined(separator: ", ")
                let count = side.imageCount ?? side.images.count
                let images = count > 2 ? "\(shown), … (\(NumberText.count(count)) images)" : shown
                let alt = "a face of template \(side.template)"
                let face: Markup =
                    side.picture.flatMap { pictures[$0] }
                    .map { "<img src=\"\(source($0))\" alt=\"\(alt)\" width=\"112\" height=\"112\"/>" } ?? ""
                let subject: Markup =
                    side.subject.map { "<br/>subject \(VisibleText.line($0, limit: 40))" } ?? ""
                return """
                    <div class="side">\(face)template \(VisibleText.line(side.template, limit: 40))\(subject)<br/>\
                    <span class="soft" title="\(side.images.joined(separator: ", "))">\(images)</span></div>
                    """
            }
        return """
            <div class="pair"><b>\(NumberText.score(comparison.score))</b> \
            <span class="soft">comparison \(NumberText.count(comparison.comparison))</span>
            <div class="sides">\(sides)</div></div>

            """
    }

    private static func source(_ jpeg: [UInt8]) -> Markup {
        Markup(trusted: "data:image/jpeg;base64," + Data(jpeg).base64EncodedString())
    }

    private static func explorer(_ states: ThresholdStates) throws(InputError) -> Markup {
        // Numbers and our own labels: nothing that could end the element.
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        do {
            let json = Markup(trusted: String(decoding: try encoder.encode(states), as: UTF8.self))
            let control = Markup(trusted: PageTexts.explorer)
            return "\(control)<script type=\"application/json\" id=\"states\">\(json)</script>\n"
        } catch {
            throw InputError(.malformed, "the states of the threshold cannot be written: \(error)")
        }
    }
}

/// Text that may stand in a page: a literal is what this module wrote itself, and a text that is put into one is escaped.
private struct Markup: ExpressibleByStringInterpolation {
    let text: String

    /// Markup written by this module.
    init(trusted text: String) { self.text = text }

    init(stringLiteral value: String) { text = value }

    init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    struct Interpolation: StringInterpolationProtocol {
        var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ markup: Markup) { text += markup.text }

        mutating func appendInterpolation(_ list: [Markup]) { text += list.map(\.text).joined() }

        /// Foreign text, safe in element content and in quoted attribute values.
        ///
        /// It goes scalar by scalar: a quote with a combining mark is one character but ends an attribute all the same.
        mutating func appendInterpolation(_ foreign: String) {
            for scalar in VisibleText.line(foreign).unicodeScalars {
                switch scalar {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
    }
}

internal import ArtifactFiles
internal import Plotting

/// `report.json`: everything, for programs and for every other form.
struct JSONForm: ReportForm {
    let name = "json"
    let summary = "report.json: everything, for programs"

    func files(of document: ReportDocument) throws(InputError) -> [RenderedFile] {
        guard let json = document.json else { return [] }
        return [RenderedFile(name: document.name + ".json", text: try json())]
    }
}

/// The tables of data, a file each: `report.csv`, `curve.csv`.
struct CSVForm: ReportForm {
    let name = "csv"
    let summary = "report.csv and curve.csv: operating points and ROC curve in full precision"

    func files(of document: ReportDocument) -> [RenderedFile] {
        document.data.map { table in
            RenderedFile(name: table.name + ".csv", text: ([table.columns] + table.rows).map(CSVText.line).joined())
        }
    }
}

/// The figures alone, a file each: `roc.svg`.
struct SVGForm: ReportForm {
    let name = "svg"
    let summary = "roc.svg, det.svg and scores.svg: the figures alone"

    func files(of document: ReportDocument) -> [RenderedFile] {
        document.sections.flatMap(\.blocks)
            .flatMap { block in
                if case .figures(let figures, _) = block { figures.map(\.plot) } else { [Plot]() }
            }
            .map { RenderedFile(name: "\($0.id).svg", text: $0.svg(standsAlone: true) + "\n") }
    }
}

/// CSV after RFC 4180, with line feeds.
package enum CSVText {
    /// A line of fields with its end.
    package static func line(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") + "\n" }

    /// A field, quoted where it must be.
    package static func field(_ text: String) -> String {
        // By bytes: a quotation mark under an accent is another character, but ends the field all the same.
        let quote = UInt8(ascii: "\"")
        guard text.utf8.contains(where: { $0 == quote || [0x2c, 0x0a, 0x0d].contains($0) }) else { return text }
        let doubled = text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
        return String(decoding: [quote] + doubled + [quote], as: UTF8.self)
    }

    /// The rows of a text with the number of the line that each begins in; nil if a quote is never closed.
    static func rows(_ text: String) -> [(line: Int, fields: [String])]? {
        var rows: [(line: Int, fields: [String])] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var (line, start) = (1, 1)
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
        func endField() {
            fields.append(String(decoding: field, as: UTF8.self))
            field = []
        }
        func endRow() {
            if !fields.isEmpty || !field.isEmpty {
                endField()
                rows.append((start, fields))
            }
            fields = []
            start = line
        }
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && bytes.first == byte:
                field.append(byte)
                bytes = bytes.dropFirst()
            case UInt8(ascii: "\"") where isQuoted || field.isEmpty: isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: endField()
            case UInt8(ascii: "\n") where !isQuoted: endRow()
            // A line may end in CR LF.
            case UInt8(ascii: "\r") where !isQuoted && (bytes.isEmpty || bytes.first == UInt8(ascii: "\n")): break
            default: field.append(byte)
            }
        }
        endRow()
        return isQuoted ? nil : rows
    }
}

public import ArtifactFiles
internal import Plotting

/// What a command has to say, made once and then written in any form of ``ReportForms``.
///
/// A form shows of each block what it can: text forms leave out figures and faces, paper leaves out details.
public struct ReportDocument: Sendable {
    /// What its files are called, without an ending: `report`.
    public var name: String
    public var title: String
    /// What a window is called; the title without it.
    package var windowTitle: String?
    /// What it is about, in a sentence.
    package var lead: String?
    /// Remarks that must stand at its head.
    package var warnings: [String] = []
    package var sections: [ReportSection] = []
    /// JPEG files by the names that the sections call them; empty to show no faces.
    package var pictures: [String: [UInt8]] = [:]
    /// Numbers for other programs, in full precision.
    package var data: [DataTable] = []
    /// The JSON for other programs; nil where there is none.
    package var json: (@Sendable () throws(InputError) -> String)?

    package init(name: String, title: String) {
        self.name = name
        self.title = title
    }

    /// The document in some forms, in their order.
    ///
    /// - Throws: `InputError` (`unknownName`) for a form that there is not.
    public func files(_ forms: [String]) throws(InputError) -> [RenderedFile] {
        var files: [RenderedFile] = []
        for form in forms { files += try ReportForms.named(form).files(of: self) }
        return files
    }

    /// Writes the document in some forms, each file whole or not at all.
    ///
    /// - Returns: The paths, in the order in which they were written.
    /// - Throws: `InputError` for an unknown form, before anything is written, and (`unwritable`).
    @discardableResult
    public func write(_ forms: [String], to folder: String) throws(InputError) -> [String] {
        let files = try files(forms)
        try FileSystem.createFolder(folder)
        var paths: [String] = []
        for file in files {
            paths.append(FileSystem.join(folder, file.name))
            try AtomicFile.write(file.text, to: FileSystem.join(folder, file.name))
        }
        return paths
    }

    /// What fits a terminal, without a line feed at its end: no details, no title.
    public var summary: String { PlainTextForm.text(of: self, isSummary: true) }
}

/// A part of a document with a heading of its own.
package struct ReportSection: Sendable {
    /// Empty at the head of a document.
    package var title: String
    package var blocks: [ReportBlock]
    /// Whether papers and terminals go without it.
    package var isDetail: Bool

    package init(_ title: String, isDetail: Bool = false, _ blocks: [ReportBlock]) {
        self.title = title
        self.isDetail = isDetail
        self.blocks = blocks
    }
}

package enum ReportBlock: Sendable {
    case heading(String)
    case paragraph(String)
    case list([String])
    /// What may be copied into a terminal.
    case code(String)
    case facts([ReportFact])
    /// Lists of facts side by side, each with a heading.
    case columns([(String, [ReportFact])])
    case table(ReportTable)
    case tiles([ReportTile])
    /// Plots side by side; beside the last, a control that moves the threshold.
    case figures([ReportFigure], explorer: ThresholdStates? = nil)
    /// Comparisons with the faces of both sides.
    case comparisons([HardestPairs.Comparison])
    /// Aligned faces with their names, and what to look for.
    case faces([PicturedFace], note: String)
    /// A picture beside the document.
    case picture(file: String, alt: String)
}

/// A name and its value on a list.
package struct ReportFact: Hashable, Sendable {
    package let label: String
    package let value: String

    package init(_ label: String, _ value: String) {
        self.label = label
        self.value = value
    }
}

/// A number that stands out.
package struct ReportTile: Sendable {
    var title: String
    var meaning: String
    /// What is shown large; of a number, without its unit.
    var value: String
    /// The interval of a number in percent; nil where the value is words.
    var interval: String?
    var lines: [String]
}

package struct ReportFigure: Sendable {
    var plot: Plot
    var caption: String

    init(_ plot: Plot, _ caption: String) {
        self.plot = plot
        self.caption = caption
    }
}

/// A table before it is given a form.
package struct ReportTable: Sendable {
    package enum Alignment: Sendable {
        case left
        case right
    }

    package struct Column: Sendable {
        let title: String
        let alignment: Alignment
        /// Whether it belongs to the column before it and is set small.
        var isSmall = false
        /// Whether a terminal goes without it.
        var isDetail = false

        package static func left(_ title: String, isSmall: Bool = false, isDetail: Bool = false) -> Column {
            Column(title: title, alignment: .left, isSmall: isSmall, isDetail: isDetail)
        }

        package static func right(_ title: String, isSmall: Bool = false, isDetail: Bool = false) -> Column {
            Column(title: title, alignment: .right, isSmall: isSmall, isDetail: isDetail)
        }
    }

    /// What stands in a field: a value and, small beside it, a second one.
    package struct Cell: ExpressibleByStringInterpolation, Sendable {
        let text: String
        let detail: String?
        /// Where the value is from; a terminal goes without it.
        let source: String?

        package init(_ text: String, detail: String? = nil, source: String? = nil) {
            self.text = text
            self.detail = detail
            self.source = source
        }

        package init(stringLiteral value: String) { self.init(value) }

        /// All on one line: `95.42 [95.12, 95.70]`, `11 (22.jpg)`.
        var line: String { Self.line(text, detail ?? source) }

        static func line(_ text: String, _ detail: String?) -> String {
            guard let detail, !detail.isEmpty else { return text }
            return detail.hasSuffix("]") ? "\(text) \(detail)" : "\(text) (\(detail))"
        }
    }

    /// What TeX refers to it by: letters, digits and `-`.
    var label: String
    var caption: String
    var columns: [Column]
    var rows: [[Cell]]
    /// What must be known to read the table, in sentences.
    var notes: [String]
    /// Where all of it is from; a terminal goes without it.
    var source: String?
    /// Whether readers of a page may sort it.
    var isSortable = false
    /// Whether a page sets details below their values.
    var setsDetailsBelow = false

    package init(_ label: String, caption: String = "", columns: [Column], rows: [[Cell]], notes: [String] = []) {
        self.label = label
        self.caption = caption
        self.columns = columns
        self.rows = rows
        self.notes = notes
    }

    /// Source and notes.
    var remarks: [String] { (source.map { [$0] } ?? []) + notes }
}

/// A table of numbers for other programs.
package struct DataTable: Sendable {
    /// What its file is called, without an ending.
    package var name: String
    package var columns: [String]
    package var rows: [[String]]

    package init(_ name: String, columns: [String], rows: [[String]] = []) {
        self.name = name
        self.columns = columns
        self.rows = rows
    }

    /// What stands in a field: a number in its shortest exact form, or nothing.
    package static func field(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "" }
}

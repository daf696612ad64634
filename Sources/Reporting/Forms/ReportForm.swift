public import ArtifactFiles

/// A form that a document is written in.
public protocol ReportForm: Sendable {
    /// What `--format` calls it.
    var name: String { get }

    /// One line on what it writes, for `--help`.
    var summary: String { get }

    /// Writes the document; the same document gives the same bytes.
    ///
    /// - Returns: The files of this form; none for a document that has nothing to show in it.
    /// - Throws: `InputError` for a document that cannot be written in this form.
    func files(of document: ReportDocument) throws(InputError) -> [RenderedFile]
}

/// A file that a form made.
public struct RenderedFile: Hashable, Sendable {
    /// Its name, without a folder.
    public let name: String
    /// Its content, to be written as UTF-8.
    public let text: String

    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// The forms there are.
public enum ReportForms {
    /// One line each; the order is that of messages and help.
    public static let all: [any ReportForm] = [
        JSONForm(),
        MarkdownForm(),
        HTMLForm(),
        TeXForm(),
        CSVForm(),
        SVGForm(),
        PlainTextForm(),
    ]

    /// The form of a name.
    ///
    /// - Throws: `InputError` (`unknownName`) that lists the known ones.
    public static func named(_ name: String) throws(InputError) -> any ReportForm {
        guard let form = all.first(where: { $0.name == name }) else {
            throw .unknownName(name, kind: "report format", known: all.map(\.name))
        }
        return form
    }
}

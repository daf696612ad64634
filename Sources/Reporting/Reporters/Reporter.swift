public import ArtifactFiles

/// What a reporter is given: the report and, when they may be shown, the pictures it names.
public struct ReportDocument: Sendable {
    /// The report.
    public var report: VerificationReport
    /// JPEG files by the names that the report calls them; empty with `--no-images`.
    public var pictures: [String: [UInt8]]

    /// Wraps a report and its pictures.
    public init(report: VerificationReport, pictures: [String: [UInt8]] = [:]) {
        self.report = report
        self.pictures = pictures
    }
}

/// A file that a reporter made.
public struct RenderedFile: Hashable, Sendable {
    /// Its name in the run's folder.
    public let name: String
    /// Its content, to be written as UTF-8.
    public let text: String

    /// Names a text.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// A form that a report is written in.
public protocol Reporter: Sendable {
    /// What `--format` calls it.
    var name: String { get }

    /// One line on what it writes, for `--help`.
    var summary: String { get }

    /// Writes the report; the same document gives the same bytes.
    ///
    /// - Throws: `InputError` for a report that cannot be written in this form.
    func files(for document: ReportDocument) throws(InputError) -> [RenderedFile]
}

/// The forms there are.
public enum Reporters {
    /// One line each; the order is that of messages and help.
    public static let all: [any Reporter] = [
        JSONReporter(),
        MarkdownReporter(),
        HTMLReporter(),
        LaTeXReporter(),
        CSVReporter(),
        SVGReporter(),
    ]

    /// The reporter of a name.
    ///
    /// - Throws: `InputError` (`unknownName`) that lists the known ones.
    public static func named(_ name: String) throws(InputError) -> any Reporter {
        guard let reporter = all.first(where: { $0.name == name }) else {
            throw .unknownName(name, kind: "report format", known: all.map(\.name))
        }
        return reporter
    }
}

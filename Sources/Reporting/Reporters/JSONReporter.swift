public import ArtifactFiles

/// `report.json`: everything, for programs and for every other form.
public struct JSONReporter: Reporter {
    /// What `--format` calls it.
    public let name = "json"
    /// One line on what it writes.
    public let summary = "report.json: everything, for programs"

    /// Writes `report.json`.
    public func files(for document: ReportDocument) throws(InputError) -> [RenderedFile] {
        [RenderedFile(name: "report.json", text: try document.report.jsonText())]
    }
}

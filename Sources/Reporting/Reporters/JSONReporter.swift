internal import ArtifactFiles

/// `report.json`: everything, for programs and for every other form.
struct JSONReporter: Reporter {
    /// What `--format` calls it.
    let name = "json"
    /// One line on what it writes.
    let summary = "report.json: everything, for programs"

    /// Writes `report.json`.
    func files(for document: ReportDocument) throws(InputError) -> [RenderedFile] {
        [RenderedFile(name: "report.json", text: try document.report.jsonText())]
    }
}

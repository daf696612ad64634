internal import ArtifactFiles

/// `report.html`: one file with everything in it, for screens, telephones and paper.
struct HTMLReporter: Reporter {
    /// What `--format` calls it.
    let name = "html"
    /// One line on what it writes.
    let summary = "report.html: everything in one page that needs no network"

    /// Writes `report.html`.
    func files(for document: ReportDocument) throws(InputError) -> [RenderedFile] {
        let body = ReportPage.template.render(ReportPageContext(document).context())
        let title = "\(document.report.name): verification report"
        return [
            RenderedFile(
                name: "report.html",
                text: PageShell.page(title: title, body: Markup(trusted: body), script: ExplorerScript.text)
            )
        ]
    }
}

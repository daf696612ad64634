internal import ArtifactFiles
internal import Plotting

/// `roc.svg`, `det.svg` and `scores.svg`: the figures alone, for papers and slides.
struct SVGReporter: Reporter {
    /// What `--format` calls it.
    let name = "svg"
    /// One line on what it writes.
    let summary = "roc.svg, det.svg and scores.svg: the figures alone"

    /// Writes a file for each figure that can be drawn.
    func files(for document: ReportDocument) throws(InputError) -> [RenderedFile] {
        let figures = ReportFigures(report: document.report)
        return [figures.roc, figures.det, figures.scores, figures.cmc, figures.dir].compactMap { $0 }
            .map { RenderedFile(name: "\($0.id).svg", text: $0.svg(standsAlone: true) + "\n") }
    }
}

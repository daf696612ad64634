internal import ArgumentParser
internal import ArtifactFiles
internal import Reporting
internal import VerificationMetrics

/// `verifar metrics`.
struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Compute TAR at FAR, with intervals, from any system's scores.",
        discussion: """
            Scores and labels are .npy arrays of one axis or text with one number per line and nothing else, in the same \
            order; label 1 is genuine, 0 impostor; a score of -inf is a failure to enrol. A blank line before the last \
            number, or a template with two subjects, is an error: what it means is not known. With --output the same report as evaluate's is written.

              verifar metrics --scores scores.npy --labels labels.npy
              verifar metrics --scores s.txt --labels l.txt --comparisons pairs.npy --subjects subjects.csv --output out
            """
    )

    @Option(help: ArgumentHelp("One score per comparison.", valueName: "file"))
    var scores: String

    @Option(help: ArgumentHelp("One label per comparison.", valueName: "file"))
    var labels: String

    @Option(
        help: ArgumentHelp("Template ids [comparisons, 2] (.npy), for subject-bootstrap intervals.", valueName: "file")
    )
    var comparisons: String?

    @Option(
        help: ArgumentHelp("template,subject lines; without it genuine comparisons join templates.", valueName: "file")
    )
    var subjects: String?

    @OptionGroup(title: "Metrics") var metrics: MetricOptions
    @OptionGroup(title: "Running") var running: RunOptions
    @OptionGroup(title: "Result") var result: ResultOptions

    @Option(help: ArgumentHelp("Where a report goes.", valueName: "dir"))
    var output: String?

    @OptionGroup var overwriting: OverwriteOptions

    @Option(help: ArgumentHelp("What the report calls the system.", valueName: "text"))
    var name: String?

    func validate() throws {
        if subjects != nil, comparisons == nil { throw ValidationError("--subjects needs --comparisons") }
    }

    func run() async throws {
        if let output { try RunFolder.prepare(output, overwriting: overwriting.overwrite) }
        let read = try ComparisonScores(scores: scores, labels: labels, comparisons: comparisons, subjects: subjects)
        let compared = try read.comparisonSubjects()
        let measurement = try await VerificationMeasurement(
            scores: read.values,
            labels: read.labels,
            subjects: compared,
            options: try metrics.settings(threads: running.threadCount)
        )
        let report = try report(measurement, read, compared)
        if let output { try write(report, read, to: output) }
        let lines = [
            SummaryText.headline(
                name: report.name,
                protocolName: report.protocol.name,
                results: report.verification,
                reportPath: output.map { FileSystem.join($0, "report.html") }
            ), SummaryText.nearest(report.verification),
        ]
        try result.show(report, text: lines.joined(separator: "\n"))
    }

    private func report(
        _ measurement: VerificationMeasurement,
        _ read: ComparisonScores,
        _ compared: ComparisonSubjects?
    ) throws -> VerificationReport {
        let counts = measurement.counts
        var report = VerificationReport(
            name: name ?? FileSystem.lastComponent(scores),
            protocol: ProtocolSummary(
                name: FileSystem.lastComponent(labels),
                genuine: counts.genuine,
                impostor: counts.impostor,
                rejectedGenuine: counts.rejectedGenuine,
                rejectedImpostor: counts.rejectedImpostor,
                subjects: compared?.subjectCount,
                subjectOrigin: compared.map { _ in subjects == nil ? "implied" : "stated" }
            ),
            measured: measurement
        )
        let lists =
            [("scores", scores), ("labels", labels)]
            + [("comparisons", comparisons), ("subjects", subjects)]
            .compactMap { role, path in path.map { (role, $0) } }
        report.inputs = try lists.map { role, path in
            RunInput(
                role: role,
                file: FileSystem.lastComponent(path),
                sha256: "\(try ContentDigest(ofFile: path))"
            )
        }
        report.environment = EnvironmentSummary(
            version: VerifarVersion.current,
            threads: running.threadCount,
            seed: metrics.seed
        )
        return report
    }

    private func write(_ report: VerificationReport, _ read: ComparisonScores, to folder: String) throws {
        let staged = try StagedFolder(in: folder)
        try read.write(to: staged.path)
        try ReportFiles.write(ReportDocument(report: report), to: staged.path)
        try staged.commit(seal: RunFolder.seal, removing: RunFolder.contents)
    }
}

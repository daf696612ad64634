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
        let measurement = try await VerificationMeasurement(
            scores: read.values,
            labels: read.labels,
            subjects: try read.comparisonSubjects(),
            options: try metrics.settings(threads: running.threadCount)
        )
        let title = name ?? FileSystem.lastComponent(scores)
        if let output { try writeReport(measurement, read, title: title, to: output) }
        print(
            SummaryText.headline(
                name: title,
                protocolName: FileSystem.lastComponent(labels),
                results: measurement.results,
                reportPath: output.map { FileSystem.join($0, "report.html") }
            )
        )
        print(SummaryText.nearest(measurement.results))
    }

    private func writeReport(
        _ measurement: VerificationMeasurement,
        _ read: ComparisonScores,
        title: String,
        to folder: String
    ) throws {
        let genuine = read.labels.reduce(0) { $0 + Int($1) }
        var report = VerificationReport(
            name: title,
            protocol: ProtocolSummary(
                name: FileSystem.lastComponent(labels),
                genuine: genuine,
                impostor: read.labels.count - genuine
            ),
            measured: measurement
        )
        report.inputs = [
            RunInput(
                role: "scores",
                file: FileSystem.lastComponent(scores),
                sha256: "\(try ContentDigest(ofFile: scores))"
            ),
            RunInput(
                role: "labels",
                file: FileSystem.lastComponent(labels),
                sha256: "\(try ContentDigest(ofFile: labels))"
            ),
        ]
        report.environment = EnvironmentSummary(
            version: VerifarVersion.current,
            threads: running.threadCount,
            seed: metrics.seed
        )
        let staged = try StagedFolder(in: folder)
        try read.write(to: staged.path)
        try ReportFiles.write(ReportDocument(report: report), to: staged.path)
        try staged.commit(seal: RunFolder.seal, removing: RunFolder.contents)
    }
}

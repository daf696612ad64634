internal import ArgumentParser
internal import ArtifactFiles
internal import EvaluationRuns
internal import Reporting
internal import VerificationMetrics

struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Compute TAR at FAR, with intervals, from any system's scores.",
        discussion: """
            Scores and labels are .npy arrays of one axis, entries of an .npz, text with one number per line, or columns of \
            a table with a heading, in the same order; - is the standard input. Label 1 is genuine, 0 (or -1) impostor; a \
            score of -inf is a failure to enrol. A blank line before the last number, or a template with two subjects, is an \
            error: what it means is not known. With --output the same report as evaluate's is written.

              verifar metrics --scores scores.npy --labels labels.npy
              verifar metrics --scores results.csv --score-column cosine --label-column same
              verifar metrics --scores distances.npy --labels labels.npy --distance
              verifar metrics --scores s.txt --labels l.txt --comparisons pairs.npy --subjects subjects.csv --output out
            """
    )

    @Option(help: .value("file", "One score per comparison."), completion: .file())
    var scores: String

    @Option(help: .value("file", "One label per comparison; the scores' file without it."), completion: .file())
    var labels: String?

    @Option(help: .value("name", "The scores' column of a table, or entry of an .npz."))
    var scoreColumn: String?

    @Option(help: .value("name", "The labels' column of a table, or entry of an .npz."))
    var labelColumn: String?

    @Flag(help: "Scores are distances: less is more alike. They are taken times -1; inf is a failure to enrol.")
    var distance = false

    @Option(
        help: .value("file", "Template ids [comparisons, 2] (.npy), for subject-bootstrap intervals."),
        completion: .file()
    )
    var comparisons: String?

    @Option(
        help: .value("file", "template,subject lines; without it genuine comparisons join templates."),
        completion: .file()
    )
    var subjects: String?

    @OptionGroup(title: "Metrics") var metrics: MetricOptions
    @OptionGroup(title: "Running") var running: RunOptions
    @OptionGroup(title: "Result") var result: ResultOptions

    @Option(help: .value("dir", "Where a report goes."), completion: .directory)
    var output: String?

    @OptionGroup var overwriting: OverwriteOptions

    @Option(help: .value("text", "What the report calls the system."))
    var name: String?

    func validate() throws {
        if labels == nil, labelColumn == nil, !scores.hasSuffix(".npz") {
            throw ValidationError("--labels is missing, or --label-column for labels in the scores' file")
        }
        if subjects != nil, comparisons == nil { throw ValidationError("--subjects needs --comparisons") }
    }

    func run() async throws {
        var evaluation = ScoreEvaluation(scores: scores, labels: labels)
        (evaluation.scoreColumn, evaluation.labelColumn) = (scoreColumn, labelColumn)
        evaluation.areDistances = distance
        (evaluation.comparisons, evaluation.subjects) = (comparisons, subjects)
        evaluation.metrics = try metrics.settings(threads: running.threadCount)
        evaluation.name = name
        evaluation.overwrites = overwriting.overwrite
        (evaluation.seed, evaluation.threads) = (metrics.seed, running.threadCount)
        let report = try await evaluation.run(writingTo: output)
        let lines = [
            SummaryText.headline(report, reportPath: output.map { FileSystem.join($0, "report.html") }),
            SummaryText.nearest(report.verification),
        ]
        try result.show(report, text: lines.joined(separator: "\n"))
    }
}

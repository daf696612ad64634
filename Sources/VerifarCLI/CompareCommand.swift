internal import ArgumentParser
internal import ArtifactFiles
internal import Reporting

/// `verifar compare`.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Say whether one run is better than another, by resampling the same subjects for both.",
        discussion: """
            Both runs must be over the same comparisons of the same templates and subjects; otherwise the first \
            difference is named. With --output, compare.md, compare.html and compare.json are written too.

              verifar compare runs/teacher runs/student --output runs/difference
            """
    )

    @Argument(help: ArgumentHelp("The run that is compared against.", valueName: "run-a"))
    var first: String

    @Argument(help: ArgumentHelp("The run whose gain or loss is measured.", valueName: "run-b"))
    var second: String

    @OptionGroup(title: "Metrics") var metrics: MetricOptions
    @OptionGroup(title: "Running") var run: RunOptions

    @Option(help: ArgumentHelp("Where a report goes.", valueName: "dir"))
    var output: String?

    func validate() throws {
        if metrics.bootstrap == 0 {
            throw ValidationError("--bootstrap must be above 0: a comparison resamples subjects")
        }
    }

    func run() async throws {
        let settings = try metrics.settings(threads: run.threadCount)
        guard let bootstrap = settings.bootstrap else { return }
        let comparison = try await RunComparison(
            try RunFolder(path: first),
            try RunFolder(path: second),
            farTargets: settings.farTargets,
            bootstrap: bootstrap
        )
        if let output {
            try FileSystem.createFolder(output)
            for file in try comparison.files() {
                try AtomicFile.write(file.text, to: FileSystem.join(output, file.name))
            }
        }
        print(comparison.summaryText)
    }
}

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
            difference is named. The finding at each FAR follows p by Holm's correction for all of them. Protocols with \
            folds (LFW, CFP, AgeDB) are compared by accuracy too, paired over folds and over pairs. With --output, \
            compare.md, compare.html and compare.json are written too.

              verifar compare runs/teacher runs/student --output runs/difference
            """
    )

    @Argument(help: ArgumentHelp("The run that is compared against.", valueName: "run-a"), completion: .directory)
    var first: String

    @Argument(help: ArgumentHelp("The run whose gain or loss is measured.", valueName: "run-b"), completion: .directory)
    var second: String

    @Option(
        help: ArgumentHelp("Target false-accept rates; those that both reports have without it.", valueName: "list")
    )
    var far: String?

    @OptionGroup(title: "Resampling") var resampling: ResamplingOptions
    @OptionGroup(title: "Running") var run: RunOptions

    @Option(help: ArgumentHelp("Where a report goes.", valueName: "dir"), completion: .directory)
    var output: String?

    @OptionGroup var result: ResultOptions

    func validate() throws {
        _ = try far.map(MetricOptions.targets)
    }

    func run() async throws {
        let comparison = try await RunComparison(
            try RunFolder(path: first),
            try RunFolder(path: second),
            farTargets: try far.map(MetricOptions.targets),
            bootstrap: try resampling.bootstrap(threads: run.threadCount)
        )
        if let output {
            try FileSystem.createFolder(output)
            for file in try comparison.files() {
                try AtomicFile.write(file.text, to: FileSystem.join(output, file.name))
            }
        }
        try result.show(json: comparison.jsonText(), text: comparison.summaryText)
    }
}

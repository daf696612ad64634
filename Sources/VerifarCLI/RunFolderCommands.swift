internal import ArgumentParser
internal import ArtifactFiles
internal import Reporting
internal import VerificationMetrics

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a run's report again, in any form, without a model.",
        discussion: """
            Everything comes from RUN/report.json; RUN/scores.npy and labels.npy are checked against it where they are \
            there. Formats:
            \(ReportForms.all.map { "  \($0.name)  \($0.summary)" }.joined(separator: "\n"))

              verifar report out --format html,tex
            """
    )

    @Argument(help: .value("run-dir", "The folder of a run."), completion: .directory)
    var folder: String

    @Option(help: .value("list", "What to write."))
    var format: String = "md,html,tex,csv,svg"

    @Option(help: .value("dir", "Where to write it; the run's folder without it."), completion: .directory)
    var output: String?

    @Flag(help: "Leave all pictures of faces out, for data that may not be copied.")
    var noImages = false

    func run() throws {
        let forms = format.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        for form in forms { _ = try ReportForms.named(form) }
        let run = try RunFolder(path: folder)
        if FileSystem.exists(FileSystem.join(folder, "scores.npy")) { _ = try run.scores() }
        let document = run.report.document(pictures: noImages ? [:] : try run.pictures())
        for path in try document.write(forms, to: output ?? folder) { print(path) }
    }
}

struct CompareCommand: ParsableCommand {
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

    @Argument(help: .value("run-a", "The run that is compared against."), completion: .directory)
    var first: String

    @Argument(help: .value("run-b", "The run whose gain or loss is measured."), completion: .directory)
    var second: String

    @Option(help: .value("list", "Target false-accept rates; those that both reports have without it."))
    var far: String?

    @OptionGroup(title: "Resampling") var resampling: ResamplingOptions
    @OptionGroup(title: "Running") var running: RunOptions

    @Option(help: .value("dir", "Where a report goes."), completion: .directory)
    var output: String?

    @OptionGroup var result: ResultOptions

    func validate() throws {
        _ = try far.map(MetricOptions.targets)
    }

    func run() throws {
        let comparison = try RunComparison(
            try RunFolder(path: first),
            try RunFolder(path: second),
            farTargets: try far.map(MetricOptions.targets),
            bootstrap: try resampling.bootstrap(threads: running.threadCount)
        )
        let document = comparison.document()
        if let output { try document.write(["json", "md", "html"], to: output) }
        try result.show(document)
    }
}

struct LeaderboardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leaderboard",
        abstract: "Put runs side by side, with published rows and their sources on request.",
        discussion: """
            Runs with the same comparisons, labels and subjects form a family, in which each has an interval of ranks \
            from paired tests of all pairs; families are never ranked against each other, and rows without scores have \
            only a place by value. Protocols with folds (LFW, CFP, AgeDB) are ranked by accuracy. With --output, \
            leaderboard.html (sortable), .md, .tex, .csv and .json are written too. A file of further rows looks like this:

              families:
                - name: Our students
                  quoted: false
                  source: lab notebook 12
                  genuine: 19557
                  impostor: 15638932
                  rows:
                    - {name: "mbf, L2E", macs: 437500000, tar: {1e-6: 88.4, 1e-5: 93.1, 1e-4: 95.5}}

              verifar leaderboard runs/* --reference --sort 1e-5 --output board
            """
    )

    @Argument(help: .value("run-dir", "Folders of runs."), completion: .directory)
    var runs: [String] = []

    @Flag(help: "Add published rows; they are marked as quoted, not measured.")
    var reference = false

    @Option(help: .value("file.yml", "A YAML file with further rows; may be repeated."), completion: .file())
    var rows: [String] = []

    @Option(help: .value("1e-4|1e-5|1e-6", "The FAR to rank by."))
    var sort: String = "1e-5"

    @OptionGroup(title: "Resampling") var resampling: ResamplingOptions
    @OptionGroup(title: "Running") var running: RunOptions

    @Option(help: .value("dir", "Where the files go."), completion: .directory)
    var output: String?

    @OptionGroup var result: ResultOptions

    func validate() throws {
        do {
            _ = try FARTarget(sort)
        } catch {
            throw ValidationError("--sort: \(error)")
        }
    }

    func run() throws {
        var folders: [RunFolder] = []
        for path in runs { folders.append(try RunFolder(path: path)) }
        let board = try Leaderboard(
            runs: folders,
            includesPublished: reference,
            additions: rows,
            sortFAR: try FARTarget(sort),
            bootstrap: try resampling.bootstrap(threads: running.threadCount)
        )
        let document = board.document()
        if let output { try document.write(Leaderboard.forms, to: output) }
        try result.show(document)
    }
}

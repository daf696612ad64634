internal import ArgumentParser
internal import ArtifactFiles
internal import Reporting
internal import VerificationMetrics

/// `verifar leaderboard`.
struct LeaderboardCommand: AsyncParsableCommand {
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

    @Argument(help: ArgumentHelp("Folders of runs.", valueName: "run-dir"), completion: .directory)
    var runs: [String] = []

    @Flag(help: "Add published rows; they are marked as quoted, not measured.")
    var reference = false

    @Option(
        help: ArgumentHelp("A YAML file with further rows; may be repeated.", valueName: "file.yml"),
        completion: .file()
    )
    var rows: [String] = []

    @Option(help: ArgumentHelp("The FAR to rank by.", valueName: "1e-4|1e-5|1e-6"))
    var sort: String = "1e-5"

    @OptionGroup(title: "Resampling") var resampling: ResamplingOptions
    @OptionGroup(title: "Running") var running: RunOptions

    @Option(help: ArgumentHelp("Where the files go.", valueName: "dir"), completion: .directory)
    var output: String?

    @OptionGroup var result: ResultOptions

    func validate() throws {
        do {
            _ = try FARTarget(sort)
        } catch {
            throw ValidationError("--sort: \(error)")
        }
    }

    func run() async throws {
        var folders: [RunFolder] = []
        for path in runs { folders.append(try RunFolder(path: path)) }
        let board = try await Leaderboard(
            runs: folders,
            includesPublished: reference,
            additions: rows,
            sortFAR: try FARTarget(sort),
            bootstrap: try resampling.bootstrap(threads: running.threadCount)
        )
        if let output {
            try FileSystem.createFolder(output)
            for file in try board.files() { try AtomicFile.write(file.text, to: FileSystem.join(output, file.name)) }
        }
        try result.show(json: board.jsonText(), text: board.summaryText)
    }
}

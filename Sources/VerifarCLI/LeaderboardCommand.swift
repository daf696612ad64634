internal import ArgumentParser
internal import ArtifactFiles
internal import Reporting
internal import VerificationMetrics

/// `verifar leaderboard`.
struct LeaderboardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leaderboard",
        abstract: "Put runs side by side, with published rows and their sources on request.",
        discussion: """
            Runs over one protocol form a family; families are never ranked against each other. With --output, \
            leaderboard.html (sortable), .md, .tex and .csv are written too. A file of further rows looks like this:

              families:
                - name: Our students
                  quoted: false
                  source: lab notebook 12
                  genuine: 19557
                  rows:
                    - {name: "mbf, L2E", macs: 437500000, tar: {1e-6: 88.4, 1e-5: 93.1, 1e-4: 95.5}}

              verifar leaderboard runs/* --reference --sort 1e-5 --output board
            """
    )

    @Argument(help: ArgumentHelp("Folders of runs.", valueName: "run-dir"))
    var runs: [String] = []

    @Flag(help: "Add published rows; they are marked as quoted, not measured.")
    var reference = false

    @Option(help: ArgumentHelp("A YAML file with further rows; may be repeated.", valueName: "file.yml"))
    var rows: [String] = []

    @Option(help: ArgumentHelp("The FAR to rank by.", valueName: "1e-4|1e-5|1e-6"))
    var sort: String = "1e-5"

    @Option(help: ArgumentHelp("Where the files go.", valueName: "dir"))
    var output: String?

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
            sortFAR: try FARTarget(sort)
        )
        if let output {
            try FileSystem.createFolder(output)
            for file in board.files() { try AtomicFile.write(file.text, to: FileSystem.join(output, file.name)) }
        }
        print(board.summaryText)
    }
}

internal import ArgumentParser
internal import ArtifactFiles
internal import Reporting

/// `verifar report`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a run's report again, in any form, without a model.",
        discussion: """
            Everything comes from RUN/report.json; RUN/scores.npy and labels.npy are checked against it where they are \
            there. Formats:
            \(Reporters.all.map { "  \($0.name)  \($0.summary)" }.joined(separator: "\n"))

              verifar report out --format html,tex
            """
    )

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run-dir"), completion: .directory)
    var folder: String

    @Option(help: ArgumentHelp("What to write.", valueName: "list"))
    var format: String = "md,html,tex,csv,svg"

    @Option(
        help: ArgumentHelp("Where to write it; the run's folder without it.", valueName: "dir"),
        completion: .directory
    )
    var output: String?

    @Flag(help: "Leave all pictures of faces out, for data that may not be copied.")
    var noImages = false

    func run() throws {
        let names = format.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var reporters: [any Reporter] = []
        for name in names { reporters.append(try Reporters.named(name)) }
        let run = try RunFolder(path: folder)
        if FileSystem.exists(FileSystem.join(folder, "scores.npy")) { _ = try run.scores() }
        let document = ReportDocument(report: run.report, pictures: noImages ? [:] : try run.pictures())
        let destination = output ?? folder
        try FileSystem.createFolder(destination)
        for reporter in reporters {
            for file in try reporter.files(for: document) {
                let path = FileSystem.join(destination, file.name)
                try AtomicFile.write(file.text, to: path)
                print(path)
            }
        }
    }
}

internal import ArtifactFiles
public import EvaluationRuns
public import Recipes
internal import Reporting
internal import VerificationMetrics

/// Trainings one after the other, each in a folder of its own, and what they come to.
public struct Study {
    /// The pipeline's recipe.
    public var recipePath: String
    /// Values that replace those of every stage.
    public var overrides: [RecipeOverride] = []
    /// Gets a folder for each stage.
    public var outputFolder: String
    /// Where rendered faces and teacher features lie.
    public var cacheFolder: String
    /// Threads to use; no number depends on them.
    public var threads = 1
    /// The device by its name, in place of the recipes'.
    public var device: String?
    /// Whether to go on where an earlier run stopped.
    public var resumes = false
    /// Asks the training that is running to stop.
    public var stop = StopRequest()
    /// Takes notes, progress and results.
    public var listener: RunListener = { _ in }

    /// A study with its caches in the folder of its result.
    public init(recipePath: String, outputFolder: String) {
        self.recipePath = recipePath
        self.outputFolder = outputFolder
        cacheFolder = FileSystem.join(outputFolder, "cache")
    }

    /// Written when a stage is done.
    private static let doneFile = "done"

    /// Trains what is not done yet, and reports.
    ///
    /// - Throws: `InputError` for recipes, data or folders that cannot be used; ``TrainingStopped`` when asked to stop.
    public func run() async throws {
        let pipeline = try RecipeFile<PipelineRecipe>(path: recipePath).recipe
        guard resumes || !FileSystem.isFolder(folder(pipeline.stages[0].name)) else {
            throw InputError(.unwritable, "a run is here already: --resume goes on with it", file: outputFolder)
        }
        try FileSystem.createFolder(outputFolder)
        // Every recipe is read before the first stage runs: a mistake in the last one shows now.
        let files = try pipeline.stages.map { stage in try file(of: stage, pipeline) }
        for (index, (stage, file)) in zip(pipeline.stages, files).enumerated() {
            let folder = self.folder(stage.name)
            let done = FileSystem.join(folder, Self.doneFile)
            let title = "stage \(index + 1) of \(pipeline.stages.count), \(stage.name)"
            if FileSystem.exists(done) {
                try file.requireSame(asSavedIn: FileSystem.join(folder, TrainingSession.recipeFile))
                listener(.note("\(title): done before"))
                continue
            }
            listener(.note("\(title): \(file.recipe.name)"))
            var session = TrainingSession(file, outputFolder: folder)
            session.cacheFolder = cacheFolder
            session.threads = threads
            session.resumes = FileSystem.isFolder(folder)
            session.device = device
            session.stop = stop
            session.listener = listener
            try await session.run()
            try AtomicFile.write("", to: done)
        }
        try await StudyReport(
            pipeline: pipeline,
            outputFolder: outputFolder,
            threads: threads,
            listener: listener
        )
        .write()
    }

    private func folder(_ stage: String) -> String { FileSystem.join(outputFolder, stage) }

    private func file(
        of stage: PipelineRecipe.Stage,
        _ pipeline: PipelineRecipe
    ) throws(InputError) -> RecipeFile<TrainingRecipe> {
        let home = recipePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let path = home.isEmpty || stage.recipe.hasPrefix("/") ? stage.recipe : FileSystem.join(home, stage.recipe)
        do throws(InputError) {
            return try RecipeFile(path: path, overrides: pipeline.overrides(of: stage, folder: folder) + overrides)
        } catch {
            var located = error
            located.problem = "stage '\(stage.name)': \(error.problem)"
            throw located
        }
    }
}

/// What a pipeline's stages came to: a leaderboard, and with a baseline a table of paired differences.
private struct StudyReport {
    let pipeline: PipelineRecipe
    let outputFolder: String
    let threads: Int
    let listener: RunListener

    /// Writes `leaderboard.*` and `study.md`, `study.csv` for every protocol that all stages were evaluated on, and
    /// `accuracy.csv` where stages were evaluated on labelled pictures.
    func write() async throws {
        try accuracy()
        let stages = try pipeline.stages.map { stage in
            let folder = FileSystem.join(outputFolder, "\(stage.name)/evaluation")
            return (stage, folder, FileSystem.isFolder(folder) ? try FileSystem.names(inFolder: folder) : [])
        }
        var common = Set(stages.first?.2 ?? [])
        for (_, _, names) in stages { common.formIntersection(names) }
        for name in common.sorted() {
            let runs = try stages.map { try RunFolder(path: FileSystem.join($0.1, name)) }
            try leaderboard(runs, suffix: common.count > 1 ? "-\(name)" : "")
            guard let baseline = pipeline.baseline else { continue }
            try study(runs, baseline: baseline, suffix: common.count > 1 ? "-\(name)" : "")
        }
    }

    private var bootstrap: SubjectBootstrap {
        get throws(MetricsError) { try SubjectBootstrap(replicates: 10_000, seed: 1, threads: threads) }
    }

    private func accuracy() throws {
        var lines: [String] = []
        for stage in pipeline.stages {
            for row in try AccuracyTable(folder: FileSystem.join(outputFolder, stage.name)).last {
                lines.append("\(stage.name),\(row.step),\(row.result.head),\(row.result.top1),\(row.result.top5)")
                listener(.result("\(stage.name): \(row.text)"))
            }
        }
        guard !lines.isEmpty else { return }
        let text = (["stage,step,head,top1,top5"] + lines).joined(separator: "\n") + "\n"
        try AtomicFile.write(text, to: FileSystem.join(outputFolder, "accuracy.csv"))
    }

    private func leaderboard(_ runs: [RunFolder], suffix: String) throws {
        let board = try Leaderboard(
            runs: runs,
            // Stages of one recipe have one name: what tells them apart is the row, and the stage for its seed.
            names: pipeline.stages.map { stage in stage.row.map { "\($0) (\(stage.name))" } },
            includesPublished: false,
            additions: [],
            sortFAR: FARTarget("1e-4"),
            bootstrap: try bootstrap
        )
        let document = board.document(name: "leaderboard\(suffix)")
        try document.write(Leaderboard.forms, to: outputFolder)
        listener(.result(document.summary))
    }

    private func study(_ runs: [RunFolder], baseline: String, suffix: String) throws {
        var groups: [StudyTable.Group] = []
        for (stage, run) in zip(pipeline.stages, runs) {
            let row = stage.row ?? stage.name
            if let place = groups.firstIndex(where: { $0.name == row }) {
                groups[place].runs.append(run)
            } else {
                groups.append(StudyTable.Group(name: row, runs: [run]))
            }
        }
        let table = try StudyTable(
            title: pipeline.name,
            groups: groups,
            baseline: baseline,
            targets: try ["1e-6", "1e-5", "1e-4"].map { try FARTarget($0) },
            bootstrap: try bootstrap
        )
        let document = table.document(name: "study\(suffix)")
        try document.write(["md", "csv"], to: outputFolder)
        listener(.result(document.summary))
    }
}

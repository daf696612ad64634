internal import ArtifactFiles
package import EvaluationRuns
internal import Recipes

/// Trainings one after the other, each in a folder of its own.
package struct Study {
    var recipePath: String
    var overrides: [String]
    var outputFolder: String
    var cacheFolder: String
    var threads: Int
    var resumes: Bool
    var interruption: Interruption
    var listener: RunListener
    /// The device by its name, in place of the recipes'.
    package var deviceName: String?

    /// Written when a stage is done.
    private static let doneFile = "done"

    package init(
        recipePath: String,
        overrides: [String],
        outputFolder: String,
        cacheFolder: String,
        threads: Int,
        resumes: Bool,
        interruption: Interruption,
        listener: @escaping RunListener
    ) {
        self.recipePath = recipePath
        self.overrides = overrides
        self.outputFolder = outputFolder
        self.cacheFolder = cacheFolder
        self.threads = threads
        self.resumes = resumes
        self.interruption = interruption
        self.listener = listener
    }

    package func run() async throws {
        let pipeline = try RecipeFile<PipelineRecipe>(path: recipePath).recipe
        guard resumes || !FileSystem.isFolder(FileSystem.join(outputFolder, pipeline.stages[0].name)) else {
            throw InputError(.unwritable, "a run is here already: --resume goes on with it", file: outputFolder)
        }
        try FileSystem.createFolder(outputFolder)
        // Every recipe is read before the first stage runs: a mistake in the last one shows now.
        let files = try pipeline.stages.map { stage in try file(of: stage, pipeline) }
        for (index, (stage, file)) in zip(pipeline.stages, files).enumerated() {
            let log = RunLog(listener)
            let folder = self.folder(stage.name)
            let done = FileSystem.join(folder, Self.doneFile)
            let title = "stage \(index + 1) of \(pipeline.stages.count), \(stage.name)"
            if FileSystem.exists(done) {
                try file.requireSame(asSavedIn: FileSystem.join(folder, TrainingSession.recipeFile))
                log.note("\(title): done before")
                continue
            }
            log.note("\(title): \(file.recipe.name)")
            var session = TrainingSession(
                file: file,
                outputFolder: folder,
                cacheFolder: cacheFolder,
                threads: threads,
                resumes: FileSystem.isFolder(folder),
                interruption: interruption,
                listener: listener
            )
            session.deviceName = deviceName
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

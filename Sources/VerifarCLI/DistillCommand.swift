internal import ArgumentParser
internal import ArtifactFiles
internal import Distillation
internal import Recipes
internal import TrainingSessions

/// `verifar distill`.
struct DistillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Train a network from a teacher, or several in stages, from a recipe.",
        discussion: """
            The recipe names a teacher (any checkpoint that `evaluate` reads) and methods with weights; or it lists \
            stages, each with a recipe of its own: SH-KD is student → teacher with the student's frozen classifier → new \
            student. Every stage has a folder in OUTPUT with what `train` writes, and classifiers.csv: how alike the \
            student's and the teacher's classifiers are after each epoch. 'seeds: [1, 2, 3]' runs the stages once for each. \
            Finished stages are not repeated, and --resume goes on inside the one that was killed.

            \(Interruption.help)

            Methods: \(DistillationMethods.all.map { $0.name }.joined(separator: ", ")).

              verifar distill --recipe Recipes/synthetic-distilled.yml --output out
              verifar distill --recipe Recipes/synthetic-study.yml --output study
              verifar distill --recipe Recipes/cifar100-shkd.yml --output shkd
            """
    )

    @OptionGroup var options: RecipeOptions
    @OptionGroup(title: "Running") var running: RunOptions

    func run() async throws {
        let interruption = Interruption.current
        interruption.watch(goingOn: options.resumingCommand(Self.configuration.commandName ?? "", running))
        if try PipelineRecipe.isPipeline(path: options.recipe) {
            var study = Study(
                recipePath: options.recipe,
                overrides: options.overrides,
                outputFolder: options.output,
                cacheFolder: options.cacheFolder,
                threads: running.threadCount,
                resumes: options.resume,
                interruption: interruption,
                listener: RunDisplay(isQuiet: running.quiet).listener
            )
            study.deviceName = options.device
            try await study.run()
            return
        }
        let file = try RecipeFile<TrainingRecipe>(path: options.recipe, overrides: options.overrides)
        guard file.recipe.distillation != nil else {
            throw InputError(
                .usage,
                "the recipe has no teacher",
                file: options.recipe,
                expected: "the key 'distillation', or 'stages'",
                found: "neither (verifar train trains without a teacher)"
            )
        }
        var session = TrainingSession(
            file: file,
            outputFolder: options.output,
            cacheFolder: options.cacheFolder,
            threads: running.threadCount,
            resumes: options.resume,
            interruption: interruption,
            listener: RunDisplay(isQuiet: running.quiet).listener
        )
        session.deviceName = options.device
        try await session.run()
    }
}

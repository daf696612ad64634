internal import ArgumentParser
internal import ArtifactFiles
internal import Distillation
internal import Recipes
internal import TrainingSessions

/// Options of the commands that follow a recipe.
struct RecipeOptions: ParsableArguments {
    @Option(help: .value("file.yml", "The recipe."), completion: .file())
    var recipe: String

    @Option(help: .value("dir", "Where the result goes; made if it is not there."), completion: .directory)
    var output: String

    @Option(
        name: .customLong("set"),
        parsing: .singleValue,
        help: .value("key.path=value", "Replace one value of the recipe; may be given again.")
    )
    var overrides: [String] = []

    @Flag(help: "Go on where a killed run stopped; the result is the same as without the interruption.")
    var resume = false

    @Option(
        help: .value(
            "dir",
            "Where rendered faces and teacher features lie; OUTPUT/cache without it. Runs may share it."
        ),
        completion: .directory
    )
    var cache: String?

    @Option(help: .value("name", "Where networks are computed, in place of the recipe's device."))
    var device: String?

    func replaced() throws(InputError) -> [RecipeOverride] {
        try overrides.map { text throws(InputError) in try RecipeOverride(text) }
    }

    /// A training from a recipe.
    func session(
        _ file: RecipeFile<TrainingRecipe>,
        _ running: RunOptions,
        _ interruption: Interruption
    ) -> TrainingSession {
        var session = TrainingSession(file, outputFolder: output)
        session.cacheFolder = cache ?? session.cacheFolder
        session.threads = running.threadCount
        session.device = device
        session.resumes = resume
        session.stop = interruption.stop
        session.listener = RunDisplay(isQuiet: running.quiet).listener
        return session
    }

    /// From now on a signal stops the command, and tells what to type so that it goes on.
    func watch(_ name: String, _ running: RunOptions) -> Interruption {
        let interruption = Interruption.current
        var words = ["verifar", name, "--recipe", recipe, "--output", output]
        for value in overrides { words += ["--set", value] }
        if let cache { words += ["--cache", cache] }
        if let device { words += ["--device", device] }
        if let threads = running.threads { words += ["--threads", "\(threads)"] }
        if running.quiet { words.append("--quiet") }
        words.append("--resume")
        interruption.watch(goingOn: words.map(Self.quoted).joined(separator: " "))
        return interruption
    }

    /// A word as a POSIX shell reads it back.
    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_-./=,:+@%".utf8.contains(byte)
            }
        }
        guard word.isEmpty || !plain else { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network from a recipe, and evaluate it.",
        discussion: """
            OUTPUT gets network.safetensors (and .onnx on request), classifier.safetensors, recipe.yml with every default \
            written out, metrics.csv with one row per step, evaluations.csv (TAR during training), verification.csv (accuracy \
            over folds: LFW, CFP-FP, AgeDB-30), accuracy.csv (top-1 and top-5 on labelled images), epochs/ with the \
            checkpoints that saving.keep-every-epochs asks for, hold-out/ with the people and comparisons of \
            data.folder.hold-out, and evaluation/<protocol>/ with the reports that `evaluate` writes. State of the run lies in OUTPUT/state: after a kill, --resume goes on.

            \(Interruption.help)

              verifar train --recipe Recipes/synthetic-quick.yml --output out
              verifar train --recipe Recipes/synthetic-student.yml --output out --set seed=2 --set training.epochs=4
              verifar train --recipe Recipes/synthetic-student.yml --output out --resume
            """
    )

    @OptionGroup var options: RecipeOptions
    @OptionGroup(title: "Running") var running: RunOptions

    func run() async throws {
        let interruption = options.watch("train", running)
        let file = try RecipeFile<TrainingRecipe>(path: options.recipe, overrides: options.replaced())
        guard file.recipe.distillation == nil else {
            throw InputError(
                .usage,
                "the recipe has a teacher",
                file: options.recipe,
                expected: "verifar distill",
                found: "verifar train"
            )
        }
        try await options.session(file, running, interruption).run()
    }
}

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
        let interruption = options.watch("distill", running)
        if try PipelineRecipe.isPipeline(path: options.recipe) {
            var study = Study(recipePath: options.recipe, outputFolder: options.output)
            study.overrides = try options.replaced()
            study.cacheFolder = options.cache ?? study.cacheFolder
            study.threads = running.threadCount
            study.device = options.device
            study.resumes = options.resume
            study.stop = interruption.stop
            study.listener = RunDisplay(isQuiet: running.quiet).listener
            return try await study.run()
        }
        let file = try RecipeFile<TrainingRecipe>(path: options.recipe, overrides: options.replaced())
        guard file.recipe.distillation != nil else {
            throw InputError(
                .usage,
                "the recipe has no teacher",
                file: options.recipe,
                expected: "the key 'distillation', or 'stages'",
                found: "neither (verifar train trains without a teacher)"
            )
        }
        try await options.session(file, running, interruption).run()
    }
}

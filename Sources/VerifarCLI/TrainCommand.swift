internal import ArgumentParser
internal import ArtifactFiles
internal import Recipes
internal import TrainingSessions

/// Options of the commands that follow a recipe.
struct RecipeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The recipe.", valueName: "file.yml"), completion: .file())
    var recipe: String

    @Option(
        help: ArgumentHelp("Where the result goes; made if it is not there.", valueName: "dir"),
        completion: .directory
    )
    var output: String

    @Option(
        name: .customLong("set"),
        parsing: .singleValue,
        help: ArgumentHelp("Replace one value of the recipe; may be given again.", valueName: "key.path=value")
    )
    var overrides: [String] = []

    @Flag(help: "Go on where a killed run stopped; the result is the same as without the interruption.")
    var resume = false

    @Option(
        help: ArgumentHelp(
            "Where rendered faces and teacher features lie; OUTPUT/cache without it. Runs may share it.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var cache: String?

    @Option(help: ArgumentHelp("Where networks are computed, in place of the recipe's device.", valueName: "name"))
    var device: String?

    var cacheFolder: String { cache ?? FileSystem.join(output, "cache") }

    /// What to type so that a stopped run goes on.
    func resumingCommand(_ name: String, _ running: RunOptions) -> String {
        var words = ["verifar", name, "--recipe", recipe, "--output", output]
        for value in overrides { words += ["--set", value] }
        if let cache { words += ["--cache", cache] }
        if let device { words += ["--device", device] }
        if let threads = running.threads { words += ["--threads", "\(threads)"] }
        if running.quiet { words.append("--quiet") }
        return (words + ["--resume"]).map(Self.quoted).joined(separator: " ")
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

/// `verifar train`.
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
        let interruption = Interruption.current
        interruption.watch(goingOn: options.resumingCommand(Self.configuration.commandName ?? "", running))
        let file = try RecipeFile<TrainingRecipe>(path: options.recipe, overrides: options.overrides)
        guard file.recipe.distillation == nil else {
            throw InputError(
                .usage,
                "the recipe has a teacher",
                file: options.recipe,
                expected: "verifar distill",
                found: "verifar train"
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

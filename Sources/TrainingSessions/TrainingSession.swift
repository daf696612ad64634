internal import ArtifactFiles
public import EvaluationRuns
internal import NeuralCompute
internal import NeuralTraining
public import Recipes
internal import Synchronization

/// One training, from a recipe to a folder with the trained network and its reports.
public struct TrainingSession {
    /// The recipe.
    public var file: RecipeFile<TrainingRecipe>
    /// Gets the network, tables, state and reports.
    public var outputFolder: String
    /// Where rendered faces and teacher features lie; several trainings may share it.
    public var cacheFolder: String
    /// Threads to use; no number depends on them.
    public var threads = 1
    /// The device by its name, in place of the recipe's.
    public var device: String?
    /// Whether to go on from the state that the folder holds.
    public var resumes = false
    /// Asks the training to stop.
    public var stop = StopRequest()
    /// Takes notes, progress and results.
    public var listener: RunListener = { _ in }

    /// A training with its caches in the folder of its result.
    public init(_ file: RecipeFile<TrainingRecipe>, outputFolder: String) {
        self.file = file
        self.outputFolder = outputFolder
        cacheFolder = FileSystem.join(outputFolder, "cache")
    }

    var recipe: TrainingRecipe { file.recipe }
    var deviceName: String { device ?? recipe.device ?? Devices.all[0].name }

    /// Files of the result.
    static let networkFile = "network.safetensors"
    static let classifierFile = "classifier.safetensors"
    static let recipeFile = "recipe.yml"

    /// Trains, writes the network, evaluates it.
    ///
    /// - Throws: `InputError` for a recipe, data or folder that cannot be used; ``TrainingStopped`` when asked to stop.
    public func run() async throws {
        let log = RunLog(listener)
        try FileSystem.createFolder(outputFolder)
        let recipeDigest = try savedRecipe()
        log.note(rateText)
        try FileSystem.createFolder(cacheFolder)
        let training = try await PreparedTraining(self, log)
        let (trainer, objective) = (training.trainer, training.learning.objective)
        let frozen = objective.frozenDigest
        let run = TrainingRun(
            trainer: trainer,
            folder: outputFolder,
            identity: training.identity(recipeDigest),
            stepsPerState: recipe.saving.everySteps,
            source: training.data,
            observer: training,
            batches: { try training.batches(firstStep: $0) }
        )
        let isFinished = try stop.withState { try run.run(resumes: resumes) }
        guard isFinished else { throw TrainingStopped(step: trainer.step, total: training.totalSteps) }
        guard objective.frozenDigest == frozen else {
            throw InputError(.mismatch, "a frozen part has changed during the training: this is a defect of verifar")
        }
        try training.write(to: outputFolder)
        for row in try AccuracyTable(folder: outputFolder).rows(ofStep: training.totalSteps) {
            log.note("accuracy: \(row.text)")
        }
        let network = FileSystem.join(outputFolder, Self.networkFile)
        try await training.protocols.report(on: network, name: recipe.name, in: outputFolder)
        try AtomicFile.write(log.text, to: FileSystem.join(outputFolder, "run.log"))
        listener(.result("\(network): \(recipe.name), \(training.totalSteps) steps"))
    }

    /// Writes the resolved recipe, or finds that a run that goes on has the same; gives the file's digest, which the run's
    /// states know it by.
    private func savedRecipe() throws(InputError) -> ContentDigest {
        let path = FileSystem.join(outputFolder, Self.recipeFile)
        if resumes, FileSystem.exists(path) {
            try file.requireSame(asSavedIn: path)
        } else if !FileSystem.exists(path) || !FileSystem.exists(FileSystem.join(outputFolder, "state")) {
            try AtomicFile.write("# \(rateText)\n" + file.resolvedText(), to: path)
        }
        return try ContentDigest(ofFile: path)
    }

    /// The learning rate as the recipe means it and as the run has it.
    private var rateText: String {
        let (schedule, run) = (recipe.schedule, recipe.scaledSchedule)
        let batch = recipe.training.batch
        guard let reference = schedule.referenceBatch, reference != batch else {
            return "learning rate: \(run.rate) at its highest, for steps of \(batch)"
        }
        return "learning rate: \(run.rate) at its highest, for steps of \(batch): "
            + "\(schedule.rate) for steps of \(reference), scaled with the batch"
    }
}

/// Asks a training to stop after the step that is running, with its state saved.
public final class StopRequest: Sendable {
    private let state = Mutex((isAsked: false, savesState: false))

    /// Nobody asks yet.
    public init() {}

    public var isAsked: Bool { state.withLock { $0.isAsked } }

    public func ask() { state.withLock { $0.isAsked = true } }

    /// Asks where nobody has asked before and steps are being taken; elsewhere no state would be saved by waiting.
    ///
    /// - Returns: Whether the training will stop with its state saved.
    public func askToSave() -> Bool {
        state.withLock { state in
            guard state.savesState, !state.isAsked else { return false }
            state.isAsked = true
            return true
        }
    }

    /// Runs steps that end with a saved state when asked to.
    func withState<Result>(_ body: () throws -> Result) rethrows -> Result { try with(savesState: true, body) }

    /// Runs what is lost when the process ends.
    func withoutState<Result>(_ body: () throws -> Result) rethrows -> Result { try with(savesState: false, body) }

    private func with<Result>(savesState: Bool, _ body: () throws -> Result) rethrows -> Result {
        let before = state.withLock { state in
            defer { state.savesState = savesState }
            return state.savesState
        }
        defer { state.withLock { $0.savesState = before } }
        return try body()
    }
}

/// A training that was asked to stop, and has, with its state saved.
public struct TrainingStopped: Error {
    /// Steps done.
    public var step: Int
    /// Steps in all.
    public var total: Int
}

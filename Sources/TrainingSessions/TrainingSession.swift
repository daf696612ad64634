internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
public import EvaluationRuns
internal import FaceEvaluation
internal import FaceImaging
internal import NeuralCompute
internal import NeuralGraph
internal import NeuralTraining
public import Recipes
internal import Reporting
internal import TrainingData
internal import VerificationMetrics

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

    private var recipe: TrainingRecipe { file.recipe }
    private var deviceName: String { device ?? recipe.device }

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
        let network = try TrainedNetwork(recipe)
        log.note("preprocessing: \(network.preprocessing) (the recipe's)")
        if let note = network.startingNote { log.note(note) }
        let whole = try recipe.data.open(opening(network))
        let holdOut = try recipe.data.source.holdOut.map { settings throws(InputError) in
            try HoldOut(of: whole, settings)
        }
        let data = holdOut?.training ?? whole
        log.note("data: \(data.summary), \(data.classCount) classes")
        let device = try Devices.open(deviceName, threads: threads)
        log.note("device: \(device.name)")
        let evaluator = try await EvaluationProtocols(
            recipe,
            holdOut: holdOut,
            cacheFolder: cacheFolder,
            device: deviceName,
            threads: threads,
            log: log,
            listener: listener
        )
        try evaluator.writeHoldOut(to: outputFolder)
        let sampler = try self.sampler(data)
        let teacher = try recipe.distillation.map { settings throws(InputError) in
            try RecipeTeacher(settings, recipe: recipe)
        }
        if let teacher { try await evaluate(teacher, evaluator, log) }
        let learning = try LearningObjective(
            recipe: recipe,
            network: network,
            data: data,
            sampler: sampler,
            teacher: teacher,
            cacheFolder: cacheFolder,
            device: device,
            threads: threads,
            listener: listener
        )
        if let summary = learning.classifierSummary { log.note(summary) }
        let objective = learning.objective
        let total = recipe.training.total(stepsPerEpoch: sampler.stepsPerEpoch)
        let facesAtOnce = min(recipe.training.microBatch ?? sampler.batchSize, sampler.batchSize)
        let plan = try network.trainingPlan(on: device, batchSize: facesAtOnce, taps: objective.tapNames)
        let trainer = try Trainer(
            plan: plan,
            objective: objective,
            settings: TrainerSettings(
                totalSteps: total,
                stepsPerEpoch: Double(sampler.stepsPerEpoch),
                optimizer: recipe.optimizer,
                schedule: recipe.scaledSchedule,
                seed: recipe.seed
            )
        )
        log.note("network: \(network.summary); \(total) steps of \(sampler.batchSize): \(sampler.summary)")
        if facesAtOnce < sampler.batchSize {
            log.note("at most \(facesAtOnce) faces at once: batch normalisation sees these, everything else the batch")
        }
        let labelled = try recipe.evaluation.accuracy.map { settings throws(InputError) in
            let labelled = try settings.open(opening(network))
            guard labelled.classCount <= data.classCount else {
                throw InputError(
                    .mismatch,
                    "the labelled images are of more classes than are trained on",
                    place: "key \"evaluation.accuracy\"",
                    expected: "at most \(data.classCount)",
                    found: "\(labelled.classCount)"
                )
            }
            return labelled
        }
        if let teacher, recipe.distillation?.teacher.evaluate == true {
            try note(accuracyOf: teacher, learning, labelled, device, log)
        }
        if let similarity = learning.similarity { log.note("classifiers at the start: \(similarity.text)") }
        let watcher = TrainingWatcher(
            total: total,
            stepsPerEpoch: sampler.stepsPerEpoch,
            evaluationSteps: recipe.evaluation.stepsBetween(stepsPerEpoch: sampler.stepsPerEpoch),
            stop: stop,
            log: log,
            listener: listener,
            evaluate: {
                EvaluationProtocols.logRows(
                    try evaluator.results(
                        try network.faceNetwork(plan.weights, recipe: recipe, device: deviceName),
                        duringTraining: true
                    ),
                    steps: $0
                )
                    + (try accuracyRows($0, plan, network, learning, labelled))
            },
            epochEnd: {
                try keep(plan, network, objective, data, steps: $0, stepsPerEpoch: sampler.stepsPerEpoch)
                return try learning.epochRows(steps: $0)
                    + ($0 == total ? accuracyRows($0, plan, network, learning, labelled) : [])
            }
        )
        let frozen = objective.frozenDigest
        let run = TrainingRun(
            trainer: trainer,
            folder: outputFolder,
            identity: identity(recipeDigest, data, evaluator),
            stepsPerState: recipe.saving.everySteps,
            source: data,
            observer: watcher,
            batches: { try batches(data, sampler, network, learning, firstStep: $0, total: total) }
        )
        let isFinished = try stop.withState { try run.run(resumes: resumes) }
        guard isFinished else { throw TrainingStopped(step: trainer.step, total: total) }
        guard objective.frozenDigest == frozen else {
            throw InputError(.mismatch, "a frozen part has changed during the training: this is a defect of verifar")
        }
        try write(plan, network, objective, data, to: outputFolder)
        for row in try AccuracyTable(folder: outputFolder).rows(ofStep: total) { log.note("accuracy: \(row.text)") }
        try await evaluator.report(
            on: FileSystem.join(outputFolder, Self.networkFile),
            name: recipe.name,
            in: outputFolder
        )
        try AtomicFile.write(log.text, to: FileSystem.join(outputFolder, "run.log"))
        listener(.result("\(FileSystem.join(outputFolder, Self.networkFile)): \(recipe.name), \(total) steps"))
    }

    // MARK: Recipe

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

    // MARK: Parts

    /// What the opening of data needs.
    private func opening(_ network: TrainedNetwork) -> DataSetOpening {
        DataSetOpening(
            population: recipe.population,
            preprocessing: network.preprocessing,
            cacheFolder: cacheFolder,
            threads: threads
        ) { [listener] label, done, total in
            listener(.progress(label: label, unit: "faces", done: done, total: total, skipped: 0))
        }
    }

    private func sampler(_ data: any TrainingSource) throws(InputError) -> any TrainingSampler {
        if let mixed = recipe.training.mixed {
            return try MixedSampler(
                data,
                randomCount: mixed.random,
                identitiesPerBatch: mixed.balanced.identities,
                picturesPerIdentity: mixed.balanced.pictures,
                seed: recipe.seed
            )
        }
        if let balanced = recipe.training.balanced {
            return try BalancedSampler(
                data,
                identitiesPerBatch: balanced.identities,
                picturesPerIdentity: balanced.pictures,
                seed: recipe.seed
            )
        }
        return try ShuffledSampler(
            sampleCount: data.sampleCount,
            batchSize: recipe.training.batch,
            dropsLast: recipe.training.dropLast,
            seed: recipe.seed
        )
    }

    private func batches(
        _ data: any TrainingSource,
        _ sampler: any TrainingSampler,
        _ network: TrainedNetwork,
        _ learning: LearningObjective,
        firstStep: Int,
        total: Int
    ) throws(InputError) -> BatchLoader {
        var settings = LoaderSettings(
            augmentation: recipe.augmentation.augmentation,
            preprocessings: [network.preprocessing] + learning.teacherPreprocessings,
            seed: recipe.seed,
            threads: threads
        )
        settings.resizes = true
        // Memory counts where a batch is divided.
        if recipe.training.microBatch != nil { settings.batchesAhead = 1 }
        settings.failedSamples = .replaced(limit: recipe.training.maxFailures)
        return try BatchLoader(
            source: data,
            sampler: sampler,
            settings: settings,
            firstStep: firstStep,
            endStep: total
        )
    }

    // MARK: Results

    /// What the teacher itself reaches: who learns from it should know.
    private func evaluate(_ teacher: RecipeTeacher, _ evaluator: EvaluationProtocols, _ log: RunLog) async throws {
        log.note("teacher: \(teacher.settings.teacher.checkpoint), \(teacher.checkpoint.architectureName)")
        log.note("teacher: preprocessing \(teacher.preprocessing) (\(teacher.choice.origin))")
        guard teacher.settings.teacher.evaluate else { return }
        let found = try evaluator.results(
            FaceNetwork(
                teacher.checkpoint,
                choice: teacher.choice,
                compute: ComputeSettings(device: deviceName)
            ),
            duringTraining: false
        )
        for result in found { log.note("teacher on \(result.name): \(result.text)") }
    }

    /// The same with labelled pictures, where the teacher has a classifier.
    private func note(
        accuracyOf teacher: RecipeTeacher,
        _ learning: LearningObjective,
        _ labelled: (any TrainingSource)?,
        _ device: any Device,
        _ log: RunLog
    ) throws {
        guard let labelled, let head = learning.teacherHead else { return }
        let results = try ClassificationAccuracy.measure(
            teacher.checkpoint,
            heads: [head],
            data: labelled,
            preprocessing: teacher.preprocessing,
            device: device,
            threads: threads
        )
        for result in results { log.note("teacher's accuracy: \(result.text)") }
    }

    /// Top-1 and top-5 of the network with its own classifier, its teacher's, and both.
    private func accuracyRows(
        _ steps: Int,
        _ plan: any TrainingPlan,
        _ network: TrainedNetwork,
        _ learning: LearningObjective,
        _ labelled: (any TrainingSource)?
    ) throws -> [LogRow] {
        guard let labelled else { return [] }
        return
            try ClassificationAccuracy.measure(
                try network.checkpoint(plan.weights, recipe: recipe),
                heads: learning.heads,
                data: labelled,
                preprocessing: network.preprocessing,
                device: plan.device,
                threads: threads
            )
            .map {
                AccuracyTable.logRow($0, steps: steps)
            }
    }

    /// What a state belongs to.
    private func identity(
        _ recipe: ContentDigest,
        _ data: any TrainingSource,
        _ evaluator: EvaluationProtocols
    ) -> [String: String] {
        var identity = ["recipe": recipe.description, "data": data.digest.description]
        // The tables of a run that goes on have the same rows.
        if !evaluator.absent.isEmpty { identity["list of absent protocols"] = evaluator.absent.joined(separator: ", ") }
        return identity
    }

    /// Keeps the network as it is after some epochs.
    private func keep(
        _ plan: any TrainingPlan,
        _ network: TrainedNetwork,
        _ objective: TrainingObjective,
        _ data: any TrainingSource,
        steps: Int,
        stepsPerEpoch: Int
    ) throws(InputError) {
        guard let every = recipe.saving.keepEveryEpochs, steps.isMultiple(of: stepsPerEpoch),
            (steps / stepsPerEpoch).isMultiple(of: every)
        else { return }
        let digits = String(steps / stepsPerEpoch)
        let name = "epochs/" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        try write(plan, network, objective, data, to: FileSystem.join(outputFolder, name))
    }

    private func write(
        _ plan: any TrainingPlan,
        _ network: TrainedNetwork,
        _ objective: TrainingObjective,
        _ data: any TrainingSource,
        to folder: String
    ) throws(InputError) {
        try FileSystem.createFolder(folder)
        var checkpoint = try network.checkpoint(plan.weights, recipe: recipe)
        checkpoint.metadata.strings["verifar.note.trainingSet"] = data.summary
        for name in recipe.saving.formats {
            let format = try CheckpointOutputFormat(named: name)
            try CheckpointWriter.write(
                checkpoint,
                to: FileSystem.join(folder, "network.\(format.rawValue)"),
                as: format,
                precision: format == .safetensors && recipe.saving.precision == "fp16" ? .float16 : .float32
            )
        }
        try objective.classifierFile?.write(to: FileSystem.join(folder, Self.classifierFile))
    }
}

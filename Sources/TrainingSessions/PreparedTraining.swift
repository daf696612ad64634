internal import ArtifactFiles
internal import Checkpoints
internal import EvaluationRuns
internal import FaceEvaluation
internal import NeuralCompute
internal import NeuralTraining
internal import Recipes
internal import TrainingData

/// A training whose every part is ready: it gives the loop its batches, tells its steps, and evaluates the network now and
/// then.
final class PreparedTraining: TrainingObserver {
    let data: any TrainingSource
    let protocols: EvaluationProtocols
    let learning: LearningObjective
    let trainer: Trainer
    let totalSteps: Int
    private let session: TrainingSession
    private let log: RunLog
    private let network: TrainedNetwork
    private let sampler: any TrainingSampler
    private let plan: any TrainingPlan
    /// What the classifier's accuracy is measured on.
    private let labelled: (any TrainingSource)?
    private let evaluationSteps: Set<Int>
    private var clock = StepClock()

    private var recipe: TrainingRecipe { session.recipe }

    /// Opens and makes the parts, those whose mistakes are found soonest first.
    init(_ session: TrainingSession, _ log: RunLog) async throws {
        (self.session, self.log) = (session, log)
        let (recipe, threads, listener) = (session.recipe, session.threads, session.listener)
        network = try TrainedNetwork(recipe)
        log.note("preprocessing: \(network.preprocessing) (the recipe's)")
        if let note = network.startingNote { log.note(note) }
        let whole = try recipe.data.open(session.opening(network))
        let holdOut = try recipe.data.source.holdOut.map { settings throws(InputError) in
            try HoldOut(of: whole, settings)
        }
        data = holdOut?.training ?? whole
        log.note("data: \(data.summary), \(data.classCount) classes")
        let device = try Devices.open(session.deviceName, threads: threads)
        log.note("device: \(device.name)")
        protocols = try EvaluationProtocols(
            recipe,
            holdOut: holdOut,
            cacheFolder: session.cacheFolder,
            device: session.deviceName,
            threads: threads,
            log: log,
            listener: listener
        )
        try protocols.writeHoldOut(to: session.outputFolder)
        sampler = try session.sampler(data)
        let teacher = try recipe.distillation.map { settings throws(InputError) in
            try RecipeTeacher(settings, recipe: recipe)
        }
        try teacher?.noteResults(protocols, device: session.deviceName, log)
        learning = try LearningObjective(
            recipe: recipe,
            network: network,
            data: data,
            sampler: sampler,
            teacher: teacher,
            cacheFolder: session.cacheFolder,
            device: device,
            threads: threads,
            listener: listener
        )
        if let summary = learning.classifierSummary { log.note(summary) }
        let total = recipe.training.total(stepsPerEpoch: sampler.stepsPerEpoch)
        totalSteps = total
        let facesAtOnce = min(recipe.training.microBatch ?? sampler.batchSize, sampler.batchSize)
        plan = try network.trainingPlan(on: device, batchSize: facesAtOnce, taps: learning.objective.tapNames)
        trainer = try Trainer(
            plan: plan,
            objective: learning.objective,
            settings: TrainerSettings(
                totalSteps: total,
                stepsPerEpoch: Double(sampler.stepsPerEpoch),
                optimizer: recipe.optimizer,
                schedule: recipe.scaledSchedule,
                seed: recipe.seed
            )
        )
        log.note("network: \(network.summary); \(totalSteps) steps of \(sampler.batchSize): \(sampler.summary)")
        if facesAtOnce < sampler.batchSize {
            log.note("at most \(facesAtOnce) faces at once: batch normalisation sees these, everything else the batch")
        }
        labelled = try session.openLabelled(network, classCount: data.classCount)
        if let labelled {
            try teacher?.noteAccuracy(of: learning.teacherHead, on: labelled, device: device, threads: threads, log)
        }
        if let similarity = learning.similarity { log.note("classifiers at the start: \(similarity.text)") }
        let every = recipe.evaluation.stepsBetween(stepsPerEpoch: sampler.stepsPerEpoch)
        // The end has a whole report of its own.
        evaluationSteps = Set(every.map { Array(stride(from: $0, to: total, by: $0)) } ?? [])
    }

    /// The batches from a step on.
    func batches(firstStep: Int) throws(InputError) -> BatchLoader {
        var settings = LoaderSettings(
            augmentation: recipe.augmentation.augmentation,
            preprocessings: [network.preprocessing] + learning.teacherPreprocessings,
            seed: recipe.seed,
            threads: session.threads
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
            endStep: totalSteps
        )
    }

    /// What a state belongs to.
    func identity(_ recipe: ContentDigest) -> [String: String] {
        var identity = ["recipe": recipe.description, "data": data.digest.description]
        // The tables of a run that goes on have the same rows.
        if !protocols.absent.isEmpty { identity["list of absent protocols"] = protocols.absent.joined(separator: ", ") }
        return identity
    }

    // MARK: Between steps

    func didStep(_ report: StepReport, faces: Int) {
        clock.didStep(samples: faces)
        session.listener(
            .step(
                TrainingStep(
                    step: report.step + 1,
                    total: totalSteps,
                    epoch: report.epoch,
                    loss: report.loss,
                    rate: report.rate,
                    timed: (clock.steps, clock.samples),
                    seconds: clock.seconds
                )
            )
        )
    }

    var asksToStop: Bool { session.stop.isAsked }

    func isLong(after steps: Int) -> Bool { evaluationSteps.contains(steps) }

    func rows(after steps: Int) throws -> [LogRow] {
        var rows: [LogRow] = []
        if steps.isMultiple(of: sampler.stepsPerEpoch) || steps == totalSteps {
            try keepNetwork(steps: steps)
            rows += learning.epochRows(steps: steps)
            if steps == totalSteps { rows += try accuracyRows(steps: steps) }
        }
        guard evaluationSteps.contains(steps) else { return rows }
        let start = ContinuousClock.now
        // The state lies on disk: an evaluation need not be waited for.
        rows += try session.stop.withoutState {
            let evaluated = try network.faceNetwork(plan.weights, recipe: recipe, device: session.deviceName)
            return EvaluationProtocols.logRows(
                try protocols.results(evaluated, duringTraining: true),
                steps: steps
            ) + (try accuracyRows(steps: steps))
        }
        clock.leaveOut(.now - start)
        return rows
    }

    func didSave(steps: Int) {}

    func note(_ text: String) { log.note(text) }

    /// Top-1 and top-5 of the network with its own classifier, its teacher's, and both.
    private func accuracyRows(steps: Int) throws -> [LogRow] {
        guard let labelled else { return [] }
        let results = try ClassificationAccuracy.measure(
            try network.checkpoint(plan.weights, recipe: recipe),
            heads: learning.heads,
            data: labelled,
            preprocessing: network.preprocessing,
            device: plan.device,
            threads: session.threads
        )
        return results.map { AccuracyTable.logRow($0, steps: steps) }
    }

    // MARK: Files

    /// Keeps the network as it is after some epochs.
    private func keepNetwork(steps: Int) throws(InputError) {
        let epochs = steps / sampler.stepsPerEpoch
        guard let every = recipe.saving.keepEveryEpochs, steps.isMultiple(of: sampler.stepsPerEpoch),
            epochs.isMultiple(of: every)
        else { return }
        let digits = String(epochs)
        let name = "epochs/" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        try write(to: FileSystem.join(session.outputFolder, name))
    }

    /// Writes network and classifier.
    func write(to folder: String) throws(InputError) {
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
        try learning.objective.classifierFile?
            .write(to: FileSystem.join(folder, TrainingSession.classifierFile))
    }
}

extension TrainingSession {
    /// What the opening of data needs.
    fileprivate func opening(_ network: TrainedNetwork) -> DataSetOpening {
        DataSetOpening(
            population: recipe.population,
            preprocessing: network.preprocessing,
            cacheFolder: cacheFolder,
            threads: threads
        ) { [listener] label, done, total in
            listener(.progress(label: label, unit: "faces", done: done, total: total, skipped: 0))
        }
    }

    /// The labelled images of the recipe's `evaluation.accuracy`; nil without it.
    fileprivate func openLabelled(
        _ network: TrainedNetwork,
        classCount: Int
    ) throws(InputError) -> (any TrainingSource)? {
        guard let labelled = try recipe.evaluation.accuracy?.open(opening(network)) else { return nil }
        guard labelled.classCount <= classCount else {
            throw InputError(
                .mismatch,
                "the labelled images are of more classes than are trained on",
                place: "key \"evaluation.accuracy\"",
                expected: "at most \(classCount)",
                found: "\(labelled.classCount)"
            )
        }
        return labelled
    }

    fileprivate func sampler(_ data: any TrainingSource) throws(InputError) -> any TrainingSampler {
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
}

extension RecipeTeacher {
    /// Notes what the teacher is, and what it reaches itself: who learns from it should know.
    fileprivate func noteResults(_ protocols: EvaluationProtocols, device: String, _ log: RunLog) throws {
        log.note("teacher: \(settings.teacher.checkpoint), \(checkpoint.architectureName)")
        log.note("teacher: preprocessing \(preprocessing) (\(choice.origin))")
        guard settings.teacher.evaluate else { return }
        let network = try FaceNetwork(checkpoint, choice: choice, compute: ComputeSettings(device: device))
        for result in try protocols.results(network, duringTraining: false) {
            log.note("teacher on \(result.name): \(result.text)")
        }
    }

    /// The same with labelled images, where the teacher has a classifier.
    fileprivate func noteAccuracy(
        of head: ClassificationAccuracy.Head?,
        on labelled: any TrainingSource,
        device: any Device,
        threads: Int,
        _ log: RunLog
    ) throws {
        guard let head, settings.teacher.evaluate else { return }
        let results = try ClassificationAccuracy.measure(
            checkpoint,
            heads: [head],
            data: labelled,
            preprocessing: preprocessing,
            device: device,
            threads: threads
        )
        for result in results { log.note("teacher's accuracy: \(result.text)") }
    }
}

/// Counts steps from the end of the first, which has the cost of beginning, and the time that they take.
private struct StepClock {
    private var start: ContinuousClock.Instant?
    private(set) var steps = 0
    private(set) var samples = 0

    mutating func didStep(samples count: Int) {
        guard start != nil else {
            start = .now
            return
        }
        steps += 1
        samples += count
    }

    mutating func leaveOut(_ duration: Duration) { start? += duration }

    var seconds: Double { start.map { (.now - $0) / .seconds(1) } ?? 0 }
}

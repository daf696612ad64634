internal import ArtifactFiles
internal import EvaluationRuns
internal import FaceEvaluation
internal import FaceProtocols
internal import NeuralTraining
internal import Recipes
internal import Reporting
internal import SyntheticFaces
internal import VerificationMetrics

/// The protocols that a recipe evaluates on, read and ready: a few numbers during training, whole reports at its end.
struct EvaluationProtocols {
    /// A protocol that lies ready.
    private struct Prepared {
        var name: String
        var selection: ProtocolSelection
        var reading: ProtocolReading
        var value: VerificationProtocol
        var onlyAtEnd = false
        var isHoldOut = false
    }

    /// What a network reaches on one protocol, without intervals.
    struct Result {
        var name: String
        var points: [OperatingPoint]
        /// The accuracy over folds, of protocols that have them.
        var folded: FoldedSummary?

        /// The accuracy as InsightFace's training prints it (flip, its grid of thresholds), or TAR at each FAR.
        var text: String {
            guard let folded, let row = folded.rows.first else {
                return "TAR " + points.map(PointText.progress).joined(separator: "; ")
            }
            return "accuracy \(SummaryText.fixed(row.accuracy.mean * 100, decimals: 2)) ± "
                + "\(SummaryText.fixed(row.accuracy.standardDeviation * 100, decimals: 2)) % over \(folded.folds) folds"
        }
    }

    private let protocols: [Prepared]
    /// Names of optional protocols whose files are missing.
    let absent: [String]
    private let device: String
    private let threads: Int
    private let listener: RunListener

    /// Reads the protocols, after rendering synthetic ones that are not there.
    init(
        _ recipe: TrainingRecipe,
        holdOut: HoldOut?,
        cacheFolder: String,
        device: String,
        threads: Int,
        log: RunLog,
        listener: @escaping RunListener
    ) throws {
        var protocols: [Prepared] = []
        var absent: [String] = []
        for settings in recipe.evaluation.protocols {
            let selection: ProtocolSelection
            if let synthetic = settings.synthetic, let population = recipe.population {
                let folder = try synthetic.render(population, cacheFolder, threads: threads, listener)
                selection = ProtocolSelection(FileSystem.join(folder, "protocol.yml"), dataFolder: folder)
            } else {
                let folder = settings.data ?? recipe.data.source.folderOfProtocols ?? ""
                selection = ProtocolSelection(settings.protocol ?? "", dataFolder: folder)
            }
            do throws(InputError) {
                let reading = try selection.read(threads: threads)
                protocols.append(
                    Prepared(
                        name: settings.name,
                        selection: selection,
                        reading: reading,
                        value: try reading.validProtocol(),
                        onlyAtEnd: settings.onlyAtEnd
                    )
                )
            } catch {
                guard error.code == .missing else { throw error }
                guard settings.optional else { throw settings.advising(error, folder: selection.dataFolder) }
                log.note("not evaluated on '\(settings.name)', which the recipe calls optional: \(error)")
                absent.append(settings.name)
            }
        }
        if let holdOut {
            let selection = try holdOut.render(into: cacheFolder, threads: threads, log: log, listener: listener)
            let reading = try selection.read(threads: threads)
            protocols.append(
                Prepared(
                    name: HoldOutSettings.name,
                    selection: selection,
                    reading: reading,
                    value: try reading.validProtocol(),
                    isHoldOut: true
                )
            )
        }
        self.protocols = protocols
        self.absent = absent
        self.device = device
        self.threads = threads
        self.listener = listener
    }

    /// Writes down who is held out of the training data, and what is compared.
    func writeHoldOut(to folder: String) throws(InputError) {
        for prepared in protocols where prepared.isHoldOut {
            try HoldOut.write(prepared.value, to: FileSystem.join(folder, prepared.name))
        }
    }

    /// What a network reaches on every protocol, without intervals.
    ///
    /// - Parameter duringTraining: Whether those for the end are left out.
    func results(_ network: FaceNetwork, duringTraining: Bool) throws -> [Result] {
        try protocols.filter { !duringTraining || !$0.onlyAtEnd }
            .map { prepared in
                let preprocessing = network.choice.preprocessing
                let source = try ProtocolFaceSource(
                    prepared.value,
                    dataFolder: prepared.selection.dataFolder,
                    preprocessing: preprocessing
                )
                let pipeline = EmbeddingPipeline(
                    plan: network.plan,
                    preprocessing: preprocessing,
                    includesMirrored: true,
                    threads: threads
                )
                let progress = RunPart("evaluating on \(prepared.name)", unit: "images", listener)
                let embeddings = try pipeline.run(source) { progress.update($0.done, of: $0.total) }.embeddings
                let policy = EvaluationPolicy()
                let scores = PolicyScores(policy, embeddings, of: prepared.value, threads: threads).scores
                let set = try ScoreSet(scores: .single(scores), labels: prepared.value.comparisons.labels)
                let result = Result(
                    name: prepared.name,
                    points: try FARTarget.standard.map { try set.operatingPoint(at: $0).get() },
                    folded: try FoldedSummary(embeddings, of: prepared.value, policy: policy, threads: threads)
                )
                progress.finish(result.text)
                return result
            }
    }

    /// Rows of `evaluations.csv`, and of `verification.csv` for protocols with folds.
    static func logRows(_ results: [Result], steps: Int) -> [LogRow] {
        results.flatMap { result in
            result.points.map { point in
                LogRow(
                    table: "evaluations",
                    header: "step,protocol,far_target,tar,far,accepted_genuine,accepted_impostors,resolved,resolution",
                    line: "\(steps),\(result.name),\(point.farTarget),\(point.tar),\(point.far),"
                        + "\(point.acceptedGenuine),\(point.acceptedImpostors),\(point.resolved),"
                        + point.resolution.rawValue
                )
            }
                + (result.folded?.rows ?? [])
                .map { row in
                    LogRow(
                        table: "verification",
                        header: "step,protocol,flip,thresholds,accuracy,deviation",
                        line: "\(steps),\(result.name),\(row.flip),\(row.rule),\(row.accuracy.mean),"
                            + "\(row.accuracy.standardDeviation)"
                    )
                }
        }
    }

    /// The same reports that `verifar evaluate` writes: `evaluation/<protocol>` in a run's folder.
    func report(on checkpoint: String, name: String, in folder: String) async throws {
        for prepared in protocols {
            var evaluation = Evaluation(checkpoint: checkpoint, on: prepared.selection)
            evaluation.name = name
            evaluation.compute = ComputeSettings(device: device)
            // Of the same training, which was killed after it.
            evaluation.overwrites = true
            evaluation.threads = threads
            evaluation.listener = listener
            try await evaluation.run(
                writingTo: FileSystem.join(folder, "evaluation/\(prepared.name)"),
                reading: prepared.reading
            )
        }
    }
}

extension ProtocolSettings {
    fileprivate func advising(_ error: InputError, folder: String) -> InputError {
        var error = error
        error.problem +=
            "; the recipe evaluates on '\(name)' (\(self.protocol ?? "synthetic")) in \(folder): put its files "
            + "there ('verifar protocol list' says where they come from), give another 'data' in evaluation.protocols, or say "
            + "'optional: true' there to train without it"
        return error
    }
}

extension SyntheticProtocolSettings {
    /// Renders the protocol of the people who are not trained on, unless it is there.
    ///
    /// - Returns: Its folder.
    fileprivate func render(
        _ people: PopulationSettings,
        _ cacheFolder: String,
        threads: Int,
        _ listener: @escaping RunListener
    ) throws -> String {
        let population = try people.population()
        let plan = try SyntheticProtocolPlan(
            population: population,
            identities: try people.split().evaluation,
            options: SyntheticProtocolPlan.Options(
                imagesPerIdentity: images,
                enrolledTemplates: templates,
                verificationTemplates: templates,
                impostors: impostors.map { .sample($0) } ?? .all
            )
        )
        let key = ContentDigest(of: "synthetic protocol, rendering 1: \(people), \(self)")
        let folder = FileSystem.join(cacheFolder, "protocol-\(key.description.prefix(16))")
        if FileSystem.exists(FileSystem.join(folder, "protocol.yml")) { return folder }
        let progress = RunPart("rendering the protocol", unit: "faces", listener)
        let count = plan.images.count
        _ = try SyntheticProtocolFolder(plan: plan, population: population, workers: threads)
            .write(to: folder) { progress.update($0, of: count) }
        progress.finish("\(count) faces in \(folder)")
        return folder
    }
}

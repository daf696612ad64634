internal import ArtifactFiles
internal import Checkpoints
internal import EvaluationRuns
internal import FaceEvaluation
internal import FaceImaging
internal import FaceProtocols
internal import NeuralCompute
internal import NeuralTraining
internal import Recipes
internal import Reporting
internal import SyntheticFaces
internal import VerificationMetrics

/// Evaluates networks on a recipe's protocols: a few numbers during training, whole reports at its end.
final class TrainingEvaluator {
    /// A protocol that lies ready.
    struct Prepared {
        var name: String
        /// What `evaluate --protocol` takes.
        var descriptor: String
        var dataFolder: String
        var onlyAtEnd = false
        var isHoldOut = false
        fileprivate var value: VerificationProtocol
    }

    /// What a network reaches on one protocol.
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

    let protocols: [Prepared]
    /// Names of optional protocols whose files are missing.
    let absent: [String]
    private let device: any Device
    private let threads: Int
    private let listener: RunListener

    /// Reads the protocols, after rendering synthetic ones that are not there.
    init(
        _ recipe: TrainingRecipe,
        holdOut: HoldOut?,
        cacheFolder: String,
        device: any Device,
        threads: Int,
        log: RunLog,
        listener: @escaping RunListener
    ) async throws {
        var protocols: [Prepared] = []
        var absent: [String] = []
        let recordFolder = recipe.data.recordio.map { FileSystem.parent(of: $0.path) }
        for settings in recipe.evaluation.protocols {
            var (descriptor, folder) = (settings.protocol ?? "", settings.data ?? recordFolder ?? "")
            if let synthetic = settings.synthetic, let population = recipe.population {
                folder = try await Self.render(synthetic, population, cacheFolder, threads: threads, listener: listener)
                descriptor = FileSystem.join(folder, "protocol.yml")
            }
            let catalogue = ProtocolCatalogue(folder: ProtocolCatalogue.checkoutFolder(near: ["."]))
            let reader = ProtocolReader(
                try catalogue.descriptor(descriptor),
                options: ProtocolReadOptions(workers: threads, pathPolicy: .strict)
            )
            guard let value = try Self.value(reader, settings, folder, log) else {
                absent.append(settings.name)
                continue
            }
            protocols.append(
                Prepared(
                    name: settings.name,
                    descriptor: descriptor,
                    dataFolder: folder,
                    onlyAtEnd: settings.onlyAtEnd,
                    value: value
                )
            )
        }
        if let holdOut {
            let folder = try holdOut.render(into: cacheFolder, threads: threads, log: log, listener: listener)
            protocols.append(
                Prepared(
                    name: DataSettings.Folder.holdOutName,
                    descriptor: FileSystem.join(folder, HoldOut.descriptorFile),
                    dataFolder: folder,
                    isHoldOut: true,
                    value: try holdOut.protocolValue(in: folder, threads: threads)
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

    /// Reads a protocol; nil for an optional one whose files are missing.
    private static func value(
        _ reader: ProtocolReader,
        _ settings: ProtocolSettings,
        _ folder: String,
        _ log: RunLog
    ) throws -> VerificationProtocol? {
        do {
            return try reader.read(dataFolder: folder).validProtocol()
        } catch let error as InputError {
            guard error.code == .missing else { throw error }
            guard settings.optional else { throw advising(error, settings, folder) }
            log.note("not evaluated on '\(settings.name)', which the recipe calls optional: \(error)")
            return nil
        }
    }

    private static func advising(_ error: InputError, _ settings: ProtocolSettings, _ folder: String) -> InputError {
        var error = error
        error.problem +=
            "; the recipe evaluates on '\(settings.name)' (\(settings.protocol ?? "synthetic")) in \(folder): put its files "
            + "there ('verifar protocol list' says where they come from), give another 'data' in evaluation.protocols, or say "
            + "'optional: true' there to train without it"
        return error
    }

    private static func render(
        _ settings: SyntheticProtocolSettings,
        _ people: PopulationSettings,
        _ cacheFolder: String,
        threads: Int,
        listener: @escaping RunListener
    ) async throws -> String {
        let population = try people.population()
        let plan = try SyntheticProtocolPlan(
            population: population,
            identities: try people.split().evaluation,
            options: SyntheticProtocolPlan.Options(
                imagesPerIdentity: settings.images,
                enrolledTemplates: settings.templates,
                verificationTemplates: settings.templates,
                impostors: settings.impostors.map { .sample($0) } ?? .all
            )
        )
        let key = ContentDigest(of: "synthetic protocol, rendering 1: \(people), \(settings)")
        let folder = FileSystem.join(cacheFolder, "protocol-\(key.description.prefix(16))")
        if FileSystem.exists(FileSystem.join(folder, "protocol.yml")) { return folder }
        let progress = RunPart("rendering the protocol", unit: "faces", listener)
        let count = plan.images.count
        _ = try await SyntheticProtocolFolder(plan: plan, population: population, workers: threads)
            .write(to: folder) { progress.update($0, of: count) }
        progress.finish("\(count) faces in \(folder)")
        return folder
    }

    /// What a network reaches on every protocol, without intervals.
    ///
    /// - Parameter duringTraining: Whether those for the end are left out.
    func results(
        _ checkpoint: ResolvedCheckpoint,
        preprocessing: FacePreprocessing,
        duringTraining: Bool
    ) throws -> [Result] {
        let plan = try device.inferencePlan(
            graph: checkpoint.graph,
            weights: checkpoint.weights,
            options: InferenceOptions()
        )
        return try protocols.filter { !duringTraining || !$0.onlyAtEnd }
            .map { prepared in
                let policy = EvaluationPolicy()
                let source = try ProtocolFaceSource(
                    prepared.value,
                    dataFolder: prepared.dataFolder,
                    preprocessing: preprocessing
                )
                let pipeline = EmbeddingPipeline(
                    plan: plan,
                    preprocessing: preprocessing,
                    includesMirrored: true,
                    threads: threads
                )
                let progress = RunPart("evaluating on \(prepared.name)", unit: "images", listener)
                let result = try pipeline.run(source) { progress.update($0.done, of: $0.total) }
                let templates = TemplateEmbeddings(
                    result.embeddings,
                    of: prepared.value,
                    policy: policy,
                    threads: threads
                )
                let comparisons = prepared.value.comparisons
                let scores = TemplateComparison.scores(of: comparisons, templates: templates, threads: threads)
                let set = try ScoreSet(scores: .single(scores), labels: comparisons.labels)
                let folded = try FoldedSummary(
                    result.embeddings,
                    of: prepared.value,
                    policy: policy,
                    threads: threads
                )
                let measured = Result(
                    name: prepared.name,
                    points: try FARTarget.standard.map { try set.operatingPoint(at: $0).get() },
                    folded: folded
                )
                progress.finish(measured.text)
                return measured
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
}

internal import ArtifactFiles
internal import Checkpoints
internal import FaceEvaluation
internal import FaceImaging
internal import FaceProtocols
internal import LargeArrays
internal import NeuralCompute
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
        fileprivate var value: VerificationProtocol
    }

    let protocols: [Prepared]
    private let threads: Int
    private let isQuiet: Bool

    /// Reads the protocols, after rendering synthetic ones that are not there.
    init(
        _ settings: EvaluationSettings,
        population: PopulationSettings?,
        cacheFolder: String,
        threads: Int,
        isQuiet: Bool
    ) async throws {
        var protocols: [Prepared] = []
        for settings in settings.protocols {
            var (descriptor, folder) = (settings.protocol ?? "", settings.data ?? "")
            if let synthetic = settings.synthetic, let population {
                folder = try await Self.render(synthetic, population, cacheFolder, threads: threads, isQuiet: isQuiet)
                descriptor = FileSystem.join(folder, "protocol.yml")
            }
            let catalogue = ProtocolCatalogue(folder: ProtocolCatalogue.checkoutFolder(near: ["."]))
            let reader = ProtocolReader(
                try catalogue.descriptor(descriptor),
                options: ProtocolReadOptions(workers: threads, pathPolicy: .strict)
            )
            let value = try reader.read(dataFolder: folder).validProtocol()
            protocols.append(
                Prepared(name: settings.name, descriptor: descriptor, dataFolder: folder, value: value)
            )
        }
        self.protocols = protocols
        self.threads = threads
        self.isQuiet = isQuiet
    }

    private static func render(
        _ settings: SyntheticProtocolSettings,
        _ people: PopulationSettings,
        _ cacheFolder: String,
        threads: Int,
        isQuiet: Bool
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
        let progress = Progress("rendering the protocol", unit: "faces", isQuiet: isQuiet)
        let count = plan.images.count
        _ = try await SyntheticProtocolFolder(plan: plan, population: population, workers: threads)
            .write(to: folder) { progress.update($0, of: count) }
        progress.finish("\(count) faces in \(folder)")
        return folder
    }

    /// The operating points of a network on every protocol, without intervals.
    func operatingPoints(
        _ checkpoint: ResolvedCheckpoint,
        preprocessing: FacePreprocessing,
        targets: [FARTarget] = TrainingEvaluator.targets
    ) throws -> [(protocol: String, points: [OperatingPoint])] {
        let plan = try ComputeBackends.all[0]
            .inferencePlan(graph: checkpoint.graph, weights: checkpoint.weights, options: InferenceOptions())
        return try protocols.map { prepared in
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
            let progress = Progress("evaluating on \(prepared.name)", unit: "images", isQuiet: isQuiet)
            let result = try pipeline.run(source) { progress.update($0.done, of: $0.total) }
            let templates = TemplateEmbeddings(result.embeddings, of: prepared.value, policy: policy, threads: threads)
            let comparisons = prepared.value.comparisons
            let scores = TemplateComparison.scores(of: comparisons, templates: templates, threads: threads)
            let set = try ScoreSet(scores: .single(scores), labels: comparisons.labels)
            let points = try targets.map { try set.operatingPoint(at: $0).get() }
            progress.finish(
                "TAR " + points.map(PointText.progress).joined(separator: "; ")
            )
            return (prepared.name, points)
        }
    }

    static let targets = FARTarget.standard
}

internal import ArtifactFiles
internal import Checkpoints
public import FaceEvaluation
public import FaceImaging
public import FaceProtocols
internal import NeuralCompute
internal import NeuralGraph
public import Reporting
internal import VerificationMetrics

/// One evaluation: a checkpoint on a protocol, into a run folder.
public struct Evaluation: Sendable {
    /// The checkpoint's file.
    public var checkpoint: String
    /// What the checkpoint is; recognised from its parameters when nil.
    public var architecture: String?
    /// What stands in place of the checkpoint's own preprocessing.
    public var preprocessing = PreprocessingOverrides()
    public var compute = ComputeSettings()
    /// What to evaluate on.
    public var selection: ProtocolSelection
    /// How image files are decoded.
    public var extraction = FaceExtractor.Options()
    /// How embeddings become templates.
    public var policy = EvaluationPolicy()
    /// Whether ``EvaluationPolicy/commonModes`` are reported too.
    public var includesAllModes = false
    /// What is measured; a thousand replicates of the subject bootstrap, of seed 1, when nil.
    public var metrics: VerificationMeasurement.Options?
    /// Where embeddings are kept, and found again.
    public var cacheFolder: String?
    /// Images that may fail.
    public var failureLimit = FailureLimit.share(0.01)
    /// What the report calls the run; the checkpoint's file name when nil.
    public var name: String?
    /// Whether the report shows faces.
    public var includesPictures = true
    /// Whether a run that the folder holds is replaced.
    public var overwrites = false
    /// Threads to use; no number depends on them.
    public var threads = 1
    /// Takes notes and progress.
    public var listener: RunListener = { _ in }

    public init(checkpoint: String, on selection: ProtocolSelection) {
        self.checkpoint = checkpoint
        self.selection = selection
    }

    /// Evaluates and writes the run folder, whole or not at all.
    ///
    /// - Parameters:
    ///   - folder: Gets `report.json`, `report.md`, `report.html`, scores, templates, failures and `run.log`.
    ///   - reading: The protocol, where it has been read before.
    /// - Returns: What `report.json` says.
    /// - Throws: `InputError` and `MetricsError`: unreadable inputs, too many failed images, a folder that cannot be written.
    @discardableResult
    public func run(writingTo folder: String, reading: ProtocolReading? = nil) async throws -> VerificationReport {
        let clock = RunClock()
        // Find out before hours of work that the results could not be written.
        try RunFolder.prepare(folder, overwriting: overwrites)
        let log = RunLog(listener)
        let network = try FaceNetwork(
            file: checkpoint,
            architecture: architecture,
            preprocessing: preprocessing,
            compute: compute
        )
        note(network, log)
        clock.mark("checkpoint")
        let reading = try reading ?? selection.read(threads: threads)
        for line in reading.findings.lines { log.note("protocol: \(line)") }
        let protocolValue = try reading.validProtocol()
        clock.mark("protocol")
        let source = try ProtocolFaceSource(
            protocolValue,
            dataFolder: selection.dataFolder,
            preprocessing: network.choice.preprocessing,
            options: extraction
        )
        let extracted = try embed(source, protocolValue, network, log)
        note(extracted.failures, folder, log)
        clock.mark("embed")
        let result = try measure(extracted, of: reading, network, source, clock)
        let report = try result.write(to: folder, log: log.text)
        listener(.result(SummaryText.headline(report, reportPath: FileSystem.join(folder, "report.html"))))
        return report
    }

    private func note(_ network: FaceNetwork, _ log: RunLog) {
        log.note("checkpoint \(checkpoint): \(network.checkpoint.architectureName)")
        for note in network.checkpoint.notes { log.note("checkpoint: \(note)") }
        log.note("preprocessing: \(network.choice.preprocessing) (\(network.choice.origin))")
        if let warning = network.choice.warning { log.note("warning: \(warning)") }
        for sentence in PolicySummary(policy).sentences { log.note("policy: \(sentence)") }
        let precision = compute.options.precision
        if precision != .float32 { log.note("network: computed in \(precision.rawValue)") }
    }

    private func embed(
        _ source: ProtocolFaceSource,
        _ protocolValue: VerificationProtocol,
        _ network: FaceNetwork,
        _ log: RunLog
    ) throws -> EmbeddingPipeline.Result {
        let cache = try cacheFolder.map { folder in
            try EmbeddingCache(root: folder, network: cacheKey(network), dimensions: network.plan.outputShape.count)
        }
        if let cache, cache.damagedRecordCount > 0 {
            log.note("cache: \(cache.damagedRecordCount) damaged records are computed again")
        }
        let pipeline = EmbeddingPipeline(
            plan: network.plan,
            preprocessing: network.choice.preprocessing,
            // Accuracy over folds is published with and without flip, and both are reported.
            includesMirrored: policy.flip != .off || includesAllModes || !protocolValue.comparisons.folds.isEmpty,
            threads: threads,
            cache: cache,
            failureLimit: failureLimit
        )
        let progress = RunPart("embedding", unit: "images", listener)
        let result = try pipeline.run(source) { progress.update($0.done, of: $0.total, skipped: $0.cached) }
        let embedded = source.count - result.cachedCount
        let rate = SummaryText.fixed(Double(embedded) / max(result.seconds, 1e-9), decimals: 1)
        progress.finish(
            "\(source.count) images, \(result.cachedCount) from the cache, \(result.failures.count) failed, \(rate)/s"
        )
        return result
    }

    /// Names everything that an embedding depends on besides the image.
    ///
    /// Caches from before orientations were applied are those of stored pixels.
    private func cacheKey(_ network: FaceNetwork) -> ContentDigest {
        let (checkpoint, options) = (network.checkpoint, compute.options)
        return ContentDigest(
            of: [
                "network \(checkpoint.metadata.contentDigest)", "architecture \(checkpoint.architectureName)",
                "preprocessing \(network.choice.preprocessing)",
                "backend \(compute.device) \(options.precision.rawValue) winograd \(options.usesWinograd)",
                extraction.appliesOrientation ? "alignment 1 upright" : "alignment 1",
            ]
            .joined(separator: "\n")
        )
    }

    /// Says which images failed; many for one reason are one line.
    private func note(_ failures: [FailedImage], _ folder: String, _ log: RunLog) {
        for (reason, failures) in Dictionary(grouping: failures, by: \.cause.reason).sorted(by: { $0.key < $1.key }) {
            if failures.count <= 10 {
                for failure in failures { log.note("failed: \(failure.name): \(failure.cause.detail)") }
            } else {
                let (first, table) = (failures[0], FileSystem.join(folder, "failures.csv"))
                log.note(
                    "failed: \(failures.count) images (\(reason)), the first \(first.name): \(first.cause.detail); all in \(table)"
                )
            }
        }
    }

    private func measure(
        _ extracted: EmbeddingPipeline.Result,
        of reading: ProtocolReading,
        _ network: FaceNetwork,
        _ source: ProtocolFaceSource,
        _ clock: RunClock
    ) throws -> EvaluationResult {
        let protocolValue = try reading.validProtocol()
        let embeddings = extracted.embeddings
        let options =
            try metrics
            ?? VerificationMeasurement.Options(
                bootstrap: try SubjectBootstrap(replicates: 1000, seed: 1, threads: threads)
            )
        // Joining templates by genuine comparisons walks the whole list: once, for the intervals and for the report.
        let templateSubjects = protocolValue.subjectsOrImplied()
        let subjects = try templateSubjects.map { try protocolValue.comparisonSubjects($0) }
        let labels = protocolValue.comparisons.labels
        var runs: [PolicyRun] = []
        for policy in [policy] + (includesAllModes ? EvaluationPolicy.commonModes.filter { $0 != policy } : []) {
            let scored = PolicyScores(policy, embeddings, of: protocolValue, threads: threads)
            runs.append(try PolicyRun(scored, labels: labels, subjects: subjects, options: options))
        }
        let folded = try FoldedSummary(embeddings, of: protocolValue, policy: policy, threads: threads)
        let identification = try IdentificationSummary(
            protocolValue,
            runs[0].scored.templates,
            bootstrap: options.bootstrap,
            threads: threads
        )
        clock.mark("metrics")
        let pictures = try FacePictures(
            runs[0].scored.scores,
            of: protocolValue,
            subjects: templateSubjects,
            embeddings: embeddings,
            source: includesPictures ? source : nil,
            preprocessing: network.choice.preprocessing
        )
        return EvaluationResult(
            settings: self,
            seed: options.bootstrap?.seed,
            network: network,
            reading: reading,
            protocolValue: protocolValue,
            subjects: templateSubjects,
            impostorSubjectPairs: subjects?.impostorPairCount(labels: labels),
            extraction: extracted,
            runs: runs,
            folded: folded,
            identification: identification,
            pictures: pictures,
            clock: clock
        )
    }
}

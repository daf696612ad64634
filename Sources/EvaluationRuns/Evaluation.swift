internal import ArtifactFiles
internal import Checkpoints
package import FaceEvaluation
package import FaceImaging
internal import FaceProtocols
internal import NeuralCompute
internal import NeuralGraph
package import Reporting
internal import VerificationMetrics

/// One evaluation, from a checkpoint and a protocol to a report folder.
package struct Evaluation {
    package var checkpointPath: String
    package var architecture: String?
    package var protocolName: String
    package var protocolSettings: [String: String] = [:]
    package var dataFolder: String
    package var outputFolder: String
    /// Whether a run that the folder holds is replaced.
    package var overwrites = false
    package var preprocessing = PreprocessingOverrides()
    /// How image files are decoded.
    package var extraction = FaceExtractor.Options()
    package var policy = EvaluationPolicy()
    package var metrics: VerificationMeasurement.Options
    var threads: Int
    package var compute = ComputeSettings()
    package var cacheFolder: String?
    package var failureLimit = FailureLimit.share(0.01)
    package var includesAllModes = false
    package var name: String
    package var allowsOutside = false
    package var includesPictures = true
    var listener: RunListener

    package init(
        checkpointPath: String,
        protocolName: String,
        dataFolder: String,
        outputFolder: String,
        metrics: VerificationMeasurement.Options,
        threads: Int,
        name: String,
        listener: @escaping RunListener
    ) {
        self.checkpointPath = checkpointPath
        self.protocolName = protocolName
        self.dataFolder = dataFolder
        self.outputFolder = outputFolder
        self.metrics = metrics
        self.threads = threads
        self.name = name
        self.listener = listener
    }

    package func run() async throws {
        let clock = RunClock()
        // Find out before hours of work that the results could not be written.
        try RunFolder.prepare(outputFolder, overwriting: overwrites)
        let log = RunLog(listener)
        let checkpoint = try CheckpointReader.read(path: checkpointPath, architecture: architecture)
        let choice = try PreprocessingChoice(preprocessing, checkpoint: checkpoint)
        log.note("checkpoint \(checkpointPath): \(checkpoint.architectureName)")
        for note in checkpoint.notes { log.note("checkpoint: \(note)") }
        log.note("preprocessing: \(choice.preprocessing) (\(choice.origin))")
        if let warning = choice.warning { log.note("warning: \(warning)") }
        for sentence in PolicySummary(policy).sentences { log.note("policy: \(sentence)") }
        let plan = try compute.plan(checkpoint)
        let precision = compute.options.precision
        if precision != .float32 { log.note("network: computed in \(precision.rawValue)") }
        clock.mark("checkpoint")
        let reading = try readProtocol()
        for line in reading.findings.lines { log.note("protocol: \(line)") }
        let protocolValue = try reading.validProtocol()
        clock.mark("protocol")
        let extraction = try embed(protocolValue, plan: plan, checkpoint: checkpoint, choice: choice, log: log)
        clock.mark("embed")
        // Joining templates by genuine comparisons walks the whole list: once, for the intervals and for the report.
        let templateSubjects = protocolValue.subjectsOrImplied()
        let subjects = try templateSubjects.map { try protocolValue.comparisonSubjects($0) }
        var runs: [PolicyRun] = []
        for policy in [policy] + (includesAllModes ? EvaluationPolicy.commonModes.filter { $0 != policy } : []) {
            runs.append(
                try await PolicyRun(policy, extraction.embeddings, protocolValue, subjects, metrics, threads: threads)
            )
        }
        let folded = try FoldedSummary(
            extraction.embeddings,
            of: protocolValue,
            policy: policy,
            threads: threads
        )
        let identification = try identification(protocolValue, runs[0].templates)
        clock.mark("metrics")
        let pictures = try FacePictures(
            runs[0],
            of: protocolValue,
            subjects: templateSubjects,
            embeddings: extraction.embeddings,
            source: includesPictures ? try source(protocolValue, choice) : nil,
            preprocessing: choice.preprocessing
        )
        let composer = ReportComposer(
            job: self,
            checkpoint: checkpoint,
            choice: choice,
            reading: reading,
            protocolValue: protocolValue,
            subjects: templateSubjects,
            impostorSubjectPairs: subjects?.impostorPairCount(labels: protocolValue.comparisons.labels),
            extraction: extraction,
            runs: runs,
            folded: folded,
            identification: identification,
            pictures: pictures,
            clock: clock
        )
        try composer.write(log: log)
        listener(.result(composer.summary()))
    }

    private func readProtocol() throws -> ProtocolReading {
        let catalogue = ProtocolCatalogue(folder: ProtocolCatalogue.checkoutFolder(near: ["."]))
        let descriptor = try catalogue.descriptor(protocolName).setting(protocolSettings)
        let options = ProtocolReadOptions(
            workers: threads,
            pathPolicy: allowsOutside ? PathPolicy(allowsAbsolutePaths: true, allowsSymbolicLinks: true) : .strict
        )
        return try ProtocolReader(descriptor, options: options).read(dataFolder: dataFolder)
    }

    private func embed(
        _ protocolValue: VerificationProtocol,
        plan: any InferencePlan,
        checkpoint: ResolvedCheckpoint,
        choice: PreprocessingChoice,
        log: RunLog
    ) throws -> EmbeddingPipeline.Result {
        let cache = try cacheFolder.map { folder in
            try EmbeddingCache(
                root: folder,
                network: cacheKey(checkpoint, choice.preprocessing),
                dimensions: plan.outputShape.count
            )
        }
        if let cache, cache.damagedRecordCount > 0 {
            log.note("cache: \(cache.damagedRecordCount) damaged records are computed again")
        }
        // Accuracy over folds is published with and without flip, and both are reported.
        let needsMirrored = policy.flip != .off || includesAllModes || !protocolValue.comparisons.folds.isEmpty
        let pipeline = EmbeddingPipeline(
            plan: plan,
            preprocessing: choice.preprocessing,
            includesMirrored: needsMirrored,
            threads: threads,
            cache: cache,
            failureLimit: failureLimit
        )
        let source = try source(protocolValue, choice)
        let progress = RunPart("embedding", unit: "images", listener)
        let result = try pipeline.run(source) { progress.update($0.done, of: $0.total, skipped: $0.cached) }
        let embedded = source.count - result.cachedCount
        let rate = SummaryText.fixed(Double(embedded) / max(result.seconds, 1e-9), decimals: 1)
        progress.finish(
            "\(source.count) images, \(result.cachedCount) from the cache, \(result.failures.count) failed, \(rate)/s"
        )
        note(result.failures, in: log)
        return result
    }

    /// Says which images failed; many for one reason are one line.
    private func note(_ failures: [FailedImage], in log: RunLog) {
        for (reason, failures) in Dictionary(grouping: failures, by: \.cause.reason).sorted(by: { $0.key < $1.key }) {
            if failures.count <= 10 {
                for failure in failures { log.note("failed: \(failure.name): \(failure.cause.detail)") }
            } else {
                let (first, table) = (failures[0], FileSystem.join(outputFolder, "failures.csv"))
                log.note(
                    "failed: \(failures.count) images (\(reason)), the first \(first.name): \(first.cause.detail); all in \(table)"
                )
            }
        }
    }

    /// Rates of the protocol's searches; nil when it has none.
    private func identification(
        _ protocolValue: VerificationProtocol,
        _ templates: TemplateEmbeddings
    ) throws -> IdentificationSummary? {
        guard !protocolValue.searches.isEmpty, let subjects = protocolValue.subjects else { return nil }
        let results = try protocolValue.searches.map { search in
            let result = try IdentificationRun.result(
                of: search,
                templates: templates,
                subjects: subjects.indices,
                threads: threads
            )
            let people = Set(search.gallery.map { subjects.indices[Int($0)] }).count
            return (name: search.name, templates: search.gallery.count, subjects: people, result: result)
        }
        let targets = try ["0.01", "0.1"].map { try FARTarget($0) }
        return IdentificationSummary(results, targets: targets, bootstrap: metrics.bootstrap)
    }

    private func source(
        _ protocolValue: VerificationProtocol,
        _ choice: PreprocessingChoice
    ) throws(InputError) -> ProtocolFaceSource {
        try ProtocolFaceSource(
            protocolValue,
            dataFolder: dataFolder,
            preprocessing: choice.preprocessing,
            options: extraction
        )
    }

    /// Names everything that an embedding depends on besides the image.
    ///
    /// Caches from before orientations were applied are those of stored pixels.
    private func cacheKey(_ checkpoint: ResolvedCheckpoint, _ preprocessing: FacePreprocessing) -> ContentDigest {
        ContentDigest(
            of: [
                "network \(checkpoint.metadata.contentDigest)", "architecture \(checkpoint.architectureName)",
                "preprocessing \(preprocessing)",
                "backend \(compute.device) \(compute.options.precision.rawValue) winograd \(compute.options.usesWinograd)",
                extraction.appliesOrientation ? "alignment 1 upright" : "alignment 1",
            ]
            .joined(separator: "\n")
        )
    }
}

/// The templates, scores and numbers of one policy.
struct PolicyRun {
    package var policy = EvaluationPolicy()
    var templates: TemplateEmbeddings
    var scores: [Float]
    var measurement: VerificationMeasurement
    /// Comparisons left out because a template has no embedding.
    var excludedCount: Int

    init(
        _ policy: EvaluationPolicy,
        _ embeddings: ImageEmbeddings,
        _ protocolValue: VerificationProtocol,
        _ subjects: ComparisonSubjects?,
        _ options: VerificationMeasurement.Options,
        threads: Int
    ) async throws {
        self.policy = policy
        templates = TemplateEmbeddings(embeddings, of: protocolValue, policy: policy, threads: threads)
        let comparisons = protocolValue.comparisons
        let scores = TemplateComparison.scores(of: comparisons, templates: templates, threads: threads)
        self.scores = scores
        guard policy.failures == .exclude, templates.failureCount > 0 else {
            excludedCount = 0
            measurement = try await VerificationMeasurement(
                scores: .single(scores),
                labels: comparisons.labels,
                subjects: subjects,
                options: options
            )
            return
        }
        func kept<Element>(_ column: [Element]) -> [Element] {
            zip(column, scores).compactMap { $1 == TemplateComparison.rejected ? nil : $0 }
        }
        let measured = kept(scores)
        excludedCount = scores.count - measured.count
        measurement = try await VerificationMeasurement(
            scores: .single(measured),
            labels: kept(comparisons.labels),
            subjects: try subjects.map { subjects in
                try ComparisonSubjects(
                    firstTemplate: kept(subjects.firstTemplate),
                    secondTemplate: kept(subjects.secondTemplate),
                    subjectOfTemplate: subjects.subjectOfTemplate
                )
            },
            options: options
        )
    }
}

extension VerificationProtocol {
    /// Whom each comparison compares.
    func comparisonSubjects(_ subjects: TemplateSubjects) throws(MetricsError) -> ComparisonSubjects {
        // A template without a stated subject is a subject of its own.
        var next = UInt32(subjects.count)
        let indices = subjects.indices.map { index in
            guard index == TemplateSubjects.none else { return index }
            defer { next += 1 }
            return next
        }
        return try ComparisonSubjects(
            firstTemplate: comparisons.first,
            secondTemplate: comparisons.second,
            subjectOfTemplate: indices
        )
    }
}

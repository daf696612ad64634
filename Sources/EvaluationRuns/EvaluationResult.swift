internal import ArtifactFiles
internal import Checkpoints
internal import FaceEvaluation
internal import FaceImaging
internal import FaceProtocols
internal import NeuralCompute
internal import NeuralGraph
internal import Reporting
internal import VerificationMetrics

/// What an evaluation has found, and the folder that it becomes.
struct EvaluationResult {
    let settings: Evaluation
    /// Of the bootstrap.
    let seed: UInt64?
    let network: FaceNetwork
    let reading: ProtocolReading
    let protocolValue: VerificationProtocol
    let subjects: TemplateSubjects?
    let impostorSubjectPairs: Int?
    let extraction: EmbeddingPipeline.Result
    let runs: [PolicyRun]
    let folded: FoldedSummary?
    let identification: IdentificationSummary?
    let pictures: FacePictures
    let clock: RunClock

    private var main: PolicyRun { runs[0] }

    // MARK: Files

    /// Writes everything, or leaves the folder as it was; `report.json` comes last, so that a folder with it is whole.
    func write(to destination: String, log: String) throws -> VerificationReport {
        let staged = try StagedFolder(in: destination)
        let folder = staged.path
        let digest = try writeArrays(to: folder)
        try AtomicFile.write(failureTable, to: FileSystem.join(folder, "failures.csv"))
        try AtomicFile.write(log, to: FileSystem.join(folder, "run.log"))
        try pictures.write(to: folder)
        let report = report(digest)
        try report.document(pictures: pictures.files).write(VerificationReport.forms, to: folder)
        try staged.commit(seal: RunFolder.seal, removing: RunFolder.contents)
        return report
    }

    /// Writes what a report needs to be made again.
    ///
    /// - Returns: The digest of what was compared.
    private func writeArrays(to folder: String) throws -> ContentDigest {
        let comparisons = protocolValue.comparisons
        try NPYFile.write(main.scored.scores, to: FileSystem.join(folder, "scores.npy"))
        try NPYFile.write(comparisons.labels, to: FileSystem.join(folder, "labels.npy"))
        var pairs = try NPYWriter<UInt32>(
            path: FileSystem.join(folder, "comparisons.npy"),
            shape: [comparisons.count, 2]
        )
        for piece in templatePairs { try pairs.append(piece) }
        try pairs.commit()
        var folds: [UInt32] = []
        if comparisons.folds.count > 1 {
            folds = comparisons.folds.enumerated().flatMap { fold, pairs in pairs.map { _ in UInt32(fold) } }
            try NPYFile.write(folds, to: FileSystem.join(folder, "folds.npy"))
        }
        try NPYFile.write(
            main.scored.templates.values,
            shape: [main.scored.templates.count, main.scored.templates.dimensions],
            to: FileSystem.join(folder, "templates.npy")
        )
        if let subjects {
            var text = "template,subject\n"
            for (template, id) in protocolValue.templates.ids.enumerated() {
                let subject = subjects.indices[template]
                if subject != TemplateSubjects.none { text += "\(id),\(CSVText.field(subjects.names[Int(subject)]))\n" }
            }
            try AtomicFile.write(text, to: FileSystem.join(folder, "subjects.csv"))
        }
        return ComparisonScores.digest(labels: comparisons.labels, templates: templatePairs, folds: folds)
    }

    /// The ids of the two templates of each comparison, in pieces: IJB-C's covariates have 47 million comparisons.
    private var templatePairs: some Sequence<[UInt32]> {
        let comparisons = protocolValue.comparisons
        let ids = protocolValue.templates.ids.map { UInt32(truncatingIfNeeded: $0) }
        return stride(from: 0, to: comparisons.count, by: 1 << 16).lazy
            .map { start in
                (start..<min(start + 1 << 16, comparisons.count))
                    .flatMap { [ids[Int(comparisons.first[$0])], ids[Int(comparisons.second[$0])]] }
            }
    }

    private var failureTable: String {
        var text = "row,image,reason,detail\n"
        for failure in extraction.failures {
            let fields = ["\(failure.row + 1)", failure.name, failure.cause.reason, failure.cause.detail]
            text += fields.map(CSVText.field).joined(separator: ",") + "\n"
        }
        return text
    }

    // MARK: The report

    private var name: String { settings.name ?? FileSystem.lastComponent(settings.checkpoint) }
    private var checkpoint: ResolvedCheckpoint { network.checkpoint }

    private func report(_ digest: ContentDigest) -> VerificationReport {
        var report = VerificationReport(name: name, protocol: protocolSummary(digest), measured: main.measurement)
        report.inputs = checkpoint.metadata.files(of: network.file)
            .map { RunInput(role: "checkpoint", file: $0.name, sha256: $0.digest.description) }
        report.checkpoint = checkpointSummary
        report.preprocessing = preprocessingSummary
        report.policy = PolicySummary(main.scored.policy)
        report.folded = folded
        report.identification = identification
        if runs.count > 1 {
            report.modes = runs.map {
                ModeResult(policy: PolicySummary($0.scored.policy), results: $0.measurement.results)
            }
        }
        report.hardest = pictures.hardest
        report.contactSheet = pictures.sheet
        report.failures = failureSummary
        report.timing = timing
        report.environment = RunEnvironment.summary(
            threads: settings.threads,
            batch: settings.compute.options.facesPerPass,
            seed: seed
        )
        return report
    }

    private var checkpointSummary: CheckpointSummary {
        let precision = settings.compute.options.precision
        let isUntrained = checkpoint.metadata.strings["verifar.note.training"]?.hasPrefix("untrained") ?? false
        let notes =
            checkpoint.notes
            + (precision == .float32 ? [] : ["activations and weights rounded to \(precision.rawValue)"])
        var summary = CheckpointSummary(
            file: FileSystem.lastComponent(network.file),
            sha256: checkpoint.metadata.digest.description,
            architecture: checkpoint.architectureName,
            parameters: checkpoint.graph.parameterCount,
            macs: checkpoint.graph.multiplyAccumulateCount,
            embeddingSize: checkpoint.graph.shape(of: checkpoint.graph.output).count
        )
        summary.format = checkpoint.metadata.format
        summary.trainingSet = checkpoint.metadata.strings["verifar.note.trainingSet"]
        summary.isTrained = isUntrained ? false : nil
        summary.notes = notes.isEmpty ? nil : notes
        return summary
    }

    private var preprocessingSummary: PreprocessingSummary {
        let choice = network.choice
        let value = choice.preprocessing
        var notes = ["chosen by \(choice.origin)"] + (choice.warning.map { [$0] } ?? [])
        if extraction.reducedCount > 0 {
            notes.append(
                "\(extraction.reducedCount) large pictures were decoded at a reduced scale, which the alignment shrinks anyway"
            )
        }
        if extraction.turnedCount > 0 {
            notes.append("\(extraction.turnedCount) images were turned upright, as their EXIF orientation says")
        }
        if !settings.extraction.appliesOrientation { notes.append("EXIF orientations were ignored") }
        var summary = PreprocessingSummary(
            size: [value.width, value.height],
            channels: value.channels.rawValue,
            mean: value.mean.map { Self.decimal($0) },
            std: value.std.map { Self.decimal($0) },
            template: value.template
        )
        summary.name = value.name
        summary.notes = notes
        return summary
    }

    /// The shortest decimal of a single-precision number, as a Double.
    private static func decimal(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }

    private func protocolSummary(_ digest: ContentDigest) -> ProtocolSummary {
        let comparisons = protocolValue.comparisons
        var rejected = (genuine: 0, impostor: 0)
        for (score, label) in zip(main.scored.scores, comparisons.labels) where score == TemplateComparison.rejected {
            if label == 1 { rejected.genuine += 1 } else { rejected.impostor += 1 }
        }
        // Comparisons that the policy leaves out count nowhere.
        let isExcluding = main.scored.policy.failures == .exclude
        var summary = ProtocolSummary(
            name: protocolValue.name,
            genuine: comparisons.genuineCount - (isExcluding ? rejected.genuine : 0),
            impostor: comparisons.impostorCount - (isExcluding ? rejected.impostor : 0),
            images: protocolValue.images.count,
            templates: protocolValue.templates.count,
            failedImages: extraction.failures.count,
            failedTemplates: main.scored.templates.failureCount
        )
        summary.rejectedGenuine = rejected.genuine
        summary.rejectedImpostor = rejected.impostor
        summary.subjects = subjects?.count
        summary.impostorSubjectPairs = impostorSubjectPairs
        summary.subjectOrigin = subjects?.origin.rawValue
        summary.sha256 = "\(digest)"
        summary.description = reading.descriptor.title
        summary.findings = reading.findings.lines.isEmpty ? nil : reading.findings.lines
        return summary
    }

    private var failureSummary: FailureSummary {
        let counts = Dictionary(grouping: extraction.failures, by: \.cause.reason).mapValues(\.count)
        return FailureSummary(
            total: extraction.failures.count,
            reasons: counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { FailureSummary.Reason(reason: $0.key, count: $0.value) },
            examples: extraction.failures.prefix(20)
                .map { FailureSummary.Example(image: $0.name, reason: $0.cause.detail) }
        )
    }

    private var timing: TimingSummary {
        let embedded = extraction.embeddings.imageCount - extraction.cachedCount
        var timing = TimingSummary(
            stages: clock.stages + [
                TimingSummary.Stage(name: "embed: read (thread time)", seconds: extraction.stages.read),
                TimingSummary.Stage(name: "embed: decode and align (thread time)", seconds: extraction.stages.align),
                TimingSummary.Stage(name: "embed: network (thread time)", seconds: extraction.stages.embed),
            ]
        )
        timing.imagesPerSecond = embedded > 0 ? Double(embedded) / extraction.seconds : nil
        timing.totalSeconds = clock.totalSeconds
        timing.peakMemoryBytes = RunClock.peakMemoryBytes
        timing.startedAt = clock.startedAt
        timing.cachedImages = extraction.cachedCount
        return timing
    }
}

extension PolicySummary {
    init(_ policy: EvaluationPolicy) {
        self.init(
            flip: policy.flip.rawValue,
            norm: policy.norm.rawValue,
            detectorScore: policy.detectorScore.rawValue,
            aggregate: policy.aggregate.rawValue,
            failures: policy.failures.rawValue
        )
    }
}

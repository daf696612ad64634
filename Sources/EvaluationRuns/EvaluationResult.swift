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
        try writeArrays(to: folder)
        try AtomicFile.write(failureTable, to: FileSystem.join(folder, "failures.csv"))
        try AtomicFile.write(log, to: FileSystem.join(folder, "run.log"))
        try pictures.write(to: folder)
        let report = self.report
        try ReportFiles.write(ReportDocument(report: report, pictures: pictures.files), to: folder)
        try staged.commit(seal: RunFolder.seal, removing: RunFolder.contents)
        return report
    }

    private func writeArrays(to folder: String) throws {
        let comparisons = protocolValue.comparisons
        try NPYFile.write(main.scored.scores, to: FileSystem.join(folder, "scores.npy"))
        try NPYFile.write(comparisons.labels, to: FileSystem.join(folder, "labels.npy"))
        let ids = protocolValue.templates.ids.map { UInt32(truncatingIfNeeded: $0) }
        // Pieces at a time: IJB-C's covariates have 47 million comparisons.
        var pairs = try NPYWriter<UInt32>(
            path: FileSystem.join(folder, "comparisons.npy"),
            shape: [comparisons.count, 2]
        )
        for start in stride(from: 0, to: comparisons.count, by: 1 << 16) {
            try pairs.append(
                (start..<min(start + 1 << 16, comparisons.count))
                    .flatMap { [ids[Int(comparisons.first[$0])], ids[Int(comparisons.second[$0])]] }
            )
        }
        try pairs.commit()
        if comparisons.folds.count > 1 {
            let folds = comparisons.folds.enumerated().flatMap { fold, pairs in pairs.map { _ in UInt32(fold) } }
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
    }

    private var failureTable: String {
        var text = "row,image,reason,detail\n"
        for failure in extraction.failures {
            let fields = ["\(failure.row + 1)", failure.name, failure.cause.reason, failure.cause.detail]
            text += fields.map(CSVText.field).joined(separator: ",") + "\n"
        }
        return text
    }

    /// The headline for standard output.
    func summary(folder: String) -> String {
        SummaryText.headline(
            name: name,
            protocolName: protocolValue.name,
            results: main.measurement.results,
            reportPath: FileSystem.join(folder, "report.html")
        ) + SummaryText.folds(folded) + SummaryText.identification(identification)
    }

    // MARK: The report

    private var name: String { settings.name ?? FileSystem.lastComponent(settings.checkpoint) }
    private var checkpoint: ResolvedCheckpoint { network.checkpoint }

    private var report: VerificationReport {
        var report = VerificationReport(name: name, protocol: protocolSummary, measured: main.measurement)
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
        report.environment = EnvironmentSummary(
            version: VerifarVersion.current,
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
        return CheckpointSummary(
            file: FileSystem.lastComponent(network.file),
            sha256: checkpoint.metadata.digest.description,
            architecture: checkpoint.architectureName,
            parameters: checkpoint.graph.parameterCount,
            macs: checkpoint.graph.multiplyAccumulateCount,
            embeddingSize: checkpoint.graph.shape(of: checkpoint.graph.output).count,
            format: checkpoint.metadata.format,
            trainingSet: checkpoint.metadata.strings["verifar.note.trainingSet"],
            isTrained: isUntrained ? false : nil,
            notes: notes.isEmpty ? nil : notes
        )
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
        return PreprocessingSummary(
            size: [value.width, value.height],
            channels: value.channels.rawValue,
            mean: value.mean.map { Self.decimal($0) },
            std: value.std.map { Self.decimal($0) },
            template: value.template,
            name: value.name,
            notes: notes
        )
    }

    /// The shortest decimal of a single-precision number, as a Double.
    private static func decimal(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }

    private var protocolSummary: ProtocolSummary {
        let comparisons = protocolValue.comparisons
        var rejected = (genuine: 0, impostor: 0)
        for (score, label) in zip(main.scored.scores, comparisons.labels) where score == TemplateComparison.rejected {
            if label == 1 { rejected.genuine += 1 } else { rejected.impostor += 1 }
        }
        // Comparisons that the policy leaves out count nowhere.
        let isExcluding = main.scored.policy.failures == .exclude
        return ProtocolSummary(
            name: protocolValue.name,
            images: protocolValue.images.count,
            templates: protocolValue.templates.count,
            genuine: comparisons.genuineCount - (isExcluding ? rejected.genuine : 0),
            impostor: comparisons.impostorCount - (isExcluding ? rejected.impostor : 0),
            failedImages: extraction.failures.count,
            failedTemplates: main.scored.templates.failureCount,
            rejectedGenuine: rejected.genuine,
            rejectedImpostor: rejected.impostor,
            subjects: subjects?.count,
            impostorSubjectPairs: impostorSubjectPairs,
            subjectOrigin: subjects?.origin.rawValue,
            description: reading.descriptor.title,
            findings: reading.findings.lines.isEmpty ? nil : reading.findings.lines
        )
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
        return TimingSummary(
            imagesPerSecond: embedded > 0 ? Double(embedded) / extraction.seconds : nil,
            totalSeconds: clock.totalSeconds,
            peakMemoryBytes: RunClock.peakMemoryBytes,
            startedAt: clock.startedAt,
            cachedImages: extraction.cachedCount,
            stages: clock.stages + [
                TimingSummary.Stage(name: "embed: read (thread time)", seconds: extraction.stages.read),
                TimingSummary.Stage(name: "embed: decode and align (thread time)", seconds: extraction.stages.align),
                TimingSummary.Stage(name: "embed: network (thread time)", seconds: extraction.stages.embed),
            ]
        )
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

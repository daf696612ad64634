internal import ArtifactFiles
internal import Checkpoints
package import FaceEvaluation
package import FaceImaging
internal import FaceProtocols
internal import NeuralGraph
internal import Reporting

/// Examines a checkpoint on labelled faces: runs every check and ranks what they find.
package struct Doctor {
    /// Where the faces are.
    package enum Faces {
        case selection(ProtocolSelection)
        /// A folder for each identity, with aligned faces.
        case folder(String)
    }

    /// The checkpoint's file.
    package var checkpoint: String
    /// What the checkpoint is; recognised when nil.
    package var architecture: String?
    package var faces: Faces
    package var preprocessing = PreprocessingOverrides()
    package var extraction = FaceExtractor.Options()
    package var policy = EvaluationPolicy()
    package var compute = ComputeSettings()
    /// The most faces in the sample.
    package var sampleSize = 240
    /// Of the sample.
    package var seed: UInt64 = 1
    package var threads = 1
    /// Where the report goes; nil for nowhere.
    package var outputFolder: String?
    /// Told what is going on, a few times a second at most.
    package var progress: (String) -> Void = { _ in }

    package init(checkpoint: String, faces: Faces) {
        self.checkpoint = checkpoint
        self.faces = faces
    }

    /// Examines, and writes the report.
    ///
    /// - Throws: What a check throws, and what inputs that cannot be read throw; a finding is no error.
    package func run() throws -> DoctorReport {
        let checkpoint = try CheckpointReader.read(path: self.checkpoint, architecture: architecture)
        var findings: [DoctorFinding] = []
        let choice = try choice(checkpoint, &findings)
        if let outputFolder { try FileSystem.createFolder(outputFolder) }
        let data =
            switch faces {
            case .folder(let folder): folder
            case .selection(let selection): "\(selection.name) in \(selection.dataFolder)"
            }
        let subject = DoctorReport.Subject(
            checkpoint: self.checkpoint,
            architecture: checkpoint.architectureName,
            data: data,
            preprocessing: choice.preprocessing,
            preprocessingOrigin: choice.origin,
            policy: policy
        )
        guard let population = try population(&findings) else {
            var report = DoctorReport(subject: subject)
            report.findings = Self.ranked(findings)
            report.isHealthy = false
            try write(report, sheets: [])
            return report
        }
        let examination = try Examination(
            network: FaceNetwork(checkpoint, file: self.checkpoint, choice: choice, compute: compute),
            policy: policy,
            population: population,
            count: sampleSize,
            seed: seed,
            threads: threads,
            extraction: extraction,
            progress: progress
        )
        var report = try Self.report(examination, subject: subject, earlier: findings)
        let sheets = try outputFolder == nil ? [] : self.sheets(examination)
        report.contactSheets = sheets.map(\.name)
        try write(report, sheets: sheets)
        return report
    }

    /// The preprocessing; a face size that is not the network's is a finding, and the examination goes on without it.
    private func choice(
        _ checkpoint: ResolvedCheckpoint,
        _ findings: inout [DoctorFinding]
    ) throws(InputError) -> PreprocessingChoice {
        let mistake: InputError
        do throws(InputError) {
            return try PreprocessingChoice(preprocessing, checkpoint: checkpoint)
        } catch {
            mistake = error
        }
        let extent = checkpoint.graph.inputShape.extent
        var overrides = preprocessing
        guard mistake.code == .usage, mistake.found?.contains("channels") == true,
            (overrides.width, overrides.height) != (extent.width, extent.height)
        else { throw mistake }
        (overrides.width, overrides.height) = (extent.width, extent.height)
        if overrides.template == nil {
            // A template made for that size rather than one stretched to it.
            let template = FaceTemplate.all.first { $0.width == extent.width && $0.height == extent.height }
            overrides.template = template?.name
        }
        let choice = try PreprocessingChoice(overrides, checkpoint: checkpoint)
        let size = "\(extent.width)x\(extent.height)"
        findings.append(
            DoctorFinding(
                .culprit,
                check: "face-size",
                "The face size is wrong: the network takes faces of \(size) (width x height).",
                likelihood: 1,
                evidence: ["\(mistake)", "everything below was examined at \(size)"],
                remedy: "Align the faces to the network's size.",
                options: "--size \(size)"
            )
        )
        return choice
    }

    /// The labelled faces; nil where the protocol cannot be read.
    private func population(_ findings: inout [DoctorFinding]) throws(InputError) -> LabelledFaces? {
        switch faces {
        case .folder(let folder):
            let found = try LabelledFaces(identityFolder: folder)
            if found.leftOut.imageCount > 0, let summary = found.leftOut.summary {
                findings.append(
                    DoctorFinding(
                        .warning,
                        check: "image-files",
                        "Some images are of formats that are not read.",
                        likelihood: 0.5,
                        evidence: [summary],
                        remedy: "Convert them to PNG or JPEG."
                    )
                )
            }
            return found
        case .selection(let selection):
            let reading = try selection.read(threads: threads)
            findings += DoctorFinding.findings(of: reading.findings)
            return try reading.draft.map { draft throws(InputError) in
                try LabelledFaces(draft, dataFolder: selection.dataFolder)
            }
        }
    }

    private static func report(
        _ examination: Examination,
        subject: DoctorReport.Subject,
        earlier: [DoctorFinding]
    ) throws -> DoctorReport {
        examination.findings = earlier
        var report = DoctorReport(subject: subject)
        report.sample = DoctorReport.Sample(examination)
        // Whether any face of the sample could be aligned; nothing can be said of faces that are not there.
        let hasCrops = examination.aligned(examination.user).isPresent.contains(true)
        var isSearched = false
        for check in DoctorChecks.all {
            guard check is PictureCheck || hasCrops else { break }
            if !isSearched, check is any SettingFactor {
                isSearched = true
                try examination.searchSettings(DoctorChecks.factors)
            }
            examination.report(check.name)
            let result = try check.run(examination)
            examination.findings += result.findings
            report.checks.append(.init(name: check.name, question: check.question, summary: result.summary))
        }
        if hasCrops {
            report.separation = try examination.separation(examination.user)
            report.bestSeparation = try examination.separation(examination.search.best)
            report.trials = examination.search.trials.map { DoctorReport.Trial($0) }
        }
        report.findings = ranked(examination.findings)
        report.isHealthy = report.culprits.isEmpty
        let best = examination.search.best.preprocessing
        if best != examination.user.preprocessing, report.findings.contains(where: \.blamesSetting) {
            report.suggestedOptions = best.commandLineOptions
        }
        return report
    }

    /// Culprits before warnings, each by likelihood; among equals in the order of the checks.
    package static func ranked(_ findings: [DoctorFinding]) -> [DoctorFinding] {
        func rank(_ finding: DoctorFinding) -> Int { DoctorFinding.Kind.allCases.firstIndex(of: finding.kind) ?? 0 }
        return findings.enumerated()
            .sorted { left, right in
                (rank(left.element), -left.element.likelihood, left.offset)
                    < (rank(right.element), -right.element.likelihood, right.offset)
            }
            .map(\.element)
    }

    private func sheets(_ examination: Examination) throws(InputError) -> [(name: String, bytes: [UInt8])] {
        var settings = [("contact-sheet.jpg", examination.user)]
        let best = examination.search.best
        let isMoved =
            best.adjustment != .none || best.preprocessing.template != examination.user.preprocessing.template
        if isMoved { settings.append(("contact-sheet-corrected.jpg", best)) }
        var sheets: [(name: String, bytes: [UInt8])] = []
        for (name, setting) in settings {
            let template = try FaceTemplate.named(setting.preprocessing.template)
            guard let bytes = try ContactSheet.jpeg(examination.aligned(setting), template: template) else { continue }
            sheets.append((name, bytes))
        }
        return sheets
    }

    private func write(_ report: DoctorReport, sheets: [(name: String, bytes: [UInt8])]) throws {
        guard let outputFolder else { return }
        for (name, bytes) in sheets { try AtomicFile.write(bytes, to: FileSystem.join(outputFolder, name)) }
        try report.document().write(["json", "md"], to: outputFolder)
    }
}

extension DoctorFinding {
    /// Whether a setting of the preprocessing is to blame.
    var blamesSetting: Bool { kind == .culprit && DoctorChecks.factors.contains { $0.name == check } }
}

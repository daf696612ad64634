internal import ArtifactFiles
internal import Checkpoints
internal import FaceDiagnosis
internal import FaceEvaluation
internal import FaceImaging
internal import FaceProtocols
internal import NeuralCompute
internal import NeuralGraph

/// One examination, from a checkpoint and labelled faces to a report.
struct DoctorJob {
    var command: DoctorCommand

    func run() throws -> DoctorReport {
        let checkpoint = try CheckpointReader.read(path: command.checkpoint, architecture: command.architecture)
        var findings: [DoctorFinding] = []
        let choice = try preprocessingChoice(checkpoint, &findings)
        if let output = command.output { try FileSystem.createFolder(output) }
        let subject = DoctorReport.Subject(
            checkpoint: command.checkpoint,
            architecture: checkpoint.architectureName,
            data: command.faces ?? [command.protocolName, command.data].compactMap { $0 }.joined(separator: " in "),
            preprocessing: choice.preprocessing,
            preprocessingOrigin: choice.origin,
            policy: command.policy.policy
        )
        guard let population = try population(&findings) else {
            var report = DoctorReport(subject: subject)
            report.findings = Doctor.ranked(findings)
            report.isHealthy = false
            try write(report, sheets: [])
            return report
        }
        let examination = try Examination(
            network: network(checkpoint),
            preprocessing: choice.preprocessing,
            policy: command.policy.policy,
            population: population,
            count: command.sample,
            seed: command.seed,
            threads: command.running.threadCount,
            extraction: command.decoding.extraction,
            progress: progress()
        )
        var report = try Doctor.run(examination, subject: subject, earlier: findings)
        let sheets = try command.output == nil ? [] : self.sheets(examination)
        report.contactSheets = sheets.map(\.name)
        try write(report, sheets: sheets)
        return report
    }

    /// The preprocessing; a face size that is not the network's is a finding, and the examination goes on without it.
    private func preprocessingChoice(
        _ checkpoint: ResolvedCheckpoint,
        _ findings: inout [DoctorFinding]
    ) throws(InputError) -> PreprocessingChoice {
        let mistake: InputError
        do throws(InputError) {
            return try PreprocessingChoice(command.preprocessing.overrides, checkpoint: checkpoint)
        } catch {
            mistake = error
        }
        let extent = checkpoint.graph.inputShape.extent
        let size = "\(extent.width)x\(extent.height)"
        var overrides = try command.preprocessing.overrides
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

    private func population(_ findings: inout [DoctorFinding]) throws -> LabelledFaces? {
        if let faces = command.faces {
            let found = try LabelledFaces(identityFolder: faces)
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
        }
        guard let name = command.protocolName, let data = command.data else { return nil }
        let catalogue = ProtocolCatalogue(folder: ProtocolCatalogue.checkoutFolder(near: ["."]))
        let descriptor = try catalogue.descriptor(name).setting(try command.protocolSettings.values())
        let options = ProtocolReadOptions(
            workers: command.running.threadCount,
            pathPolicy: command.allowOutside
                ? PathPolicy(allowsAbsolutePaths: true, allowsSymbolicLinks: true) : .strict
        )
        let reading = try ProtocolReader(descriptor, options: options).read(dataFolder: data)
        findings += DoctorFinding.findings(of: reading.findings)
        guard let draft = reading.draft else { return nil }
        return try LabelledFaces(draft, dataFolder: data)
    }

    private func network(_ checkpoint: ResolvedCheckpoint) throws(InputError) -> NetworkUnderTest {
        NetworkUnderTest(
            plan: try command.compute.settings.plan(checkpoint),
            multiplyAccumulates: checkpoint.graph.multiplyAccumulateCount,
            precision: command.compute.precision
        ) { device, options throws(InputError) in
            try Devices.open(device, threads: 1)
                .inferencePlan(graph: checkpoint.graph, weights: checkpoint.weights, options: options)
        }
    }

    private func progress() -> (String) -> Void {
        let display = RunDisplay(isQuiet: command.running.quiet)
        return { display.status("examining", $0) }
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
        guard let output = command.output else { return }
        for (name, bytes) in sheets { try AtomicFile.write(bytes, to: FileSystem.join(output, name)) }
        try AtomicFile.write(try report.json(), to: FileSystem.join(output, "doctor.json"))
        try AtomicFile.write(report.markdown, to: FileSystem.join(output, "doctor.md"))
    }
}

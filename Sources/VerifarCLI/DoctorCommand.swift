internal import ArgumentParser
internal import ArtifactFiles
internal import FaceDiagnosis
internal import FaceEvaluation
internal import Reporting

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Why are my numbers bad? Find wrong settings, rows and labels on a small sample.",
        discussion: """
            Give it the options that you evaluate with. It embeds a bounded, seeded sample of labelled faces, varies one \
            setting at a time (channel order, mean and std, template, shift and scale of the face), checks landmark rows, \
            labels, identities, folding, precision and batches, and says in ranked words what is wrong, with the options \
            that put it right.

              verifar doctor --checkpoint m.onnx --protocol ijbc --data /data/IJBC --output diagnosis
              verifar doctor --checkpoint m.onnx --faces aligned/        # a folder per identity of aligned faces

            OUTPUT holds doctor.json, doctor.md and contact-sheet.jpg (aligned faces with the template's points; \
            contact-sheet-corrected.jpg when another alignment is found to be right).

            Exit status: 0 healthy; 1 a culprit was found, or the work failed; 2 wrong usage.
            """
    )

    @Option(help: .value("file", "The network's file."), completion: .file())
    var checkpoint: String

    @Option(help: .value("name", "What the checkpoint is; recognised without it."))
    var architecture: String?

    @Option(
        name: .customLong("protocol"),
        help: .value("name|file.yml", "A known protocol or a description of one."),
        completion: .file()
    )
    var protocolName: String?

    @Option(help: .value("dir", "The protocol's data folder."), completion: .directory)
    var data: String?

    @OptionGroup(title: "Protocol") var protocolSettings: ProtocolSettingOptions

    @Option(
        help: .value("dir", "Aligned faces in a folder per identity, instead of a protocol."),
        completion: .directory
    )
    var faces: String?

    @Option(help: .value("dir", "Where the report goes; made if it is not there."), completion: .directory)
    var output: String?

    @Option(help: .value("n", "The most faces in the sample."))
    var sample: Int = 240

    @Option(help: .value("n", "Of the sample."))
    var seed: UInt64 = 1

    @Flag(help: "Allow images outside the data folder (absolute paths, symbolic links).")
    var allowOutside = false

    @OptionGroup(title: "Preprocessing") var preprocessing: PreprocessingOptions
    @OptionGroup(title: "Images") var decoding: DecodingOptions
    @OptionGroup(title: "Policy") var policy: PolicyOptions
    @OptionGroup(title: "Network") var compute: ComputeOptions
    @OptionGroup(title: "Running") var running: RunOptions

    func validate() throws {
        if faces == nil, protocolName == nil || data == nil {
            throw ValidationError("either --protocol and --data, or --faces, must be given")
        }
        if faces != nil, protocolName != nil || data != nil {
            throw ValidationError("--faces stands instead of --protocol and --data")
        }
        if !(20...20_000).contains(sample) {
            throw ValidationError("--sample must be between 20 and 20000 (found \(sample))")
        }
    }

    func run() throws {
        var selected = ProtocolSelection(protocolName ?? "", dataFolder: data ?? "")
        selected.settings = try protocolSettings.values()
        selected.allowsOutside = allowOutside
        var doctor = Doctor(checkpoint: checkpoint, faces: faces.map { .folder($0) } ?? .selection(selected))
        doctor.architecture = architecture
        doctor.preprocessing = try preprocessing.overrides
        doctor.extraction = decoding.extraction
        doctor.policy = policy.policy
        doctor.compute = compute.settings
        (doctor.sampleSize, doctor.seed) = (sample, seed)
        doctor.threads = running.threadCount
        doctor.outputFolder = output
        let display = RunDisplay(isQuiet: running.quiet)
        doctor.progress = { display.status("examining", $0) }
        let report = try doctor.run()
        let document = report.document()
        print("\(document.title)\n\n\(document.summary)")
        if let output { print("\nreport: \(FileSystem.join(output, "doctor.md"))") }
        if !report.isHealthy { throw ExitCode(1) }
    }
}

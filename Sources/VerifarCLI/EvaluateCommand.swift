internal import ArgumentParser
internal import ArtifactFiles
internal import EvaluationRuns
internal import FaceEvaluation
internal import VerificationMetrics

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Evaluate a checkpoint on a protocol, from pixels to report.",
        discussion: """
            Reads the checkpoint (ONNX, PyTorch, safetensors, MXNet), aligns and embeds the protocol's faces, aggregates \
            templates, compares them and writes OUTPUT/report.json, report.md, report.html, scores.npy, templates.npy, \
            failures.csv and run.log.

              verifar evaluate --checkpoint mbf.pth --protocol ijbc --data /data/IJBC --output out
              verifar evaluate --checkpoint m.onnx --preprocess imagenet --protocol ijbc --data D --output out --all-modes

            The defaults are the common IJB-C setting: flip sum, norm keep, detector score on. Evaluate again with \
            --cache DIR and nothing is embedded twice; a killed run goes on where it stopped. A folder that holds a \
            finished run is refused; --overwrite replaces that run, whole or not at all.
            """
    )

    @Option(help: .value("file", "The network's file."), completion: .file())
    var checkpoint: String

    @Option(help: .value("name", "What the checkpoint is; recognised from its parameters without it."))
    var architecture: String?

    @Option(
        name: .customLong("protocol"),
        help: .value("name|file.yml", "A known protocol or a description of one."),
        completion: .file()
    )
    var protocolName: String

    @Option(help: .value("dir", "The protocol's data folder."), completion: .directory)
    var data: String

    @OptionGroup(title: "Protocol") var protocolSettings: ProtocolSettingOptions

    @Option(help: .value("dir", "Where the report goes; made if it is not there."), completion: .directory)
    var output: String

    @OptionGroup var overwriting: OverwriteOptions

    @OptionGroup(title: "Preprocessing") var preprocessing: PreprocessingOptions
    @OptionGroup(title: "Images") var decoding: DecodingOptions
    @OptionGroup(title: "Policy") var policy: PolicyOptions
    @OptionGroup(title: "Metrics") var metrics: MetricOptions
    @OptionGroup(title: "Network") var compute: ComputeOptions
    @OptionGroup(title: "Running") var running: RunOptions

    @Option(help: .value("dir", "Keep embeddings here and use those that are there."), completion: .directory)
    var cache: String?

    @Option(help: .value("n|percent%", "Stop when more images than this fail."))
    var maxFailures: String = "1%"

    @Flag(help: "Also report all eight combinations of flip sum/off, norm and detector score.")
    var allModes = false

    @Option(help: .value("text", "What the report calls the run; the checkpoint's file name without it."))
    var name: String?

    @Flag(help: "Allow images outside the data folder (absolute paths, symbolic links).")
    var allowOutside = false

    @Flag(help: "Leave all pictures of faces out of the report, for data that may not be copied.")
    var noImages = false

    func validate() throws {
        _ = try limit()
    }

    func limit() throws -> FailureLimit {
        guard let limit = FailureLimit(maxFailures) else {
            throw ValidationError("--max-failures must be a number or a percentage such as 1% (found '\(maxFailures)')")
        }
        return limit
    }

    func run() async throws {
        var selection = ProtocolSelection(protocolName, dataFolder: data)
        selection.settings = try protocolSettings.values()
        selection.allowsOutside = allowOutside
        var evaluation = Evaluation(checkpoint: checkpoint, on: selection)
        evaluation.architecture = architecture
        evaluation.name = name
        evaluation.metrics = try metrics.settings(threads: running.threadCount)
        evaluation.threads = running.threadCount
        evaluation.listener = RunDisplay(isQuiet: running.quiet).listener
        evaluation.overwrites = overwriting.overwrite
        evaluation.preprocessing = try preprocessing.overrides
        evaluation.extraction = decoding.extraction
        evaluation.policy = policy.policy
        evaluation.compute = compute.settings
        evaluation.cacheFolder = cache
        evaluation.failureLimit = try limit()
        evaluation.includesAllModes = allModes
        evaluation.includesPictures = !noImages
        try await evaluation.run(writingTo: output)
    }
}

extension FailureLimit {
    /// A count, or a percentage.
    init?(_ text: String) {
        if text.hasSuffix("%") {
            guard let percent = Double(text.dropLast()), (0...100).contains(percent) else { return nil }
            self = .share(percent / 100)
        } else {
            guard let count = Int(text), count >= 0 else { return nil }
            self = .count(count)
        }
    }
}

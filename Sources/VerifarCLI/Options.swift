public import ArgumentParser
internal import ArtifactFiles
public import EvaluationRuns
public import FaceEvaluation
internal import FaceImaging
internal import FaceProtocols
internal import Foundation
public import NeuralCompute
internal import Reporting
public import TrainingSessions
internal import VerificationMetrics

extension ArgumentHelp {
    /// What an option is for, and what stands for its value.
    static func value(_ name: String, _ abstract: String) -> ArgumentHelp { .init(abstract, valueName: name) }
}

/// Options of every command that may take long.
struct RunOptions: ParsableArguments {
    @Flag(help: "No progress on standard error.")
    var quiet = false

    @Option(help: "Worker threads; the number of cores without it. Results do not depend on it.")
    var threads: Int?

    var threadCount: Int { max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount) }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024 (found \(threads))")
        }
    }
}

/// Whether a finished run may be replaced.
struct OverwriteOptions: ParsableArguments {
    @Flag(help: "Replace the run that the output folder holds, whole or not at all; refused without it.")
    var overwrite = false
}

/// What is done to a face before it enters the network.
struct PreprocessingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A named preprocessing.",
            discussion:
                "One of \(FacePreprocessing.all.map(\.name).joined(separator: ", ")). Without it, what the checkpoint's own metadata says, or else insightface. The single options below override parts of it.",
            valueName: "name"
        )
    )
    var preprocess: String?

    @Option(help: .value("R,G,B", "Mean to subtract per channel, in grey levels (0 … 255)."))
    var mean: String?

    @Option(help: .value("R,G,B", "Standard deviation to divide by per channel, in grey levels."))
    var std: String?

    @Option(help: .value("rgb|bgr", "Order of the channels that the network sees."))
    var channels: String?

    @Option(help: .value("WxH", "Size of the aligned face, width × height."))
    var size: String?

    @Option(name: .customLong("template"), help: .value("name", "Where the landmarks go."))
    var alignmentTemplate: String?

    var overrides: PreprocessingOverrides {
        get throws(InputError) {
            try PreprocessingOverrides(
                name: preprocess,
                mean: mean,
                std: std,
                channels: channels,
                size: size,
                template: alignmentTemplate
            )
        }
    }
}

/// How image files are decoded.
struct DecodingOptions: ParsableArguments {
    @Flag(
        name: .customLong("ignore-exif"),
        help:
            "Take pixels as they are stored. Without it images are turned upright as their EXIF orientation says, and landmarks and boxes are those of the upright image."
    )
    var ignoresExif = false

    /// The same for the extractor.
    var extraction: FaceExtractor.Options {
        var options = FaceExtractor.Options()
        options.appliesOrientation = !ignoresExif
        return options
    }
}

/// How image embeddings become templates.
struct PolicyOptions: ParsableArguments {
    @Option(help: .value("sum|concat|off", "The mirrored face's embedding."))
    var flip: EvaluationPolicy.Flip = .sum

    @Option(help: .value("keep|unit", "The length of an image's embedding."))
    var norm: EvaluationPolicy.Norm = .keep

    @Option(help: .value("on|off", "Whether the detector's confidence weighs an image."))
    var detectorScore: EvaluationPolicy.DetectorScore = .on

    @Option(help: .value("media-mean|image-sum", "From images to templates."))
    var aggregate: EvaluationPolicy.Aggregation = .mediaMean

    @Option(help: .value("reject|exclude", "Comparisons of templates whose every image failed."))
    var failures: EvaluationPolicy.Failures = .reject

    var policy: EvaluationPolicy {
        EvaluationPolicy(
            flip: flip,
            norm: norm,
            detectorScore: detectorScore,
            aggregate: aggregate,
            failures: failures
        )
    }
}

/// How the network is computed; nothing here changes a result beyond rounding.
struct ComputeOptions: ParsableArguments {
    @Option(help: .value("fp32|bf16", "Precision of the network: bf16 is about twice as fast where the CPU has it."))
    var precision: InferencePrecision = .float32

    @Option(help: .value("n", "Faces a thread takes through the network together; changes speed only."))
    var batch: Int?

    @Option(
        name: [.customLong("device"), .customLong("backend")],
        help: .value("name", "Where the network is computed: cpu or reference.")
    )
    var device: String = "cpu"

    @Flag(inversion: .prefixedNo, help: "Compute 3x3 convolutions by Winograd's transforms where that is faster.")
    var winograd = true

    var settings: ComputeSettings {
        ComputeSettings(
            device: device,
            options: InferenceOptions(facesPerPass: batch, usesWinograd: winograd, precision: precision)
        )
    }

    func validate() throws {
        if let batch, !(1...4096).contains(batch) {
            throw ValidationError("--batch must be between 1 and 4096 (found \(batch))")
        }
    }
}

extension InferencePrecision: ExpressibleByArgument {}
extension EvaluationPolicy.Flip: ExpressibleByArgument {}
extension EvaluationPolicy.Norm: ExpressibleByArgument {}
extension EvaluationPolicy.DetectorScore: ExpressibleByArgument {}
extension EvaluationPolicy.Aggregation: ExpressibleByArgument {}
extension EvaluationPolicy.Failures: ExpressibleByArgument {}

/// What is measured.
struct MetricOptions: ParsableArguments {
    @Option(help: .value("list", "Target false-accept rates."))
    var far: String = "1e-6,1e-5,1e-4,1e-3,1e-2,1e-1"

    @Option(help: .value("n", "Replicates of the subject bootstrap; 0 for Wilson's intervals on bare scores."))
    var bootstrap: Int = 1000

    @Option(
        help: .value(
            "method",
            "How intervals are made of replicates: wilson (on the effective number of comparisons) or percentile."
        ),
        transform: { text in
            guard let ends = SubjectBootstrap.Ends(rawValue: text) else {
                throw ValidationError("--interval: expected wilson or percentile (found '\(text)')")
            }
            return ends
        }
    )
    var interval: SubjectBootstrap.Ends = .wilson

    @Option(help: .value("list", "Thresholds whose FMR and FNMR are wanted: of a system that has one."))
    var threshold: String?

    @Option(help: .value("n", "Seed of the bootstrap."))
    var seed: UInt64 = 1

    func validate() throws {
        if !(0...1_000_000).contains(bootstrap) {
            throw ValidationError("--bootstrap must be between 0 and 1000000 (found \(bootstrap))")
        }
        _ = try Self.targets(far)
        _ = try thresholds()
    }

    private func thresholds() throws -> [Double] {
        try (threshold ?? "").split(separator: ",")
            .map { text in
                guard let value = Double(text), value.isFinite else {
                    throw ValidationError("--threshold: expected numbers (found '\(text)')")
                }
                return value
            }
    }

    /// Parses the value of `--far`.
    static func targets(_ far: String) throws -> [FARTarget] {
        try far.split(separator: ",", omittingEmptySubsequences: false)
            .map { text in
                do {
                    let target = try FARTarget(String(text))
                    if target.isNamedByValue { return target }
                } catch {
                    throw ValidationError("--far: \(error)")
                }
                throw ValidationError("--far: '\(text)' has more digits than a report keeps; at most 15 always fit")
            }
    }

    func settings(threads: Int) throws -> VerificationMeasurement.Options {
        var options = VerificationMeasurement.Options(
            farTargets: try Self.targets(far),
            bootstrap: bootstrap > 0
                ? try SubjectBootstrap(replicates: bootstrap, seed: seed, threads: threads, ends: interval) : nil
        )
        options.thresholds = try thresholds()
        return options
    }
}

/// How subjects are resampled to test differences.
struct ResamplingOptions: ParsableArguments {
    @Option(help: .value("n", "Resamplings of the subjects."))
    var bootstrap: Int = 10_000

    @Option(help: .value("n", "Seed of the resampling."))
    var seed: UInt64 = 1

    func validate() throws {
        let least = SubjectBootstrap.leastTestReplicates
        if !(least...1_000_000).contains(bootstrap) {
            throw ValidationError(
                "--bootstrap must be between \(least) and 1000000 (found \(bootstrap)): with fewer, a verdict turns on the seed"
            )
        }
    }

    func bootstrap(threads: Int) throws(MetricsError) -> SubjectBootstrap {
        try SubjectBootstrap(replicates: bootstrap, seed: seed, threads: threads)
    }
}

/// Changes to a protocol's description.
struct ProtocolSettingOptions: ParsableArguments {
    @Option(
        name: .customLong("protocol-set"),
        parsing: .singleValue,
        help: .value("key=value", "Set a key of the protocol's 'files', such as landmarks=points.txt; may be repeated.")
    )
    var settings: [String] = []

    func values() throws -> [String: String] {
        var values: [String: String] = [:]
        for setting in settings {
            guard let equals = setting.firstIndex(of: "="), equals > setting.startIndex else {
                throw ValidationError("--protocol-set needs key=value (found '\(setting)')")
            }
            guard
                values.updateValue(String(setting[setting.index(after: equals)...]), forKey: String(setting[..<equals]))
                    == nil
            else { throw ValidationError("--protocol-set: '\(setting[..<equals])' is set twice") }
        }
        return values
    }
}

/// A protocol and its data, as every subcommand names them.
struct ProtocolInput: ParsableArguments {
    @Argument(help: .value("name|file.yml", "A known protocol or a description of one."), completion: .file())
    var name: String

    @Option(help: .value("dir", "The protocol's data folder."), completion: .directory)
    var data: String

    @OptionGroup(title: "Protocol") var settings: ProtocolSettingOptions

    @Flag(help: "Do not look whether the images exist.")
    var skipImages = false

    @Flag(help: "Allow images outside the data folder (absolute paths, symbolic links).")
    var allowOutside = false

    @OptionGroup(title: "Running") var running: RunOptions

    func read() throws -> ProtocolReading {
        var selection = ProtocolSelection(name, dataFolder: data)
        selection.settings = try settings.values()
        selection.allowsOutside = allowOutside
        selection.checksImageFiles = !skipImages
        return try selection.read(threads: running.threadCount)
    }
}

extension ProtocolBuild.Images: ExpressibleByArgument {}
extension SyntheticDataSet.TrainingForm: ExpressibleByArgument {}

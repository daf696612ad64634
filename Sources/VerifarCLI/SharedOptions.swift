public import ArgumentParser
internal import ArtifactFiles
public import FaceEvaluation
internal import FaceImaging
internal import Foundation
public import NeuralCompute

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

    @Option(help: ArgumentHelp("Mean to subtract per channel, in grey levels (0 … 255).", valueName: "R,G,B"))
    var mean: String?

    @Option(help: ArgumentHelp("Standard deviation to divide by per channel, in grey levels.", valueName: "R,G,B"))
    var std: String?

    @Option(help: ArgumentHelp("Order of the channels that the network sees.", valueName: "rgb|bgr"))
    var channels: String?

    @Option(help: ArgumentHelp("Size of the aligned face, width × height.", valueName: "WxH"))
    var size: String?

    @Option(name: .customLong("template"), help: ArgumentHelp("Where the landmarks go.", valueName: "name"))
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
    @Option(help: ArgumentHelp("The mirrored face's embedding.", valueName: "sum|concat|off"))
    var flip: EvaluationPolicy.Flip = .sum

    @Option(help: ArgumentHelp("The length of an image's embedding.", valueName: "keep|unit"))
    var norm: EvaluationPolicy.Norm = .keep

    @Option(help: ArgumentHelp("Whether the detector's confidence weighs an image.", valueName: "on|off"))
    var detectorScore: EvaluationPolicy.DetectorScore = .on

    @Option(help: ArgumentHelp("From images to templates.", valueName: "media-mean|image-sum"))
    var aggregate: EvaluationPolicy.Aggregation = .mediaMean

    @Option(
        help: ArgumentHelp(
            "Comparisons of templates whose every image failed.",
            valueName: "reject|exclude"
        )
    )
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
    @Option(
        help: ArgumentHelp(
            "Precision of the network: bf16 is about twice as fast where the CPU has it.",
            valueName: "fp32|bf16"
        )
    )
    var precision: InferencePrecision = .float32

    @Option(
        help: ArgumentHelp("Faces a thread takes through the network together; changes speed only.", valueName: "n")
    )
    var batch: Int?

    @Option(
        name: [.customLong("device"), .customLong("backend")],
        help: ArgumentHelp("Where the network is computed: cpu or reference.", valueName: "name")
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

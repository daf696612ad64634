internal import ArgumentParser
internal import ArtifactFiles
internal import Checkpoints
internal import EvaluationRuns
internal import FaceEvaluation
internal import FaceImaging
internal import Foundation
internal import NeuralCompute
internal import Reporting

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embed pictures of faces into a .npy array.",
        discussion: """
            Rows of OUTPUT are float32 and not normalised; OUTPUT with .csv for .npy says which row is which file. Without \
            --landmarks the images must be aligned faces of the network's size. A landmark file has one line per image: \
            name, x1 y1 … x5 y5 (or 68 points), separated by spaces; a detector score behind them is not used. CSV with a \
            header (path, left_eye_x, … or x1, y1, …) and JSON as RetinaFace, MTCNN, InsightFace, dlib and MediaPipe \
            users write it are read as well. Two faces for one image are an error.

              verifar embed --checkpoint m.onnx --images faces/ --output emb.npy
              verifar embed --checkpoint m.onnx --images list.txt --landmarks points.txt --output emb.npy
            """
    )

    @Option(help: .value("file", "The network's file."), completion: .file())
    var checkpoint: String

    @Option(help: .value("name", "What the checkpoint is; recognised without it."))
    var architecture: String?

    @Option(
        help: .value("dir|list.txt|file", "A folder of images, a text with a path per line, or one image."),
        completion: .file()
    )
    var images: String

    @Option(help: .value("file", "Landmarks, one line per picture."), completion: .file())
    var landmarks: String?

    @Option(help: .value("file.npy", "The array to write."), completion: .file())
    var output: String

    @Flag(help: "Write two rows' worth per picture: upright, then mirrored ([pictures, 2, dimensions]).")
    var mirrored = false

    @Option(help: .value("n|percent%", "Stop when more pictures than this fail."))
    var maxFailures: String = "0"

    @OptionGroup(title: "Preprocessing") var preprocessing: PreprocessingOptions
    @OptionGroup(title: "Images") var decoding: DecodingOptions
    @OptionGroup(title: "Network") var compute: ComputeOptions
    @OptionGroup(title: "Running") var running: RunOptions

    func validate() throws {
        if FailureLimit(maxFailures) == nil {
            throw ValidationError("--max-failures must be a number or a percentage (found '\(maxFailures)')")
        }
        if !output.hasSuffix(".npy") { throw ValidationError("--output must end in .npy (found '\(output)')") }
    }

    func run() throws {
        for path in [output, table] { try AtomicFile.check(path) }
        let network = try CheckpointReader.read(path: checkpoint, architecture: architecture)
        let choice = try PreprocessingChoice(preprocessing.overrides, checkpoint: network)
        if let warning = choice.warning { RunDisplay(isQuiet: false).listener(.note("warning: \(warning)")) }
        let list = try PictureList(images: images, landmarks: landmarks)
        let leftOut = list.leftOut.summary.map { "\(images): \($0)" }
        let pipeline = EmbeddingPipeline(
            plan: try compute.settings.plan(network),
            preprocessing: choice.preprocessing,
            includesMirrored: mirrored,
            threads: running.threadCount,
            failureLimit: FailureLimit(maxFailures) ?? .count(0)
        )
        let source = try PictureListSource(
            list,
            preprocessing: choice.preprocessing,
            options: decoding.extraction
        )
        let progress = RunPart("embedding", unit: "pictures", RunDisplay(isQuiet: running.quiet).listener)
        let result = try pipeline.run(source) { progress.update($0.done, of: $0.total) }
        progress.finish("\(source.count) pictures, \(result.failures.count) failed")
        try write(result, list)
        if let leftOut { print(leftOut) }
        print("\(output): \(source.count) rows of \(result.embeddings.dimensions); \(network.architectureName)")
        print("preprocessing: \(choice.preprocessing) (\(choice.origin))")
        if result.turnedCount > 0 {
            print(
                "\(result.turnedCount) images were turned upright, as their EXIF orientation says (--ignore-exif: not)"
            )
        }
    }

    /// Which row is which file.
    private var table: String { String(output.dropLast(4)) + ".csv" }

    private func write(_ result: EmbeddingPipeline.Result, _ list: PictureList) throws {
        let embeddings = result.embeddings
        let causes = Dictionary(uniqueKeysWithValues: result.failures.map { ($0.row, $0.cause.reason) })
        var rows = "row,file,failure\n"
        for (row, path) in list.paths.enumerated() {
            rows += "\(row),\(CSVText.field(path)),\(causes[row] ?? "")\n"
        }
        try AtomicFile.write(rows, to: table)
        let shape =
            mirrored
            ? [embeddings.imageCount, 2, embeddings.dimensions] : [embeddings.imageCount, embeddings.dimensions]
        try NPYFile.write(embeddings.values, shape: shape, to: output)
    }
}

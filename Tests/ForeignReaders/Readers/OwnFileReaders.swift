internal import ArtifactFiles
internal import Checkpoints
internal import FaceEvaluation
internal import NeuralGraph
internal import NeuralTraining
internal import Reporting

/// A segment of the embedding cache.
struct EmbeddingCacheReader: ForeignReader {
    var name: String { "embedding-cache" }
    var dictionary: [[UInt8]] { [Array("VERIFAREMB1\n".utf8)] }

    private static let network = ContentDigest(of: "network")
    private static let entries = (0..<3).map { ContentDigest(of: "entry \($0)") }
    private static let dimensions = 4

    func seeds() throws -> [[UInt8]] {
        let folder = try ScratchFolder()
        let cache = try EmbeddingCache(root: folder.path, network: Self.network, dimensions: Self.dimensions)
        let embedding: [Float] = [1, 0.5, -2, 0]
        for entry in Self.entries { try cache.store(entry, embedding) }
        try cache.flush()
        return [try Seeds.bytes(of: Self.segment(in: folder))]
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let segment = Self.segment(in: folder)
        try folder.write(bytes, String(segment.dropFirst(folder.path.count + 1)))
        let cache = try EmbeddingCache(root: folder.path, network: Self.network, dimensions: Self.dimensions)
        precondition(cache.count * 56 <= bytes.count, "no more entries than bytes")
        var embedding = [Float](repeating: 0, count: Self.dimensions)
        for entry in Self.entries { _ = cache.copy(entry, to: &embedding) }
    }

    /// The file that a cache writes first.
    private static func segment(in folder: ScratchFolder) -> String {
        "\(folder.path)/\(network.description.prefix(32))/000000.embeddings"
    }
}

/// The state of a training run.
struct RunStateReader: ForeignReader {
    var name: String { "run-state" }
    var dictionary: [[UInt8]] {
        ["\"verifar.state\":\"1\"", "\"step\":\"5\"", "\"log.a\":", "\"identity.a\":", "\"dtype\"", "\"F32\""]
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        let folder = try ScratchFolder()
        var tensors = Weights()
        tensors["parameter.a"] = Tensor(shape: [2, 2], values: [1, 2, 3, 4])
        tensors["momentum.a"] = Tensor(shape: [0], values: [])
        let state = RunState(step: 5, identity: ["recipe": "x"], logLengths: ["metrics.csv": 12], tensors: tensors)
        try RunStateFolder(folder.path).write(state)
        let bytes = try Seeds.bytes(of: "\(folder.path)/\(Self.file)")
        // Without the digest of its data a mutant gets further.
        let text = String(decoding: bytes.dropFirst(8), as: Unicode.ASCII.self).replacing("digest", with: "tsegid")
        return [bytes, Array(bytes[..<8]) + Array(text.utf8)]
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        try folder.write(bytes, Self.file)
        var refusal: InputError?
        let state = try RunStateFolder(folder.path).newest(identity: ["recipe": "x"]) { refusal = $0 }
        precondition((state == nil) == (refusal != nil), "a state or a reason")
        precondition((state?.tensors.scalarCount ?? 0) <= bytes.count, "no more values than bytes")
    }

    private static let file = "state-000000005.safetensors"
}

/// `report.json`, and every form that it is shown in.
struct ReportReader: ForeignReader {
    var name: String { "report" }
    var dictionary: [[UInt8]] {
        [
            "\"schema\":", "\"name\":", "null", "1e308", "-0", "1e400", "9223372036854775807", "\\u0000", "\\ud800",
            "\"rows\":", "[]", "{}",
            "<script>",
        ]
        .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        try [Seeds.file("Reporting/report.json")] + Seeds.files("Hostile/report", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let report = try VerificationReport(path: folder.write(bytes, "report.json"))
        let copy = try VerificationReport(json: Array(report.jsonText().utf8))
        precondition(copy == report, "a report survives being written")
        _ = try report.document().files(ReportForms.all.map(\.name))
    }
}

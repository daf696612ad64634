internal import ArtifactFiles
internal import NeuralGraph

/// MXNet `.params` with the `-symbol.json` beside it: the old InsightFace model zoo.
struct MXNetFormat: CheckpointFormat {
    var name: String { "mxnet" }
    var summary: String { "MXNet .params with the -symbol.json beside it (old InsightFace zoo)" }

    private static let usualSize = Extent(112)

    func recognises(_ content: CheckpointContent) -> Bool { content.hasPrefix(MXNetParameters.magic) }

    func read(_ content: CheckpointContent) throws(InputError) -> Checkpoint {
        let parameters = try MXNetParameters(content.bytes)
        let path = Self.symbolPath(content.path)
        guard FileSystem.exists(path) else {
            throw InputError(.missing, "the network's description is not beside the parameters", expected: path)
        }
        let (symbol, symbolDigest) = try Self.readSymbol(path)
        var importer = MXNetImporter(
            symbol: symbol,
            parameters: parameters.weights,
            inputSize: content.inputSize ?? Self.usualSize
        )
        let graph = try importer.run()
        var metadata = CheckpointMetadata(format: name, digest: ContentDigest(of: content.bytes))
        metadata.externalDigests = [FileSystem.lastComponent(path): symbolDigest]
        metadata.elementTypes = parameters.elementTypes
        var notes: [String] = []
        if content.inputSize == nil { notes.append("MXNet files do not say the input's size: 112 × 112 is assumed") }
        if let normalization = InputNormalization(graph) {
            notes.append(normalization.note)
            metadata.preprocessing = normalization.preprocessing
        }
        return Checkpoint(graph: graph, weights: importer.weights, metadata: metadata, notes: notes)
    }

    private static func readSymbol(_ path: String) throws(InputError) -> (MXNetSymbol, ContentDigest) {
        let file = try MappedFile(path: path)
        do throws(InputError) {
            return try file.withBytes { bytes throws(InputError) in (try MXNetSymbol(bytes), ContentDigest(of: bytes)) }
        } catch {
            throw error.inFile(path)
        }
    }

    /// `model-0000.params` → `model-symbol.json`.
    private static func symbolPath(_ path: String) -> String {
        let suffix = ".params"
        var stem = path.hasSuffix(suffix) ? path.dropLast(suffix.count) : Substring(path)
        let epoch = stem.suffix(5)
        if epoch.first == "-", epoch.dropFirst().allSatisfy(\.isNumber) { stem = stem.dropLast(5) }
        return stem + "-symbol.json"
    }
}

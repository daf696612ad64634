public import ArtifactFiles
public import Backbones
public import NeuralGraph

/// What a file says of a network, before an architecture is chosen for it.
public struct Checkpoint: Sendable {
    /// The network, when the file describes one (ONNX, or safetensors of this project without a known architecture).
    public var graph: Graph?
    /// The parameters; prefixes are stripped where that made them fit an architecture.
    public var weights: Weights
    /// Tensors that were asked for and lie beside the network, in the file's order.
    public var companions = Weights()
    /// Everything else the file says.
    public var metadata: CheckpointMetadata
    /// What the reader stripped, skipped or assumed: one sentence each, for people.
    public var notes: [String]

    /// Creates a checkpoint.
    public init(graph: Graph? = nil, weights: Weights, metadata: CheckpointMetadata, notes: [String] = []) {
        self.graph = graph
        self.weights = weights
        self.metadata = metadata
        self.notes = notes
    }
}

/// What a checkpoint says of itself.
public struct CheckpointMetadata: Hashable, Sendable {
    /// The format's name: `safetensors`, `pytorch`, `pytorch-legacy`, `onnx`, `mxnet`.
    public var format: String
    /// SHA-256 of the file.
    public var digest: ContentDigest
    /// SHA-256 of further files that hold its values, by their names.
    public var externalDigests: [String: ContentDigest] = [:]
    /// The architecture that the file names.
    public var architecture: String?
    /// That architecture's configuration, when the file has one.
    public var configuration: BackboneConfiguration?
    /// How faces become inputs, as the file says: `name`, or `mean`, `std`, `channels`, `size`, `template`.
    public var preprocessing: [String: String] = [:]
    /// How many tensors are stored in which precision.
    public var elementTypes: [ElementType: Int] = [:]
    /// Whatever else the file says: producer, operator set, source digest.
    public var strings: [String: String] = [:]

    /// Creates metadata.
    public init(format: String, digest: ContentDigest) {
        self.format = format
        self.digest = digest
    }

    /// Every file that the checkpoint was read from, with the digest that `sha256sum` prints of it: the one that was
    /// named first, then those beside it by name.
    ///
    /// - Parameter path: The file that was named.
    public func files(of path: String) -> [(name: String, digest: ContentDigest)] {
        [(FileSystem.lastComponent(path), digest)]
            + externalDigests.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// One digest of all files: ``digest`` when there is only one.
    public var contentDigest: ContentDigest {
        guard !externalDigests.isEmpty else { return digest }
        let others = externalDigests.sorted { $0.key < $1.key }.map { "\n\($0.value) \($0.key)" }
        return ContentDigest(of: "\(digest)" + others.joined())
    }

    /// `102 × F32`, largest group first.
    public var elementTypeSummary: String {
        elementTypes.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            .map { "\($0.value) × \($0.key.rawValue)" }
            .joined(separator: ", ")
    }
}

public import ArtifactFiles
public import Backbones
public import NeuralGraph

/// A checkpoint whose network is known: a graph, and exactly the parameters that it needs.
public struct ResolvedCheckpoint: Sendable {
    /// The network.
    public var graph: Graph
    /// Its parameters, in the graph's order; nothing else.
    public var weights: Weights
    /// Tensors beside the network: those that were asked for when it was read, and what is to be written with it.
    ///
    /// They are written into safetensors only. None has the name of one of the network's modules.
    public var companions = Weights()
    /// For people and reports: `mbf`, `mobilefacenet-relu6 (from ONNX graph)`, `ONNX graph`.
    public var architectureName: String
    /// The catalogue's configuration when ``graph`` is (or computes the same as) the catalogue's.
    public var configuration: BackboneConfiguration?
    /// Whether ``graph`` is the catalogue's own, with its parameter names, rather than one that a file described.
    public var graphIsCatalogued: Bool
    /// What the file says of itself.
    public var metadata: CheckpointMetadata
    /// What was stripped, skipped or assumed, one sentence each.
    public var notes: [String]

    /// Creates a resolved checkpoint; for those that do not come from a file, see ``init(backbone:configuration:weights:)``.
    init(
        graph: Graph,
        weights: Weights,
        architectureName: String,
        configuration: BackboneConfiguration?,
        graphIsCatalogued: Bool,
        metadata: CheckpointMetadata,
        notes: [String]
    ) {
        self.graph = graph
        self.weights = weights
        self.architectureName = architectureName
        self.configuration = configuration
        self.graphIsCatalogued = graphIsCatalogued
        self.metadata = metadata
        self.notes = notes
    }

    /// A network of a backbone with weights that were made here: initialised or trained.
    ///
    /// - Throws: ``InputError`` when the weights are not those of the network.
    public init(
        backbone: any Backbone,
        configuration: BackboneConfiguration,
        weights: Weights,
        preprocessing: [String: String] = [:],
        strings: [String: String] = [:]
    ) throws(InputError) {
        let graph = try backbone.graph(configuration)
        var metadata = CheckpointMetadata(format: "memory", digest: Self.digest(of: weights))
        metadata.preprocessing = preprocessing
        metadata.strings = strings
        // Readers know what the catalogue has; of anything else the file holds the graph.
        let isCatalogued = BackboneCatalogue.all.contains { $0.name == backbone.name }
        metadata.architecture = isCatalogued ? backbone.name : nil
        metadata.configuration = isCatalogued ? configuration : nil
        self.init(
            graph: graph,
            weights: try weights.checked(for: graph, architecture: backbone.name),
            architectureName: backbone.name,
            configuration: isCatalogued ? configuration : nil,
            graphIsCatalogued: isCatalogued,
            metadata: metadata,
            notes: []
        )
    }

    /// The same network with other weights: what training makes of a checkpoint.
    ///
    /// - Throws: ``InputError`` when the weights are not those of the network.
    public func replacingWeights(_ weights: Weights) throws(InputError) -> ResolvedCheckpoint {
        var copy = self
        copy.weights = try weights.checked(for: graph, architecture: architectureName)
        copy.metadata.digest = Self.digest(of: copy.weights)
        copy.metadata.externalDigests = [:]
        copy.metadata.format = "memory"
        copy.metadata.strings[VerifarMetadata.sourceDigest] = nil
        copy.notes = []
        return copy
    }

    private static func digest(of weights: Weights) -> ContentDigest {
        var bytes: [UInt8] = []
        for name in weights.names {
            guard let tensor = weights[name] else { continue }
            bytes += Array("\(name) \(tensor.shape)\n".utf8)
            bytes += LittleEndian.bytes(tensor.values)
        }
        return ContentDigest(of: bytes)
    }
}

extension Weights {
    /// Exactly the parameters of a graph, in its order.
    ///
    /// - Throws: ``InputError`` (`mismatch`) that lists what is missing, unexpected and reshaped.
    func checked(for graph: Graph, architecture: String) throws(InputError) -> Weights {
        let needed = graph.parameters
        let found = names.map { (name: $0, shape: self[$0]?.shape ?? []) }
        let comparison = ParameterComparison(needed: needed, found: found)
        guard comparison.isMatch else {
            throw InputError(.mismatch, "the parameters are not those of \(architecture): \(comparison.differences)")
        }
        var result = Weights()
        for parameter in needed { result[parameter.name] = self[parameter.name] }
        return result
    }
}

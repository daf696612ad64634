public import ArtifactFiles
internal import Backbones
public import NeuralGraph

/// Reads a checkpoint of any known format and settles which network it is.
public enum CheckpointReader {
    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - architecture: The catalogue name of the network; nil: recognise it from the parameters.
    ///   - inputSize: Rows and columns of a face, for ONNX files that leave them open; nil: 112 × 112.
    ///   - companions: Names of tensors beside the network, prefix stripped, that are read too where they are (into
    ///     ``ResolvedCheckpoint/companions``): `fc.weight` of a CIFAR network, a margin head's centres.
    /// - Returns: The network and exactly its parameters.
    /// - Throws: ``InputError`` that names the file: unknown format, damage, forbidden content, an unsupported
    ///   operator, or parameters that are no network's (with what is missing, unexpected and reshaped).
    public static func read(
        path: String,
        architecture: String? = nil,
        inputSize: Extent? = nil,
        companions: Set<String> = []
    ) throws(InputError) -> ResolvedCheckpoint {
        let backbone = try architecture.map(BackboneCatalogue.backbone(named:))
        let checkpoint = try readUnresolved(
            path: path,
            architecture: architecture,
            inputSize: inputSize,
            companions: companions
        )
        do {
            var resolved = try CheckpointResolver(checkpoint: checkpoint, stated: backbone).resolve()
            // Files of this project are read whole.
            resolved.companions = checkpoint.companions
            for name in checkpoint.weights.names where companions.contains(name) && resolved.weights[name] == nil {
                resolved.companions[name] = checkpoint.weights[name]
            }
            return resolved
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads a file without asking which network it is.
    ///
    /// - Throws: ``InputError`` that names the file.
    public static func readUnresolved(
        path: String,
        architecture: String? = nil,
        inputSize: Extent? = nil,
        companions: Set<String> = []
    ) throws(InputError) -> Checkpoint {
        let file = try MappedFile(path: path)
        do {
            return try file.withBytes { bytes throws(InputError) in
                let content = CheckpointContent(
                    path: path,
                    bytes: bytes,
                    architecture: architecture,
                    inputSize: inputSize,
                    companions: companions
                )
                return try CheckpointFormats.format(of: content).read(content)
            }
        } catch {
            throw error.inFile(path)
        }
    }
}

/// Chooses the graph for a checkpoint.
struct CheckpointResolver {
    let checkpoint: Checkpoint
    /// The architecture that the caller stated.
    let stated: (any Backbone)?

    func resolve() throws(InputError) -> ResolvedCheckpoint {
        var resolved =
            if let graph = checkpoint.graph {
                try resolve(graph)
            } else {
                try resolveByParameters()
            }
        resolved.notes += ParameterHealth.notes(graph: resolved.graph, weights: resolved.weights)
        return resolved
    }

    /// The file has a graph: keep it, and say which architecture it is.
    private func resolve(_ graph: Graph) throws(InputError) -> ResolvedCheckpoint {
        let weights = try checkpoint.weights.checked(for: graph, architecture: "the file's own graph")
        let found = StructuralMatch.find(graph, among: stated.map { [$0] } ?? BackboneCatalogue.all)
        if let stated, found == nil {
            throw InputError(
                .mismatch,
                "the file's graph does not compute what \(stated.name) does",
                expected: stated.name,
                found: "a graph of \(graph.nodes.count) nodes, \(graph.parameterCount) parameters"
            )
        }
        if let found, found.isExact, let backbone = try? BackboneCatalogue.backbone(named: found.name) {
            // The nodes and names are the catalogue's own, as this project writes them: so is the network.
            return try resolved(backbone, found.configuration)
        }
        let sources = [ONNXFormat().name: "ONNX graph", MXNetFormat().name: "MXNet graph"]
        let source = sources[checkpoint.metadata.format] ?? "graph in the file"
        return ResolvedCheckpoint(
            graph: graph,
            weights: weights,
            architectureName: found.map { "\($0.name) (from \(source))" } ?? source,
            configuration: found?.configuration,
            graphIsCatalogued: false,
            metadata: checkpoint.metadata,
            notes: checkpoint.notes
        )
    }

    /// The file has parameters only.
    private func resolveByParameters() throws(InputError) -> ResolvedCheckpoint {
        let weights = checkpoint.weights
        let found = weights.names.map { (name: $0, shape: weights[$0]?.shape ?? []) }
        let named = try checkpoint.metadata.architecture.map(BackboneCatalogue.backbone(named:))
        if let stated, let named, stated.name != named.name {
            throw InputError(.mismatch, "the file names another architecture", expected: stated.name, found: named.name)
        }
        if let named, let configuration = checkpoint.metadata.configuration {
            return try resolved(named, configuration)
        }
        let selection = ParameterSelection(found: found, architecture: stated ?? named)
        guard let match = selection.match else { throw Self.unrecognised(selection, found, stated: stated ?? named) }
        return try resolved(match.backbone, match.configuration)
    }

    private func resolved(
        _ backbone: any Backbone,
        _ configuration: BackboneConfiguration
    ) throws(InputError) -> ResolvedCheckpoint {
        let graph = try backbone.graph(configuration)
        return ResolvedCheckpoint(
            graph: graph,
            weights: try checkpoint.weights.checked(for: graph, architecture: backbone.name),
            architectureName: backbone.name,
            configuration: configuration,
            graphIsCatalogued: true,
            metadata: checkpoint.metadata,
            notes: checkpoint.notes
        )
    }

    private static func unrecognised(
        _ selection: ParameterSelection,
        _ found: [(name: String, shape: [Int])],
        stated: (any Backbone)?
    ) -> InputError {
        guard let nearest = selection.nearest else {
            return InputError(
                .mismatch,
                "the parameters are not those of \(stated?.name ?? "any known architecture")",
                expected: stated == nil ? "one of " + BackboneCatalogue.all.map(\.name).joined(separator: ", ") : nil,
                found: ParameterComparison.list(found.map { .init(name: $0.name, shape: $0.shape) })
            )
        }
        let comparison = nearest.comparison
        let nearestText = "\(comparison.matchedCount) of \(comparison.neededCount) parameters fit"
        let who = stated == nil ? "any known architecture; nearest is \(nearest.backbone.name)" : nearest.backbone.name
        return InputError(
            .mismatch,
            "the parameters are not those of \(who), \(nearestText): \(comparison.differences)"
        )
    }
}

/// Looks for values that no trained network has.
enum ParameterHealth {
    /// One sentence per kind of finding.
    static func notes(graph: Graph, weights: Weights) -> [String] {
        var broken: [String] = []
        var negative: [String] = []
        for parameter in graph.parameters {
            guard let tensor = weights[parameter.name] else { continue }
            if tensor.values.contains(where: { !$0.isFinite }) { broken.append(parameter.name) }
            if parameter.role == .runningVariance, tensor.values.contains(where: { $0 < 0 }) {
                negative.append(parameter.name)
            }
        }
        return [
            broken.isEmpty ? nil : "NaN or infinite values in \(broken.count) parameters: \(list(broken))",
            negative.isEmpty ? nil : "negative variances in \(negative.count) parameters: \(list(negative))",
        ]
        .compactMap { $0 }
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
    }
}

public import ArtifactFiles
public import NeuralGraph

/// Layers behind a backbone that bring what it makes to another network's length, and belong to it for good.
///
/// The projector of Chen et al., *Knowledge Distillation with the Reused Teacher Classifier*, arXiv 2203.14001, `SimKD` in
/// models/util.py of DefangChen/SimKD: three convolutions (1×1, 3×3, 1×1) without bias, each with a normalisation and a
/// ReLU, of `length / factor`, `length / factor` and `length` channels, named `projector.0` … `projector.8` as there
/// (`transfer.0` …). Behind features it stands after the last feature map and is followed by the mean over positions;
/// what the backbone had behind that map is left out.
///
/// Divergence: behind the embedding (faces), which the paper does not have, a feature map has one position, so that the
/// convolutions are linear layers, and the last ReLU is left out, since embeddings have both signs.
public struct Projector: Hashable, Sendable {
    /// Where it stands.
    public enum Place: String, Codable, Hashable, Sendable, CaseIterable {
        /// Behind the embedding.
        case embedding
        /// Behind the last feature map.
        case features
    }

    /// Length of the projected embedding.
    public var length: Int
    /// By what the inner layers are narrower.
    public var factor: Int
    /// Where it stands.
    public var place: Place

    /// A projector; the published factor is 2.
    public init(length: Int, factor: Int = 2, place: Place = .embedding) {
        self.length = length
        self.factor = factor
        self.place = place
    }

    /// What the names of its nodes and parameters begin with.
    static let prefix = "projector."
}

/// A backbone with a ``Projector``: not of the catalogue, so that its checkpoints hold their graph.
public struct ProjectedBackbone: Backbone {
    /// What is behind the projector.
    public let base: any Backbone
    /// The projector.
    public let projector: Projector

    /// A backbone with a projector.
    ///
    /// - Throws: ``InputError`` (`usage`) when the inner layers would have no channel.
    public init(_ base: any Backbone, _ projector: Projector) throws(InputError) {
        guard projector.factor > 0, projector.length >= projector.factor else {
            throw InputError(
                .usage,
                "the projector has no inner channels",
                expected: "a factor of 1 … \(projector.length)",
                found: "\(projector.factor)"
            )
        }
        self.base = base
        self.projector = projector
    }

    /// The base's, and that there is a projector.
    public var name: String { "\(base.name) with a projector" }
    /// One line: what it is.
    public var summary: String { "\(base.summary); projected to \(projector.length)-d" }
    /// The base's.
    public var defaultConfiguration: BackboneConfiguration { base.defaultConfiguration }

    /// The base's; behind features, the projector's maps in place of the last.
    public var featureTaps: [FeatureTap] {
        guard projector.place == .features else { return base.featureTaps }
        return base.featureTaps.dropLast()
            + [FeatureTap(Projector.prefix + "8", preactivation: Projector.prefix + "7")]
    }

    /// Builds the base's graph and the projector behind it.
    ///
    /// - Throws: ``InputError`` as the base.
    public func graph(_ configuration: BackboneConfiguration) throws(InputError) -> Graph {
        let graph = try base.graph(configuration)
        var end = graph.output
        if projector.place == .features, let tap = base.featureTaps.last.flatMap({ graph.value(named: $0.output) }) {
            end = tap
        }
        var builder = GraphBuilder(inputShape: graph.inputShape)
        for node in graph.nodes.prefix(end.index) { builder.append(node.name, node.operation, node.inputs) }
        let isSpatial = projector.place == .features
        let inner = projector.length / projector.factor
        var value = end
        for (layer, (channels, kernel)) in [(inner, 1), (inner, 3), (projector.length, 1)].enumerated() {
            let name = { Projector.prefix + "\(3 * layer + $0)" }
            value =
                isSpatial
                ? builder.convolution(
                    name(0),
                    value,
                    outChannels: channels,
                    kernel: Extent(kernel),
                    padding: kernel / 2
                )
                : builder.linear(name(0), value, outFeatures: channels, hasBias: false)
            value = builder.batchNormalization(name(1), value)
            if layer < 2 || isSpatial { value = builder.append(name(2), .activation(.relu), value) }
        }
        if isSpatial { builder.append(Projector.prefix + "pool", .globalAveragePool, value) }
        return try builder.graph()
    }

    /// None: its checkpoints hold their graph.
    public func configuration(suggestedBy shapes: [String: [Int]]) -> BackboneConfiguration? { nil }

    /// The base's for its own parameters, PyTorch's defaults for the projector's.
    public func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization {
        parameter.name.hasPrefix(Projector.prefix)
            ? PyTorchDefaults.initialization(of: parameter, fanIn: fanIn)
            : base.initialization(of: parameter, fanIn: fanIn)
    }
}

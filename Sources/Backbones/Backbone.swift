public import ArtifactFiles
public import NeuralGraph

/// What can be chosen of a backbone.
public struct BackboneConfiguration: Hashable, Sendable, Codable {
    /// Rows of a face.
    public var inputHeight: Int
    /// Columns of a face.
    public var inputWidth: Int
    /// Length of the embedding.
    public var embeddingSize: Int
    /// A factor on the channel counts, 1 as published; for small studies.
    public var widthMultiplier: Double

    /// Creates a configuration; the default input is 112 × 112.
    public init(
        inputHeight: Int = 112,
        inputWidth: Int = 112,
        embeddingSize: Int,
        widthMultiplier: Double = 1
    ) {
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.embeddingSize = embeddingSize
        self.widthMultiplier = widthMultiplier
    }
}

/// How faces are preprocessed for an architecture's published checkpoints, which do not say so themselves.
public enum UsualPreprocessing: Hashable, Sendable {
    /// As this name of the known preprocessings says.
    case named(String)
    /// By mean and standard deviation of the data set that all its networks are trained on.
    case ofTheData
    /// One this way, another that way.
    case various
}

/// An architecture: a name, and a function from a configuration to a ``NeuralGraph/Graph`` whose parameter names are
/// those of the reference PyTorch code.
public protocol Backbone: Sendable {
    /// The reference name: `mbf`, `r50`.
    var name: String { get }
    /// One line: what it is and where it comes from.
    var summary: String { get }
    /// The published configuration.
    var defaultConfiguration: BackboneConfiguration { get }

    /// Where intermediate features are taken: the stem's output, then that of each stage, first to last.
    ///
    /// The embedding is not among them. Spatial sizes fall from stage to stage.
    var featureTaps: [FeatureTap] { get }

    /// What the published checkpoints of the architecture want to see.
    var usualPreprocessing: UsualPreprocessing { get }

    /// Builds the graph.
    ///
    /// - Throws: ``InputError`` when the configuration does not fit the architecture.
    func graph(_ configuration: BackboneConfiguration) throws(InputError) -> Graph

    /// The configuration under which this architecture could hold parameters of these shapes.
    ///
    /// A guess from a few telling parameters: whoever asks compares all names and shapes afterwards.
    ///
    /// - Parameter shapes: Parameter name → shape, prefixes stripped.
    /// - Returns: nil when the telling parameters are not there.
    func configuration(suggestedBy shapes: [String: [Int]]) -> BackboneConfiguration?

    /// How the reference code fills a parameter before training; PyTorch's defaults where it says nothing.
    ///
    /// - Parameters:
    ///   - parameter: The parameter.
    ///   - fanIn: Inputs of one output of the layer that it belongs to.
    func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization
}

extension Backbone {
    /// Nothing is known unless the architecture says so.
    public var usualPreprocessing: UsualPreprocessing { .various }

    /// The graph of the published configuration.
    public func graph() throws(InputError) -> Graph { try graph(defaultConfiguration) }
}

/// The architectures that exist.
public enum BackboneCatalogue {
    /// One line each.
    public static let all: [any Backbone] =
        [
            InsightFaceMobileFaceNet.mbf,
            InsightFaceMobileFaceNet.mbfLarge,
            MobileFaceNet(),
            MobileFaceNetReLU6(),
            IResNet.r18,
            IResNet.r34,
            IResNet.r50,
            IResNet.r100,
            IResNet.r200,
        ] + CIFARResNet.all

    /// The architecture of a name.
    ///
    /// - Throws: ``InputError`` (`unknownName`) that lists the known ones.
    public static func backbone(named name: String) throws(InputError) -> any Backbone {
        guard let backbone = all.first(where: { $0.name == name }) else {
            throw .unknownName(name, kind: "architecture", known: all.map(\.name))
        }
        return backbone
    }
}

extension BackboneConfiguration {
    /// A channel count under the width multiplier: a multiple of 8, the published count at 1.
    func channels(_ published: Int) -> Int {
        guard widthMultiplier != 1 else { return published }
        return max(8, Int((Double(published) * widthMultiplier / 8).rounded()) * 8)
    }
}

/// A place inside of a backbone whose values methods on intermediate features compare.
public struct FeatureTap: Hashable, Sendable {
    /// The node that makes the feature, after its non-linearity where one follows.
    public var output: String
    /// The node before that non-linearity (RepDistiller's `preact`); the same node where none follows.
    public var preactivation: String

    /// A tap whose feature no non-linearity follows.
    init(_ output: String) { self.init(output, preactivation: output) }

    init(_ output: String, preactivation: String) {
        self.output = output
        self.preactivation = preactivation
    }
}

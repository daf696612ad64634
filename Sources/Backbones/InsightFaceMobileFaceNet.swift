public import ArtifactFiles
public import NeuralGraph

/// MobileFaceNet as InsightFace's `arcface_torch/backbones/mobilefacenet.py` builds it.
///
/// Chen et al., *MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile Devices*,
/// arXiv 1804.07573, with wider layers. Divergences of that file from the paper, kept here: twice (or four times) the
/// channels; the second layer is a 3×3 convolution in 64 groups, not a depthwise one; a fully connected layer and a
/// normalisation end the network. Parameters have that file's names (`layers.0.layers.0.weight` …).
public struct InsightFaceMobileFaceNet: Backbone {
    /// The reference name.
    public let name: String
    /// One line: what it is.
    public let summary: String
    private let scale: Int
    private let blocks: [Int]

    /// `get_mbf`: scale 2, blocks 1, 4, 6, 2.
    public static let mbf = InsightFaceMobileFaceNet(
        name: "mbf",
        summary: "InsightFace MobileFaceNet, 512-d, 2.06 M parameters, 437.5 M MACs",
        scale: 2,
        blocks: [1, 4, 6, 2]
    )
    /// `get_mbf_large`: scale 4, blocks 2, 8, 12, 4.
    public static let mbfLarge = InsightFaceMobileFaceNet(
        name: "mbf_large",
        summary: "InsightFace MobileFaceNet large, 512-d",
        scale: 4,
        blocks: [2, 8, 12, 4]
    )

    /// InsightFace trains all of them alike.
    public var usualPreprocessing: UsualPreprocessing { .named("insightface") }

    /// The published configuration.
    public var defaultConfiguration: BackboneConfiguration { BackboneConfiguration(embeddingSize: 512) }

    /// The first layer, and the last blocks at a half, a quarter, an eighth and a sixteenth of the input's size.
    public var featureTaps: [FeatureTap] {
        let second =
            blocks[0] == 1
            ? FeatureTap("layers.1.layers.2", preactivation: "layers.1.layers.1")
            : FeatureTap("layers.1.layers.\(blocks[0] - 1)")
        return [FeatureTap("layers.0.layers.2", preactivation: "layers.0.layers.1"), second]
            + (1...3).map { FeatureTap("layers.\(2 * $0 + 1).layers.\(blocks[$0] - 1)") }
    }

    /// Builds the graph of a configuration.
    public func graph(_ configuration: BackboneConfiguration) throws(InputError) -> Graph {
        var layers = Layers(configuration)
        let stem = configuration.channels(64 * scale)
        let wide = configuration.channels(128 * scale)
        let inner = [128, 128, 256, 256, 512, 256].map(configuration.channels)
        var x = layers.convolutionBlock("layers.0", .input, stem, kernel: 3, stride: 2, padding: 1)
        if blocks[0] == 1 {
            x = layers.convolutionBlock("layers.1", x, stem, kernel: 3, padding: 1, groups: configuration.channels(64))
        } else {
            x = layers.residual("layers.1", x, stem, count: blocks[0], inner: inner[0])
        }
        x = layers.depthwise("layers.2", x, stem, inner: inner[0], stride: 2)
        x = layers.residual("layers.3", x, stem, count: blocks[1], inner: inner[1])
        x = layers.depthwise("layers.4", x, wide, inner: inner[2], stride: 2)
        x = layers.residual("layers.5", x, wide, count: blocks[2], inner: inner[3])
        x = layers.depthwise("layers.6", x, wide, inner: inner[4], stride: 2)
        x = layers.residual("layers.7", x, wide, count: blocks[3], inner: inner[5])
        x = layers.convolutionBlock("conv_sep", x, configuration.channels(512), kernel: 1)
        return try layers.head("features.layers", x)
    }

    /// The configuration that parameters of these shapes suggest.
    public func configuration(suggestedBy shapes: [String: [Int]]) -> BackboneConfiguration? {
        guard let stem = shapes["layers.0.layers.0.weight"]?.first, shapes["conv_sep.layers.0.weight"] != nil,
            let embedding = shapes["features.layers.2.weight"]?.first,
            let window = shapes["features.layers.0.layers.0.weight"], window.count == 4
        else { return nil }
        return BackboneConfiguration(
            inputHeight: window[2] * 16,
            inputWidth: window[3] * 16,
            embeddingSize: embedding,
            widthMultiplier: Double(stem) / Double(64 * scale)
        )
    }

    /// Kaiming's normal distribution by fan-out for every weight, as that file's `_initialize_weights`.
    public func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization {
        switch parameter.role {
        case .convolutionWeight, .linearWeight: parameter.kaimingFanOut
        default: PyTorchDefaults.initialization(of: parameter, fanIn: fanIn)
        }
    }
}

/// The blocks of that file.
private struct Layers {
    private var builder: GraphBuilder
    private let configuration: BackboneConfiguration

    init(_ configuration: BackboneConfiguration) {
        self.configuration = configuration
        builder = GraphBuilder(
            inputShape: .spatial(height: configuration.inputHeight, width: configuration.inputWidth, channels: 3)
        )
    }

    /// `LinearBlock`: convolution and normalisation.
    mutating func linearBlock(
        _ name: String,
        _ input: ValueID,
        _ channels: Int,
        kernel: Extent,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1
    ) -> ValueID {
        let convolution = builder.convolution(
            name + ".layers.0",
            input,
            outChannels: channels,
            kernel: kernel,
            stride: stride,
            padding: padding,
            groups: groups
        )
        return builder.batchNormalization(name + ".layers.1", convolution)
    }

    /// `ConvBlock`: convolution, normalisation, PReLU.
    mutating func convolutionBlock(
        _ name: String,
        _ input: ValueID,
        _ channels: Int,
        kernel: Int,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1
    ) -> ValueID {
        let normalised = linearBlock(
            name,
            input,
            channels,
            kernel: Extent(kernel),
            stride: stride,
            padding: padding,
            groups: groups
        )
        return builder.prelu(name + ".layers.2", normalised)
    }

    /// `DepthWise`: expansion, depthwise convolution, projection.
    mutating func depthwise(_ name: String, _ input: ValueID, _ channels: Int, inner: Int, stride: Int) -> ValueID {
        let expanded = convolutionBlock(name + ".layers.0", input, inner, kernel: 1)
        let filtered = convolutionBlock(
            name + ".layers.1",
            expanded,
            inner,
            kernel: 3,
            stride: stride,
            padding: 1,
            groups: inner
        )
        return linearBlock(name + ".layers.2", filtered, channels, kernel: Extent(1))
    }

    /// `Residual`: depthwise blocks with a shortcut each.
    mutating func residual(_ name: String, _ input: ValueID, _ channels: Int, count: Int, inner: Int) -> ValueID {
        var x = input
        for index in 0..<count {
            let block = "\(name).layers.\(index)"
            x = builder.append(block, .add, x, depthwise(block, x, channels, inner: inner, stride: 1))
        }
        return x
    }

    /// `GDC`: a depthwise convolution over all that is left, a fully connected layer and a normalisation.
    mutating func head(_ name: String, _ input: ValueID) throws(InputError) -> Graph {
        let window = Extent(configuration.inputHeight / 16, configuration.inputWidth / 16)
        let channels = configuration.channels(512)
        var x = linearBlock(name + ".0", input, channels, kernel: window, groups: channels)
        x = builder.append(name + ".1", .flatten, x)
        x = builder.linear(name + ".2", x, outFeatures: configuration.embeddingSize, hasBias: false)
        builder.batchNormalization(name + ".3", x)
        return try builder.graph()
    }
}

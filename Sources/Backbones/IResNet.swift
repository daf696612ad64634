public import ArtifactFiles
public import NeuralGraph

/// The improved residual networks of InsightFace's `arcface_torch/backbones/iresnet.py`.
///
/// Deng et al., *ArcFace*, arXiv 1801.07698, section 3.1 (BN–conv–BN–PReLU–conv–BN blocks, first stage with stride 2;
/// the embedding is BN–dropout–FC–BN). Divergence of that file from the paper, kept here: the scale of the last
/// normalisation stays 1.
public struct IResNet: Backbone {
    /// The reference name.
    public let name: String
    /// One line: what it is.
    public let summary: String
    private let stages: [Int]
    private static let stageChannels = [64, 128, 256, 512]

    /// 2, 2, 2, 2 blocks.
    public static let r18 = IResNet(name: "r18", summary: "InsightFace IResNet-18, 512-d", stages: [2, 2, 2, 2])
    /// 3, 4, 6, 3 blocks.
    public static let r34 = IResNet(name: "r34", summary: "InsightFace IResNet-34, 512-d", stages: [3, 4, 6, 3])
    /// 3, 4, 14, 3 blocks.
    public static let r50 = IResNet(name: "r50", summary: "InsightFace IResNet-50, 512-d", stages: [3, 4, 14, 3])
    /// 3, 13, 30, 3 blocks.
    public static let r100 = IResNet(name: "r100", summary: "InsightFace IResNet-100, 512-d", stages: [3, 13, 30, 3])
    /// 6, 26, 60, 6 blocks.
    public static let r200 = IResNet(name: "r200", summary: "InsightFace IResNet-200, 512-d", stages: [6, 26, 60, 6])

    /// InsightFace trains all of them alike.
    public var usualPreprocessing: UsualPreprocessing { .named("insightface") }

    /// The published configuration.
    public var defaultConfiguration: BackboneConfiguration { BackboneConfiguration(embeddingSize: 512) }

    /// The stem after its PReLU, and the sums that end the four stages.
    public var featureTaps: [FeatureTap] {
        [FeatureTap("prelu", preactivation: "bn1")]
            + stages.enumerated().map { FeatureTap("layer\($0 + 1).\($1 - 1)") }
    }

    /// Builds the graph of a configuration.
    public func graph(_ configuration: BackboneConfiguration) throws(InputError) -> Graph {
        var builder = GraphBuilder(
            inputShape: .spatial(height: configuration.inputHeight, width: configuration.inputWidth, channels: 3)
        )
        var width = configuration.channels(64)
        var x = builder.convolution("conv1", .input, outChannels: width, kernel: Extent(3), padding: 1)
        x = builder.prelu("prelu", builder.batchNormalization("bn1", x))
        for (stage, count) in stages.enumerated() {
            let channels = configuration.channels(Self.stageChannels[stage])
            for index in 0..<count {
                let stride = index == 0 ? 2 : 1
                x = block(
                    &builder,
                    "layer\(stage + 1).\(index)",
                    x,
                    channels,
                    stride: stride,
                    hasProjection: stride != 1 || width != channels
                )
                width = channels
            }
        }
        x = builder.batchNormalization("bn2", x)
        x = builder.append("flatten", .flatten, x)
        x = builder.append("dropout", .dropout(rate: 0), x)
        x = builder.linear("fc", x, outFeatures: configuration.embeddingSize)
        builder.batchNormalization("features", x, scaleIsFixed: true)
        return try builder.graph()
    }

    /// The configuration that parameters of these shapes suggest.
    public func configuration(suggestedBy shapes: [String: [Int]]) -> BackboneConfiguration? {
        guard let stem = shapes["conv1.weight"]?.first, let full = shapes["fc.weight"], full.count == 2,
            let last = shapes["bn2.weight"]?.first, last > 0, shapes["layer4.\(stages[3] - 1).conv2.weight"] != nil
        else { return nil }
        // The layer's width says rows × columns; only the usual sizes can be told apart.
        let sizes: [(Int, Int)] = [(112, 112), (112, 96), (128, 128), (224, 224)]
        guard
            let size = sizes.first(where: { height, width in
                (height / 16) * (width / 16) * last == full[1]
            })
        else { return nil }
        return BackboneConfiguration(
            inputHeight: size.0,
            inputWidth: size.1,
            embeddingSize: full[0],
            widthMultiplier: Double(stem) / 64
        )
    }

    /// Convolutions from N(0, 0.1²) as that file has it, the rest as PyTorch.
    public func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization {
        switch parameter.role {
        case .convolutionWeight: .normal(standardDeviation: 0.1)
        default: PyTorchDefaults.initialization(of: parameter, fanIn: fanIn)
        }
    }

    /// `IBasicBlock`.
    private func block(
        _ builder: inout GraphBuilder,
        _ name: String,
        _ input: ValueID,
        _ channels: Int,
        stride: Int,
        hasProjection: Bool
    ) -> ValueID {
        var x = builder.batchNormalization(name + ".bn1", input)
        x = builder.convolution(name + ".conv1", x, outChannels: channels, kernel: Extent(3), padding: 1)
        x = builder.prelu(name + ".prelu", builder.batchNormalization(name + ".bn2", x))
        x = builder.convolution(
            name + ".conv2",
            x,
            outChannels: channels,
            kernel: Extent(3),
            stride: stride,
            padding: 1
        )
        x = builder.batchNormalization(name + ".bn3", x)
        var shortcut = input
        if hasProjection {
            shortcut = builder.convolution(
                name + ".downsample.0",
                input,
                outChannels: channels,
                kernel: Extent(1),
                stride: stride
            )
            shortcut = builder.batchNormalization(name + ".downsample.1", shortcut)
        }
        return builder.append(name, .add, x, shortcut)
    }
}

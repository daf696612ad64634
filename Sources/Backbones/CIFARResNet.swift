public import ArtifactFiles
public import NeuralGraph

/// The residual networks for 32 × 32 pictures of RepDistiller's `models/resnet.py`, which HeadSharingKD shares.
///
/// He et al., *Deep Residual Learning*, arXiv 1512.03385, section 4.2: three stages of basic blocks at full, half and
/// quarter size; `…x4` as Tian et al., *Contrastive Representation Distillation*, arXiv 1910.10699, widen them. The
/// embedding is the pooled feature; the classifier (`fc.weight`, `fc.bias`) belongs to the training head and stands beside
/// the network in those state_dicts. Divergences: projection shortcuts (with a normalisation) instead of the paper's
/// padding with zeros, as in that file; the mean goes over all of the last stage, which for 32 × 32 is that file's
/// `AvgPool2d(8)`.
public struct CIFARResNet: Backbone {
    /// The reference name.
    public let name: String
    private let blocksPerStage: Int
    /// Channels of the stem and the three stages.
    private let widths: [Int]

    private init(depth: Int, suffix: String = "", widths: [Int] = [16, 16, 32, 64]) {
        name = "resnet\(depth)\(suffix)"
        // Two layers per block, three stages, stem and classifier.
        blocksPerStage = (depth - 2) / 6
        self.widths = widths
    }

    /// Every depth and width that RepDistiller trains.
    public static let all =
        [8, 14, 20, 32, 44, 56, 110].map { CIFARResNet(depth: $0) }
        + [8, 32].map { CIFARResNet(depth: $0, suffix: "x4", widths: [32, 64, 128, 256]) }

    /// One line: what it is.
    public var summary: String { "RepDistiller's CIFAR \(name), 32 × 32 pictures, \(widths[3])-d" }

    /// RepDistiller's `dataset/cifar100.py` normalises by the statistics of CIFAR-100.
    public var usualPreprocessing: UsualPreprocessing { .ofTheData }

    /// The published configuration.
    public var defaultConfiguration: BackboneConfiguration {
        BackboneConfiguration(inputHeight: 32, inputWidth: 32, embeddingSize: widths[3])
    }

    /// The stem, and the three stages' last blocks: RepDistiller's `[f0, f1, f2, f3]` and their `preact` forms.
    public var featureTaps: [FeatureTap] {
        [FeatureTap("relu", preactivation: "bn1")]
            + (1...3)
            .map { stage in
                let block = "layer\(stage).\(blocksPerStage - 1)"
                return FeatureTap(block, preactivation: block + ".sum")
            }
    }

    /// The length of the embedding: the last stage's channels.
    public func embeddingSize(widthMultiplier: Double) -> Int {
        var configuration = defaultConfiguration
        configuration.widthMultiplier = widthMultiplier
        return configuration.channels(widths[3])
    }

    /// Builds the graph of a configuration.
    ///
    /// - Throws: ``InputError`` when the embedding is not as long as the last stage has channels.
    public func graph(_ configuration: BackboneConfiguration) throws(InputError) -> Graph {
        let channels = widths.map(configuration.channels)
        guard configuration.embeddingSize == channels[3] else {
            throw InputError(
                .usage,
                "the embedding of \(name) is its pooled feature",
                expected: "\(channels[3])",
                found: "\(configuration.embeddingSize)"
            )
        }
        var builder = GraphBuilder(
            inputShape: .spatial(height: configuration.inputHeight, width: configuration.inputWidth, channels: 3)
        )
        var x = builder.convolution("conv1", .input, outChannels: channels[0], kernel: Extent(3), padding: 1)
        x = builder.append("relu", .activation(.relu), builder.batchNormalization("bn1", x))
        var width = channels[0]
        for stage in 1...3 {
            for index in 0..<blocksPerStage {
                let stride = stage > 1 && index == 0 ? 2 : 1
                x = block(
                    &builder,
                    "layer\(stage).\(index)",
                    x,
                    channels[stage],
                    stride: stride,
                    hasProjection: stride != 1 || width != channels[stage]
                )
                width = channels[stage]
            }
        }
        builder.append("avgpool", .globalAveragePool, x)
        return try builder.graph()
    }

    /// The configuration that parameters of these shapes suggest.
    ///
    /// No parameter depends on the size of the picture: 32 × 32.
    public func configuration(suggestedBy shapes: [String: [Int]]) -> BackboneConfiguration? {
        let last = "layer3.\(blocksPerStage - 1).conv2.weight"
        guard let stem = shapes["conv1.weight"]?.first, let channels = shapes[last]?.first,
            shapes["layer3.\(blocksPerStage).conv2.weight"] == nil, shapes["layer4.0.conv1.weight"] == nil
        else { return nil }
        return BackboneConfiguration(
            inputHeight: 32,
            inputWidth: 32,
            embeddingSize: channels,
            widthMultiplier: Double(stem) / Double(widths[0])
        )
    }

    /// Kaiming's normal distribution by fan-out for convolutions, as that file's constructor.
    public func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization {
        switch parameter.role {
        case .convolutionWeight: parameter.kaimingFanOut
        default: PyTorchDefaults.initialization(of: parameter, fanIn: fanIn)
        }
    }

    /// `BasicBlock`.
    private func block(
        _ builder: inout GraphBuilder,
        _ name: String,
        _ input: ValueID,
        _ channels: Int,
        stride: Int,
        hasProjection: Bool
    ) -> ValueID {
        var x = builder.convolution(
            name + ".conv1",
            input,
            outChannels: channels,
            kernel: Extent(3),
            stride: stride,
            padding: 1
        )
        x = builder.append(name + ".relu", .activation(.relu), builder.batchNormalization(name + ".bn1", x))
        x = builder.convolution(name + ".conv2", x, outChannels: channels, kernel: Extent(3), padding: 1)
        x = builder.batchNormalization(name + ".bn2", x)
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
        let sum = builder.append(name + ".sum", .add, x, shortcut)
        return builder.append(name, .activation(.relu), sum)
    }
}

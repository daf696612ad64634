public import ArtifactFiles
public import NeuralGraph

/// The original MobileFaceNet with ReLU6, as foamliu's PyTorch code (`MobileFaceNet/mobilefacenet.py`) builds it.
///
/// Divergences of that code from arXiv 1804.07573, kept here: ReLU6 for PReLU; plain ReLU after the depthwise layer;
/// the second layer is a depthwise *and* a pointwise convolution. Its 128-d embedding comes from a 1×1 convolution
/// without bias switch: PyTorch's default bias is there.
public struct MobileFaceNetReLU6: Backbone {
    /// Creates the architecture.
    public init() {}

    /// The reference name.
    public var name: String { "mobilefacenet-relu6" }
    /// One line: what it is.
    public var summary: String { "the original MobileFaceNet with ReLU6 (foamliu), 128-d" }
    /// foamliu's `data_gen.py` normalises as torchvision's models want it.
    public var usualPreprocessing: UsualPreprocessing { .named("imagenet") }

    /// The published configuration.
    public var defaultConfiguration: BackboneConfiguration { BackboneConfiguration(embeddingSize: 128) }

    /// The first two layers, and the last bottlenecks at a quarter, an eighth and a sixteenth of the input's size.
    public var featureTaps: [FeatureTap] {
        [
            FeatureTap("conv1.2", preactivation: "conv1.1"),
            FeatureTap("dw_conv.relu2", preactivation: "dw_conv.bn2"),
        ] + MobileFaceNetBottlenecks.stageEnds.map { FeatureTap("features.\($0)") }
    }

    /// Builds the graph of a configuration.
    public func graph(_ configuration: BackboneConfiguration) throws(InputError) -> Graph {
        var builder = GraphBuilder(
            inputShape: .spatial(height: configuration.inputHeight, width: configuration.inputWidth, channels: 3)
        )
        let stem = configuration.channels(64)
        var x = block(&builder, "conv1", .input, stem, kernel: 3, stride: 2, padding: 1)
        x = separable(&builder, "dw_conv", x, stem)
        x = MobileFaceNetBottlenecks(configuration)
            .append(to: &builder, after: x, stem: stem) { builder, step in
                invertedResidual(&builder, step)
            }
        let last = configuration.channels(512)
        let window = Extent(configuration.inputHeight / 16, configuration.inputWidth / 16)
        x = block(&builder, "conv2", x, last, kernel: 1)
        x = builder.convolution("gdconv.depthwise", x, outChannels: last, kernel: window, groups: last)
        x = builder.batchNormalization("gdconv.bn", x)
        x = builder.convolution(
            "conv3",
            x,
            outChannels: configuration.embeddingSize,
            kernel: Extent(1),
            hasBias: true
        )
        x = builder.batchNormalization("bn", x)
        builder.append("flatten", .flatten, x)
        return try builder.graph()
    }

    /// The configuration that parameters of these shapes suggest.
    public func configuration(suggestedBy shapes: [String: [Int]]) -> BackboneConfiguration? {
        guard let stem = shapes["conv1.0.weight"]?.first, let window = shapes["gdconv.depthwise.weight"],
            window.count == 4, let embedding = shapes["conv3.weight"]?.first
        else { return nil }
        return BackboneConfiguration(
            inputHeight: window[2] * 16,
            inputWidth: window[3] * 16,
            embeddingSize: embedding,
            widthMultiplier: Double(stem) / 64
        )
    }

    /// Kaiming's normal distribution by fan-out for every weight, as that code's loop over modules; biases start at 0.
    public func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization {
        switch parameter.role {
        case .convolutionWeight, .linearWeight: parameter.kaimingFanOut
        case .bias: .constant(0)
        default: PyTorchDefaults.initialization(of: parameter, fanIn: fanIn)
        }
    }

    /// `ConvBNReLU`.
    private func block(
        _ builder: inout GraphBuilder,
        _ name: String,
        _ input: ValueID,
        _ channels: Int,
        kernel: Int,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1
    ) -> ValueID {
        let convolution = builder.convolution(
            name + ".0",
            input,
            outChannels: channels,
            kernel: Extent(kernel),
            stride: stride,
            padding: padding,
            groups: groups
        )
        let normalised = builder.batchNormalization(name + ".1", convolution)
        return builder.append(name + ".2", .activation(.clip(low: 0, high: 6)), normalised)
    }

    /// `DepthwiseSeparableConv`.
    private func separable(_ builder: inout GraphBuilder, _ name: String, _ input: ValueID, _ channels: Int) -> ValueID
    {
        var x = builder.convolution(
            name + ".depthwise",
            input,
            outChannels: channels,
            kernel: Extent(3),
            padding: 1,
            groups: channels
        )
        x = builder.append(name + ".relu1", .activation(.relu), builder.batchNormalization(name + ".bn1", x))
        x = builder.convolution(name + ".pointwise", x, outChannels: channels, kernel: Extent(1))
        return builder.append(name + ".relu2", .activation(.relu), builder.batchNormalization(name + ".bn2", x))
    }

    /// `InvertedResidual`.
    private func invertedResidual(_ builder: inout GraphBuilder, _ step: MobileFaceNetBottlenecks.Step) -> ValueID {
        let name = "features.\(step.index)"
        var x = block(&builder, name + ".conv.0", step.input, step.inner, kernel: 1)
        x = block(
            &builder,
            name + ".conv.1",
            x,
            step.inner,
            kernel: 3,
            stride: step.stride,
            padding: 1,
            groups: step.inner
        )
        x = builder.convolution(name + ".conv.2", x, outChannels: step.channels, kernel: Extent(1))
        x = builder.batchNormalization(name + ".conv.3", x)
        return step.hasShortcut ? builder.append(name, .add, step.input, x) : x
    }
}

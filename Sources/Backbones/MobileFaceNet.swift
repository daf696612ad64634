public import ArtifactFiles
public import NeuralGraph

/// The original MobileFaceNet with PReLU: 128-d, 0.99 M parameters, ≈ 221 M MACs.
///
/// Chen et al., arXiv 1804.07573, table 1. Parameters have the names of the widely used PyTorch code of Xiaoccer
/// (`MobileFaceNet_Pytorch/core/model.py`: `blocks.0.conv.0.weight` …), which takes faces 112 high and 96 wide; other
/// sizes change only the window of `linear7`.
public struct MobileFaceNet: Backbone {
    /// Creates the architecture.
    public init() {}

    /// The reference name.
    public var name: String { "mobilefacenet" }
    /// One line: what it is.
    public var summary: String { "the original MobileFaceNet, PReLU, 128-d, 0.99 M parameters, ≈ 221 M MACs" }
    /// The published configuration.
    public var defaultConfiguration: BackboneConfiguration { BackboneConfiguration(embeddingSize: 128) }

    /// The first two layers, and the last bottlenecks at a quarter, an eighth and a sixteenth of the input's size.
    public var featureTaps: [FeatureTap] {
        ["conv1", "dw_conv1"].map { FeatureTap($0 + ".prelu", preactivation: $0 + ".bn") }
            + MobileFaceNetBottlenecks.stageEnds.map { FeatureTap("blocks.\($0)") }
    }

    /// Builds the graph of a configuration.
    public func graph(_ configuration: BackboneConfiguration) throws(InputError) -> Graph {
        var builder = GraphBuilder(
            inputShape: .spatial(height: configuration.inputHeight, width: configuration.inputWidth, channels: 3)
        )
        let stem = configuration.channels(64)
        var x = block(&builder, "conv1", .input, stem, kernel: Extent(3), stride: 2, padding: 1)
        x = block(&builder, "dw_conv1", x, stem, kernel: Extent(3), padding: 1, groups: stem)
        x = MobileFaceNetBottlenecks(configuration)
            .append(to: &builder, after: x, stem: stem) { builder, step in
                bottleneck(&builder, step)
            }
        let last = configuration.channels(512)
        let window = Extent(configuration.inputHeight / 16, configuration.inputWidth / 16)
        x = block(&builder, "conv2", x, last, kernel: Extent(1))
        x = block(&builder, "linear7", x, last, kernel: window, groups: last, isLinear: true)
        x = block(&builder, "linear1", x, configuration.embeddingSize, kernel: Extent(1), isLinear: true)
        builder.append("flatten", .flatten, x)
        return try builder.graph()
    }

    /// The configuration that parameters of these shapes suggest.
    public func configuration(suggestedBy shapes: [String: [Int]]) -> BackboneConfiguration? {
        guard let stem = shapes["conv1.conv.weight"]?.first, let window = shapes["linear7.conv.weight"],
            window.count == 4, let embedding = shapes["linear1.conv.weight"]?.first
        else { return nil }
        return BackboneConfiguration(
            inputHeight: window[2] * 16,
            inputWidth: window[3] * 16,
            embeddingSize: embedding,
            widthMultiplier: Double(stem) / 64
        )
    }

    /// Kaiming's normal distribution by fan-out for every weight, as that code's loop over modules.
    public func initialization(of parameter: ParameterSpecification, fanIn: Int) -> ParameterInitialization {
        switch parameter.role {
        case .convolutionWeight, .linearWeight: parameter.kaimingFanOut
        default: PyTorchDefaults.initialization(of: parameter, fanIn: fanIn)
        }
    }

    /// `ConvBlock`.
    private func block(
        _ builder: inout GraphBuilder,
        _ name: String,
        _ input: ValueID,
        _ channels: Int,
        kernel: Extent,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1,
        isLinear: Bool = false
    ) -> ValueID {
        let convolution = builder.convolution(
            name + ".conv",
            input,
            outChannels: channels,
            kernel: kernel,
            stride: stride,
            padding: padding,
            groups: groups
        )
        let normalised = builder.batchNormalization(name + ".bn", convolution)
        return isLinear ? normalised : builder.prelu(name + ".prelu", normalised)
    }

    /// `Bottleneck`.
    private func bottleneck(_ builder: inout GraphBuilder, _ step: MobileFaceNetBottlenecks.Step) -> ValueID {
        let name = "blocks.\(step.index).conv"
        var x = builder.convolution(name + ".0", step.input, outChannels: step.inner, kernel: Extent(1))
        x = builder.prelu(name + ".2", builder.batchNormalization(name + ".1", x))
        x = builder.convolution(
            name + ".3",
            x,
            outChannels: step.inner,
            kernel: Extent(3),
            stride: step.stride,
            padding: 1,
            groups: step.inner
        )
        x = builder.prelu(name + ".5", builder.batchNormalization(name + ".4", x))
        x = builder.convolution(name + ".6", x, outChannels: step.channels, kernel: Extent(1))
        x = builder.batchNormalization(name + ".7", x)
        return step.hasShortcut ? builder.append("blocks.\(step.index)", .add, step.input, x) : x
    }
}

/// The bottleneck sequence of the paper's table 1, which both families of code share.
struct MobileFaceNetBottlenecks {
    /// One bottleneck.
    struct Step {
        var index: Int
        var input: ValueID
        var inner: Int
        var channels: Int
        var stride: Int
        var hasShortcut: Bool
    }

    private static let table: [(expansion: Int, channels: Int, count: Int, stride: Int)] = [
        (2, 64, 5, 2),
        (4, 128, 1, 2),
        (2, 128, 6, 1),
        (4, 128, 1, 2),
        (2, 128, 2, 1),
    ]
    /// The last bottlenecks before the next stride, and the last of all.
    static let stageEnds = [4, 11, 14]
    private let configuration: BackboneConfiguration

    init(_ configuration: BackboneConfiguration) { self.configuration = configuration }

    /// Appends all bottlenecks; `build` makes one.
    func append(
        to builder: inout GraphBuilder,
        after input: ValueID,
        stem: Int,
        build: (inout GraphBuilder, Step) -> ValueID
    ) -> ValueID {
        var x = input
        var width = stem
        var index = 0
        for row in Self.table {
            let channels = configuration.channels(row.channels)
            for repetition in 0..<row.count {
                let stride = repetition == 0 ? row.stride : 1
                let step = Step(
                    index: index,
                    input: x,
                    inner: width * row.expansion,
                    channels: channels,
                    stride: stride,
                    hasShortcut: stride == 1 && width == channels
                )
                x = build(&builder, step)
                width = channels
                index += 1
            }
        }
        return x
    }
}

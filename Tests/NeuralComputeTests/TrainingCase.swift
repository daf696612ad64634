import NeuralGraph
import Testing

/// A small network around an operation: a convolution with a bias before it, so that gradients of its input are seen too.
struct TrainingCase: CustomTestStringConvertible {
    let name: String
    let height: Int
    let width: Int
    let channels: Int
    let build: @Sendable (inout GraphBuilder, ValueID) -> ValueID

    init(
        _ name: String,
        _ height: Int = 5,
        _ width: Int = 4,
        _ channels: Int = 3,
        _ build: @escaping @Sendable (inout GraphBuilder, ValueID) -> ValueID
    ) {
        self.name = name
        self.height = height
        self.width = width
        self.channels = channels
        self.build = build
    }

    var testDescription: String { name }

    func graph() throws -> Graph {
        var builder = GraphBuilder(inputShape: .spatial(height: height, width: width, channels: 2))
        let first = builder.convolution("first", .input, outChannels: channels, kernel: Extent(1), hasBias: true)
        let last = build(&builder, first)
        return try builder.graph(output: last)
    }

    private static func convolution(
        _ name: String,
        _ height: Int,
        _ width: Int,
        _ channels: Int,
        _ convolution: Convolution
    ) -> TrainingCase {
        TrainingCase(name, height, width, channels) { builder, x in
            builder.append("tested", .convolution(convolution), x)
        }
    }

    private static func convolution(
        _ out: Int,
        _ kernel: Extent,
        stride: Extent = Extent(1),
        padding: Padding = Padding(),
        dilation: Extent = Extent(1),
        groups: Int = 1,
        bias: String? = nil
    ) -> Convolution {
        Convolution(
            outChannels: out,
            kernel: kernel,
            stride: stride,
            padding: padding,
            dilation: dilation,
            groups: groups,
            weight: "tested.weight",
            bias: bias
        )
    }

    static let convolutions: [TrainingCase] = [
        convolution("flat", 5, 3, 19, convolution(35, Extent(1), bias: "tested.bias")),
        convolution("flat, strided", 5, 6, 4, convolution(3, Extent(1), stride: Extent(2))),
        convolution("3×3", 5, 7, 3, convolution(5, Extent(3), padding: Padding(1), bias: "tested.bias")),
        convolution("3×3, stride 2, odd", 7, 5, 3, convolution(4, Extent(3), stride: Extent(2), padding: Padding(1))),
        convolution("3×3, stride 2, even", 6, 8, 3, convolution(4, Extent(3), stride: Extent(2), padding: Padding(1))),
        convolution("3×3, stride 3 × 2", 8, 7, 2, convolution(3, Extent(3), stride: Extent(3, 2), padding: Padding(1))),
        convolution("unread columns", 6, 6, 2, convolution(3, Extent(2), stride: Extent(4))),
        convolution("dilated", 7, 6, 3, convolution(4, Extent(3), padding: Padding(2), dilation: Extent(2))),
        convolution(
            "dilated and strided",
            8,
            9,
            2,
            convolution(3, Extent(3, 2), stride: Extent(2), padding: Padding(2), dilation: Extent(2, 3))
        ),
        convolution(
            "uneven border",
            4,
            5,
            3,
            convolution(4, Extent(5, 3), padding: Padding(top: 3, left: 0, bottom: 1, right: 2))
        ),
        convolution("wide border", 3, 3, 2, convolution(2, Extent(2), padding: Padding(3))),
        convolution("whole picture", 4, 3, 5, convolution(6, Extent(4, 3))),
        convolution("groups", 5, 5, 6, convolution(12, Extent(3), padding: Padding(1), groups: 3, bias: "tested.bias")),
        convolution("groups, strided", 5, 5, 6, convolution(4, Extent(3), stride: Extent(2), groups: 2)),
        convolution("pairs", 6, 7, 20, convolution(20, Extent(3), padding: Padding(1), groups: 10)),
        convolution(
            "pairs, strided",
            7,
            6,
            20,
            convolution(20, Extent(3), stride: Extent(2), padding: Padding(1), groups: 10, bias: "tested.bias")
        ),
        convolution("depthwise", 5, 7, 19, convolution(19, Extent(3), padding: Padding(1), groups: 19)),
        convolution(
            "depthwise, strided",
            7,
            6,
            19,
            convolution(19, Extent(3), stride: Extent(2), padding: Padding(1), groups: 19, bias: "tested.bias")
        ),
        convolution("depthwise, whole picture", 4, 3, 18, convolution(18, Extent(4, 3), groups: 18)),
        convolution(
            "depthwise, dilated",
            7,
            7,
            5,
            convolution(5, Extent(3), padding: Padding(1), dilation: Extent(2), groups: 5)
        ),
        convolution("depthwise, multiplied", 5, 4, 3, convolution(6, Extent(3), padding: Padding(1), groups: 3)),
    ]

    static let normalisations: [TrainingCase] = [
        TrainingCase("normalisation") { $0.batchNormalization("n", $1) },
        TrainingCase("normalisation without scale and shift") {
            let norm = BatchNormalization(mean: "n.mean", variance: "n.variance", scale: nil, shift: nil, epsilon: 1e-3)
            return $0.append("n", .batchNormalization(norm), $1)
        },
        TrainingCase("fixed scale") { $0.batchNormalization("n", $1, scaleIsFixed: true) },
        TrainingCase("normalisation and PReLU") { $0.prelu("a", $0.batchNormalization("n", $1)) },
        TrainingCase("normalisation and ReLU") {
            $0.append("a", .activation(.relu), $0.batchNormalization("n", $1))
        },
        TrainingCase("normalisation and clip") {
            $0.append("a", .activation(.clip(low: -0.3, high: 0.4)), $0.batchNormalization("n", $1))
        },
        TrainingCase("normalisation and leaky ReLU") {
            $0.append("a", .activation(.leakyRelu(slope: 0.2)), $0.batchNormalization("n", $1))
        },
        TrainingCase("normalisation and sigmoid") {
            $0.append("a", .activation(.sigmoid), $0.batchNormalization("n", $1))
        },
        TrainingCase("chain of convolutions") {
            var x = $0.prelu("a", $0.batchNormalization("n", $1))
            x = $0.convolution("c", x, outChannels: 6, kernel: Extent(3), stride: 2, padding: 1)
            x = $0.prelu("a2", $0.batchNormalization("n2", x))
            x = $0.convolution("c2", x, outChannels: 6, kernel: Extent(3), padding: 1, groups: 6)
            x = $0.batchNormalization("n3", x)
            return $0.convolution("c3", x, outChannels: 4, kernel: Extent(1))
        },
        TrainingCase("normalised and raw readers") {
            let y = $0.append("a", .activation(.relu), $0.batchNormalization("n", $1))
            let left = $0.convolution("c", y, outChannels: 3, kernel: Extent(3), padding: 1)
            let right = $0.convolution("c2", $1, outChannels: 3, kernel: Extent(1))
            let again = $0.convolution("c3", y, outChannels: 3, kernel: Extent(1))
            return $0.append("s2", .add, $0.append("s", .add, left, right), again)
        },
    ]

    private static func block(_ builder: inout GraphBuilder, _ name: String, _ x: ValueID, projects: Bool) -> ValueID {
        var y = builder.batchNormalization(name + ".n1", x)
        y = builder.convolution(name + ".c1", y, outChannels: 3, kernel: Extent(3), padding: 1)
        y = builder.prelu(name + ".a", builder.batchNormalization(name + ".n2", y))
        y = builder.convolution(name + ".c2", y, outChannels: 3, kernel: Extent(3), padding: 1)
        y = builder.batchNormalization(name + ".n3", y)
        guard projects else { return builder.append(name, .add, y, x) }
        let shortcut = builder.convolution(name + ".d", x, outChannels: 3, kernel: Extent(1))
        return builder.append(name, .add, y, builder.batchNormalization(name + ".n4", shortcut))
    }

    private static func bottleneck(_ builder: inout GraphBuilder, _ name: String, _ x: ValueID) -> ValueID {
        var y = builder.convolution(name + ".c1", x, outChannels: 5, kernel: Extent(1))
        y = builder.prelu(name + ".a1", builder.batchNormalization(name + ".n1", y))
        y = builder.convolution(name + ".c2", y, outChannels: 5, kernel: Extent(3), padding: 1, groups: 5)
        y = builder.prelu(name + ".a2", builder.batchNormalization(name + ".n2", y))
        y = builder.convolution(name + ".c3", y, outChannels: 3, kernel: Extent(1))
        return builder.append(name, .add, x, builder.batchNormalization(name + ".n3", y))
    }

    static let residuals: [TrainingCase] = [
        TrainingCase("bottlenecks") {
            bottleneck(&$0, "b3", bottleneck(&$0, "b2", bottleneck(&$0, "b1", $0.batchNormalization("n", $1))))
        },
        TrainingCase("blocks") { block(&$0, "b2", block(&$0, "b1", $1, projects: true), projects: false) },
        TrainingCase("doubled") { $0.append("s", .add, $1, $1) },
        TrainingCase("trunk with PReLU") {
            let x = $0.prelu("a", $0.batchNormalization("n", $1))
            let y = $0.prelu(
                "a2",
                $0.batchNormalization("n2", $0.convolution("c", x, outChannels: 3, kernel: Extent(1)))
            )
            return $0.convolution("last", $0.append("s", .add, y, x), outChannels: 2, kernel: Extent(1))
        },
        TrainingCase("a late reader of the trunk") {
            let y = $0.convolution("c", $1, outChannels: 3, kernel: Extent(1))
            let sum = $0.append("s", .add, $1, y)
            let late = $0.convolution("c2", $1, outChannels: 3, kernel: Extent(1))
            return $0.append("p", .multiply, sum, late)
        },
        TrainingCase("two trunks") {
            let y = $0.append("r", .activation(.sigmoid), $1)
            let sum = $0.append("s", .add, y, $1)
            return $0.append("s2", .add, sum, y)
        },
        TrainingCase("normalisation read twice") {
            let x = $0.batchNormalization("n", $1)
            let y = $0.convolution("c", x, outChannels: 3, kernel: Extent(3), padding: 1)
            return $0.batchNormalization("n2", $0.append("s", .add, x, y))
        },
    ]

    private static func operation(_ name: String, _ operation: NeuralGraph.Operation) -> TrainingCase {
        TrainingCase(name) { $0.append("tested", operation, $1) }
    }

    static let others: [TrainingCase] = [
        operation("identity", .identity),
        operation("PReLU alone", .activation(.prelu(slope: "slopes"))),
        operation("ReLU alone", .activation(.relu)),
        operation("clip alone", .activation(.clip(low: -0.2, high: 0.3))),
        operation("leaky ReLU alone", .activation(.leakyRelu(slope: 0.1))),
        operation("sigmoid", .activation(.sigmoid)),
        operation("channel affine", .channelAffine(scale: "scale", shift: "shift")),
        operation("scalar affine", .scalarAffine(scale: -0.7, shift: 0.2)),
        operation("largest", .pool(Pool(kind: .maximum, kernel: Extent(3), stride: Extent(2), padding: Padding(1)))),
        operation(
            "mean, rounded up",
            .pool(Pool(kind: .average, kernel: Extent(2, 3), stride: Extent(2), roundsUp: true))
        ),
        operation(
            "mean, border counted",
            .pool(
                Pool(kind: .average, kernel: Extent(3), stride: Extent(2), padding: Padding(1), countsPadding: true)
            )
        ),
        operation("global mean", .globalAveragePool),
        operation("padding", .pad(Padding(top: 1, left: 0, bottom: 2, right: 1), value: 0.5)),
        TrainingCase("fully connected") {
            $0.linear(
                "l2",
                $0.linear("l", $0.append("f", .flatten, $1), outFeatures: 37),
                outFeatures: 6,
                hasBias: false
            )
        },
        TrainingCase("embedding") {
            let x = $0.linear("l", $0.append("f", .flatten, $1), outFeatures: 7)
            return $0.append("u", .l2Normalize(epsilon: 1e-12), $0.batchNormalization("n", x))
        },
        TrainingCase("side by side") {
            let y = $0.convolution("c", $1, outChannels: 2, kernel: Extent(1))
            return $0.batchNormalization("n", $0.append("j", .concatenate, y, $1, y))
        },
        TrainingCase("squeeze and excite") {
            let gate = $0.append(
                "s",
                .activation(.sigmoid),
                $0.linear("l", $0.append("g", .globalAveragePool, $1), outFeatures: 3)
            )
            return $0.append("a", .add, gate, $0.append("m", .multiply, $1, gate))
        },
        TrainingCase("product") { $0.append("m", .multiply, $1, $0.append("s", .activation(.sigmoid), $1)) },
    ]

    static let all = convolutions + normalisations + residuals + others
}

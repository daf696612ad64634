import CKernels
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// Depthwise and paired 3×3 convolutions around the sizes of their blocks, against the reference.
@Suite struct ChannelwiseTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var height: Int
        var width: Int
        var channels: Int
        var stride: Int
        var isPaired: Bool
        var epilogue = Epilogue()

        var testDescription: String {
            "\(height)×\(width)×\(channels), stride \(stride)\(isPaired ? ", paired" : "")"
        }
    }

    static let cases: [Case] = [1, 2]
        .flatMap { stride in
            [false, true]
                .flatMap { isPaired in
                    [
                        Case(height: 1, width: 1, channels: 32, stride: stride, isPaired: isPaired),
                        Case(height: 2, width: 9, channels: 34, stride: stride, isPaired: isPaired),
                        Case(
                            height: 7,
                            width: 7,
                            channels: 64,
                            stride: stride,
                            isPaired: isPaired,
                            epilogue: Epilogue(activation: .prelu(slope: "slope"))
                        ),
                        Case(
                            height: 5,
                            width: 23,
                            channels: 80,
                            stride: stride,
                            isPaired: isPaired,
                            epilogue: Epilogue(activation: .clip(low: 0, high: 0.5))
                        ),
                        Case(
                            height: 6,
                            width: 16,
                            channels: 48,
                            stride: stride,
                            isPaired: isPaired,
                            epilogue: Epilogue(activation: .prelu(slope: "slope"), addsSecondInput: true)
                        ),
                    ]
                }
        }

    /// A 1×1 layer in front, so that the layer's own input may be stored in half precision.
    private func network(_ test: Case) throws -> (Graph, Weights) {
        var builder = GraphBuilder(
            inputShape: .spatial(height: test.height, width: test.width, channels: test.channels)
        )
        let before = builder.convolution("before", .input, outChannels: test.channels, kernel: Extent(1))
        let addend = builder.convolution(
            "addend",
            .input,
            outChannels: test.channels,
            kernel: Extent(1),
            stride: test.stride
        )
        let convolution = Convolution(
            outChannels: test.channels,
            kernel: Extent(3),
            stride: Extent(test.stride),
            padding: Padding(1),
            groups: test.isPaired ? test.channels / 2 : test.channels,
            weight: "weight",
            bias: "bias",
            epilogue: test.epilogue
        )
        let inputs = test.epilogue.addsSecondInput ? [before, addend] : [before]
        let value = builder.append("case", .convolution(convolution), inputs)
        builder.convolution("after", value, outChannels: test.channels, kernel: Extent(1))
        let graph = try builder.graph()
        return (graph, FormulaTensors().weights(for: graph))
    }

    @Test(arguments: cases)
    func agreesWithTheReference(_ test: Case) throws {
        let (graph, weights) = try network(test)
        let input = FormulaTensors().tensor("channelwise", .signal, shape: [2, graph.inputShape.count]).values
        func run(_ backend: any Device, _ precision: InferencePrecision) throws -> [Float] {
            let plan = try backend.inferencePlan(
                graph: graph,
                weights: weights,
                options: InferenceOptions(precision: precision)
            )
            var output = [Float](repeating: 0, count: 2 * plan.outputShape.count)
            input.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { plan.makeWorker().run(input, count: 2, output: $0) }
            }
            return output
        }
        let exact = try run(ReferenceDevice(), .float32)
        let scale = exact.map(abs).max() ?? 0
        func difference(_ values: [Float]) -> Float {
            zip(values, exact).map { abs($0 - $1) }.max().map { $0 / scale } ?? .infinity
        }
        #expect(difference(try run(CPUDevice(), .float32)) < 2e-6)
        // Values go through three roundings to eight bits; sums of many lose less than one of them.
        if vf_has_bf16() != 0 { #expect(difference(try run(CPUDevice(), .bfloat16)) < 0x1p-7) }
    }
}

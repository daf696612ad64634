import ArtifactFiles
import Backbones
import CKernels
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// The paths that trade rounding for speed: Winograd's transforms and bf16.
@Suite struct FastPathTests {
    /// Sizes around the 4×4 blocks, channels around vectors and panels.
    struct Case: CustomTestStringConvertible, Sendable {
        var height: Int
        var width: Int
        var inChannels: Int
        var outChannels: Int
        var epilogue: Epilogue

        var testDescription: String { "\(height)×\(width), \(inChannels)→\(outChannels)" }
    }

    static let cases: [Case] = [
        Case(height: 8, width: 8, inChannels: 32, outChannels: 32, epilogue: Epilogue()),
        Case(
            height: 7,
            width: 13,
            inChannels: 35,
            outChannels: 33,
            epilogue: Epilogue(activation: .prelu(slope: "slope"))
        ),
        Case(
            height: 14,
            width: 14,
            inChannels: 64,
            outChannels: 48,
            epilogue: Epilogue(activation: .relu, addsSecondInput: true, activationFollowsAddition: true)
        ),
        Case(
            height: 29,
            width: 12,
            inChannels: 33,
            outChannels: 65,
            epilogue: Epilogue(activation: .prelu(slope: "slope"), addsSecondInput: true)
        ),
    ]

    /// A 1×1 layer that makes the addend, then the 3×3 convolution.
    private func network(_ test: Case, withBorder: Bool) throws -> (Graph, Weights) {
        var builder = GraphBuilder(
            inputShape: .spatial(height: test.height, width: test.width, channels: test.inChannels)
        )
        let addend = builder.convolution("addend", .input, outChannels: test.outChannels, kernel: Extent(1))
        let convolution = Convolution(
            outChannels: test.outChannels,
            kernel: Extent(3),
            padding: Padding(1),
            weight: "weight",
            bias: "bias",
            borderValues: withBorder ? "border" : nil,
            epilogue: test.epilogue
        )
        builder.append("case", .convolution(convolution), test.epilogue.addsSecondInput ? [.input, addend] : [.input])
        let graph = try builder.graph()
        return (graph, FormulaTensors().weights(for: graph))
    }

    private func run(
        _ backend: any Device,
        _ network: (graph: Graph, weights: Weights),
        _ input: [Float],
        faces: Int,
        options: InferenceOptions
    ) throws -> [Float] {
        let plan = try backend.inferencePlan(graph: network.graph, weights: network.weights, options: options)
        var output = [Float](repeating: 0, count: faces * plan.outputShape.count)
        input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { plan.makeWorker().run(input, count: faces, output: $0) }
        }
        return output
    }

    @Test(arguments: cases, [false, true])
    func winogradAgreesWithTheDirectSum(_ test: Case, withBorder: Bool) throws {
        let network = try network(test, withBorder: withBorder)
        let input = FormulaTensors()
            .tensor(
                "winograd",
                .signal,
                shape: [3, test.height, test.width, test.inChannels]
            )
            .values
        let exact = try run(ReferenceDevice(), network, input, faces: 3, options: InferenceOptions())
        let scale = exact.map(abs).max() ?? 0
        for facesPerPass in [1, 2, 3] {
            let options = InferenceOptions(facesPerPass: facesPerPass)
            let fast = try run(CPUDevice(), network, input, faces: 3, options: options)
            let difference = zip(fast, exact).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 2e-5 * scale, "\(difference / scale)")
        }
    }

    @Test func winogradKeepsAWholeNetworksEmbedding() throws {
        let graph = try IResNet.r18.graph(
            BackboneConfiguration(inputHeight: 48, inputWidth: 48, embeddingSize: 64, widthMultiplier: 0.5)
        )
        // r18 at half width has layers of 32 to 256 channels: all go through the transforms or are too small for them.
        let network = (graph: graph, weights: FormulaTensors().weights(for: graph))
        let input = FormulaTensors().tensor("r18", .signal, shape: [2, 48, 48, 3]).values
        let fast = try run(CPUDevice(), network, input, faces: 2, options: InferenceOptions())
        let direct = try run(CPUDevice(), network, input, faces: 2, options: InferenceOptions(usesWinograd: false))
        #expect(fast != direct, "the transforms were not used")
        for face in 0..<2 {
            #expect(cosine(fast[face * 64..<face * 64 + 64], direct[face * 64..<face * 64 + 64]) > 0.99999)
        }
    }

    @Test(.enabled(if: vf_has_bf16() != 0, "this CPU or dispatch level has no bf16"))
    func bf16StaysNearFp32() throws {
        let backbones: [any Backbone] = [
            InsightFaceMobileFaceNet.mbf, InsightFaceMobileFaceNet.mbfLarge, MobileFaceNet(), MobileFaceNetReLU6(),
            IResNet.r18,
        ]
        for backbone in backbones {
            let graph = try backbone.graph(
                BackboneConfiguration(inputHeight: 32, inputWidth: 48, embeddingSize: 32, widthMultiplier: 0.25)
            )
            let network = (graph: graph, weights: FormulaTensors().weights(for: graph))
            let input = FormulaTensors().tensor("half", .signal, shape: [3, 32, 48, 3]).values
            let exact = try run(CPUDevice(), network, input, faces: 3, options: InferenceOptions())
            var first: [Float] = []
            for facesPerPass in [1, 2, 3] {
                let options = InferenceOptions(facesPerPass: facesPerPass, precision: .bfloat16)
                let half = try run(CPUDevice(), network, input, faces: 3, options: options)
                if first.isEmpty { first = half }
                #expect(half == first, "\(backbone.name): a face saw its company")
                for face in 0..<3 {
                    let range = face * 32..<face * 32 + 32
                    #expect(cosine(half[range], exact[range]) > 0.999, "\(backbone.name)")
                }
            }
            #expect(first != exact, "\(backbone.name): nothing was rounded")
        }
    }

    @Test(arguments: OperationCase.all.filter { $0.inputs.count == 1 && !$0.name.contains("special") })
    func bf16OperationsStayNearTheirGoldens(_ golden: OperationCase) throws {
        guard vf_has_bf16() != 0 else { return }
        // A 1×1 identity before and after, so that the operation's own values may be stored in half precision.
        let shape = OperationCase.shape(golden.inputs[0].shape)
        guard case .spatial = shape, case .convolution = golden.graphOperation else { return }
        var builder = GraphBuilder(inputShape: shape)
        let before = builder.convolution("before", .input, outChannels: shape.channels, kernel: Extent(1))
        let value = builder.append("case", golden.graphOperation, before)
        let channels = OperationCase.shape(golden.output.shape).channels
        builder.convolution("after", value, outChannels: channels, kernel: Extent(1))
        let graph = try builder.graph()
        var weights = golden.weights
        for (name, count) in [("before.weight", shape.channels), ("after.weight", channels)] {
            let identity = (0..<count * count).map { Float($0 % (count + 1) == 0 ? 1 : 0) }
            weights[name] = Tensor(shape: [count, count, 1, 1], values: identity)
        }
        let output = try run(
            CPUDevice(),
            (graph, weights),
            golden.values(of: golden.inputs[0]),
            faces: golden.output.shape[0],
            options: InferenceOptions(precision: .bfloat16)
        )
        // Inputs, weights, and the result are rounded to 8 bits each.
        let tolerance = Float(golden.absoluteSum * 0x1p-8 * 3 + 1e-30)
        for (found, wanted) in zip(output, golden.expected) {
            #expect(abs(found - wanted) <= tolerance, "\(golden.name): \(found), expected \(wanted) ± \(tolerance)")
        }
    }

    @Test(.enabled(if: vf_has_bf16() == 0, "this CPU has bf16"))
    func bf16IsRefusedWhereTheCPULacksIt() throws {
        let graph = try MobileFaceNet().graph()
        let weights = try MobileFaceNet().initialWeights(MobileFaceNet().defaultConfiguration, seed: 1)
        let error = #expect(throws: InputError.self) {
            _ = try CPUDevice()
                .inferencePlan(
                    graph: graph,
                    weights: weights,
                    options: InferenceOptions(precision: .bfloat16)
                )
        }
        #expect(error?.description.contains("bf16") ?? false)
    }

    private func cosine(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Double {
        var sums = (0.0, 0.0, 0.0)
        for (x, y) in zip(left, right) {
            sums.0 += Double(x) * Double(y)
            sums.1 += Double(x) * Double(x)
            sums.2 += Double(y) * Double(y)
        }
        return sums.0 / (sums.1 * sums.2).squareRoot()
    }
}

import ArtifactFiles
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// What every backend must compute, at every dispatch level (`VERIFAR_ISA` chooses one for the process).
@Suite struct BackendConformanceTests {
    @Test func goldensAreThere() {
        #expect(OperationCase.all.count > 150)
        #expect(OperationCase.outputs.count > 10_000)
    }

    @Test(arguments: OperationCase.all, Devices.tested)
    func agreesWithPyTorch(_ golden: OperationCase, backend: String) throws {
        let network = try SelectedInputs(golden)
        let backend = try Devices.open(backend, threads: 1)
        let faces = golden.output.shape[0]
        for facesPerPass in [1, 2, 3] {
            let result = try run(backend, network, faces: faces, facesPerPass: facesPerPass)
            expectClose(result, golden)
        }
    }

    private func run(
        _ backend: any Device,
        _ network: SelectedInputs,
        faces: Int,
        facesPerPass: Int
    ) throws -> [Float] {
        let plan = try backend.inferencePlan(
            graph: network.graph,
            weights: network.weights,
            options: InferenceOptions(facesPerPass: facesPerPass)
        )
        var output = [Float](repeating: -7, count: faces * plan.outputShape.count)
        let worker = plan.makeWorker()
        // Twice: what one pass leaves behind in the buffers must not reach the next.
        for _ in 0..<2 {
            network.input.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { worker.run(input, count: faces, output: $0) }
            }
        }
        return output
    }

    /// Within what any order of single-precision summation may lose.
    private func expectClose(_ result: [Float], _ golden: OperationCase) {
        let expected = golden.expected
        #expect(result.count == expected.count)
        // Selecting the operands out of one input adds a rounding or two.
        let tolerance = Float((golden.terms + 4) * 0x1p-24 * golden.absoluteSum + 1e-37)
        for (index, (found, wanted)) in zip(result, expected).enumerated() {
            let agrees = wanted.isNaN ? found.isNaN : found == wanted || abs(found - wanted) <= tolerance
            if !agrees {
                Issue.record("\(golden.name)[\(index)]: \(found), expected \(wanted) ± \(tolerance)")
                return
            }
        }
    }
}

/// A graph has one input; a case with several gets them as channels of one picture, selected by exact 0/1 convolutions.
private struct SelectedInputs {
    var graph: Graph
    var weights: Weights
    var input: [Float]

    init(_ golden: OperationCase) throws {
        weights = golden.weights
        guard golden.inputs.count > 1 else {
            input = golden.values(of: golden.inputs[0])
            graph = try Graph(
                inputShape: OperationCase.shape(golden.inputs[0].shape),
                nodes: [Node(name: "case", operation: golden.graphOperation, inputs: [.input])]
            )
            return
        }
        let shapes = golden.inputs.map { OperationCase.shape($0.shape) }
        let height = shapes.map(\.extent.height).max() ?? 1
        let width = shapes.map(\.extent.width).max() ?? 1
        let channels = shapes.map(\.channels).reduce(0, +)
        var builder = GraphBuilder(inputShape: .spatial(height: height, width: width, channels: channels))
        var operands: [ValueID] = []
        var first = 0
        for (index, shape) in shapes.enumerated() {
            var selection = [Float](repeating: 0, count: shape.channels * channels)
            for channel in 0..<shape.channels { selection[channel * channels + first + channel] = 1 }
            weights["select\(index).weight"] = Tensor(shape: [shape.channels, channels, 1, 1], values: selection)
            var value = builder.convolution(
                "select\(index)",
                .input,
                outChannels: shape.channels,
                kernel: Extent(1)
            )
            // A smaller picture was spread over the larger one: take it back out.
            let step = Self.step(of: shape, height: height, width: width)
            if step != Extent(1) {
                value = builder.append(
                    "spread\(index)",
                    .pool(Pool(kind: .maximum, kernel: Extent(1), stride: step)),
                    value
                )
            }
            if case .vector = shape { value = builder.append("vector\(index)", .flatten, value) }
            operands.append(value)
            first += shape.channels
        }
        builder.append("case", golden.graphOperation, operands)
        graph = try builder.graph()
        input = Self.stack(golden, shapes: shapes, height: height, width: width)
    }

    private static func stack(_ golden: OperationCase, shapes: [ActivationShape], height: Int, width: Int) -> [Float] {
        let values = golden.inputs.map { golden.values(of: $0) }
        var stacked: [Float] = []
        for face in 0..<golden.output.shape[0] {
            for position in 0..<height * width {
                for (shape, values) in zip(shapes, values) {
                    let step = step(of: shape, height: height, width: width)
                    let row = position / width / step.height
                    let column = position % width / step.width
                    let pixel =
                        min(row, shape.extent.height - 1) * shape.extent.width
                        + min(column, shape.extent.width - 1)
                    let start = face * shape.count + pixel * shape.channels
                    stacked += values[start..<start + shape.channels]
                }
            }
        }
        return stacked
    }

    /// How far apart an operand's pixels lie in the common picture.
    private static func step(of shape: ActivationShape, height: Int, width: Int) -> Extent {
        let extent = shape.extent
        return Extent(
            extent.height == 1 ? height : (height - 1) / (extent.height - 1),
            extent.width == 1 ? width : (width - 1) / (extent.width - 1)
        )
    }
}

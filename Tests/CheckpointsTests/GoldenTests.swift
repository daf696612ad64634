import ArtifactFiles
import Checkpoints
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// Every file that PyTorch, safetensors and onnx made, or that is damaged on purpose.
@Suite struct GoldenTests {
    @Test func goldensAreThere() {
        #expect(GoldenFile.all("Checkpoints/PyTorch").count > 100)
        #expect(GoldenFile.all("Checkpoints/Safetensors").count > 50)
        #expect(GoldenFile.all("Checkpoints/ONNX").count > 200)
        #expect(GoldenFile.all("CheckpointsOwn/MXNet").count > 20)
    }

    @Test(arguments: GoldenFile.all("Checkpoints/PyTorch"))
    func pytorch(_ golden: GoldenFile) throws { try checkTensors(golden, folder: "Checkpoints/PyTorch") }

    @Test(arguments: GoldenFile.all("Checkpoints/Safetensors"))
    func safetensors(_ golden: GoldenFile) throws { try checkTensors(golden, folder: "Checkpoints/Safetensors") }

    private func checkTensors(_ golden: GoldenFile, folder: String) throws {
        let path = golden.path(folder)
        do throws(InputError) {
            let checkpoint = try CheckpointReader.readUnresolved(path: path)
            #expect(golden.expect != .refused, "\(golden.why ?? "")")
            if golden.tensors != nil { golden.expectTensors(checkpoint.weights, strips: true) }
            if let prefix = golden.prefix {
                #expect(checkpoint.notes.contains { $0.contains(prefix) }, "\(checkpoint.notes)")
            }
        } catch {
            #expect(golden.expect == .refused || golden.expect == .either, "\(error)")
            golden.expectRefusal(error, path: path)
        }
    }

    @Test(arguments: GoldenFile.all("CheckpointsOwn/MXNet"))
    func mxnet(_ golden: GoldenFile) throws {
        let outputs = try Fixture.floats("CheckpointsOwn/MXNet/outputs.npy")
        do throws(InputError) {
            let size = golden.input.map { Extent($0.shape[2], $0.shape[3]) }
            let checkpoint = try CheckpointReader.read(path: golden.path("CheckpointsOwn/MXNet"), inputSize: size)
            #expect(golden.expect != .refused, "\(golden.why ?? "")")
            try expectOutput(golden, checkpoint, among: outputs)
            #expect(checkpoint.notes.contains { $0.contains("normalises its own input") })
            #expect(checkpoint.metadata.externalDigests.count == 1)
        } catch {
            #expect(golden.expect == .refused, "\(error)")
            #expect(error.file != nil)
            for name in golden.names ?? [] { #expect(error.description.contains(name), "\(error)") }
        }
    }

    static let outputs = (try? Fixture.floats("Checkpoints/ONNX/outputs.npy")) ?? []

    /// `HardSwish` is supported after all: as a clip and a product.
    private static let supported: Set<String> = ["unsupported_nameless.onnx"]
    /// Refused for its input, before any node is looked at.
    private static let refusedEarlier: Set<String> = ["unsupported_conv1d.onnx"]
    /// Half-precision files are computed in single precision here.
    private static let halves: Set<String> = ["all_float16.onnx", "conv_weight_fp16_cast.onnx"]

    @Test(arguments: GoldenFile.all("Checkpoints/ONNX"))
    func onnx(_ golden: GoldenFile) throws {
        let path = golden.path("Checkpoints/ONNX")
        do throws(InputError) {
            let input = golden.input
            let size = input.map { Extent($0.shape[2], $0.shape[3]) }
            let isPlain = input.map { $0.shape[1] == 3 } ?? true
            let checkpoint = try CheckpointReader.read(path: path, inputSize: isPlain ? size : nil)
            #expect(golden.expect != .refused || Self.supported.contains(golden.file), "\(golden.why ?? "")")
            if golden.output != nil { try expectOutput(golden, checkpoint, among: Self.outputs) }
        } catch {
            #expect(golden.expect == .refused || golden.expect == .either, "\(error)")
            if !Self.refusedEarlier.contains(golden.file) { golden.expectRefusal(error, path: path) }
        }
    }

    private func expectOutput(
        _ golden: GoldenFile,
        _ checkpoint: ResolvedCheckpoint,
        among outputs: [Float]
    ) throws(InputError) {
        guard let input = golden.input, let output = golden.output else { return }
        let signal = FormulaTensors().tensor(input.formula, .signal, shape: input.shape).values
            .map { $0 * (input.scale ?? 1) + (input.offset ?? 0) }
            .map { golden.file == "bytes_in.onnx" ? $0.rounded(.towardZero) : $0 }
        let faces = input.shape[1] == 3 ? channelsLast(signal, shape: input.shape) : signal
        let found = try compute(checkpoint.graph, checkpoint.weights, faces, count: input.shape[0])
        let expected = Array(outputs[output.offset..<output.offset + output.shape.reduce(1, *)])
        #expect(found.count == expected.count)
        let inOrder = output.shape.count == 4 ? channelsLast(expected, shape: output.shape) : expected
        let tolerance = (Self.halves.contains(golden.file) ? 2e-3 : 1e-5) * (inOrder.map(\.magnitude).max() ?? 1)
        for (index, (value, wanted)) in zip(found, inOrder).enumerated() where !(abs(value - wanted) <= tolerance) {
            Issue.record("\(golden.file)[\(index)]: \(value), expected \(wanted)")
            return
        }
    }
}

/// Runs the reference backend.
func compute(
    _ graph: Graph,
    _ weights: Weights,
    _ faces: [Float],
    count: Int
) throws(InputError) -> [Float] {
    let plan = try ReferenceDevice().inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
    var output = [Float](repeating: 0, count: count * plan.outputShape.count)
    faces.withUnsafeBufferPointer { faces in
        output.withUnsafeMutableBufferPointer { plan.makeWorker().run(faces, count: count, output: $0) }
    }
    return output
}

import ArtifactFiles
import Checkpoints
import NeuralGraph
import TestSupport
import Testing

/// foamliu's published checkpoints; skipped where the real case is absent.
@Suite(.enabled(if: Fixture.realFaces != nil, "the real test case is not beside the project (VERIFAR_REALFACES)"))
struct RealCheckpointTests {
    private func path(_ name: String) -> String { (Fixture.realFaces ?? "") + "/checkpoints/" + name }

    @Test func legacyStateDictionaryIsRecognised() throws {
        let found = try CheckpointReader.read(path: path("mobilefacenet.pt"))
        #expect(found.architectureName == "mobilefacenet-relu6")
        #expect(found.metadata.format == "pytorch-legacy")
        #expect(found.weights.names.count == 256)
        #expect(found.weights["conv3.bias"]?.shape == [128])
    }

    @Test func foldedONNXIsRecognised() throws {
        let found = try CheckpointReader.read(path: path("MobileFaceNet.onnx"))
        #expect(found.architectureName == "mobilefacenet-relu6 (from ONNX graph)")
        #expect(!found.graphIsCatalogued)
        #expect(found.graph.shape(of: found.graph.output) == .vector(128))
        #expect(found.graph.multiplyAccumulateCount == 233_810_432)
    }

    @Test func conversionKeepsEveryValue() throws {
        let folder = try TemporaryFolder()
        let original = try CheckpointReader.read(path: path("mobilefacenet.pt"))
        try CheckpointWriter.write(original, to: folder.file("a.safetensors"), as: .safetensors)
        let first = try CheckpointReader.read(path: folder.file("a.safetensors"))
        try CheckpointWriter.write(first, to: folder.file("a.onnx"), as: .onnx)
        let second = try CheckpointReader.read(path: folder.file("a.onnx"))
        for copy in [first, second] {
            #expect(copy.weights == original.weights)
            #expect(copy.graph == original.graph)
            #expect(copy.architectureName == original.architectureName)
        }
    }

    /// The ONNX file is the same network with its normalisations folded: the two agree to rounding.
    @Test func bothFilesAreTheSameNetwork() throws {
        let unfolded = try CheckpointReader.read(path: path("mobilefacenet.pt"))
        let folded = try CheckpointReader.read(path: path("MobileFaceNet.onnx"))
        let face = FormulaTensors().tensor("face", .signal, shape: [112 * 112 * 3]).values
        let one = try compute(unfolded.graph, unfolded.weights, face, count: 1)
        let two = try compute(folded.graph, folded.weights, face, count: 1)
        let norm = one.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(zip(one, two).allSatisfy { abs($0 - $1) <= 1e-4 * norm })
    }
}

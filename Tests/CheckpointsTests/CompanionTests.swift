import ArtifactFiles
import Backbones
import Checkpoints
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// Tensors beside the network: the classifier of a CIFAR network, and what training saves.
@Suite struct CompanionTests {
    private let folder: TemporaryFolder
    private let path = Fixture.path("CheckpointsOwn/CIFAR/resnet8_best.pth")

    init() throws { folder = try TemporaryFolder() }

    /// The pooled features and the classifier read from HeadSharingKD's kind of file give PyTorch's logits.
    @Test func aCIFARCheckpointGivesItsLogits() throws {
        let checkpoint = try CheckpointReader.read(path: path, companions: ["fc.weight", "fc.bias", "absent"])
        #expect(checkpoint.architectureName == "resnet8")
        #expect(checkpoint.configuration?.widthMultiplier == 0.5)
        #expect(checkpoint.companions.names.sorted() == ["fc.bias", "fc.weight"])
        #expect(checkpoint.notes.contains { $0.contains("'model.model_s.'") })
        let weight = try checkpoint.companions.tensor("fc.weight", shape: [20, 32])
        let bias = try checkpoint.companions.tensor("fc.bias", shape: [20])
        let plan = try CPUDevice()
            .inferencePlan(
                graph: checkpoint.graph,
                weights: checkpoint.weights,
                options: InferenceOptions(facesPerPass: 2)
            )
        let input = FormulaTensors().tensor("input", .signal, shape: [2, 3, 32, 32])
        let pictures = channelsLast(input.values, shape: input.shape)
        var features = [Float](repeating: 0, count: 64)
        pictures.withUnsafeBufferPointer { pictures in
            features.withUnsafeMutableBufferPointer { plan.makeWorker().run(pictures, count: 2, output: $0) }
        }
        let expected = try Fixture.floats("CheckpointsOwn/CIFAR/logits.npy")
        for picture in 0..<2 {
            for label in 0..<20 {
                var logit = Double(bias.values[label])
                for index in 0..<32 {
                    logit += Double(weight.values[label * 32 + index]) * Double(features[picture * 32 + index])
                }
                #expect(abs(logit - Double(expected[picture * 20 + label])) < 1e-5)
            }
        }
    }

    @Test func whatIsNotAskedForIsNotRead() throws {
        let checkpoint = try CheckpointReader.read(path: path)
        #expect(checkpoint.companions.names.isEmpty)
        #expect(checkpoint.notes.contains { $0.contains("ignored 2 unrelated: fc.weight [20, 32], fc.bias [20]") })
    }

    @Test func companionsAreWrittenAndReadAgain() throws {
        let file = folder.file("student.safetensors")
        var checkpoint = try CheckpointReader.read(path: path, companions: ["fc.weight", "fc.bias"])
        try CheckpointWriter.write(checkpoint, to: file, as: .safetensors)
        let again = try CheckpointReader.read(path: file, companions: ["fc.weight"])
        #expect(again.companions.names == ["fc.weight"])
        #expect(again.companions["fc.weight"] == checkpoint.companions["fc.weight"])
        #expect(again.weights == checkpoint.weights)
        #expect(try CheckpointReader.read(path: file).companions.names.isEmpty)
        // A parameter of the network is never a companion.
        #expect(try CheckpointReader.read(path: file, companions: ["conv1.weight"]).companions.names.isEmpty)
        checkpoint.companions["conv1.extra"] = Tensor(shape: [1], values: [0])
        #expect(throws: InputError.self) { try CheckpointWriter.write(checkpoint, to: file, as: .safetensors) }
    }
}

import ArtifactFiles
import Checkpoints
import Foundation
import NeuralGraph
import TestSupport
import Testing

/// The structure of imported graphs; what they compute is in `GoldenTests`.
@Suite struct ONNXImportTests {
    private func read(_ name: String, size: Extent? = nil) throws -> ResolvedCheckpoint {
        try CheckpointReader.read(path: Fixture.path("Checkpoints/ONNX/" + name), inputSize: size)
    }

    /// Operations without the names of parameters.
    private func kinds(_ graph: Graph) -> [String] {
        graph.nodes.map { node in
            switch node.operation {
            case .convolution(let layer): "convolution \(layer.outChannels) \(layer.bias == nil ? "" : "bias")"
            case .linear(let layer): "linear \(layer.outFeatures) \(layer.bias == nil ? "" : "bias")"
            case .batchNormalization: "normalisation"
            case .activation(.prelu): "prelu"
            case .channelAffine: "affine"
            default: "\(node.operation)"
            }
        }
    }

    @Test func aFixedBatchAndAnyBatchGiveTheSameGraph() throws {
        let fixed = try read("script_11_fixed.onnx")
        let open = try read("script_11_dynamic.onnx")
        #expect(kinds(fixed.graph) == kinds(open.graph))
        #expect(fixed.graph.shapes == open.graph.shapes)
        let chain = try read("script_11_view.onnx")
        #expect(kinds(chain.graph) == kinds(open.graph))
    }

    @Test(arguments: [7, 9, 11, 13, 17])
    func operatorSetsGiveTheSameNetwork(_ opset: Int) throws {
        let graph = try read("script_\(opset)_dynamic.onnx").graph
        let matrices = graph.nodes.count { if case .linear = $0.operation { true } else { false } }
        #expect(matrices == 1)
        #expect(graph.nodes.contains { $0.operation == .flatten })
        // Nothing that only computes a shape or moves a constant is left.
        #expect(graph.nodes.allSatisfy { $0.operation != .identity })
    }

    @Test func aBiasBehindAProductIsItsBias() throws {
        let graph = try read("matmul_add.onnx").graph
        #expect(kinds(graph).contains { $0.hasPrefix("linear") && $0.hasSuffix("bias") })
        #expect(!kinds(graph).contains("affine"))
        let reversed = try read("matmul_bias_first.onnx").graph
        #expect(kinds(reversed) == kinds(graph))
    }

    @Test func constantsKeepTellingNames() throws {
        let checkpoint = try read("script_11_unfolded.onnx")
        let names = Set(checkpoint.weights.names)
        #expect(names.isSuperset(of: checkpoint.graph.parameters.map(\.name)))
        #expect(names.contains { $0.hasSuffix(".running_var") })
        #expect(!names.contains { $0.contains("::") })
    }

    @Test func sharedConstantsBecomeParametersOfTheirOwn() throws {
        let checkpoint = try read("conv_weight_shared.onnx")
        let weights = checkpoint.graph.nodes.compactMap { node -> String? in
            if case .convolution(let layer) = node.operation { layer.weight } else { nil }
        }
        #expect(weights.count == 3)
        #expect(Set(weights).count == 3)
        #expect(Set(weights.map { checkpoint.weights[$0] }).count == 2)
    }

    @Test func theFilesOwnNormalisationIsReported() throws {
        let checkpoint = try read("mxnet_preprocessing.onnx")
        #expect(checkpoint.notes.contains { $0.contains("normalises its own input") && $0.contains("127.5") })
        #expect(checkpoint.metadata.preprocessing == ["mean": "0,0,0", "std": "1,1,1", "size": "6x6"])
        #expect(try read("conv_no_attributes.onnx").metadata.preprocessing.isEmpty)
    }

    @Test func externalFilesBelongToTheDigest() throws {
        let checkpoint = try read("external_one.onnx")
        #expect(checkpoint.metadata.externalDigests.keys.sorted() == ["external_one.onnx.data"])
        #expect(checkpoint.metadata.contentDigest != checkpoint.metadata.digest)
        #expect(try read("external_each.onnx").metadata.externalDigests.count > 10)
    }

    /// What a report states of a file is what sha256sum prints of it, for each file that the network lies in.
    @Test(arguments: ["Checkpoints/ONNX/external_each.onnx", "CheckpointsOwn/MXNet/half-0012.params"])
    func everyFileHasItsOwnDigest(_ file: String) throws {
        let path = Fixture.path(file)
        let files = try CheckpointReader.readUnresolved(path: path).metadata.files(of: path)
        #expect(files.count >= 2)
        for (name, digest) in files {
            let other = FileSystem.join(String(path.dropLast(FileSystem.lastComponent(path).count)), name)
            #expect(try ContentDigest(ofFile: other) == digest, "\(name)")
        }
    }

    @Test func externalLinksMayNotLeaveTheFolder() throws {
        let folder = try TemporaryFolder()
        let outside = try TemporaryFolder()
        let source = Fixture.path("Checkpoints/ONNX/external_one.onnx")
        try FileManager.default.copyItem(atPath: source, toPath: folder.file("m.onnx"))
        try FileManager.default.copyItem(atPath: source + ".data", toPath: outside.file("data"))
        let link = folder.file("external_one.onnx.data")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: outside.file("data"))
        let error = #expect(throws: InputError.self) { try CheckpointReader.read(path: folder.file("m.onnx")) }
        #expect(error?.code == .forbidden)
    }

    @Test func ofSeveralOutputsOneIsTakenAndTheOthersNamed() throws {
        let checkpoint = try read("two_outputs.onnx")
        #expect(checkpoint.notes.contains { $0.contains("outputs") && $0.contains("not used") })
    }

    @Test func theInputSizeIsTheFilesWhereItSaysOne() throws {
        let stated = try read("script_11_dynamic.onnx", size: Extent(16, 16))
        #expect(stated.graph.inputShape == .spatial(height: 16, width: 16, channels: 3))
        let error = #expect(throws: InputError.self) { try read("script_11_dynamic.onnx", size: Extent(112, 96)) }
        #expect(error?.code == .mismatch)
        let open = try read("symbolic_picture.onnx", size: Extent(6, 6))
        #expect(open.graph.inputShape == .spatial(height: 6, width: 6, channels: 3))
    }

    @Test func aStatedArchitectureIsHeldAgainstTheGraph() throws {
        let path = Fixture.path("Checkpoints/ONNX/script_11_dynamic.onnx")
        let error = #expect(throws: InputError.self) { try CheckpointReader.read(path: path, architecture: "mbf") }
        #expect(error?.code == .mismatch)
    }

    @Test func namelessNodesAreNamedByTheirOutput() throws {
        let error = #expect(throws: InputError.self) { try read("unsupported_conv_transpose.onnx") }
        #expect(error?.place == "node 'up_sampling' (ConvTranspose)")
        #expect(error?.code == .unsupported)
        #expect(error?.expected?.contains("BatchNormalization") ?? false)
    }
}

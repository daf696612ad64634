import ArtifactFiles
import Backbones
import Checkpoints
import NeuralGraph
import TestSupport
import Testing

@Suite struct InspectionTests {
    @Test func showsArchitectureCountsAndTensors() throws {
        let folder = try TemporaryFolder()
        let backbone = try BackboneCatalogue.backbone(named: "mobilefacenet")
        let weights = FormulaTensors().weights(for: try backbone.graph())
        let path = folder.file("a.safetensors")
        try CheckpointWriter.write(
            try ResolvedCheckpoint(
                backbone: backbone,
                configuration: backbone.defaultConfiguration,
                weights: weights,
                preprocessing: ["name": "insightface-128"]
            ),
            to: path,
            as: .safetensors
        )
        let inspection = CheckpointInspection(try CheckpointReader.read(path: path))
        let lines = inspection.lines
        #expect(lines.contains("architecture  mobilefacenet"))
        #expect(lines.contains("parameters    1 003 136"))
        #expect(lines.contains("MACs          220 965 376"))
        #expect(lines.contains("input         112×112×3"))
        #expect(lines.contains("preprocessing name = insightface-128"))
        #expect(lines.contains { $0.hasPrefix("tensor        conv1.conv.weight [64, 3, 3, 3] convolutionWeight") })
        #expect(lines.contains("sha256        \(try ContentDigest(ofFile: path))"))
        #expect(inspection.tensors.count == weights.names.count)
        #expect(lines.count - inspection.tensors.count < 20)
    }

    @Test func foreignNamesCannotReachTheTerminal() throws {
        var checkpoint = try NarrowNetwork.all[0].checkpoint()
        checkpoint.metadata.strings["title"] = "\u{1b}[2Jgone\u{202e}"
        let line = try #require(CheckpointInspection(checkpoint).lines.first { $0.contains("title") })
        #expect(line == "metadata      title = \\u{1B}[2Jgone\\u{202E}")
    }

    @Test func strangersAreShownAsFarAsItGoes() throws {
        let folder = try TemporaryFolder()
        let tensor = Tensor(shape: [2], values: [-1, 3])
        let path = try folder.write(try foreignSafetensors([("table.weight", tensor)]), "a.safetensors")
        let inspection = try CheckpointInspection(path: path)
        #expect(inspection.architecture == "unknown")
        #expect(inspection.network == nil)
        #expect(inspection.lines.contains("tensor        table.weight [2] -1.0 … 3.0, mean 1.0"))
        #expect(throws: InputError.self) { try CheckpointInspection(path: path, architecture: "mbf") }
        #expect(throws: InputError.self) { try CheckpointInspection(path: folder.file("none")) }
    }

    @Test func precisionsAreSummarised() {
        var metadata = CheckpointMetadata(format: "onnx", digest: ContentDigest(of: "x"))
        metadata.elementTypes = [.int64: 3, .float32: 102]
        #expect(metadata.elementTypeSummary == "102 × F32, 3 × I64")
        #expect(metadata.contentDigest == metadata.digest)
    }
}

import ArtifactFiles
import Backbones
import Checkpoints
import Foundation
import NeuralGraph
import Testing

/// A student whose projector stays: what is trained, resumed, evaluated and exported is the projected network.
@Suite struct ProjectedTrainingTests {
    private func recipe(_ behind: String) -> String {
        let features = behind == "features" ? ", features: taps" : ""
        return
            TinyTraining.recipe(
                network:
                    "{architecture: resnet8, width: 0.25, embedding: 16, projector: {length: 32, behind: \(behind)}}",
                distillation: TinyTraining.teacher("[{method: simkd\(features)}]")
            )
            .replacing("saving: {every-steps: 2}", with: "saving: {every-steps: 2, formats: [safetensors, onnx]}")
    }

    /// The weights of the projector's first layer before the first step.
    private func initialProjector(_ behind: String) throws -> Tensor {
        let place = try #require(Projector.Place(rawValue: behind))
        let backbone = try ProjectedBackbone(
            BackboneCatalogue.backbone(named: "resnet8"),
            Projector(length: 32, place: place)
        )
        var configuration = backbone.defaultConfiguration
        (configuration.embeddingSize, configuration.widthMultiplier) = (16, 0.25)
        return try #require(try backbone.initialWeights(configuration, seed: 7)["projector.0.weight"])
    }

    @Test(arguments: ["embedding", "features"])
    func theProjectorIsPartOfTheNetwork(_ behind: String) async throws {
        try await withTemporaryFolder { folder in
            let result = try await TinyTraining.run("distill", recipe(behind), in: folder)
            #expect(result.status == 0, "\(result.errors)")
            let output = folder + "/out"
            let initial = try initialProjector(behind)
            let metrics = try table(output + "/metrics.csv")
            #expect(metrics["simkd"] == metrics["loss"], "nothing but the features is compared")

            // Its own files, whatever the format, give an embedding as long as the teacher's.
            for name in ["network.safetensors", "network.onnx"] {
                let checkpoint = try CheckpointReader.read(path: "\(output)/\(name)")
                #expect(checkpoint.graph.shape(of: checkpoint.graph.output).count == 32, "\(name)")
                let weights = try #require(checkpoint.weights["projector.0.weight"])
                #expect(weights.values != initial.values, "it is trained")
            }
            // The teacher's classifier is the student's: in the file, and in every prediction.
            let classifier = try TensorFile(path: output + "/classifier.safetensors").tensors
            let teacher = try CheckpointReader.read(
                path: TinyTraining.fixture("teacher.pth"),
                companions: ["fc.weight", "fc.bias"]
            )
            #expect(classifier["weight"]?.values == teacher.companions["fc.weight"]?.values)
            #expect(classifier["bias"]?.values == teacher.companions["fc.bias"]?.values)
            let accuracy = try table(output + "/accuracy.csv")
            let rows = zip(try #require(accuracy["head"]), try #require(accuracy["top1"])).map { [$0, $1] }
            #expect(rows.count == 3 && Set(rows.map { $0[1] }).count == 1, "\(rows)")
        }
    }

    @Test(arguments: ["embedding", "features"])
    func resumingGivesTheSameBytes(_ behind: String) async throws {
        try await withTemporaryFolder { folder in
            let whole = try await TinyTraining.run("distill", recipe(behind), in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let results = [
                "network.safetensors", "network.onnx", "classifier.safetensors", "metrics.csv", "accuracy.csv",
                "state/state-000000006.safetensors",
            ]
            func bytes(_ name: String) throws -> Data {
                try Data(contentsOf: URL(fileURLWithPath: "\(folder)/out/\(name)"))
            }
            let expected = try results.map(bytes)
            for name in results where name.hasSuffix("safetensors") { FileSystem.remove("\(folder)/out/\(name)") }
            let resumed = try await TinyTraining.run("distill", recipe(behind), in: folder, ["--resume"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            for (name, old) in zip(results, expected) { #expect(try bytes(name) == old, "\(name)") }
        }
    }

    @Test func trainingGoesOnFromAProjectedNetwork() async throws {
        try await withTemporaryFolder { folder in
            let first = try await TinyTraining.run("distill", recipe("embedding"), in: folder)
            #expect(first.status == 0, "\(first.errors)")
            let again = recipe("embedding")
                .replacing("projector:", with: "start-from: \(folder)/out/network.safetensors, projector:")
            let second = try await TinyTraining.run("distill", again, in: folder, ["--output", folder + "/second"])
            #expect(second.status == 0, "\(second.errors)")
            let plain = again.replacing(", projector: {length: 32, behind: embedding}", with: "")
            let refused = try await TinyTraining.run("distill", plain, in: folder, ["--output", folder + "/third"])
            #expect(refused.status == 1 && refused.errors.contains("network.safetensors"), "\(refused.errors)")
        }
    }

    @Test func aProjectorOfTheWrongLengthIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let wrong = recipe("embedding").replacing("length: 32", with: "length: 24")
            let result = try await TinyTraining.run("distill", wrong, in: folder)
            #expect(result.status == 1)
            #expect(result.errors.contains("24") && result.errors.contains("32"), "\(result.errors)")
        }
    }
}

import ArtifactFiles
import Checkpoints
import Foundation
import NeuralGraph
import TestSupport
import Testing

/// Whole steps of HeadSharingKD's `kdth` and `crdth` from the command line against PyTorch (Scripts/oracles/cifar_training.py):
/// its checkpoints, the pictures, their order, loss terms, parameters, CRD's memories, accuracies.
@Suite struct CIFARGoldenTests {
    private struct Golden: Decodable {
        struct Step: Decodable {
            var rate: Double
            var loss: Double
            var terms: [String: Double]
            var gradientNorm: Double
        }

        struct Part: Decodable {
            var after: Int
            var name: String
            var step: Int
            var count: Int
            var largest: Double
        }

        struct Accuracy: Decodable {
            var top1: Double
            var top5: Double
        }

        var steps: [Step]
        var tensors: [Part]
        var accuracy: [String: Accuracy]
        var similarity: [String: Double]
        var teacherAccuracy: Accuracy
    }

    private struct Goldens: Decodable {
        var kdth: Golden
        var crdth: Golden
    }

    private static let methods = [
        "kdth": "[{method: th-kd, student-weight: 1.5, head-weight: 0.02}]",
        "crdth": "[{method: crd, weight: 0.8, dimensions: 16, negatives: 24}, "
            + "{method: th-kd, student-weight: 1, head-weight: 0.02}]",
    ]

    private func recipe(_ method: String) throws -> String {
        let student = TinyTraining.fixture("student.pth")
        return
            TinyTraining.recipe(
                head: "{loss: softmax, start-from: \(student), weight: \(method == "kdth" ? 1 : 0.9)}",
                network: "{architecture: resnet8, width: 0.5, embedding: 32, start-from: \(student)}",
                distillation: TinyTraining.teacher(try #require(Self.methods[method]))
            )
            .replacing("{flip: 0.5, crop-padding: 4}", with: "{flip: 0}")
            // A cache holds half precision.
            .replacing("cache: true", with: "cache: false")
            .replacing("epochs: 2", with: "steps: 4")
    }

    @Test(arguments: ["kdth", "crdth"])
    func stepsAreThoseOfPyTorch(_ method: String) async throws {
        let goldens = try JSONDecoder().decode(Goldens.self, from: Fixture.data("VerifarCLI/cifar/golden.json"))
        let golden = method == "kdth" ? goldens.kdth : goldens.crdth
        try await withTemporaryFolder { folder in
            let result = try await TinyTraining.run("distill", recipe(method), in: folder)
            #expect(result.status == 0, "\(result.errors)")
            try checkSteps(table(folder + "/out/metrics.csv"), golden)
            var start = method == "kdth" ? 0 : goldens.kdth.tensors.reduce(0) { $0 + $1.count }
            let states = try [2, 4]
                .map { try TensorFile(path: "\(folder)/out/state/state-00000000\($0).safetensors").tensors }
            let values = try Fixture.floats("VerifarCLI/cifar/golden.npy")
            for part in golden.tensors {
                try check(states[part.after / 2 - 1], part, values[start..<start + part.count])
                start += part.count
            }
            try checkAccuracy(table(folder + "/out/accuracy.csv"), golden)
            let similarity = try table(folder + "/out/classifiers.csv")
            for (name, value) in golden.similarity {
                let found = try #require(similarity[name]?.last.flatMap(Double.init))
                #expect(abs(found - value) < 1e-4, "\(name)")
            }
            let log = try text(folder + "/out/run.log")
            let expected = String(
                format: "top-1 %.2f %%, top-5 %.2f %%",
                golden.teacherAccuracy.top1 * 100,
                golden.teacherAccuracy.top5 * 100
            )
            #expect(log.contains("teacher's accuracy: teacher: " + expected))
        }
    }

    private func checkSteps(_ metrics: [String: [String]], _ golden: Golden) throws {
        func column(_ name: String) throws -> [Double] {
            try #require(metrics[name], "\(name)").compactMap(Double.init)
        }
        let columns = try [
            "rate": column("rate"), "loss": column("loss"), "gradient_norm": column("gradient_norm"),
        ]
        for (index, step) in golden.steps.enumerated() {
            #expect(abs(try #require(columns["rate"])[index] / step.rate - 1) < 1e-9)
            #expect(abs(try #require(columns["loss"])[index] / step.loss - 1) < 1e-4, "step \(index)")
            // As long as the gradient of everything that is trained, to three digits.
            let norm = try #require(columns["gradient_norm"])[index]
            #expect(abs(norm / step.gradientNorm - 1) < 1e-3, "step \(index)")
            for (name, value) in step.terms {
                #expect(abs(try column(name)[index] - value) < 1e-4 * max(0.01, abs(value)), "\(name), step \(index)")
            }
        }
        #expect(try column("loss").count == golden.steps.count)
    }

    /// After two steps within 1/1000 of how far they moved the tensor; PyTorch's own float32 stays within 1/5000.
    ///
    /// After four within 1/200: sooner or later an input of a ReLU is so near to 0 that rounding decides whether it passes,
    /// and a single pixel's gradient is that much of the stem's.
    private func check(_ state: Weights, _ part: Golden.Part, _ expected: ArraySlice<Float>) throws {
        let name =
            switch part.name {
            case let name where name.hasPrefix("objective.") || name.hasPrefix("state."): name
            case "fc.weight", "fc.bias": "objective.head" + part.name.dropFirst(2)
            default: "network." + part.name
            }
        let found = try #require(state[name], "\(name)").values
        let sampled = stride(from: 0, to: found.count, by: part.step).map { found[$0] }
        try #require(sampled.count == expected.count, "\(name)")
        let worst = zip(sampled, expected).map { abs(Double($0) - Double($1)) }.max() ?? 0
        let tolerance = part.after == 2 ? 1e-3 : 5e-3
        #expect(worst < tolerance * part.largest, "\(name) after \(part.after): \(worst / part.largest)")
    }

    private func checkAccuracy(_ found: [String: [String]], _ golden: Golden) throws {
        let heads = try #require(found["head"])
        #expect(heads == ["student", "teacher", "mixed"])
        for (place, head) in heads.enumerated() {
            let expected = try #require(golden.accuracy[head])
            #expect(found["top1"]?[place] == "\(expected.top1)", "\(head)")
            #expect(found["top5"]?[place] == "\(expected.top5)", "\(head)")
            #expect(found["step"]?[place] == "4")
        }
    }
}

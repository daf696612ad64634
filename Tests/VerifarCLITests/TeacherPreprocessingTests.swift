import ArtifactFiles
import Backbones
import Checkpoints
import Foundation
import NeuralGraph
import Testing

/// What a teacher sees when its recipe does not say.
@Suite struct TeacherPreprocessingTests {
    /// Writes a network as other programs do: without a word about preprocessing, or with one.
    private func write(_ backbone: any Backbone, to path: String, preprocessing: String? = nil) throws {
        let weights = try backbone.initialWeights(backbone.defaultConfiguration, seed: 1)
        var strings: [String: String] = [:]
        if let preprocessing { strings["verifar.preprocessing.name"] = preprocessing }
        try TensorFile(tensors: weights, strings: strings).write(to: path)
    }

    private func recipe(_ teacher: String, stated: String? = nil, student: String? = nil) -> String {
        let preprocessing = stated.map { ", preprocessing: \($0)" } ?? ""
        var text =
            TinyTraining.recipe(
                distillation: "{teacher: {checkpoint: \(teacher), cache: false, evaluate: false\(preprocessing)}, "
                    + "projector: true, methods: [{method: cosine}]}"
            )
            .replacing("{batch: 8, epochs: 2, drop-last: false}", with: "{batch: 2, steps: 1}")
        if let student, let start = text.range(of: "preprocessing:\n"), let end = text.range(of: "data:\n") {
            text.replaceSubrange(start.lowerBound..<end.lowerBound, with: "preprocessing: {name: \(student)}\n")
        }
        return text
    }

    private func lines(_ folder: String) throws -> (log: String, metrics: String) {
        (try text(folder + "/out/run.log"), try text(folder + "/out/metrics.csv"))
    }

    /// foamliu's network wants ImageNet's statistics: nobody who has not said so gets the student's.
    @Test func aTeacherOfAnotherPreprocessingIsAskedFor() async throws {
        try await withTemporaryFolder { folder in
            let teacher = folder + "/teacher.safetensors"
            try write(MobileFaceNetReLU6(), to: teacher)
            let refused = try await TinyTraining.run("distill", recipe(teacher), in: folder)
            #expect(refused.status == 1)
            for word in ["distillation.teacher.preprocessing", "teacher.safetensors", "'imagenet'", "{name: N}"] {
                #expect(refused.errors.contains(word), "\(refused.errors)")
            }
            var found: [(log: String, metrics: String)] = []
            for stated in ["{name: imagenet}", "{name: insightface}", nil] as [String?] {
                if stated == nil { try write(MobileFaceNetReLU6(), to: teacher, preprocessing: "imagenet") }
                FileSystem.remove(folder + "/out")
                let result = try await TinyTraining.run("distill", recipe(teacher, stated: stated), in: folder)
                #expect(result.status == 0, "\(result.errors)")
                found.append(try lines(folder))
            }
            #expect(found[0].log.contains("the recipe's distillation.teacher.preprocessing"))
            #expect(found[2].log.contains("the checkpoint's own metadata"))
            #expect(found[0].metrics == found[2].metrics)
            #expect(found[0].metrics != found[1].metrics)
        }
    }

    /// Where architecture and student agree nothing need be said, but it is printed.
    @Test func aKnownArchitectureIsUsedAsItsPublishedCheckpoints() async throws {
        try await withTemporaryFolder { folder in
            let teacher = folder + "/teacher.safetensors"
            try write(MobileFaceNetReLU6(), to: teacher)
            let result = try await TinyTraining.run("distill", recipe(teacher, student: "imagenet"), in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try lines(folder).log.contains("'imagenet', as for the published 'mobilefacenet-relu6'"))
            // The original MobileFaceNet is published with more than one.
            try write(MobileFaceNet(), to: teacher)
            FileSystem.remove(folder + "/out")
            let refused = try await TinyTraining.run("distill", recipe(teacher, student: "imagenet"), in: folder)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("'mobilefacenet' is used with more than one"), "\(refused.errors)")
        }
    }

    /// A network that goes on from weights of another preprocessing is warned of.
    @Test func startingFromAnotherPreprocessingIsSaid() async throws {
        try await withTemporaryFolder { folder in
            let first = try await TinyTraining.run(
                "train",
                TinyTraining.recipe(),
                in: folder,
                ["--set", "training.epochs=1"]
            )
            #expect(first.status == 0, "\(first.errors)")
            try FileManager.default.moveItem(atPath: folder + "/out", toPath: folder + "/first")
            let start = "network.start-from=\(folder)/first/network.safetensors"
            for (more, isWarned) in [([], false), (["--set", "preprocessing.channels=bgr"], true)] {
                FileSystem.remove(folder + "/out")
                let result = try await TinyTraining.run(
                    "train",
                    TinyTraining.recipe(),
                    in: folder,
                    ["--set", "training.epochs=1", "--set", start] + more
                )
                #expect(result.status == 0, "\(result.errors)")
                #expect(try lines(folder).log.contains("warning: starting from") == isWarned)
            }
        }
    }
}

import ArtifactFiles
import Foundation
import Testing

/// What a teacher's classifier is, is what its file says; a recipe that says otherwise is refused.
@Suite struct TeacherClassifierTests {
    private func distill(
        _ methods: String,
        head: String,
        teacher: String,
        in folder: String
    ) async throws -> CommandLineRun {
        let recipe = TinyTraining.recipe(head: head, distillation: TinyTraining.teacher(methods, more: teacher))
            .replacing("epochs: 2", with: "steps: 1")
        FileSystem.remove(folder + "/out")
        return try await TinyTraining.run("distill", recipe, in: folder)
    }

    @Test func aSoftmaxTeacherKeepsItsBiasUnderACosineStudent() async throws {
        try await withTemporaryFolder { folder in
            func kd(_ teacher: String) async throws -> (loss: String, log: String) {
                let result = try await distill("[{method: kd}]", head: "{loss: cosface}", teacher: teacher, in: folder)
                #expect(result.status == 0, "\(result.errors)")
                let loss = try #require(table(folder + "/out/metrics.csv")["kd"]?.first)
                return (loss, try text(folder + "/out/run.log"))
            }
            func file(_ name: String, _ factor: Float, _ strings: [String: String] = [:]) throws -> String {
                let path = try TinyTraining.classifier(
                    name,
                    of: "teacher.pth",
                    strings,
                    in: folder,
                    bias: true,
                    factor: factor
                )
                return ", classifier: " + path
            }
            // The classifier inside the checkpoint, the same in a file of its own, and in one that says what it is.
            let inside = try await kd("")
            #expect(inside.log.contains("the student's gives 64·cosθ, the teacher's w·f + b"))
            #expect(try await kd(file("bare", 1)).loss == inside.loss)
            #expect(try await kd(file("stated", 1, ["loss": "softmax", "scale": "64"])).loss == inside.loss)
            #expect(try await kd(file("more", 50)).loss != inside.loss)
        }
    }

    @Test func theScaleIsTheFilesAndNotTheStudents() async throws {
        try await withTemporaryFolder { folder in
            let path = try TinyTraining.cosines(in: folder, scale: 12)
            let result = try await distill(
                "[{method: kd}]",
                head: "{loss: cosface, scale: 30}",
                teacher: ", classifier: \(path)",
                in: folder
            )
            #expect(result.status == 0, "\(result.errors)")
            #expect(try text(folder + "/out/run.log").contains("the student's gives 30·cosθ, the teacher's 12·cosθ"))
        }
    }

    @Test func whatAForeignFileLeavesOpenTheRecipeSays() async throws {
        try await withTemporaryFolder { folder in
            let path = try TinyTraining.classifier("open", of: "teacher.pth", [:], in: folder, bias: false)
            for (more, expected) in [
                ("", "w·f + b"), (", loss: arcface", "64·cosθ"), (", loss: cosface, scale: 30.5", "30.5·cosθ"),
            ] {
                let result = try await distill(
                    "[{method: kd}]",
                    head: "{loss: softmax}",
                    teacher: ", classifier: \(path)\(more)",
                    in: folder
                )
                #expect(result.status == 0, "\(result.errors)")
                #expect(try text(folder + "/out/run.log").contains("the teacher's \(expected)\n"))
            }
        }
    }

    @Test func contradictionsAreRefusedAndBothSidesNamed() async throws {
        try await withTemporaryFolder { folder in
            let cosines = try TinyTraining.cosines(in: folder, scale: 12)
            let torn = try TinyTraining.classifier(
                "torn",
                of: "student.pth",
                ["loss": "arcface", "scale": "64"],
                in: folder,
                bias: true
            )
            let linear = TinyTraining.fixture("student.pth")
            let cases: [(head: String, methods: String, teacher: String, words: [String])] = [
                ("{loss: softmax}", "[{method: kd}]", ", loss: arcface", ["64·cosθ", "w·f + b", "teacher.pth"]),
                (
                    "{loss: softmax}", "[{method: kd}]", ", classifier: \(cosines), scale: 16",
                    ["16·cosθ", "12·cosθ", "cosines.safetensors"]
                ),
                (
                    "{loss: softmax}", "[{method: kd}]", ", classifier: \(torn)",
                    ["64·cosθ", "no bias", "torn.safetensors", "tensor 'bias'"]
                ),
                (
                    "{loss: softmax}", "[{method: kd}]", ", classifier: class-means, loss: softmax",
                    ["class-means", "softmax"]
                ),
                ("{loss: softmax}", "[{method: kd}]", ", loss: softmax, scale: 3", ["distillation.teacher.scale"]),
                (
                    "{loss: arcface, start-from: \(linear)}", "[{method: kd}]", "",
                    ["64·cosθ", "w·f + b", "student.pth"]
                ),
                (
                    "{loss: arcface, scale: 30, frozen: true, start-from: \(cosines)}", "[{method: kd}]", "",
                    ["30·cosθ", "12·cosθ"]
                ),
                (
                    "{loss: cosface, scale: 12, frozen: true, start-from: \(cosines)}", "[{method: sh-kd}]", "",
                    ["12·cosθ", "w·f + b", "sh-kd"]
                ),
                ("{loss: arcface}", "[{method: arc-distill}]", "", ["arc-distill", "linear", "class-means"]),
                ("{loss: arcface}", "[{method: margin-distill}]", "", ["margin-distill", "linear", "class-means"]),
            ]
            for (head, methods, teacher, words) in cases {
                let result = try await distill(methods, head: head, teacher: teacher, in: folder)
                #expect(result.status != 0, "\(head) \(methods) \(teacher)")
                for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
            }
        }
    }

    @Test func aQueueHoldsWholeBatches() async throws {
        try await withTemporaryFolder { folder in
            let result = try await distill(
                "[{method: qud, queue-length: 20}]",
                head: "{loss: softmax}",
                teacher: "",
                in: folder
            )
            #expect(result.status == 2)
            for word in ["queue-length", "16 or 24", "20"] { #expect(result.errors.contains(word), "\(result.errors)") }
        }
    }
}

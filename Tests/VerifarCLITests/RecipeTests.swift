import ArtifactFiles
import Distillation
import Foundation
import NeuralGraph
import NeuralTraining
import Recipes
import TestSupport
import Testing

/// The files under Recipes/.
@Suite struct RecipeTests {
    static let folder = Fixture.packageFolder + "/Recipes"
    static let files = ((try? FileSystem.names(inFolder: folder)) ?? []).filter { $0.hasSuffix(".yml") }
    static let cifar = files.filter { $0.hasPrefix("cifar100-") }.sorted()

    @Test func thereAreRecipes() {
        #expect(Self.files.count >= 12)
        #expect(Self.cifar.count == 8)
    }

    @Test(arguments: RecipeTests.files.sorted())
    func everyFileDecodes(_ name: String) throws {
        let path = Self.folder + "/" + name
        guard try PipelineRecipe.isPipeline(path: path) else {
            return try check(RecipeFile<TrainingRecipe>(path: path))
        }
        let pipeline = try RecipeFile<PipelineRecipe>(path: path).recipe
        for stage in pipeline.stages {
            let overrides = pipeline.overrides(of: stage) { "/runs/" + $0 }
            try check(RecipeFile<TrainingRecipe>(path: Self.folder + "/" + stage.recipe, overrides: overrides))
        }
    }

    /// The recipe reads back from its resolved text, and its methods take their settings.
    private func check(_ file: RecipeFile<TrainingRecipe>) throws {
        let path = NSTemporaryDirectory() + "verifar-recipe-\(UUID().uuidString).yml"
        defer { FileSystem.remove(path) }
        try AtomicFile.write(try file.resolvedText(), to: path)
        let again = try RecipeFile<TrainingRecipe>(path: path)
        #expect(again.recipe == file.recipe)
        #expect(try again.resolvedText() == file.resolvedText())
        try file.requireSame(asSavedIn: path)
        let shape = ActivationShape.spatial(height: 8, width: 8, channels: 16)
        let problem = DistillationProblem(
            studentDimensions: 64,
            teacherDimensions: 64,
            classCount: 4,
            studentHead: file.recipe.head.head.kind,
            isStudentHeadFrozen: file.recipe.head.frozen,
            teacherHead: file.recipe.head.head.kind,
            studentTaps: [shape],
            teacherTaps: [shape],
            sampleLabels: [0, 1, 2, 3],
            seed: 1
        )
        for method in file.recipe.distillation?.methods ?? [] {
            _ = try DistillationMethods.make(method.method, settings: method, problem: problem)
        }
    }

    /// A recipe with every key that the defaults leave out.
    @Test func everythingReadsBack() throws {
        let path = NSTemporaryDirectory() + "verifar-recipe-\(UUID().uuidString).yml"
        defer { FileSystem.remove(path) }
        let text = """
            name: "quotes \\" and \\\\, a\\ttab, über"
            seed: 18446744073709551615
            network: {architecture: mbf, width: 0.25, embedding: 64, input: [48, 56], start-from: "a: b.pth",
                      projector: {length: 32, factor: 4, behind: features}}
            preprocessing: {name: imagenet, mean: [1.5, 2, 3], std: [0.1, 0.2, 0.30000001], channels: bgr}
            population: {identities: 10, training-share: 0.1, strength: hard, diversity: 1e-3, image-size: 96}
            data: {synthetic: {images: 3}, classes: 1}
            augmentation: {flip: 0, crop-padding: 2}
            training: {batch: 6, steps: 5, balanced: {identities: 3, pictures: 2}, max-failures: 0}
            head: {loss: arcface, scale: 30.1, margin: 0.35, gradient: exact, beyond-pi: linear, sample: 0.1, partial-fc: 2, frozen: true,
                   start-from: "null", weight: 0}
            distillation:
              teacher: {checkpoint: "#t", architecture: r50, classifier: class-means, loss: cosface, scale: 30, cache: false, evaluate: false,
                        preprocessing: {name: adaface}}
              projector: true
              stages: [1, 2]
              preactivations: true
              methods: [{method: kd, weight: 0.1, temperature: 3}, {method: th-kd, head-weight: 1e-2}]
            optimizer: {kind: adamw, betas: [0.9, 0.95], weight-decay: 0.01, without-decay: [bias, head], clip-norm: 5,
                        clip-scope: all}
            schedule: {kind: cosine, rate: 0.001, warm-up-epochs: 0.5}
            evaluation:
              every-epochs: 0.5
              protocols:
                - {name: a, protocol: ijbc, data: /x y}
                - {name: b, synthetic: {images: 3, templates: 2, impostors: 7}}
              accuracy: {cifar100: {path: t.bin}}
            saving: {every-steps: 9, formats: [safetensors, onnx], precision: fp16}

            """
        try AtomicFile.write(text, to: path)
        try check(RecipeFile<TrainingRecipe>(path: path))
    }

    /// TH-KD as its recipes say: the paper's form with one α_TH, and the released code's.
    @Test(arguments: [("ms1mv3-mbf-th-kd.yml", true), ("cifar100-kdth.yml", false)])
    func teacherHeadRecipesHaveTheirForm(_ name: String, _ isPapers: Bool) throws {
        let recipe = try RecipeFile<TrainingRecipe>(path: Self.folder + "/" + name).recipe
        let method = try #require(recipe.distillation?.methods.first { $0.method == "th-kd" })
        let settings = try method.decoded(as: TeacherHeadDistillation.Settings.self)
        #expect(method.weight == 1)
        if isPapers {
            let share = Double(settings.headWeight)
            #expect(share > 0 && share < 1 && Double(settings.classificationWeight) == share)
            #expect(Double(settings.studentWeight) == 1 - share && recipe.head.weight == 1 - share)
        } else {
            let weights = [settings.studentWeight, settings.headWeight, settings.classificationWeight]
            #expect(weights == [1.5, 0.02, 0])
            #expect(recipe.head.weight ?? 1 == 1 && settings.temperature == 4)
        }
    }

    /// With seeds, every stage is there once for each, and names its own seed's stages.
    @Test func seedsRepeatTheStages() throws {
        let path = NSTemporaryDirectory() + "verifar-recipe-\(UUID().uuidString).yml"
        defer { FileSystem.remove(path) }
        func pipeline(_ seeds: String, reference: String = "teacher") throws -> PipelineRecipe {
            let text = """
                name: study
                baseline: teacher
                seeds: \(seeds)
                stages:
                  - {name: teacher, recipe: t.yml, set: {seed: '10${seed}'}}
                  - name: student
                    row: "the student"
                    recipe: s.yml
                    set: {a.b: '${\(reference)}/x', c: '${\(reference)}${\(reference)}'}

                """
            try AtomicFile.write(text, to: path)
            return try RecipeFile<PipelineRecipe>(path: path).recipe
        }
        let recipe = try pipeline("[1, 7]")
        #expect(recipe.stages.map(\.name) == ["teacher-1", "student-1", "teacher-7", "student-7"])
        #expect(recipe.stages.map(\.row) == ["teacher", "the student", "teacher", "the student"])
        #expect(recipe.stages.map { $0.set["seed"] } == ["101", "1", "107", "7"])
        #expect(
            try recipe.overrides(of: recipe.stages[3]) { "/runs/" + $0 }
                == ["a.b=/runs/teacher-7/x", "c=/runs/teacher-7/runs/teacher-7", "seed=7"]
                .map { try RecipeOverride($0) }
        )
        for wrong in ["[]", "[1, 1]", "[-1]"] {
            #expect(throws: InputError.self) { try pipeline(wrong) }
        }
        let error = #expect(throws: InputError.self) { try pipeline("[1]", reference: "teacher-1") }
        #expect(error?.problem.contains("${teacher-1}") == true)
    }

    /// Every recipe of the CIFAR-100 lane runs, on the tiny pictures and with a small network of the same family.
    @Test(arguments: RecipeTests.cifar)
    func cifarRecipesRun(_ name: String) async throws {
        try await withTemporaryFolder { folder in
            let isPipeline = name.contains("shkd")
            let isDistilled = !name.contains("vanilla") && !name.contains("teacher")
            var overrides = [
                "network.architecture=resnet8", "network.width=0.5", "network.embedding=32",
                "data.cifar100.path=" + TinyTraining.fixture("train.bin"), "training.batch=8", "training.epochs=1",
                "evaluation.accuracy.cifar100.path=" + TinyTraining.fixture("test.bin"), "saving.every-steps=2",
            ]
            if isDistilled, !isPipeline {
                overrides += ["distillation.teacher.checkpoint", "distillation.teacher.classifier"]
                    .map { $0 + "=" + TinyTraining.fixture("teacher.pth") }
            }
            if name.contains("simkd") { overrides.append("network.projector.length=32") }
            let result = await CommandLineRun(
                [
                    isDistilled ? "distill" : "train", "--recipe", Self.folder + "/" + name, "--output",
                    folder + "/out",
                    "--quiet", "--threads", "1",
                ] + overrides.flatMap { ["--set", $0] }
            )
            #expect(result.status == 0, "\(result.errors)")
            let last = isPipeline ? folder + "/out/student-shkd" : folder + "/out"
            #expect(try table(last + "/metrics.csv")["step"]?.count == 3)
            let heads = isDistilled ? ["student", "teacher", "mixed"] : ["student"]
            #expect(try table(last + "/accuracy.csv")["head"] == heads)
            #expect(FileSystem.exists(last + "/classifiers.csv") == isDistilled)
            guard isPipeline else { return }
            let student = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/student/classifier.safetensors"))
            let teacher = try Data(contentsOf: URL(fileURLWithPath: folder + "/out/teacher/classifier.safetensors"))
            #expect(student == teacher, "the teacher's classifier is the student's, byte for byte")
            let stages = try table(folder + "/out/accuracy.csv")["stage"]
            #expect(stages == ["student", "teacher"] + [String](repeating: "student-shkd", count: 3))
        }
    }
}

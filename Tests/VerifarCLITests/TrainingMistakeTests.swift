import ArtifactFiles
import Foundation
import Testing

/// Mistakes in recipes, and what is said of them.
@Suite struct TrainingMistakeTests {
    /// A recipe, what is wrong with it, and what must come of that.
    struct Mistake: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var command = "train"
        var recipe = TinyTraining.recipe()
        var settings: [String] = []
        var status: Int32 = 1
        var words: [String]
    }

    private static let distilled = TinyTraining.recipe(distillation: TinyTraining.teacher("[{method: kd}]"))

    private static func distilled(_ methods: String, network: String? = nil) -> String {
        let teacher = TinyTraining.teacher(methods)
        guard let network else { return TinyTraining.recipe(distillation: teacher) }
        return TinyTraining.recipe(network: network, distillation: teacher)
    }

    private static let narrow = "{architecture: resnet8, width: 0.25, embedding: 16}"

    static let all = [
        Mistake(testDescription: "unknown key", settings: ["bogus=1"], status: 2, words: ["bogus"]),
        Mistake(
            testDescription: "unknown key inside",
            settings: ["training.bogus=1"],
            status: 2,
            words: ["bogus", "drop-last"]
        ),
        Mistake(testDescription: "wrong class count", settings: ["data.classes=20"], words: ["20", "100"]),
        Mistake(
            testDescription: "no such data",
            settings: ["data.cifar100.path=/nowhere.bin"],
            words: ["/nowhere.bin"]
        ),
        Mistake(
            testDescription: "frozen without a start",
            settings: ["head.frozen=true"],
            status: 2,
            words: ["head.frozen", "start-from"]
        ),
        Mistake(
            testDescription: "a classifier of other dimensions",
            recipe: TinyTraining.recipe(network: narrow),
            settings: ["head.start-from=" + TinyTraining.fixture("student.pth")],
            words: ["[100, 16]", "[100, 32]", "student.pth"]
        ),
        Mistake(
            testDescription: "epochs and steps",
            settings: ["training.steps=3"],
            status: 2,
            words: ["epochs", "steps"]
        ),
        Mistake(
            testDescription: "a batch larger than the data",
            settings: ["training.batch=21", "training.drop-last=true"],
            status: 2,
            words: ["21", "20"]
        ),
        Mistake(
            testDescription: "an embedding that the network cannot have",
            settings: ["network.embedding=31"],
            status: 2,
            words: ["31", "32"]
        ),
        Mistake(
            testDescription: "an unknown architecture",
            settings: ["network.architecture=vgg"],
            status: 2,
            words: ["vgg", "resnet8x4"]
        ),
        Mistake(
            testDescription: "train with a teacher",
            recipe: distilled,
            status: 2,
            words: ["verifar distill"]
        ),
        Mistake(
            testDescription: "distill without a teacher",
            command: "distill",
            status: 2,
            words: ["verifar train"]
        ),
        Mistake(
            testDescription: "no such teacher",
            command: "distill",
            recipe: distilled,
            settings: ["distillation.teacher.checkpoint=/nowhere.pth"],
            words: ["/nowhere.pth"]
        ),
        Mistake(
            testDescription: "an unknown method",
            command: "distill",
            recipe: distilled("[{method: magic}]"),
            status: 2,
            words: ["magic", "th-kd"]
        ),
        Mistake(
            testDescription: "an unknown setting of a method",
            command: "distill",
            recipe: distilled("[{method: kd, temprature: 4}]"),
            status: 2,
            words: ["methods[0].temprature", "did you mean 'temperature'?", "line "]
        ),
        Mistake(
            testDescription: "a setting out of range",
            command: "distill",
            recipe: distilled("[{method: kd, temperature: 0}]"),
            status: 2,
            words: ["methods[0].temperature", "above 0"]
        ),
        Mistake(
            testDescription: "embeddings of two lengths",
            command: "distill",
            recipe: distilled("[{method: l2e}]", network: narrow),
            words: ["l2e", "32", "16", "projector"]
        ),
        Mistake(
            testDescription: "sh-kd with a trained classifier",
            command: "distill",
            recipe: distilled("[{method: sh-kd}]"),
            status: 2,
            words: ["sh-kd", "frozen"]
        ),
        Mistake(
            testDescription: "a loss without a term",
            settings: ["head.weight=0"],
            status: 2,
            words: ["no term"]
        ),
        Mistake(
            testDescription: "a pipeline that names a later stage",
            command: "distill",
            recipe: "name: x\nstages: [{name: a, recipe: b.yml, set: {seed: '${b}'}}, {name: b, recipe: b.yml}]\n",
            status: 2,
            words: ["${b}"]
        ),
        Mistake(
            testDescription: "a pipeline without the file of a stage",
            command: "distill",
            recipe: "name: x\nstages: [{name: a, recipe: nowhere.yml}]\n",
            words: ["nowhere.yml"]
        ),
    ]

    @Test(arguments: TrainingMistakeTests.all)
    func isNamed(_ mistake: Mistake) async throws {
        try await withTemporaryFolder { folder in
            let settings = mistake.settings.flatMap { ["--set", $0] }
            let result = try await TinyTraining.run(mistake.command, mistake.recipe, in: folder, settings)
            #expect(result.status == mistake.status, "\(result.errors)")
            for word in mistake.words { #expect(result.errors.contains(word), "\(result.errors)") }
            #expect(!FileSystem.exists(folder + "/out/network.safetensors"))
        }
    }

    @Test func aTeacherWithoutAClassifier() async throws {
        try await withTemporaryFolder { folder in
            let network = folder + "/teacher.safetensors"
            let created = await CommandLineRun([
                "checkpoint", "create", "resnet8", network, "--width", "0.5", "--embedding", "32",
            ])
            #expect(created.status == 0, "\(created.errors)")
            let bare = ["--set", "distillation.teacher.checkpoint=" + network]
            let refused = try await TinyTraining.run("distill", Self.distilled, in: folder, bare)
            #expect(refused.status == 1)
            let words = ["kd", "needs the teacher's classifier", "class means"]
            for word in words { #expect(refused.errors.contains(word), "\(refused.errors)") }
            let noClassifier = bare + ["--set", "distillation.teacher.classifier=" + network]
            let wrong = try await TinyTraining.run("distill", Self.distilled, in: folder, noClassifier)
            #expect(wrong.status == 1)
            #expect(wrong.errors.contains("no classifier"))
            let means = bare + ["--set", "distillation.teacher.classifier=class-means"]
            let done = try await TinyTraining.run("distill", Self.distilled, in: folder, means)
            #expect(done.status == 0, "\(done.errors)")
        }
    }

    @Test func aProjectorBridgesLengths() async throws {
        try await withTemporaryFolder { folder in
            let recipe = Self.distilled("[{method: l2e}, {method: th-kd}]", network: Self.narrow)
            let set = ["--set", "distillation.projector=true"]
            let result = try await TinyTraining.run("distill", recipe, in: folder, set)
            #expect(result.status == 0, "\(result.errors)")
        }
    }
}

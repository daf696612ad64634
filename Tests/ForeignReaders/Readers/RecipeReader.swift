internal import ArtifactFiles
internal import Recipes
internal import TestSupport

/// Training recipes and pipelines.
struct RecipeReader: ForeignReader {
    var name: String { "recipe" }
    var dictionary: [[UInt8]] {
        YAMLTokens.all
            + [
                "network:", "architecture:", "data:", "synthetic:", "folder:", "recordio:", "cifar100:", "training:",
                "batch:", "epochs:", "steps:", "balanced:", "identities:", "pictures:", "head:", "loss:", "margin:",
                "distillation:", "teacher:", "methods:", "optimizer:", "schedule:", "evaluation:", "saving:", "stages:",
                "recipe:", "${", "9223372036854775807", "1e400",
            ]
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        let recipes = Fixture.path("../Recipes")
        let files =
            FileSystem.isFolder(recipes)
            ? try FileSystem.names(inFolder: recipes).filter { $0.hasSuffix(".yml") }
                .map { try Seeds.file("../Recipes/\($0)") }
            : []
        return try files + [Self.training, Self.pipeline].map { Array($0.utf8) }
            + Seeds.files("Hostile/recipe", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws {
        let path = try folder.write(bytes, "recipe.yml")
        if let pipeline = try? RecipeFile<PipelineRecipe>(path: path) {
            precondition(!pipeline.recipe.stages.isEmpty, "a pipeline has a stage")
        }
        let recipe = try RecipeFile<TrainingRecipe>(path: path)
        // The resolved recipe is saved beside a result: it must say the same.
        let text = try recipe.resolvedText()
        let copy = try RecipeFile<TrainingRecipe>(path: folder.write(Array(text.utf8), "resolved.yml"))
        precondition(copy.recipe == recipe.recipe, "a recipe survives being written")
        _ = recipe.recipe.training.total(stepsPerEpoch: 1000)
    }

    private static let training = """
        name: tiny
        seed: 3
        network: {architecture: mbf, embedding: 64, width: 0.5, input: [112, 112]}
        preprocessing: {name: insightface, mean: [1, 2, 3]}
        population: {seed: 1, identities: 40, training-share: 0.6, strength: standard}
        data:
          synthetic: {images: 8}
        training: {batch: 8, steps: 20, balanced: {identities: 4, pictures: 2}}
        augmentation: {flip: 0.5, crop-padding: 4}
        head: {loss: softmax}
        optimizer: {name: sgd, momentum: 0.9}
        schedule: {name: cosine, rate: 0.1}
        saving: {every-steps: 5, formats: [safetensors, onnx], precision: fp16}
        """

    private static let pipeline = """
        name: study
        baseline: plain
        stages:
          - {name: plain, recipe: a.yml, set: {seed: "3"}}
          - {name: other, recipe: b.yml, row: o, set: {network.start-from: "${plain}/network.safetensors"}}
        """
}

/// What YAML is made of.
enum YAMLTokens {
    static let all: [[UInt8]] = [
        "&a ", "*a", "<<: ", "!!str ", "!!int ", "---\n", "...\n", "? ", "|\n", ">\n", "[", "]", "{", "}", "\\x00",
        "\\u",
        "\"", "'", ": ", "- ", "# ", "%YAML 1.2\n", "~", ".nan", "0x7fffffff", "\t",
    ]
    .map { Array($0.utf8) }
}

internal import ArgumentParser
internal import ArtifactFiles
internal import Recipes

struct RecipeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipe",
        abstract: "What a recipe may say, and a start for one.",
        subcommands: [Explain.self, Initiate.self]
    )

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain",
            abstract: "Every key of a recipe: type, range, default, meaning, example.",
            discussion: """
                  verifar recipe explain                    all keys, a line each
                  verifar recipe explain training.batch     one key
                  verifar recipe explain schedule           a section
                  verifar recipe explain th-kd              a distillation method's settings
                """
        )

        @Argument(help: "A key, a section, the last part of a key, or a distillation method.")
        var key: String?

        @Flag(help: "The page Documentation/Recipes.md.")
        var markdown = false

        func run() throws {
            guard !markdown else { return print(String(RecipeReference.page.dropLast())) }
            guard let key else {
                for entry in RecipeReference.training.entries { print("\(entry.path): \(entry.about.sentence)") }
                print("\nA pipeline (verifar distill):")
                for entry in RecipeReference.pipeline.entries { print("\(entry.path): \(entry.about.sentence)") }
                return
            }
            let found: [RecipeReference.Entry]
            do {
                found = try RecipeReference.training.entries(matching: key)
            } catch {
                guard let other = try? RecipeReference.pipeline.entries(matching: key) else { throw error }
                found = other
            }
            print(found.map(\.text).joined(separator: "\n\n"))
        }
    }

    struct Initiate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init",
            abstract: "Write a commented recipe to start from.",
            discussion: RecipeStart.all.map { "  \($0.name): \($0.purpose)" }.joined(separator: "\n")
        )

        @Argument(
            help: ArgumentHelp("What to start from.", valueName: RecipeStart.all.map(\.name).joined(separator: "|"))
        )
        var kind: String

        @Argument(help: .value("file.yml", "The file to write; the terminal without one."), completion: .file())
        var file: String?

        func run() throws {
            let text = try RecipeStart.named(kind).text
            guard let file else { return print(String(text.dropLast())) }
            guard !FileSystem.exists(file) else {
                throw InputError(.unwritable, "the file is there already", file: file, expected: "a new name")
            }
            try AtomicFile.write(text, to: file)
            print("\(file): verifar recipe explain says what each key may be")
        }
    }
}

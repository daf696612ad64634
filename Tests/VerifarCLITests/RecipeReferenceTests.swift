import ArtifactFiles
import Foundation
import NeuralTraining
import Recipes
import StrictYAML
import TestSupport
import Testing

/// The reference of a recipe's keys against the reader that decodes them.
@Suite struct RecipeReferenceTests {
    private static let network = "name: n\nnetwork: {architecture: mbf}\nhead: {loss: arcface}\nschedule: {rate: 0.1}\n"
    /// A file with a place for every key.
    private static let base =
        network + """
            data: {folder: {path: faces}}
            training: {batch: 128, epochs: 3}
            population: {identities: 9}
            distillation: {teacher: {checkpoint: t.pth}, methods: [{method: kd}]}
            evaluation:
              protocols: [{name: p, protocol: ijbc, data: d}]
              accuracy: {folder: {path: faces}}

            """

    /// What else a key needs, or what it cannot stand beside.
    private static let company: [String: [String]] = [
        "training.steps": ["training.epochs=~"],
        "training.balanced": ["training.balanced={identities: 32, pictures: 4}"],
        "optimizer.betas": ["optimizer.kind=adamw"],
        "schedule.kind": ["schedule.milestones=[1]"],
        "head.partial-fc": ["head.sample=0.1"],
        "head.frozen": ["head.start-from=c.safetensors"],
        "evaluation.protocols[].synthetic": [
            "evaluation.protocols[0].protocol=~", "evaluation.protocols[0].data=~",
        ],
        "data.folder.landmarks": ["data.folder.fit=aligned"],
        "evaluation.accuracy.folder.landmarks": ["evaluation.accuracy.folder.fit=aligned"],
        "network.projector.factor": ["network.projector.length=512"],
        "network.projector.behind": ["network.projector.length=512"],
        "training.mixed.random": ["training.mixed.balanced={identities: 16, pictures: 4}"],
        "training.mixed.balanced": ["training.mixed.random=64"],
        "training.mixed.balanced.identities": ["training.mixed.balanced.pictures=2", "training.mixed.random=64"],
        "training.mixed.balanced.pictures": ["training.mixed.balanced.identities=16", "training.mixed.random=64"],
    ]

    private static func company(of path: String) -> [String] {
        let known = company.filter { path == $0.key || path.hasPrefix($0.key + ".") }
        if let needed = known.max(by: { $0.key.count < $1.key.count })?.value { return needed }
        for section in ["data", "evaluation.accuracy"] {
            for kind in DataSets.all.map({ $0.key })
            where kind != FolderData.key && path.hasPrefix("\(section).\(kind)") {
                let required = RecipeReference.training.entries.filter { entry in
                    entry.path.hasPrefix("\(section).\(kind).") && entry.about.presence == .required
                }
                return ["\(section).folder=~"]
                    + required.filter { $0.path != path }.map { "\($0.path)=\($0.about.example)" }
            }
        }
        return []
    }

    /// A key as `--set` names it, with an example at it.
    private static func settings(_ entry: RecipeReference.Entry) -> [String] {
        var path = entry.path.replacing("[]", with: "[0]")
        var before: [String] = []
        if let open = path.firstIndex(of: "["), let close = path.firstIndex(of: "]"), path[open...] != "[0]" {
            let method = path[path.index(after: open)..<close]
            if method != "0" {
                before = ["distillation.methods[0].method=\(method)"]
                path.replaceSubrange(open...close, with: "[0]")
            }
        }
        return before + ["\(path)=\(entry.about.example)"] + company(of: entry.path)
    }

    private func read(_ text: String, _ settings: [String]) throws -> RecipeFile<TrainingRecipe> {
        let path = NSTemporaryDirectory() + "verifar-reference-\(UUID().uuidString).yml"
        defer { FileSystem.remove(path) }
        try AtomicFile.write(text, to: path)
        return try RecipeFile<TrainingRecipe>(path: path, overrides: settings.map { try RecipeOverride($0) })
    }

    /// Every documented key is one that the reader takes: its example is decoded, and stands in the resolved recipe.
    @Test func everyExampleIsRead() throws {
        #expect(RecipeReference.training.entries.count > 150)
        for entry in RecipeReference.training.entries {
            // Described as `data` is, but nobody is held out of what is evaluated: refused with a sentence.
            if entry.path == "evaluation.accuracy.folder.hold-out" { continue }
            let settings = Self.settings(entry)
            let path = settings[settings.count - 1 - Self.company(of: entry.path).count].split(separator: "=")[0]
            do {
                let text = try read(Self.base, settings).resolvedText()
                #expect(try YAMLDocument(text: text).names(String(path)), "\(entry.path)")
            } catch {
                Issue.record("\(entry.path): \(error)")
            }
        }
    }

    /// Every key that the reader takes is documented: a resolved recipe, which names them all, has no other.
    @Test func everyResolvedKeyIsDocumented() throws {
        let known = Set(RecipeReference.training.entries.map { $0.path.replacing("[]", with: "[0]") })
        for method in RecipeReference.training.entries.filter({ $0.path.contains("[") }).compactMap(Self.method) {
            let text = try read(Self.base, ["distillation.methods[0].method=\(method)"]).resolvedText()
            for path in Self.paths(text) {
                let named = path.replacing("methods[0]", with: "methods[\(method)]")
                #expect(known.contains(path) || known.contains(named), "\(path)")
            }
        }
    }

    private static func method(_ entry: RecipeReference.Entry) -> String? {
        guard let name = entry.path.split(separator: "[").last?.split(separator: "]").first else { return nil }
        return name.contains(".") || name.isEmpty ? nil : String(name)
    }

    /// The paths of the keys of block YAML, by indentation.
    private static func paths(_ text: String) -> [String] {
        var stack: [(indent: Int, path: String)] = []
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .compactMap { line in
                let isElement = line.drop { $0 == " " }.hasPrefix("- ")
                let content = isElement ? line.replacing("- ", with: "  ", maxReplacements: 1) : line
                let indent = content.prefix { $0 == " " }.count
                guard let colon = content.firstIndex(of: ":"), content.dropFirst(indent).first != "\"" else {
                    return nil
                }
                while let last = stack.last, last.indent >= indent { stack.removeLast() }
                let name = content[..<colon].dropFirst(indent)
                let parent = stack.last.map { $0.path + (Self.isList($0.path) ? "[0]." : ".") } ?? ""
                stack.append((indent, parent + name))
                return parent + name
            }
    }

    private static func isList(_ path: String) -> Bool { path.hasSuffix(".methods") || path.hasSuffix(".protocols") }

    /// Defaults are what the reader puts in, and lie in their own range.
    @Test func defaultsAreTheReaders() throws {
        for entry in RecipeReference.training.entries {
            guard case .written(let value) = entry.about.presence, value != "{}", let last = entry.path.last else {
                continue
            }
            _ = last
            let settings = Self.settings(entry)
            let index = settings.count - 1 - Self.company(of: entry.path).count
            let path = String(settings[index].split(separator: "=")[0])
            var absent = settings
            absent[index] = path + "=~"
            var written = settings
            written[index] = "\(path)=\(value)"
            do {
                #expect(try read(Self.base, absent).recipe == read(Self.base, written).recipe, "\(entry.path)")
            } catch {
                Issue.record("\(entry.path): \(error)")
            }
        }
    }

    /// Numbers beyond the documented range are refused with the key, the range and the number.
    @Test(arguments: [
        ("training.batch=0", "1 … 65536"), ("optimizer.momentum=1", "below 1"), ("schedule.rate=0", "above 0"),
        ("head.margin=-0.1", "0 or more"), ("augmentation.flip=1.5", "0 … 1"), ("network.width=9", "0.05 … 8"),
        ("distillation.methods[0].temperature=0", "above 0"), ("saving.every-steps=0", "1 or more"),
        ("network.input=[112]", "2"), ("network.architecture=mbff", "did you mean 'mbf'"),
    ])
    func rangesAreTheReaders(_ setting: String, _ words: String) throws {
        let error = #expect(throws: InputError.self) { try read(Self.base, [setting]) }
        let key = setting.split(separator: "=")[0]
        #expect("\(try #require(error))".contains("key \"\(key)\""), "\(error.map { "\($0)" } ?? "")")
        #expect("\(try #require(error))".contains(words), "\(error.map { "\($0)" } ?? "")")
    }

    /// A misspelt key is answered with its own line and the key that was meant.
    @Test(arguments: [
        ("    - {method: kd, wieght: 2}", "'wieght': did you mean 'weight'?"),
        ("    - {method: kd, temprature: 2}", "'temprature': did you mean 'temperature'?"),
        ("    - {method: th_kd}", "'th_kd': did you mean 'th-kd'?"),
    ])
    func theNearestKeyIsNamed(_ line: String, _ words: String) throws {
        let text =
            Self.network + """
                data: {folder: {path: faces}}
                training: {batch: 128, epochs: 3}
                distillation:
                  teacher: {checkpoint: t.pth}
                  methods:
                    - {method: l2e}
                \(line)

                """
        let error = try #require(#expect(throws: InputError.self) { try read(text, []) })
        #expect("\(error)".contains(words) && "\(error)".contains("line 11"), "\(error)")
    }

    @Test func thePageIsTheReferences() throws {
        let page = String(decoding: try Fixture.data("../Documentation/Recipes.md"), as: UTF8.self)
        #expect(page == RecipeReference.page, "verifar recipe explain --markdown > Documentation/Recipes.md")
    }

    /// A start is a recipe, and so it is with any one of its commented keys besides.
    @Test(arguments: RecipeStart.all.map(\.name))
    func startsAreRecipes(_ name: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/start.yml"
            #expect(await CommandLineRun(["recipe", "init", name, path]).status == 0)
            let recipe = try RecipeFile<TrainingRecipe>(path: path).recipe
            #expect((recipe.distillation != nil) == (name == "compress"))
            #expect(await CommandLineRun(["recipe", "init", name, path]).errors.contains("there already"))
        }
        #expect(await CommandLineRun(["recipe", "init", "recordo"]).errors.contains("did you mean 'recordio'"))
    }

    @Test(arguments: [
        ("training.batch", 1), ("methods[0].weight", 1), ("batch", 1), ("th-kd", 5), ("schedule", 8), ("seeds", 0),
    ])
    func keysAreFound(_ query: String, _ count: Int) async throws {
        #expect((try? RecipeReference.training.entries(matching: query).count) ?? 0 == count, "\(query)")
        #expect(await CommandLineRun(["recipe", "explain", query]).status == 0)
    }

    @Test func anUnknownKeyIsAnsweredWithTheNearest() async throws {
        #expect(await CommandLineRun(["recipe", "explain", "training.bacth"]).errors.contains("'training.batch'"))
    }

    /// `reference-batch`: the rate per sample stays, for whatever batch.
    @Test func ratesAreScaledWithTheBatch() throws {
        let scaled = try read(Self.base, ["schedule.reference-batch=1024"]).recipe.scaledSchedule
        #expect(scaled.rate == 0.0125)
        #expect(try read(Self.base, []).recipe.scaledSchedule.rate == 0.1)
    }

    /// Rows of one study differ in what they learn from alone; rates are those of the published batch.
    @Test func studentsOfAStudyAreMatched() throws {
        func recipe(_ name: String) throws -> TrainingRecipe {
            try RecipeFile<TrainingRecipe>(path: "\(RecipeTests.folder)/\(name).yml").recipe
        }
        let baseline = try recipe("ms1mv3-mbf-arcface")
        #expect(baseline.scaledSchedule.rate == 0.0125 && baseline.training.batch == 128)
        for name in ["ms1mv3-mbf-l2e", "ms1mv3-mbf-th-kd", "ms1mv3-mbf-sh-kd-student"] {
            var row = try recipe(name)
            #expect(row.distillation != nil)
            (row.name, row.distillation) = (baseline.name, nil)
            (row.head.frozen, row.head.startFrom, row.head.weight) = (false, nil, nil)
            #expect(row == baseline, "\(name)")
        }
        for name in ["adadistill", "arc-distill", "qud"] {
            let row = try recipe("ms1mv2-mobilefacenet-" + name)
            #expect(row.scaledSchedule.rate == 0.1 && row.training.batch == 512 && row.training.epochs == 26)
            #expect(row.schedule.milestones == [7, 13, 19, 24] && row.schedule.factor == 0.1)
        }
    }

    /// Landmarks that nothing would read are refused; alone they say that faces are to be aligned.
    @Test func landmarksAreReadOrRefused() throws {
        let settings = ["data.folder.landmarks=l.txt"]
        #expect((try read(Self.base, settings).recipe.data.source as? FolderData)?.fit == "aligned")
        for fit in ["exact", "resized", "centre-crop"] {
            let error = #expect(throws: InputError.self) { try read(Self.base, settings + ["data.folder.fit=\(fit)"]) }
            #expect(error?.problem.contains("landmarks") == true)
        }
    }

    /// Values that only a method's own type knows stand in the resolved recipe, and so does what follows from other keys.
    @Test func defaultsAreWrittenOut() throws {
        let methods = "distillation.methods=[{method: th-kd}, {method: adadistill}]"
        let text = try read(Self.base, [methods]).resolvedText()
        let document = try YAMLDocument(text: text)
        for key in [
            "distillation.methods[0].temperature", "distillation.methods[0].head-weight",
            "distillation.methods[1].margin",
            "distillation.methods[1].gradient", "optimizer.momentum", "head.margin", "augmentation.flip",
            "population.seed",
        ] { #expect(document.names(key), "\(key)") }
        #expect(text.contains("margin: 0.45"))
        #expect(text.contains("momentum: 0.9"))
    }

    /// A run goes on with the values that it was begun with, and with no others.
    @Test func aRunThatGoesOnHasTheSameValues() throws {
        let path = NSTemporaryDirectory() + "verifar-reference-\(UUID().uuidString).yml"
        defer { FileSystem.remove(path) }
        let file = try read(Self.base, [])
        try AtomicFile.write("# a note\n" + file.resolvedText(), to: path)
        try file.requireSame(asSavedIn: path)
        let other = try read(Self.base, ["training.batch=64", "distillation.methods[0].temperature=2"])
        let error = try #require(#expect(throws: InputError.self) { try other.requireSame(asSavedIn: path) })
        for words in ["training.batch 128 there, 64 here", "distillation.methods[0].temperature 4 there, 2 here"] {
            #expect("\(error)".contains(words), "\(error)")
        }
        // A folder of an earlier version, whose recipe left the methods' defaults out.
        try AtomicFile.write(file.resolvedText().replacing("temperature: 4", with: "weight: 1"), to: path)
        let older = try file.resolvedText().split(separator: "\n").filter { !$0.contains("temperature:") }
        try AtomicFile.write(older.joined(separator: "\n"), to: path)
        let silent = try #require(#expect(throws: InputError.self) { try file.requireSame(asSavedIn: path) })
        #expect("\(silent)".contains("earlier version") && "\(silent)".contains("methods[0].temperature"), "\(silent)")
    }
}

import ArtifactFiles
import StrictYAML
import Testing

private struct Schedule: Decodable, Equatable {
    enum Kind: String, Decodable, CaseIterable {
        case cosine
        case step
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case kind
        case epochs
        case milestones
        case warmup
    }

    var kind: Kind
    var epochs: Int
    var milestones: [Double]?
    var warmup: Bool?
}

private struct Recipe: Decodable, Equatable {
    // Synthesised coding keys: not `CaseIterable`.
    var name: String
    var schedule: Schedule
    var weights: [String: Float]?
}

private func failure(_ text: String, limits: YAMLDocument.Limits = .standard) -> InputError? {
    do {
        _ = try YAMLDocument(text: text, file: "r.yml", limits: limits).decode(Recipe.self)
        return nil
    } catch {
        return error
    }
}

private let good = """
    # a comment
    name: no
    schedule:
      kind: cosine
      epochs: 20
      milestones: [1, 2.5, 1e-3]
      warmup: true
    weights:
      kd: 0.5
      'ce': 1
    """

@Suite struct YAMLDocumentTests {
    @Test func decodesWhatIsWritten() throws {
        let recipe = try YAMLDocument(text: good).decode(Recipe.self)
        let schedule = Schedule(kind: .cosine, epochs: 20, milestones: [1, 2.5, 1e-3], warmup: true)
        // `no` is a text, not YAML 1.1's false.
        #expect(recipe == Recipe(name: "no", schedule: schedule, weights: ["kd": 0.5, "ce": 1]))
    }

    @Test(arguments: ["\r\n", "\n"]) func lineEndsAndByteOrderMarkMakeNoDifference(_ lineEnd: String) throws {
        let text = "\u{feff}" + good.split(separator: "\n").joined(separator: lineEnd)
        #expect(try YAMLDocument(text: text).decode(Recipe.self) == YAMLDocument(text: good).decode(Recipe.self))
    }

    /// Each line: what replaces what in the good document, and what the message must say.
    @Test(arguments: [
        ("epochs: 20", "epoch: 20", ["line 5", "schedule.epoch", "unknown key 'epoch'", "kind, epochs, milestones"]),
        ("epochs: 20", "epochs: 20\n  decay: 1", ["line 6", "unknown key 'decay'", "warmup"]),
        ("name: no", "name: no\nnam: x", ["line 3", "unknown key 'nam'", "name, schedule, weights"]),
        ("name: no", "nam: no", ["line 2", "unknown key 'nam'"]),
        ("epochs: 20", "epochs: 20\n  epochs: 30", ["epochs", "twice"]),
        ("'ce': 1", "'kd': 1", ["kd", "twice"]),
        ("epochs: 20", "epochs: '20'", ["line 5", "schedule.epochs", "an integer", "the text \"20\""]),
        ("epochs: 20", "epochs: 20.0", ["line 5", "an integer", "'20.0'"]),
        ("epochs: 20", "epochs: 020", ["an integer"]),
        ("epochs: 20", "epochs: 0x20", ["an integer"]),
        ("epochs: 20", "epochs: 99999999999999999999", ["an integer from"]),
        ("epochs: 20", "epochs:", ["line 5", "an integer", "nothing"]),
        ("epochs: 20", "epochs: [20]", ["an integer", "a list of 1"]),
        ("epochs: 20", "epochs: {a: 1}", ["an integer", "a mapping"]),
        ("  epochs: 20\n", "", ["line 4", "'epochs' is missing"]),
        ("kind: cosine", "kind: linear", ["line 4", "schedule.kind", "unknown value 'linear'", "cosine, step"]),
        ("warmup: true", "warmup: yes", ["line 7", "true or false", "'yes'"]),
        ("2.5", "two", ["schedule.milestones[1]", "a number", "'two'"]),
        ("2.5", "1e999", ["a finite number"]),
        ("2.5", ".nan", ["a number"]),
        ("kd: 0.5", "kd: 1e200", ["weights.kd", "Float"]),
        ("[1, 2.5, 1e-3]", "7", ["a list", "'7'"]),
        ("name: no", "name: [no]", ["a text", "a list of 1"]),
        ("name: no", "name: ~", ["a text", "nothing"]),
        ("name: no", "name: !!python/object:os.system no", ["tags are not accepted"]),
        ("name: no", "name: &a no", ["anchors"]),
        ("name: no", "name: *a", ["line 2", "alias"]),
        ("name: no", "? [a, b]\n: no", ["a key must be a text"]),
        ("name: no", "name: \"no", ["not YAML"]),
        ("name: no", "name:\tno\n\tx: 1", ["not YAML"]),
        ("name: no", "name: no\n---\nname: other", ["another document"]),
        ("name: no", "name: n\u{1}o", ["line 2", "not YAML"]),
    ]) func refusesAndSaysWhere(_ change: (from: String, to: String, parts: [String])) throws {
        let text = good.replacing(change.from, with: change.to)
        try #require(text != good)
        let message = try #require(failure(text)).description
        #expect(message.hasPrefix("r.yml: "))
        for part in change.parts { #expect(message.contains(part), "\(message)") }
    }

    @Test(arguments: ["", "   \n", "# only a comment\n", "- 1\n- 2\n", "text"]) func refusesOtherDocuments(
        _ text: String
    ) {
        #expect(failure(text) != nil)
    }

    @Test func refusesAliasBombsBeforeTheyGrow() {
        // As values, and as keys, which a reader hashes.
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...60 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(failure(bomb)?.code == .unsupported)
        #expect(failure(bomb + "? *a60\n: 1\n? *a59\n: 2\n")?.code == .unsupported)
    }

    @Test(arguments: [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")], [40, 900, 200_000])
    func refusesDeepNesting(_ brackets: (open: String, close: String), _ depth: Int) throws {
        let text =
            String(repeating: brackets.open, count: depth) + "1" + String(repeating: brackets.close, count: depth)
        #expect(failure(text, limits: .init(bytes: 1 << 22, depth: 32)) != nil)
    }

    @Test func refusesLongTextsAndFiles() throws {
        let long = "name: " + String(repeating: "x", count: 300_000)
        #expect(failure(long)?.code == .limitExceeded)
        let path = try temporaryFile(Array(long.utf8))
        defer { FileSystem.remove(path) }
        #expect(throws: InputError.self) { try YAMLDocument(path: path) }
    }

    @Test func readsAFileAndNamesTheLineOfInvalidText() throws {
        let path = try temporaryFile(Array("name: a\nb: \u{e9}\n".utf8) + [0x63, 0x3a, 0x20, 0xff, 0x0a])
        defer { FileSystem.remove(path) }
        let error = #expect(throws: InputError.self) { try YAMLDocument(path: path) }
        #expect(error?.file == path)
        #expect(error?.place == "line 3")
        #expect(throws: InputError.self) { try YAMLDocument(path: path + ".absent") }
    }

    @Test func placesAreFoundAfterDecoding() throws {
        let document = try YAMLDocument(text: good)
        #expect(document.place(of: "schedule", "epochs") == "line 5, key \"schedule.epochs\"")
        #expect(document.place(of: "schedule", "absent") == "key \"schedule.absent\"")
    }

    @Test func valuesCanBeSet() throws {
        var document = try YAMLDocument(text: good, file: "r.yml")
        try document.set("schedule.epochs", to: "7")
        try document.set("schedule.milestones", to: "[3]")
        try document.set("weights.new", to: "0.25")
        let recipe = try document.decode(Recipe.self)
        #expect(recipe.schedule.epochs == 7)
        #expect(recipe.schedule.milestones == [3])
        #expect(recipe.weights?["new"] == 0.25)
        // Parents that are not there are made; elements of a list go by their index.
        try document.set("schedule.milestones[0]", to: "5")
        #expect(try document.decode(Recipe.self).schedule.milestones == [5])
        var short = try YAMLDocument(text: "name: n\nschedule: {kind: step, epochs: 1}\n")
        try short.set("weights.kd", to: "2")
        #expect(try short.decode(Recipe.self).weights == ["kd": 2])
        #expect(short.names("schedule.kind") && !short.names("schedule.warmup") && !short.names("name.b"))
        for key in ["", "a..b", "name.b", "schedule.milestones[1]"] {
            #expect(throws: InputError.self) { try document.set(key, to: "1") }
        }
        try document.set("schedule.oops", to: "1")
        let error = #expect(throws: InputError.self) { try document.decode(Recipe.self) }
        #expect(error?.description.contains("unknown key 'oops'") == true)
        #expect(error?.place == "key \"schedule.oops\"")
    }
}

/// Decodes by hand, through every kind of nested container.
private struct Nested: Decodable {
    enum Keys: String, CodingKey {
        case list
        case inner
        case kind
    }

    var total = 0

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        var list = try container.nestedUnkeyedContainer(forKey: .list)
        while !list.isAtEnd {
            if try !list.decodeNil() {
                total += try list.nestedContainer(keyedBy: Keys.self).decode(Int.self, forKey: .kind)
            }
        }
        let inner = try container.nestedContainer(keyedBy: Keys.self, forKey: .inner)
        total += try inner.decode(Int.self, forKey: .kind)
    }
}

@Suite struct NestedContainerTests {
    @Test func unknownKeysAreFoundInContainersTakenByHand() throws {
        let text = "list: [{kind: 1}, ~, {kind: 2}]\ninner: {kind: 4}\n"
        #expect(try YAMLDocument(text: text).decode(Nested.self).total == 7)
        for bad in ["inner: {kind: 4", "{kind: 2"] {
            let text = text.replacing(bad, with: bad + ", extra: 1")
            let error = #expect(throws: InputError.self) { try YAMLDocument(text: text).decode(Nested.self) }
            #expect(error?.description.contains("unknown key 'extra'") == true)
        }
    }
}

private func temporaryFile(_ bytes: [UInt8]) throws -> String {
    let path = "/tmp/verifar-yaml-\(UInt64.random(in: 0 ... .max)).yml"
    try AtomicFile.write(bytes, to: path)
    return path
}

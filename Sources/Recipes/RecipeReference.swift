public import ArtifactFiles

/// Every key that a file of some kind may have, taken from what the reader itself goes by.
public struct RecipeReference: Sendable {
    /// One key.
    public struct Entry: Sendable {
        /// Where it stands: `evaluation.protocols[].name`, `distillation.methods[kd].temperature`.
        public var path: String
        /// What is to be said of it.
        public var about: KeyDescription
    }

    /// All keys, sections before what they hold.
    public let entries: [Entry]

    /// The keys of a training's recipe.
    public static let training = RecipeReference(of: TrainingRecipe.self)
    /// The keys of a pipeline.
    public static let pipeline = RecipeReference(of: PipelineRecipe.self)

    init(of section: any SettingsSection.Type) { entries = Self.entries(section, under: "") }

    private static func entries(_ section: any SettingsSection.Type, under prefix: String) -> [Entry] {
        section.keys.flatMap { key in
            let path = prefix + key.stringValue
            return [Entry(path: path, about: key.about)] + entries(key.about.kind, under: path)
        }
    }

    private static func entries(_ kind: KeyDescription.Kind, under path: String) -> [Entry] {
        switch kind {
        case .section(let section): entries(section, under: path + ".")
        case .list(let element, _): entries(element, under: path + "[]")
        case .variants(let common, _, let variants):
            entries(common, under: path + ".")
                + variants.flatMap { entries($0.section, under: path.dropLast(2) + "[\($0.name)].") }
        case .text, .flag, .integer, .number, .choice, .map: []
        }
    }

    /// The keys that somebody may mean: those at a path or below it, or else those of a name wherever it stands.
    ///
    /// - Parameter query: `training.batch`, `distillation`, `methods[0].weight`, `batch`, `th-kd`.
    /// - Returns: Keys in order.
    /// - Throws: `InputError` (`unknownName`) with the nearest path.
    public func entries(matching query: String) throws(InputError) -> [Entry] {
        let wanted = Self.parts(query).filter { Int($0) == nil }
        func matches(_ entry: Entry, anywhere: Bool) -> Bool {
            let parts = Self.parts(entry.path)
            guard !wanted.isEmpty, parts.count >= wanted.count else { return false }
            guard anywhere else { return Array(parts.prefix(wanted.count)) == wanted }
            return parts.indices.contains { parts[$0...].starts(with: wanted) }
        }
        for anywhere in [false, true] {
            let found = entries.filter { matches($0, anywhere: anywhere) }
            if !found.isEmpty { return found }
        }
        let names = query.contains(".") ? entries.map(\.path) : entries.compactMap { Self.parts($0.path).last }
        throw .unknownName(query, kind: "key", known: names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
    }

    /// `a[].b` and `a[0].b` are `a`, `b`; `a[kd].b` is `a`, `kd`, `b`.
    private static func parts(_ path: String) -> [String] {
        path.split { ".[]".contains($0) }.map(String.init)
    }
}

extension RecipeReference.Entry {
    /// `number, above 0; default 4`: what may stand there, and what holds without it.
    public var rule: String {
        switch about.presence {
        case .required: "\(about.kind.summary); required"
        case .written("{}"): about.kind.summary
        case .written(let value): "\(about.kind.summary); default \(value)"
        case .without(let meaning): "\(about.kind.summary); without it: \(meaning)"
        }
    }

    /// A paragraph for people.
    public var text: String {
        """
        \(path)
            \(about.sentence)
            \(rule)
            example: \(path.split(separator: ".").last ?? ""): \(about.example)
        """
    }
}

extension RecipeReference {
    /// The page `Documentation/Recipes.md`.
    ///
    /// A section that stands in several places is written out at the first one.
    public static var page: String {
        """
        # Recipes

        Every key that a recipe may have, from what the reader itself goes by. Written by
        `verifar recipe explain --markdown > Documentation/Recipes.md`; a test holds the two equal.

        `verifar recipe explain [KEY]` says the same on the terminal, and
        `verifar recipe init folder|recordio|synthetic|cifar|compress` writes a commented start. `--set key.path=value` reaches
        every key, an element of a list by its index (`--set 'distillation.methods[0].weight=2'`); sections that the file
        lacks are made. An unknown key is an error that names its line and the nearest known key. Paths are relative to the
        folder in which the command runs.

        Beside a result lies `recipe.yml` with every value written out, defaults included (`null`: nothing stands there).
        `--resume` goes on only where all of them are the same.

        ## A training

        `verifar train`, or `verifar distill` where there is a teacher.

        \(training.tables)

        ## A pipeline

        A file with `stages` is several trainings in one `verifar distill`: SH-KD, or a study. Values of `set` may name the
        folder of an earlier stage as `${stage}`; with `seeds`, `${stage}` means the stage of the same seed and `${seed}` the
        seed.

        \(pipeline.tables)

        """
    }

    private var tables: String {
        var lines: [String] = []
        var firstPlaces: [ObjectIdentifier: String] = [:]
        var repeated: [String] = []
        for entry in entries where !repeated.contains(where: entry.path.hasPrefix) {
            var sentence = entry.about.sentence
            let section = entry.about.kind.heldSection
            if let section, let first = firstPlaces[ObjectIdentifier(section)] {
                sentence += " Its keys are those of `\(first)`."
                repeated += [entry.path + ".", entry.path + "[].", entry.path + "["]
            } else if let section {
                firstPlaces[ObjectIdentifier(section)] = entry.path
            }
            let isHeading = section != nil && !entry.path.contains(".")
            if isHeading { lines += ["", "### \(entry.path)", "\(sentence) (\(entry.rule))"] }
            if isHeading || lines.isEmpty { lines += ["", "| key | value | | example |", "|---|---|---|---|"] }
            guard !isHeading else { continue }
            let cells = ["`\(entry.path)`", entry.rule, sentence, "`\(entry.about.example)`"]
            lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }
}

extension KeyDescription.Kind {
    /// The section that stands here, once or in a list.
    var heldSection: (any SettingsSection.Type)? {
        switch self {
        case .section(let section), .variants(let section, _, _): section
        case .list(let element, _): element.heldSection
        case .text, .flag, .integer, .number, .choice, .map: nil
        }
    }
}

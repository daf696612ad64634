public import ArtifactFiles
internal import StrictYAML

/// Several trainings one after the other, each from a recipe of its own: SH-KD, or a study.
///
/// A stage's values may name the folder of an earlier one as `${stage}`. With `seeds` every stage is run once for each seed, in
/// a folder `<stage>-<seed>`: `${stage}` then means the stage of the same seed and `${seed}` the seed, which is the
/// training's own where `set` has no other.
public struct PipelineRecipe: SettingsSection {
    public var name: String
    public var stages: [Stage]
    public var baseline: String?

    /// One training.
    public struct Stage: SettingsSection {
        public var name: String
        public var recipe: String
        public var set: [String: String]
        public var row: String?

        public enum CodingKeys: String, SettingsKey {
            case name
            case recipe
            case set
            case row

            public var about: KeyDescription {
                switch self {
                case .name:
                    .init(
                        .text("name"),
                        .required,
                        "Its folder's name, and what `${…}` names it by.",
                        example: "teacher"
                    )
                case .recipe:
                    .init(
                        .text("path"),
                        .required,
                        "Its recipe, relative to the pipeline's file.",
                        example: "teacher.yml"
                    )
                case .set:
                    .init(
                        .map(.text("value, in YAML")),
                        .emptySection,
                        "Values that replace the recipe's, by their key paths.",
                        example: "{seed: '2', head.start-from: '${student}/classifier.safetensors'}"
                    )
                case .row:
                    .init(
                        .text(),
                        .without("its name"),
                        "The row that it belongs to in the study's table; stages that differ in their seed alone share one.",
                        example: "\"student, TH-KD\""
                    )
                }
            }
        }

        /// The stage for one of several seeds.
        func repeated(seed: UInt64) -> Stage {
            var stage = self
            stage.name = "\(name)-\(seed)"
            stage.row = row ?? name
            stage.set = set.mapValues { value in
                PipelineRecipe.references(in: value)
                    .reduce(value) { text, name in
                        text.replacing("${\(name)}", with: name == "seed" ? "\(seed)" : "${\(name)-\(seed)}")
                    }
            }
            if stage.set["seed"] == nil { stage.set["seed"] = "\(seed)" }
            return stage
        }
    }

    public enum CodingKeys: String, SettingsKey {
        case name
        case stages
        case baseline
        case seeds

        public var about: KeyDescription {
            switch self {
            case .name: .init(.text(), .required, "What reports call it.", example: "\"SH-KD on MS1M-V3\"")
            case .stages:
                .init(
                    .list(.section(Stage.self)),
                    .required,
                    "The trainings, in order.",
                    example: "[{name: teacher, recipe: teacher.yml}]"
                )
            case .baseline:
                .init(
                    .text("row"),
                    .without("no paired comparison is made"),
                    "The row that the others are compared with, paired.",
                    example: "\"student, no distillation\""
                )
            case .seeds:
                .init(
                    .list(.integer(.atLeast(0))),
                    .without("every stage once"),
                    "Every stage is run once for each seed, in a folder `<stage>-<seed>`.",
                    example: "[1, 2, 3]"
                )
            }
        }
    }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        stages = try values.decode([Stage].self, forKey: .stages)
        baseline = try values.decodeIfPresent(String.self, forKey: .baseline)
        if let seeds = try values.decodeIfPresent([UInt64].self, forKey: .seeds) {
            guard !seeds.isEmpty, Set(seeds).count == seeds.count else {
                throw InputError(.usage, "'seeds' is empty or has one twice", found: "\(seeds)")
            }
            // References and names first: a mistake is then told in the words of the file.
            try check(known: ["seed"])
            stages = seeds.flatMap { seed in stages.map { $0.repeated(seed: seed) } }
        }
        try check()
    }

    /// Writes the stages as they run, `seeds` put in.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encode(stages, forKey: .stages)
        try values.encodeIfPresent(baseline, forKey: .baseline)
    }

    private func check(known: Set<String> = []) throws(InputError) {
        var known = known
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
        for stage in stages {
            guard !stage.name.isEmpty, stage.name.allSatisfy(allowed.contains), !stage.name.hasPrefix(".") else {
                throw InputError(.usage, "a stage's name becomes a folder's", found: stage.name)
            }
            for value in stage.set.values {
                for name in Self.references(in: value) where !known.contains(name) {
                    throw InputError(
                        .unknownName,
                        "'\(stage.name)' names a stage that does not come before it: '${\(name)}'",
                        expected: known.sorted().joined(separator: ", ")
                    )
                }
            }
            guard known.insert(stage.name).inserted else {
                throw InputError(.usage, "two stages have one name", found: stage.name)
            }
        }
        guard !stages.isEmpty else { throw InputError(.missing, "a pipeline has at least one stage") }
        if let baseline, !stages.contains(where: { ($0.row ?? $0.name) == baseline }) {
            throw InputError.unknownName(baseline, kind: "row", known: stages.map { $0.row ?? $0.name })
        }
    }

    /// The names in `${…}`.
    static func references(in text: String) -> [String] {
        text.split(separator: "${", omittingEmptySubsequences: false).dropFirst()
            .compactMap { part in part.firstIndex(of: "}").map { String(part[..<$0]) } }
    }

    /// A stage's overrides with the folders of earlier stages put in.
    ///
    /// - Parameters:
    ///   - stage: The stage.
    ///   - folder: A stage's folder by its name.
    public func overrides(of stage: Stage, folder: (String) -> String) -> [RecipeOverride] {
        stage.set.sorted { $0.key < $1.key }
            .map { key, value in
                var value = value
                for name in Self.references(in: value) { value = value.replacing("${\(name)}", with: folder(name)) }
                return RecipeOverride(key: key, value: value)
            }
    }

    /// Whether a file is a pipeline rather than a single training's recipe.
    public static func isPipeline(path: String) throws(InputError) -> Bool {
        try YAMLDocument(path: path).hasKey("stages")
    }
}

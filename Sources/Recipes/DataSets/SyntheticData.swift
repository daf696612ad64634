public import ArtifactFiles
internal import FaceImaging
package import SyntheticFaces
public import TrainingData

/// Faces of the recipe's population.
public struct SyntheticData: DataSet {
    public static let key = "synthetic"
    public static let sentence = "Faces of the recipe's `population`."
    public static let example = "{images: 24}"

    public var images: Int

    public enum CodingKeys: String, SettingsKey {
        case images

        public var about: KeyDescription {
            .init(.integer(.within(1...1_000_000)), .required, "Images of each person.", example: "24")
        }
    }

    public var needsPopulation: Bool { true }

    /// Renders the faces, unless they lie in the cache.
    public func open(_ opening: DataSetOpening) throws(InputError) -> any TrainingSource {
        guard let people = opening.population else { throw InputError(.missing, "the recipe has no population") }
        var options = SyntheticFaceSource.Options()
        options.pictureSize = opening.size
        options.template = opening.preprocessing.template
        return try SyntheticFaceSource(
            population: try people.population(),
            identities: try people.split().training,
            imagesPerIdentity: images,
            options: options,
            cacheFolder: opening.cacheFolder,
            threads: opening.threads
        ) { opening.progress("rendering faces", $0, $1) }
    }
}

/// Synthetic people, some to train on and the others to evaluate with.
public struct PopulationSettings: SettingsSection {
    public var seed: UInt64
    public var identities: Int
    public var trainingShare: Double
    public var strength: String
    public var diversity: Double
    public var imageSize: Int

    public enum CodingKeys: String, SettingsKey {
        case seed
        case identities
        case trainingShare = "training-share"
        case strength
        case diversity
        case imageSize = "image-size"

        public var about: KeyDescription {
            switch self {
            case .seed:
                .init(.integer(.atLeast(0)), .standard(1), "Everything about the people follows from it.", example: "7")
            case .identities: .init(.integer(.within(2...10_000_000)), .required, "People in all.", example: "500")
            case .trainingShare:
                .init(
                    .number(.between(0, 1)),
                    .standard(0.6),
                    "The share of people to train on; the others are for evaluation.",
                    example: "0.8"
                )
            case .strength:
                .init(
                    .choice(NuisanceStrength.named.map(\.name)),
                    .standard("standard"),
                    "How far photographs of one person differ.",
                    example: "hard"
                )
            case .diversity:
                .init(.number(.above(0)), .standard(1), "A factor on how far people differ.", example: "0.6")
            case .imageSize:
                .init(.integer(.atLeast(1)), .standard(160), "Side of a photograph in pixels.", example: "112")
            }
        }
    }

    package func population() throws(InputError) -> SyntheticPopulation {
        try SyntheticPopulation(
            seed: seed,
            diversity: diversity,
            strength: NuisanceStrength.named(strength),
            settings: SyntheticFaceSettings(imageSize: imageSize)
        )
    }

    package func split() throws(InputError) -> SyntheticIdentitySplit {
        try SyntheticIdentitySplit(count: identities, trainingShare: trainingShare, seed: seed)
    }
}

public import ArtifactFiles
public import TrainingData

/// How images are changed by chance.
public struct AugmentationSettings: SettingsSection {
    public var flip: Double
    public var cropPadding: Int?
    public var colourJitter: [Double]?
    public var cutout: Int?
    public var randomErasing: Double?

    public enum CodingKeys: String, SettingsKey {
        case flip
        case cropPadding = "crop-padding"
        case colourJitter = "colour-jitter"
        case cutout
        case randomErasing = "random-erasing"

        public var about: KeyDescription {
            let chance = KeyDescription.Kind.number(.within(0...1))
            return switch self {
            case .flip: .init(chance, .standard(0.5), "The chance of mirroring.", example: "0")
            case .cropPadding:
                .init(
                    .integer(.within(0...256)),
                    .without("no crop"),
                    "A random window of the image's own size after padding it by so many pixels.",
                    example: "4"
                )
            case .colourJitter:
                .init(
                    .list(.number(.atLeast(0)), count: 3),
                    .without("colours stay"),
                    "Greatest changes of brightness, contrast and saturation.",
                    example: "[0.2, 0.2, 0.2]"
                )
            case .cutout:
                .init(
                    .integer(.within(0...1024)),
                    .without("nothing is covered"),
                    "Side in pixels of a square that is covered.",
                    example: "16"
                )
            case .randomErasing:
                .init(
                    chance,
                    .without("nothing is erased"),
                    "The chance that a random rectangle is covered.",
                    example: "0.1"
                )
            }
        }
    }

    /// The steps in the order in which they are applied.
    public var augmentation: Augmentation {
        var steps: [any AugmentationStep] = []
        if let cropPadding, cropPadding > 0 { steps.append(PaddedCrop(padding: cropPadding)) }
        if flip > 0 { steps.append(HorizontalFlip(probability: flip)) }
        if let jitter = colourJitter {
            steps.append(ColourJitter(brightness: jitter[0], contrast: jitter[1], saturation: jitter[2]))
        }
        if let cutout { steps.append(Cutout(side: cutout)) }
        if let randomErasing { steps.append(RandomErasing(probability: randomErasing)) }
        return Augmentation(steps)
    }
}

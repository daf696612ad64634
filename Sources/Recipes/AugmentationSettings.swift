internal import ArtifactFiles
public import TrainingData

/// How pictures are changed by chance.
public struct AugmentationSettings: Hashable, Sendable, Codable {
    /// The chance of mirroring.
    public var flip: Double
    /// A random window of the picture's own size after padding it by so many pixels.
    public var cropPadding: Int?
    /// Greatest changes of brightness, contrast and saturation.
    public var colourJitter: [Double]?
    /// Side of a square that is covered.
    public var cutout: Int?
    /// The chance that a random rectangle is covered.
    public var randomErasing: Double?

    /// Mirroring alone, as InsightFace trains.
    public static let flipOnly = AugmentationSettings()

    /// The keys of a recipe.
    public enum CodingKeys: String, CodingKey, CaseIterable {
        case flip
        case cropPadding = "crop-padding"
        case colourJitter = "colour-jitter"
        case cutout
        case randomErasing = "random-erasing"
    }

    /// Mirroring with a chance of one half.
    public init() { flip = 0.5 }

    /// Decodes settings and checks their ranges.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        flip = try values.decodeIfPresent(Double.self, forKey: .flip) ?? flip
        cropPadding = try values.decodeIfPresent(Int.self, forKey: .cropPadding)
        colourJitter = try values.decodeIfPresent([Double].self, forKey: .colourJitter)
        cutout = try values.decodeIfPresent(Int.self, forKey: .cutout)
        randomErasing = try values.decodeIfPresent(Double.self, forKey: .randomErasing)
        guard (0...1).contains(flip), (0...256).contains(cropPadding ?? 0), (0...1).contains(randomErasing ?? 0) else {
            throw InputError(.usage, "flip, crop-padding or random-erasing is out of range", expected: "chances: 0 … 1")
        }
        guard colourJitter.map({ $0.count == 3 }) ?? true else {
            throw InputError(
                .usage,
                "colour-jitter is not three numbers",
                expected: "[brightness, contrast, saturation]"
            )
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

public import ArtifactFiles
public import SeededRandom

/// Mirrors left to right.
public struct HorizontalFlip: AugmentationStep {
    /// Share of the pictures that are mirrored, 0 … 1.
    public var probability: Double

    /// Mirrors a share of the pictures.
    public init(probability: Double = 0.5) { self.probability = probability }

    /// One phrase for logs.
    public var summary: String { "flip \(probability)" }

    /// The size stays.
    public func size(after size: PictureSize) throws(InputError) -> PictureSize {
        try AugmentationRange.check(probability, "probability of a flip", 0...1)
        return size
    }

    /// Draws one number.
    public func apply(to picture: inout AugmentedPicture, random: inout SeededGenerator) {
        if random.uniform() < probability { picture.isFlipped.toggle() }
    }
}

enum AugmentationRange {
    /// - Throws: ``InputError`` (`usage`) for a value outside of the range, or not a number.
    static func check(_ value: Double, _ what: String, _ range: ClosedRange<Double>) throws(InputError) {
        guard range.contains(value) else {
            throw InputError(
                .usage,
                "\(what) out of range",
                expected: "\(range.lowerBound) … \(range.upperBound)",
                found: "\(value)"
            )
        }
    }
}

public import ArtifactFiles
internal import FaceImaging
internal import Foundation
public import SeededRandom

/// Covers a square around a random pixel with one colour; what lies outside of the picture is cut off.
///
/// DeVries and Taylor, *Improved Regularization of Convolutional Neural Networks with Cutout*, arXiv 1708.04552, which
/// covers normalised pictures with 0: that is the data's mean colour.
public struct Cutout: AugmentationStep {
    /// Length of a side in pixels.
    public var side: Int
    /// Red, green, blue.
    public var colour: [UInt8]

    /// A cutout.
    public init(side: Int, colour: [UInt8] = [128, 128, 128]) {
        self.side = side
        self.colour = colour
    }

    /// One phrase for logs.
    public var summary: String { "cutout \(side)" }

    /// The size stays.
    public func size(after size: PictureSize) throws(InputError) -> PictureSize {
        try AugmentationRange.check(Double(side), "side of a cutout", 1...4096)
        try Covering.check(colour)
        return size
    }

    /// Draws the middle.
    public func apply(to picture: inout AugmentedPicture, random: inout SeededGenerator) {
        let (row, column) = (
            random.index(below: picture.image.height), random.index(below: picture.image.width)
        )
        let (top, left) = (row - side / 2, column - side / 2)
        Covering.fill(&picture.image, rows: top..<top + side, columns: left..<left + side, colour)
    }
}

/// Covers a rectangle of random size, shape and place in a share of the pictures with one colour.
///
/// Zhong et al., *Random Erasing Data Augmentation*, arXiv 1708.04896, algorithm 1: area and aspect ratio are drawn until
/// the rectangle fits; the aspect ratio is drawn evenly in its logarithm, as torchvision does.
public struct RandomErasing: AugmentationStep {
    /// Share of the pictures, 0 … 1.
    public var probability: Double
    /// Share of the picture's area that is covered.
    public var area: ClosedRange<Double>
    /// Height over width.
    public var aspectRatio: ClosedRange<Double>
    /// Red, green, blue.
    public var colour: [UInt8]

    private static let attempts = 10

    /// An erasing; the ranges' defaults are torchvision's.
    public init(
        probability: Double = 0.5,
        area: ClosedRange<Double> = 0.02...0.33,
        aspectRatio: ClosedRange<Double> = 0.3...3.3,
        colour: [UInt8] = [128, 128, 128]
    ) {
        self.probability = probability
        self.area = area
        self.aspectRatio = aspectRatio
        self.colour = colour
    }

    /// One phrase for logs.
    public var summary: String { "random erasing \(probability), area \(area.lowerBound) … \(area.upperBound)" }

    /// The size stays.
    public func size(after size: PictureSize) throws(InputError) -> PictureSize {
        try AugmentationRange.check(probability, "probability of erasing", 0...1)
        for bound in [area.lowerBound, area.upperBound] {
            try AugmentationRange.check(bound, "area of erasing", 0...1)
        }
        for bound in [aspectRatio.lowerBound, aspectRatio.upperBound] {
            try AugmentationRange.check(bound, "aspect ratio of erasing", 0.01...100)
        }
        try Covering.check(colour)
        return size
    }

    /// Draws whether, then size, shape and place.
    public func apply(to picture: inout AugmentedPicture, random: inout SeededGenerator) {
        let (width, height) = (picture.image.width, picture.image.height)
        guard random.uniform() < probability else { return }
        for _ in 0..<Self.attempts {
            let target = random.uniform(area.lowerBound, area.upperBound) * Double(width * height)
            let ratio = exp(random.uniform(log(aspectRatio.lowerBound), log(aspectRatio.upperBound)))
            let rows = Int((target * ratio).squareRoot().rounded())
            let columns = Int((target / ratio).squareRoot().rounded())
            guard rows < height, columns < width else { continue }
            let top = random.index(below: height - rows + 1)
            let left = random.index(below: width - columns + 1)
            Covering.fill(&picture.image, rows: top..<top + rows, columns: left..<left + columns, colour)
            return
        }
    }
}

private enum Covering {
    static func check(_ colour: [UInt8]) throws(InputError) {
        guard colour.count == 3 else {
            throw InputError(.usage, "not a colour", expected: "red, green, blue", found: "\(colour)")
        }
    }

    static func fill(_ image: inout RGBImage, rows: Range<Int>, columns: Range<Int>, _ colour: [UInt8]) {
        let (width, height) = (image.width, image.height)
        for row in rows.clamped(to: 0..<height) {
            for column in columns.clamped(to: 0..<width) {
                for channel in 0..<3 { image.pixels[(row * width + column) * 3 + channel] = colour[channel] }
            }
        }
    }
}

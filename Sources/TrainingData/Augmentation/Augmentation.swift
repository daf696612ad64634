public import ArtifactFiles
public import FaceImaging
public import SeededRandom

/// A picture on its way through augmentation.
public struct AugmentedPicture: Sendable {
    /// The picture as it is now.
    public var image: RGBImage
    /// Whether it counts as mirrored left to right.
    ///
    /// The pixels of ``image`` are not: they are mirrored when they become a network's input.
    public var isFlipped = false
    /// Memory that a step may use.
    public var scratch: [UInt8] = []

    /// An unchanged picture.
    public init(_ image: RGBImage) { self.image = image }
}

/// One random change of a picture.
public protocol AugmentationStep: Sendable {
    /// One phrase for logs: `random crop, padding 4`.
    var summary: String { get }
    /// The size that pictures have afterwards.
    ///
    /// - Throws: ``InputError`` when the step cannot serve pictures of this size or its settings are out of range.
    func size(after size: PictureSize) throws(InputError) -> PictureSize
    /// Changes a picture.
    ///
    /// - Parameters:
    ///   - picture: The picture.
    ///   - random: A stream of this step, sample and round alone.
    func apply(to picture: inout AugmentedPicture, random: inout SeededGenerator)
}

extension AugmentationStep {
    /// The size stays.
    public func size(after size: PictureSize) throws(InputError) -> PictureSize { size }
}

/// Random changes of every picture, drawn from (seed, round, sample, step): neither threads, batches nor other steps
/// matter.
public struct Augmentation: Sendable {
    /// The changes, in order.
    public var steps: [any AugmentationStep]

    /// Creates a sequence of changes.
    public init(_ steps: [any AugmentationStep]) { self.steps = steps }

    /// Pictures as they are.
    public static let none = Augmentation([])
    /// Mirroring every other picture: all that InsightFace does.
    public static let flip = Augmentation([HorizontalFlip()])
    /// Random crop with padding 4 and mirroring: RepDistiller's CIFAR-100.
    public static let cifar = Augmentation([PaddedCrop(padding: 4), HorizontalFlip()])

    /// One line for logs.
    public var summary: String { steps.isEmpty ? "none" : steps.map(\.summary).joined(separator: "; ") }

    /// Whether mirroring is the only change, so that two embeddings of a picture are all there can be.
    public var isFlipAtMost: Bool { steps.allSatisfy { $0 is HorizontalFlip } }

    /// The size that pictures of a size have in the end.
    ///
    /// - Throws: ``InputError`` of the first step that cannot serve.
    public func size(after size: PictureSize) throws(InputError) -> PictureSize {
        var size = size
        for step in steps { size = try step.size(after: size) }
        return size
    }

    /// Changes a picture.
    ///
    /// - Parameters:
    ///   - picture: The picture.
    ///   - seed: Names all draws.
    ///   - round: Changes come out the same for the same sample in the same round.
    ///   - sample: The sample's index.
    ///   - repetition: How often the sample stood in this batch before.
    public func apply(to picture: inout AugmentedPicture, seed: UInt64, round: Int, sample: Int, repetition: Int = 0) {
        for (place, step) in steps.enumerated() {
            let key = seed &+ UInt64(place) &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(repetition) &* 0xd1b5_4a32_d192_ed03
            var random = SampleStream.augmentation.generator(seed: key, round, sample)
            step.apply(to: &picture, random: &random)
        }
    }
}

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

/// Cuts a window out of the picture with a black border around it, at a place drawn uniformly.
///
/// As torchvision's `RandomCrop(size, padding)`: rows and columns of the corner from 0 … size + 2·padding − window.
public struct PaddedCrop: AugmentationStep {
    /// Black pixels on every side.
    public var padding: Int
    /// The window; nil: the picture's own size.
    public var window: PictureSize?

    /// A crop.
    public init(padding: Int, window: PictureSize? = nil) {
        self.padding = padding
        self.window = window
    }

    /// One phrase for logs.
    public var summary: String { "random crop\(window.map { " \($0)" } ?? ""), padding \(padding)" }

    /// The window's size.
    public func size(after size: PictureSize) throws(InputError) -> PictureSize {
        let window = window ?? size
        guard (0...4096).contains(padding), window.width >= 1, window.height >= 1,
            window.width <= size.width + 2 * padding, window.height <= size.height + 2 * padding
        else {
            throw InputError(
                .usage,
                "the random crop does not fit the picture",
                expected: "a window within \(size) and its padding of 0 … 4096",
                found: "\(window), padding \(padding)"
            )
        }
        return window
    }

    /// Draws two numbers.
    public func apply(to picture: inout AugmentedPicture, random: inout SeededGenerator) {
        let (width, height) = (picture.image.width, picture.image.height)
        let window = window ?? picture.image.size
        let top = random.index(below: height + 2 * padding - window.height + 1) - padding
        let left = random.index(below: width + 2 * padding - window.width + 1) - padding
        let columns = max(0, left)..<max(max(0, left), min(width, left + window.width))
        var cut = picture.scratch
        cut.removeAll(keepingCapacity: true)
        cut.reserveCapacity(window.byteCount)
        for row in top..<top + window.height {
            if row < 0 || row >= height || columns.isEmpty {
                cut.append(contentsOf: repeatElement(0, count: window.width * 3))
                continue
            }
            cut.append(contentsOf: repeatElement(0, count: (columns.lowerBound - left) * 3))
            let start = (row * width + columns.lowerBound) * 3
            cut.append(contentsOf: picture.image.pixels[start..<start + columns.count * 3])
            cut.append(contentsOf: repeatElement(0, count: (left + window.width - columns.upperBound) * 3))
        }
        swap(&picture.image.pixels, &cut)
        picture.scratch = cut
        (picture.image.width, picture.image.height) = (window.width, window.height)
    }
}

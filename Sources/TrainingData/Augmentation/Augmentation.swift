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

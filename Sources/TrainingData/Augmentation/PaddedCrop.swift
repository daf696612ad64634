public import ArtifactFiles
internal import FaceImaging
public import SeededRandom

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

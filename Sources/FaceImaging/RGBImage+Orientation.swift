/// How the pixels of a file lie, as EXIF's orientation says.
public struct ImageOrientation: Hashable, Sendable {
    /// EXIF's value, 1…8: 1 upright, 2 mirrored, 3 upside down, 4 flipped, 5 transposed, 6 to be turned right,
    /// 7 transverse, 8 to be turned left.
    public let exif: Int

    /// Nothing is to be done.
    public static let upright = ImageOrientation(exif: 1)

    /// Takes EXIF's value; what is none counts as 1.
    public init(exif: Int) { self.exif = (1...8).contains(exif) ? exif : 1 }

    /// Whether width and height change places.
    var isTransposed: Bool { exif >= 5 }
    /// Whether the stored columns run from right to left.
    var isFromRight: Bool { [2, 3, 7, 8].contains(exif) }
    /// Whether the stored rows run from bottom to top.
    var isFromBottom: Bool { [3, 4, 6, 7].contains(exif) }

    /// The size of the upright image.
    func uprightSize(width: Int, height: Int) -> (width: Int, height: Int) {
        isTransposed ? (height, width) : (width, height)
    }
}

extension RGBImage {
    /// The image as it is meant to be seen.
    ///
    /// - Parameter orientation: How the pixels lie.
    /// - Returns: The upright image.
    public func upright(from orientation: ImageOrientation) -> RGBImage {
        guard orientation != .upright else { return self }
        let (newWidth, newHeight) = orientation.uprightSize(width: width, height: height)
        // Walks the new image; where its first pixel is in the old one, and how far apart its neighbours are.
        let along = (x: orientation.isFromRight ? -3 : 3, y: (orientation.isFromBottom ? -3 : 3) * width)
        let start =
            (orientation.isFromRight ? (width - 1) * 3 : 0) + (orientation.isFromBottom ? (height - 1) * width * 3 : 0)
        let (stepX, stepY) = orientation.isTransposed ? (along.y, along.x) : (along.x, along.y)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
            var written = 0
            pixels.withUnsafeBufferPointer { old in
                for y in 0..<newHeight {
                    var from = start + y * stepY
                    for _ in 0..<newWidth {
                        for channel in 0..<3 { out[written + channel] = old[from + channel] }
                        written += 3
                        from += stepX
                    }
                }
            }
            count = written
        }
        return RGBImage(width: newWidth, height: newHeight, pixels: turned)
    }
}

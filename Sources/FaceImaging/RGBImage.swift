public import ArtifactFiles
internal import CImageCodecs

/// An 8-bit RGB picture, row by row from the top left.
public struct RGBImage: Hashable, Sendable {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int
    /// `[height, width, 3]`, red first.
    public var pixels: [UInt8]

    /// Wraps pixels.
    ///
    /// - Parameters:
    ///   - width: Columns.
    ///   - height: Rows.
    ///   - pixels: `height × width × 3` bytes.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width >= 0 && height >= 0 && pixels.count == width * height * 3)
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

/// How many luma samples share one chroma sample in a JPEG.
public enum ChromaSubsampling: String, Hashable, Sendable, CaseIterable {
    /// Full chroma resolution (4:4:4).
    case none444 = "4:4:4"
    /// Half in width (4:2:2).
    case horizontal422 = "4:2:2"
    /// Half in width and height (4:2:0), as most cameras and libraries write.
    case both420 = "4:2:0"

    var factors: (x: Int32, y: Int32) {
        switch self {
        case .none444: (1, 1)
        case .horizontal422: (2, 1)
        case .both420: (2, 2)
        }
    }
}

extension RGBImage {
    /// The picture as a JPEG file.
    ///
    /// - Parameters:
    ///   - quality: libjpeg's scale, 1…100.
    ///   - progressive: Whether to write several scans of growing detail.
    ///   - chromaSubsampling: Chroma resolution.
    /// - Returns: The file's bytes; the same on every machine with the same libjpeg-turbo.
    /// - Throws: ``InputError`` when the picture is empty or too large for JPEG (65,500 a side).
    public func jpegData(
        quality: Int,
        progressive: Bool = false,
        chromaSubsampling: ChromaSubsampling = .both420
    ) throws(InputError) -> [UInt8] {
        guard (1...100).contains(quality) else {
            throw InputError(.usage, "JPEG quality out of range", expected: "1 to 100", found: "\(quality)")
        }
        let factors = chromaSubsampling.factors
        return try encoded("JPEG", release: vf_jpeg_free) { pixels, bytes, count, message in
            vf_jpeg_encode(
                pixels,
                Int32(width),
                Int32(height),
                width * 3,
                Int32(quality),
                progressive ? 1 : 0,
                factors.x,
                factors.y,
                bytes,
                count,
                message
            )
        }
    }

    /// The picture as a PNG file.
    ///
    /// - Parameter compression: zlib's level, 0…9.
    /// - Returns: The file's bytes.
    /// - Throws: ``InputError`` when the picture is empty.
    public func pngData(compression: Int = 6) throws(InputError) -> [UInt8] {
        guard (0...9).contains(compression) else {
            throw InputError(.usage, "PNG compression out of range", expected: "0 to 9", found: "\(compression)")
        }
        return try encoded("PNG", release: vf_png_free) { pixels, bytes, count, message in
            vf_png_encode(
                pixels,
                Int32(width),
                Int32(height),
                width * 3,
                Int32(compression),
                bytes,
                count,
                message
            )
        }
    }

    private func encoded(
        _ format: String,
        release: (UnsafeMutablePointer<UInt8>?) -> Void,
        _ encode: (
            UnsafePointer<UInt8>, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>,
            UnsafeMutablePointer<vf_codec_message>
        ) -> vf_codec_status
    ) throws(InputError) -> [UInt8] {
        guard width > 0, height > 0 else { throw InputError(.usage, "an empty picture cannot be written") }
        guard width <= Int(Int32.max), height <= Int(Int32.max) else {
            throw InputError(.limitExceeded, "the picture is too large to be written")
        }
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { release(bytes) }
        try CodecStatus.check(format) { message in
            pixels.withUnsafeBufferPointer { source in
                guard let start = source.baseAddress else { return VF_CODEC_MALFORMED }
                return encode(start, &bytes, &count, message)
            }
        }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}

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

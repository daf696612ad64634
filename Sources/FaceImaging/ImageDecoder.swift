public import ArtifactFiles

/// Decodes JPEG and PNG files to RGB, one after another.
///
/// The first bytes of a file decide its format, never its name. What is read:
/// - JPEG: baseline, extended and progressive Huffman coding of 8 bits; grey, YCbCr, RGB, and CMYK and YCCK as Adobe
///   stores them (inverted), converted with OpenCV's integer formula. Accurate integer DCT and smooth chroma
///   upsampling, so that pixels equal those of OpenCV and Pillow.
/// - PNG: all colour types, depths and interlacing; grey and palettes become RGB, 16-bit samples lose their low byte,
///   alpha is dropped and gamma ignored, as OpenCV's colour reading does.
///
/// EXIF's orientation (JPEG's APP1, PNG's eXIf) is applied unless it is to be ignored; a damaged EXIF block counts as
/// none.
///
/// Files that end early or hold damaged pixel data are errors: no pixel is invented. For one worker at a time.
public struct ImageDecoder: ~Copyable, @unchecked Sendable {
    // Sendable: the sole owner of its native decoders and buffers.
    /// Pictures with more pixels are refused before memory is reserved for them.
    public static let defaultPixelLimit = 100_000_000

    var reader: PictureReader
    private var file = FileBuffer()

    /// Creates a decoder.
    ///
    /// - Parameters:
    ///   - pixelLimit: Pictures with more pixels are refused.
    ///   - appliesOrientation: Whether images are turned upright as EXIF says, as OpenCV does.
    public init(pixelLimit: Int = ImageDecoder.defaultPixelLimit, appliesOrientation: Bool = true) {
        reader = PictureReader(pixelLimit: pixelLimit, readsOrientation: appliesOrientation)
    }

    /// Decodes one picture.
    ///
    /// - Parameter bytes: A JPEG or PNG file.
    /// - Returns: The picture.
    /// - Throws: ``InputError``: `truncated`, `malformed`, `unsupported` or `limitExceeded`.
    public mutating func decode(_ bytes: UnsafeRawBufferPointer) throws(InputError) -> RGBImage {
        var image = RGBImage(width: 0, height: 0, pixels: [])
        try decode(bytes, into: &image)
        return image
    }

    /// Decodes one picture into the memory of another.
    ///
    /// - Parameters:
    ///   - bytes: A JPEG or PNG file.
    ///   - image: Replaced by the picture; undefined pixels if an error is thrown.
    /// - Throws: As ``decode(_:)``.
    public mutating func decode(_ bytes: UnsafeRawBufferPointer, into image: inout RGBImage) throws(InputError) {
        try decodeNoting(bytes, into: &image)
    }

    /// Decodes one image; returns the orientation from which it was turned upright.
    @discardableResult
    mutating func decodeNoting(
        _ bytes: UnsafeRawBufferPointer,
        into image: inout RGBImage
    ) throws(InputError) -> ImageOrientation {
        let orientation = try decodeAsStored(bytes, into: &image)
        if orientation != .upright { image = image.upright(from: orientation) }
        return orientation
    }

    /// Decodes a file.
    ///
    /// - Parameter path: A JPEG or PNG file.
    /// - Returns: The picture.
    /// - Throws: As ``decode(_:)``, and `missing`; errors name the file.
    public mutating func decode(file path: String) throws(InputError) -> RGBImage {
        do throws(InputError) {
            try file.read(path)
            return try decode(file.bytes)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Decodes part of an image as it is stored, as alignment does.
    ///
    /// - Parameters:
    ///   - bytes: A JPEG or PNG file.
    ///   - region: In the pixels of the image at that scale; all of it without one.
    ///   - scale: The DCT scale; PNG files have no other than the full one.
    ///   - image: Replaced by the part.
    /// - Returns: The EXIF orientation; upright when it is to be ignored.
    @discardableResult
    package mutating func decodeAsStored(
        _ bytes: UnsafeRawBufferPointer,
        region: PixelRegion? = nil,
        scale: DecodingScale = .full,
        into image: inout RGBImage
    ) throws(InputError) -> ImageOrientation {
        let info = try reader.open(bytes)
        let whole = PixelRegion(x: 0, y: 0, width: scale.scaled(info.width), height: scale.scaled(info.height))
        let region = region ?? whole
        let count = region.width * region.height * 3
        if image.pixels.count != count { image.pixels = Array(repeating: 0, count: count) }
        (image.width, image.height) = (region.width, region.height)
        try image.pixels.withUnsafeMutableBufferPointer { pixels throws(InputError) in
            guard let start = pixels.baseAddress else { return }
            let target = PixelTarget(pixels: start, stride: region.width * 3, pixelBytes: 3)
            try reader.decode(region, scale: scale, into: target)
        }
        return info.orientation
    }
}

extension ImageDecoder {
    /// Decodes one picture with a decoder of its own.
    ///
    /// - Parameter bytes: A JPEG or PNG file.
    /// - Returns: The picture; turned upright as EXIF says.
    /// - Throws: ``InputError``: `truncated`, `malformed`, `unsupported` or `limitExceeded`.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> RGBImage {
        var decoder = ImageDecoder()
        return try decoder.decode(bytes)
    }

    /// Decodes one file with a decoder of its own.
    ///
    /// - Parameter path: A JPEG or PNG file.
    /// - Returns: The picture; turned upright as EXIF says.
    /// - Throws: As ``decode(_:)-([UInt8])``, and `missing`; errors name the file.
    public static func decode(file path: String) throws(InputError) -> RGBImage {
        var decoder = ImageDecoder()
        return try decoder.decode(file: path)
    }

    /// Decodes one picture.
    ///
    /// - Parameter bytes: A JPEG or PNG file.
    /// - Returns: The picture.
    /// - Throws: As the form that takes a buffer.
    public mutating func decode(_ bytes: [UInt8]) throws(InputError) -> RGBImage {
        try bytes.withUnsafeBufferPointer { bytes throws(InputError) in try decode(UnsafeRawBufferPointer(bytes)) }
    }
}

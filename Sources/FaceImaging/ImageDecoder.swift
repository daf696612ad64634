public import ArtifactFiles
internal import CImageCodecs

/// Decodes JPEG and PNG files to RGB.
public enum ImageDecoder {
    /// Pictures with more pixels are refused before memory is reserved for them.
    public static let defaultPixelLimit = 100_000_000

    /// Decodes one picture.
    ///
    /// - Parameter bytes: A JPEG or PNG file; its first bytes decide which.
    /// - Returns: The picture; EXIF orientation is ignored.
    /// - Throws: ``InputError``: `truncated`, `malformed`, `unsupported` or `limitExceeded`.
    public static func decode(_ bytes: [UInt8]) throws(InputError) -> RGBImage {
        var result = Result<RGBImage, InputError>.failure(InputError(.truncated, "empty file"))
        bytes.withUnsafeBufferPointer { raw in
            do throws(InputError) {
                result = .success(try decode(raw))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    private static func decode(_ bytes: UnsafeBufferPointer<UInt8>) throws(InputError) -> RGBImage {
        if bytes.starts(with: [0xff, 0xd8]) { return try decodeJPEG(bytes) }
        if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) { return try decodePNG(bytes) }
        throw InputError(.malformed, "neither JPEG nor PNG")
    }

    private static func blank(_ info: vf_image_info) throws(InputError) -> RGBImage {
        let (width, height) = (Int(info.width), Int(info.height))
        guard width * height <= defaultPixelLimit else {
            throw InputError(
                .limitExceeded,
                "the picture is too large",
                expected: "at most \(defaultPixelLimit) pixels",
                found: "\(width)x\(height)"
            )
        }
        return RGBImage(width: width, height: height, pixels: Array(repeating: 0, count: width * height * 3))
    }

    private static func decodeJPEG(_ bytes: UnsafeBufferPointer<UInt8>) throws(InputError) -> RGBImage {
        let decoder = vf_jpeg_decoder_create()
        defer { vf_jpeg_decoder_destroy(decoder) }
        guard decoder != nil else { throw InputError(.limitExceeded, "out of memory") }
        var info = vf_image_info()
        try CodecStatus.check("JPEG") { vf_jpeg_open(decoder, bytes.baseAddress, bytes.count, &info, $0) }
        var image = try blank(info)
        let stride = image.width * 3
        try CodecStatus.check("JPEG") { message in
            image.pixels.withUnsafeMutableBufferPointer {
                vf_jpeg_decode(decoder, 8, $0.baseAddress, stride, message)
            }
        }
        return image
    }

    private static func decodePNG(_ bytes: UnsafeBufferPointer<UInt8>) throws(InputError) -> RGBImage {
        var decoder: OpaquePointer?
        var info = vf_image_info()
        try CodecStatus.check("PNG") { vf_png_open(bytes.baseAddress, bytes.count, &decoder, &info, $0) }
        defer { vf_png_close(decoder) }
        var image = try blank(info)
        let stride = image.width * 3
        try CodecStatus.check("PNG") { message in
            image.pixels.withUnsafeMutableBufferPointer {
                vf_png_decode(decoder, $0.baseAddress, stride, &info.orientation, message)
            }
        }
        return image
    }
}

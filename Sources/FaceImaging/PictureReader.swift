internal import ArtifactFiles
internal import CImageCodecs
internal import CKernels

/// What a picture's header says.
struct PictureInfo {
    var width: Int
    var height: Int
    /// Upright unless EXIF is read.
    var orientation: ImageOrientation
}

/// A rectangle of pixels.
package struct PixelRegion: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }
}

/// Where decoded pixels go: rows of `stride` bytes, 3 (RGB) or 4 (RGBX) a pixel.
///
/// RGBX rows must be followed by 64 bytes that may be overwritten.
struct PixelTarget {
    var pixels: UnsafeMutablePointer<UInt8>
    var stride: Int
    var pixelBytes: Int
}

/// Opens one picture after another and decodes parts of them, keeping native decoders and buffers.
struct PictureReader: ~Copyable {
    private enum Format {
        case jpeg
        case png
    }

    let pixelLimit: Int
    /// Whether EXIF is read.
    let readsOrientation: Bool
    private let jpeg = JPEGHandle()
    private var png: PNGHandle?
    private var format = Format.jpeg
    private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)

    init(pixelLimit: Int, readsOrientation: Bool) {
        self.pixelLimit = pixelLimit
        self.readsOrientation = readsOrientation
    }

    /// Reads a header and checks the picture's size.
    ///
    /// - Parameter bytes: A JPEG or PNG file, which must stay valid until the picture is decoded.
    mutating func open(_ bytes: UnsafeRawBufferPointer) throws(InputError) -> PictureInfo {
        self.bytes = bytes
        png = nil
        let info =
            switch try Self.sniff(bytes) {
            case .png: try openPNG()
            default: try openJPEG()
            }
        // Both are below 2³¹.
        guard info.width * info.height <= pixelLimit else {
            throw InputError(
                .limitExceeded,
                "the picture is too large",
                expected: "at most \(pixelLimit) pixels",
                found: "\(info.width)x\(info.height)"
            )
        }
        return info
    }

    private static func sniff(_ bytes: UnsafeRawBufferPointer) throws(InputError) -> Format {
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        if bytes.count >= 2, bytes[0] == 0xff, bytes[1] == 0xd8 { return .jpeg }
        if bytes.count >= 8, bytes.prefix(8).elementsEqual(signature) { return .png }
        let isCut = bytes.isEmpty || (bytes.count < 8 && (bytes[0] == 0xff || signature.starts(with: bytes)))
        if isCut { throw InputError(.truncated, "the file ends at once") }
        guard let other = otherFormat(bytes) else { throw InputError(.malformed, "neither JPEG nor PNG") }
        throw InputError(.malformed, "\(other), which is not read; \(ImageFileNames.cure)", expected: "JPEG or PNG")
    }

    /// An image format that is not read, by its first bytes.
    private static func otherFormat(_ bytes: UnsafeRawBufferPointer) -> String? {
        func has(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
        if has("RIFF"), has("WEBP", at: 8) { return "a WebP image" }
        if has("GIF87a") || has("GIF89a") { return "a GIF image" }
        if has("BM"), bytes.count > 14 { return "a BMP image" }
        if has("II*\0") || has("MM\0*") { return "a TIFF image" }
        if has("ftypavif", at: 4) || has("ftypavis", at: 4) { return "an AVIF image" }
        if has("ftypheic", at: 4) || has("ftypheix", at: 4) || has("ftypmif1", at: 4) { return "a HEIC image" }
        if has("<svg") || has("<?xml") { return "an SVG image or other XML" }
        return nil
    }

    private mutating func openJPEG() throws(InputError) -> PictureInfo {
        guard jpeg.pointer != nil else { throw CodecStatus.outOfMemory }
        format = .jpeg
        var info = vf_image_info()
        let pointer = jpeg.pointer
        let bytes = bytes
        try CodecStatus.check("JPEG") { message in
            vf_jpeg_open(
                pointer,
                bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
                bytes.count,
                &info,
                message
            )
        }
        return pictureInfo(info)
    }

    private func pictureInfo(_ info: vf_image_info) -> PictureInfo {
        PictureInfo(
            width: Int(info.width),
            height: Int(info.height),
            orientation: readsOrientation ? ImageOrientation(exif: Int(info.orientation)) : .upright
        )
    }

    private mutating func openPNG() throws(InputError) -> PictureInfo {
        var pointer: OpaquePointer?
        var info = vf_image_info()
        let bytes = bytes
        try CodecStatus.check("PNG") { message in
            vf_png_open(
                bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
                bytes.count,
                &pointer,
                &info,
                message
            )
        }
        png = PNGHandle(pointer: pointer)
        format = .png
        return pictureInfo(info)
    }

    /// Whether ``decode(_:scale:into:)`` can decode at less than full scale.
    var canReduce: Bool { format != .png }

    /// Decodes part of the opened picture; once for each opening.
    ///
    /// - Parameters:
    ///   - region: Inside the picture at that scale.
    ///   - scale: The DCT scale; `full` unless ``canReduce``.
    ///   - target: Receives the pixels.
    mutating func decode(
        _ region: PixelRegion,
        scale: DecodingScale,
        into target: PixelTarget
    ) throws(InputError) {
        switch format {
        case .jpeg: try decodeJPEG(region, scale: scale, into: target)
        case .png: try decodePNG(region, into: target)
        }
    }

    private func decodeJPEG(
        _ region: PixelRegion,
        scale: DecodingScale,
        into target: PixelTarget
    ) throws(InputError) {
        var target = Self.codecTarget(region, target)
        try CodecStatus.check("JPEG") { message in
            vf_jpeg_decode(jpeg.pointer, Int32(scale.eighths), &target, message)
        }
    }

    private mutating func decodePNG(_ region: PixelRegion, into target: PixelTarget) throws(InputError) {
        let pointer = png?.pointer
        guard let pointer else { throw InputError(.malformed, "no picture is open") }
        var target = Self.codecTarget(region, target)
        try CodecStatus.check("PNG") { message in vf_png_decode(pointer, &target, message) }
        png = nil
    }

    private static func codecTarget(_ region: PixelRegion, _ target: PixelTarget) -> vf_codec_target {
        vf_codec_target(
            x: Int32(region.x),
            y: Int32(region.y),
            width: Int32(region.width),
            height: Int32(region.height),
            pixels: target.pixels,
            stride: target.stride,
            pixel_bytes: Int32(target.pixelBytes)
        )
    }
}

/// libjpeg's decompressor.
struct JPEGHandle: ~Copyable {
    /// `nil` when memory is short.
    let pointer = vf_jpeg_decoder_create()
    deinit { vf_jpeg_decoder_destroy(pointer) }
}

/// libpng's reader of one picture.
struct PNGHandle: ~Copyable {
    let pointer: OpaquePointer?
    deinit { vf_png_close(pointer) }
}

/// The one place where C status codes become Swift errors.
enum CodecStatus {
    /// The error of a native decoder that could not be made.
    static let outOfMemory = InputError(.limitExceeded, "out of memory")

    /// Runs a call of the C module.
    ///
    /// - Parameters:
    ///   - format: "JPEG" or "PNG", for the message.
    ///   - call: Receives where the C side writes its message.
    /// - Throws: ``InputError`` with the library's words.
    static func check(
        _ format: String,
        _ call: (UnsafeMutablePointer<vf_codec_message>) -> vf_codec_status
    ) throws(InputError) {
        var message = vf_codec_message()
        let status = call(&message)
        guard status != VF_CODEC_OK else { return }
        let text = withUnsafeBytes(of: &message.text) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        throw InputError(code(of: status), "\(format): \(text)")
    }

    private static func code(of status: vf_codec_status) -> InputError.Code {
        switch status {
        case VF_CODEC_TRUNCATED: .truncated
        case VF_CODEC_UNSUPPORTED: .unsupported
        case VF_CODEC_TOO_LARGE, VF_CODEC_NO_MEMORY: .limitExceeded
        default: .malformed
        }
    }
}

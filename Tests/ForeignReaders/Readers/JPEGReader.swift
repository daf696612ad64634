internal import ArtifactFiles
internal import FaceImaging

/// JPEG images: whole, upright, and a face cut out.
struct JPEGReader: ForeignReader {
    var name: String { "jpeg" }
    var dictionary: [[UInt8]] {
        [0xc0, 0xc2, 0xc4, 0xd0, 0xd8, 0xd9, 0xda, 0xdb, 0xdd, 0xe1, 0xee].map { [0xff, $0] } + [Array("Exif\0\0".utf8)]
    }

    func seeds() throws -> [[UInt8]] {
        try Seeds.files("FaceImaging/decoding", endingIn: ".jpg") + Seeds.files("Hostile/jpeg", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws { try PictureCheck.read(bytes) }
}

/// PNG pictures.
struct PNGReader: ForeignReader {
    var name: String { "png" }
    var dictionary: [[UInt8]] {
        ["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "eXIf", "bKGD", "\u{89}PNG\r\n"]
            .map { Array($0.utf8) }
    }

    func seeds() throws -> [[UInt8]] {
        try Seeds.files("FaceImaging/decoding", endingIn: ".png") + Seeds.files("Hostile/png", endingIn: "")
    }

    func read(_ bytes: [UInt8], in folder: ScratchFolder) throws { try PictureCheck.read(bytes) }
}

/// What is done with a picture of either kind.
private enum PictureCheck {
    // Far below the default: what matters is that the limit holds.
    private static let pixelLimit = 1 << 20

    static func read(_ bytes: [UInt8]) throws {
        var upright = ImageDecoder(pixelLimit: pixelLimit, appliesOrientation: true)
        if let image = try? upright.decode(bytes) {
            precondition(image.pixels.count == image.width * image.height * 3, "every pixel is there")
            precondition(image.width * image.height <= pixelLimit, "the limit holds")
        }
        var options = FaceExtractor.Options()
        options.pixelLimit = pixelLimit
        var extractor = try FaceExtractor(preprocessing: .insightface, options: options)
        var face = [UInt8](repeating: 0, count: FacePreprocessing.insightface.faceByteCount)
        let landmarks = try FaceLandmarks(coordinates: [30, 30, 60, 30, 45, 45, 33, 60, 57, 60])
        face.withUnsafeMutableBufferPointer { target in
            bytes.withUnsafeBytes { raw in _ = try? extractor.extract(raw, landmarks: landmarks, into: target) }
        }
        var decoder = ImageDecoder(pixelLimit: pixelLimit)
        _ = try decoder.decode(bytes)
    }
}

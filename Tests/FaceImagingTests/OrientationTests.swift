import ArtifactFiles
import FaceImaging
import Foundation
import TestSupport
import Testing

@Suite("EXIF orientation")
struct OrientationTests {
    static func files() throws -> [(bytes: [UInt8], golden: ImagingFixture.Picture)] {
        let common = try ImagingFixture.pictures().map { (try ImagingFixture.bytes("decoding/" + $0.file), $0) }
        let unusual = try ImagingFixture.orientations().map { (try ImagingFixture.bytes("orientation/" + $0.file), $0) }
        return common + unusual
    }

    @Test("Is applied as OpenCV applies it, and a damaged block counts as none")
    func equalsOpenCV() throws {
        var upright = ImageDecoder()
        var stored = ImageDecoder(appliesOrientation: false)
        var turned: Set<String> = []
        for (bytes, golden) in try Self.files() {
            let image = try upright.decode(bytes)
            let expected = golden.upright ?? .init(width: golden.width, height: golden.height, sha256: golden.sha256)
            #expect(image.width == expected.width && image.height == expected.height, "\(golden.file)")
            #expect(image.digest == expected.sha256, "\(golden.file)")
            #expect(try stored.decode(bytes).digest == golden.sha256, "\(golden.file)")
            if expected.sha256 != golden.sha256 { turned.insert(golden.file) }
        }
        // Orientations 2 to 8 of both formats, and the unusual ones.
        #expect(turned.count == 7 + 1 + 7 + 5)
    }

    @Test("Landmarks are those of the upright image, for whole and for aligned faces")
    func landmarks() throws {
        let landmarks = FaceLandmarks.placed(x: 10, y: 12, scale: 0.15, angle: 0.3)
        var options = FaceExtractor.Options()
        var applying = try FaceExtractor(preprocessing: .insightface, options: options)
        options.appliesOrientation = false
        var ignoring = try FaceExtractor(preprocessing: .insightface, options: options)
        for (bytes, golden) in try Self.files() where golden.upright != nil {
            let upright = try ImageDecoder.decode(bytes)
            let (face, extraction) = try applying.face(bytes, landmarks)
            let (mean, largest) = face.difference(from: try applying.face(upright, landmarks))
            // Positions are rounded to 2⁻³² pixel on the way that the stored rows run.
            #expect(largest <= 1 && mean < 0.01, "\(golden.file): \(mean)")
            #expect(extraction.pictureWidth == upright.width && extraction.pictureHeight == upright.height)
            let (stored, plain) = try ignoring.face(bytes, landmarks)
            var decoder = ImageDecoder(appliesOrientation: false)
            #expect(try stored == ignoring.face(decoder.decode(bytes), landmarks), "\(golden.file)")
            #expect(plain.orientation == .upright && plain.pictureWidth == golden.width)
        }
    }

    /// The file with an orientation that says how its pixels, stored turned, become upright.
    static func stored(_ image: RGBImage, as orientation: Int) throws -> [UInt8] {
        // The inverse of a quarter turn is the other one; all others are their own.
        let inverse = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation
        let jpeg = try image.upright(from: ImageOrientation(exif: inverse))
            .jpegData(quality: 98, chromaSubsampling: .none444)
        let tiff: [UInt8] = [
            0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0,
        ]
        let block = Array("Exif".utf8) + [0, 0] + tiff
        return jpeg.prefix(2) + [0xff, 0xe1, 0, UInt8(block.count + 2)] + block + jpeg.dropFirst(2)
    }

    @Test("A large photograph gives the same face however it is stored, reduced in decoding or not", arguments: 1...8)
    func reduced(orientation: Int) throws {
        var extractor = try FaceExtractor(preprocessing: .insightface)
        // Sides that no reduction divides.
        for (shrink, width, height) in [(1.5, 211, 203), (2.5, 403, 381), (4.5, 645, 661), (9.0, 1203, 1117)] {
            let image = ReducedDecodingTests.slope(width: width, height: height)
            let bytes = try Self.stored(image, as: orientation)
            let landmarks = FaceLandmarks.placed(
                x: Double(width) / 2 + 3,
                y: Double(height) / 2 - 5,
                scale: shrink,
                angle: 0.1
            )
            let (face, extraction) = try extractor.face(bytes, landmarks)
            #expect(extraction.orientation.exif == orientation)
            #expect((extraction.decodingScale == .full) == (shrink < 2))
            #expect(extraction.pictureWidth == width && extraction.pictureHeight == height)
            let whole = try extractor.face(image, landmarks)
            var bias = [0, 0, 0]
            for index in face.pixels.indices { bias[index % 3] += Int(face.pixels[index]) - Int(whole.pixels[index]) }
            // Half a decoded pixel would be half a level or more everywhere.
            for channel in 0..<3 { #expect(abs(Double(bias[channel]) / (112 * 112)) < 0.25) }
            #expect(face.difference(from: whole).mean < 0.7)
        }
    }
}

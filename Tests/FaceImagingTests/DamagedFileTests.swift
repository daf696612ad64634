import ArtifactFiles
import FaceImaging
import Foundation
import SeededRandom
import TestSupport
import Testing

@Suite("Damaged and hostile files")
struct DamagedFileTests {
    static let files = [
        "base_444_q35.jpg", "base_420_q75.jpg", "restart_422.jpg", "progressive_420.jpg", "grey.jpg", "cmyk.jpg",
        "exif_6.jpg", "tiny_3x5.jpg", "grey_1.png", "palette_4_interlaced.png", "rgb_16.png", "rgb_alpha_8.png",
        "palette_transparent.png", "exif_6.png",
    ]

    static let landmarks = FaceLandmarks.placed(x: 25, y: 20, scale: 0.3, angle: 0.1)

    @Test("A file cut short anywhere is refused", arguments: files)
    func truncation(name: String) throws {
        let bytes = try ImagingFixture.bytes("decoding/" + name)
        var decoder = ImageDecoder()
        var extractor = try FaceExtractor(preprocessing: .insightface)
        for length in 0..<bytes.count {
            let cut = Array(bytes[..<length])
            let error = #expect(throws: InputError.self, "\(length) bytes") { _ = try decoder.decode(cut) }
            #expect([.truncated, .malformed].contains(error?.code), "\(length) bytes: \(String(describing: error))")
            #expect(throws: FaceFailure.self, "\(length) bytes") { _ = try extractor.face(cut, Self.landmarks) }
        }
    }

    @Test("A file cut inside its pixels is called truncated", arguments: files)
    func truncationIsNamed(name: String) throws {
        let bytes = try ImagingFixture.bytes("decoding/" + name)
        let error = #expect(throws: InputError.self) { _ = try ImageDecoder.decode(Array(bytes.dropLast(30))) }
        #expect(error?.code == .truncated)
        let isJPEG = name.hasSuffix("jpg")
        #expect(error?.description.contains(isJPEG ? "JPEG: Premature end" : "PNG: premature end") == true)
    }

    @Test("A changed byte gives an error or a picture, never a crash", arguments: files)
    func mutation(name: String) throws {
        let bytes = try ImagingFixture.bytes("decoding/" + name)
        var random = SeededGenerator(seed: 31)
        var decoder = ImageDecoder(pixelLimit: 1_000_000)
        var extractor = try FaceExtractor(preprocessing: .insightface)
        for index in bytes.indices {
            var changed = bytes
            changed[index] = UInt8.random(in: 0...255, using: &random)
            do throws(InputError) {
                let image = try decoder.decode(changed)
                #expect(image.pixels.count == image.width * image.height * 3)
            } catch {
                #expect(error.code != .missing)
            }
            _ = try? extractor.face(changed, Self.landmarks)
        }
    }

    @Test("Noise after a good beginning gives an error or a picture, never a crash", arguments: files)
    func noise(name: String) throws {
        let bytes = try ImagingFixture.bytes("decoding/" + name)
        var random = SeededGenerator(seed: 32)
        var decoder = ImageDecoder(pixelLimit: 1_000_000)
        for _ in 0..<300 {
            var changed = bytes
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let count = Int.random(in: 1...40, using: &random)
            for index in start..<min(start + count, bytes.count) { changed[index] = random.next() }
            _ = try? decoder.decode(changed)
        }
    }

    @Test("Files of other kinds are refused as malformed, empty ones as truncated")
    func otherFormats() throws {
        for text in [
            "GIF89a…………", "BM………………", "RIFF....WEBPVP8 ", "<svg xmlns=", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
        ] {
            let error = #expect(throws: InputError.self) { _ = try ImageDecoder.decode(Array(text.utf8)) }
            #expect(error?.code == .malformed)
        }
        for bytes: [UInt8] in [[], [0xff], [0x89, 0x50]] {
            let error = #expect(throws: InputError.self) { _ = try ImageDecoder.decode(bytes) }
            #expect(error?.code == .truncated)
        }
    }

    /// A JPEG and a PNG of 16×16 pixels whose headers promise more.
    static func promising(width: Int, height: Int) throws -> [[UInt8]] {
        func big(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var jpeg = try RGBImage.sample(width: 16, height: 16).jpegData(quality: 50)
        let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: big(min(height, 65_500), 2) + big(min(width, 65_500), 2))
        var progressive = try RGBImage.sample(width: 16, height: 16).jpegData(quality: 50, progressive: true)
        let other = try #require(progressive.indices.first { progressive[$0] == 0xff && progressive[$0 + 1] == 0xc2 })
        progressive.replaceSubrange(other + 5..<other + 9, with: jpeg[frame + 5..<frame + 9])
        var png = try RGBImage.sample(width: 16, height: 16).pngData()
        png.replaceSubrange(16..<24, with: big(width, 4) + big(height, 4))
        png.replaceSubrange(29..<33, with: checksum(png[12..<29]))
        return [jpeg, progressive, png]
    }

    @Test("A header that promises more than the file can hold is refused before memory is reserved")
    func promises() throws {
        // 243 MB and terabytes of pixels, from files of a few hundred bytes.
        for (width, height) in [(9000, 9000), (0x7fff_ffff, 0x7fff_ffff), (1, 60_000_000)] {
            for bytes in try Self.promising(width: width, height: height) {
                let error = #expect(throws: InputError.self) { _ = try ImageDecoder.decode(bytes) }
                #expect([.truncated, .limitExceeded].contains(error?.code), "\(String(describing: error))")
            }
        }
    }

    @Test("A chunk that claims more than the file holds is refused before memory is reserved")
    func overlongChunks() throws {
        let found = try MappedFile(path: Fixture.path("Hostile/png/overlong-exif.png")).withBytes { Array($0) }
        let whole = try ImagingFixture.bytes("decoding/exif_6.png")
        let place = try #require(whole.indices.first { whole[$0...].starts(with: Array("eXIf".utf8)) })
        var claiming = whole
        claiming.replaceSubrange(place - 4..<place, with: [0x75, 0, 0, 0x26])
        for bytes in [found, claiming] {
            let error = #expect(throws: InputError.self) { _ = try ImageDecoder.decode(bytes) }
            // libpng itself would say no more than that the data end.
            #expect(error?.code == .truncated)
            #expect(error?.description.contains("a chunk claims more bytes than follow it") == true)
        }
    }

    @Test("A picture over the limit is refused")
    func pixelLimit() throws {
        var small = ImageDecoder(pixelLimit: 399)
        let image = RGBImage.sample(width: 20, height: 20)
        for bytes in try [image.pngData(), image.jpegData(quality: 90), image.jpegData(quality: 90, progressive: true)]
        {
            let error = #expect(throws: InputError.self) { _ = try small.decode(bytes) }
            #expect(error?.code == .limitExceeded)
            #expect(error?.description == "the picture is too large (expected at most 399 pixels, found 20x20)")
        }
    }

    @Test("Thousands of scans are refused")
    func endlessScans() throws {
        let bytes = try ImagingFixture.bytes("decoding/grey_progressive.jpg")
        // Repeats the last scan.
        let last = try #require(
            bytes.indices.last { $0 + 1 < bytes.count && bytes[$0] == 0xff && bytes[$0 + 1] == 0xda }
        )
        let scan = bytes[last..<bytes.count - 2]
        var many = Array(bytes[..<last])
        for _ in 0..<3000 { many += scan }
        many += [0xff, 0xd9]
        #expect(throws: InputError.self) { _ = try ImageDecoder.decode(many) }
    }

    /// The CRC-32 of a PNG chunk's type and data.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt32 = 0xffff_ffff
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        crc = ~crc
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc >> $0) }
    }
}

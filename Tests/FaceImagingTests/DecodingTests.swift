import ArtifactFiles
import FaceImaging
import Foundation
import Testing

@Suite("Decoding against OpenCV and Pillow")
struct DecodingTests {
    @Test("Every encoding decodes to OpenCV's pixels")
    func equalsOpenCV() throws {
        var decoder = ImageDecoder(appliesOrientation: false)
        for picture in try ImagingFixture.pictures() {
            let image = try decoder.decode(ImagingFixture.bytes("decoding/" + picture.file))
            #expect(image.width == picture.width && image.height == picture.height, "\(picture.file)")
            #expect(image.digest == picture.sha256, "\(picture.file)")
        }
    }

    @Test("The file's name has no say in its format")
    func sniffsContent() throws {
        let folder = FileManager.default.temporaryDirectory.path
        let path = "\(folder)/verifar-imaging-\(getpid()).jpg"
        let image = RGBImage.sample(width: 20, height: 10)
        try AtomicFile.write(image.pngData(), to: path)
        defer { FileSystem.remove(path) }
        #expect(try ImageDecoder.decode(file: path) == image)
    }

    @Test("A decoder gives each picture the pixels that a fresh decoder gives it")
    func keepsNothing() throws {
        var decoder = ImageDecoder()
        var image = RGBImage(width: 0, height: 0, pixels: [])
        let names = try ImagingFixture.pictures().map(\.file)
        for name in names + names.reversed() {
            let bytes = try ImagingFixture.bytes("decoding/" + name)
            // A damaged file in between must leave no trace either.
            _ = try? decoder.decode(Array(bytes.prefix(bytes.count * 2 / 3)))
            try bytes.withUnsafeBytes { try decoder.decode($0, into: &image) }
            #expect(try image == ImageDecoder.decode(bytes), "\(name)")
        }
    }

    @Test("A JPEG without tables is not decoded with the tables of the picture before it")
    func tablesDoNotLeak() throws {
        let image = RGBImage.sample(width: 48, height: 32)
        let whole = try image.jpegData(quality: 90)
        let tableless = try #require(Self.withoutSegments(whole, markers: [0xc4, 0xdb]))
        var decoder = ImageDecoder()
        _ = try decoder.decode(whole)
        #expect(throws: InputError.self) { _ = try decoder.decode(tableless) }
    }

    /// A JPEG without the header segments of some markers.
    static func withoutSegments(_ bytes: [UInt8], markers: Set<UInt8>) -> [UInt8]? {
        var result = Array(bytes[..<2])
        var at = 2
        while at + 4 <= bytes.count, bytes[at] == 0xff {
            let length = 2 + Int(bytes[at + 2]) << 8 + Int(bytes[at + 3])
            if bytes[at + 1] == 0xda { return result + bytes[at...] }
            if !markers.contains(bytes[at + 1]) { result += bytes[at..<at + length] }
            at += length
        }
        return nil
    }
}

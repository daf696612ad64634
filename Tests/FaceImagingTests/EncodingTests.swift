import ArtifactFiles
import FaceImaging
import Testing

@Suite("Encoding")
struct EncodingTests {
    @Test("A PNG decodes to the pixels that were encoded", arguments: [0, 6, 9])
    func pngIsLossless(compression: Int) throws {
        let image = RGBImage.sample(width: 37, height: 23)
        #expect(try ImageDecoder.decode(image.pngData(compression: compression)) == image)
    }

    @Test("A JPEG of high quality stays near the pixels that were encoded", arguments: [false, true])
    func jpegIsClose(progressive: Bool) throws {
        let image = RGBImage.sample(width: 37, height: 23, noise: 5)
        let bytes = try image.jpegData(quality: 98, progressive: progressive, chromaSubsampling: .none444)
        #expect(try ImageDecoder.decode(bytes).difference(from: image).largest <= 12)
    }

    @Test("The options reach the file")
    func options() throws {
        let image = RGBImage.sample(width: 64, height: 64)
        func frame(_ bytes: [UInt8]) -> (marker: UInt8, factors: UInt8)? {
            for index in bytes.indices.dropLast(12)
            where bytes[index] == 0xff && [0xc0, 0xc2].contains(bytes[index + 1]) {
                return (bytes[index + 1], bytes[index + 11])
            }
            return nil
        }
        for (subsampling, factors) in [
            (ChromaSubsampling.none444, UInt8(0x11)), (.horizontal422, 0x21), (.both420, 0x22),
        ] {
            for progressive in [false, true] {
                let found = frame(
                    try image.jpegData(quality: 80, progressive: progressive, chromaSubsampling: subsampling)
                )
                #expect(found?.marker == (progressive ? 0xc2 : 0xc0) && found?.factors == factors)
            }
        }
        let sizes = try [10, 50, 90].map { try image.jpegData(quality: $0).count }
        #expect(sizes == sizes.sorted() && sizes[0] < sizes[2])
        #expect(try image.jpegData(quality: 70) == image.jpegData(quality: 70))
    }

    @Test("Large pictures are encoded whole")
    func largePicture() throws {
        // Longer than the pieces in which libjpeg hands out its data.
        let image = RGBImage.sample(width: 700, height: 500, noise: 200)
        let bytes = try image.jpegData(quality: 95, chromaSubsampling: .none444)
        #expect(bytes.count > 1 << 18)
        #expect(try ImageDecoder.decode(bytes).width == 700)
    }

    @Test("Empty pictures, impossible sizes and qualities are refused")
    func refusals() throws {
        let empty = RGBImage(width: 0, height: 0, pixels: [])
        #expect(throws: InputError.self) { _ = try empty.pngData() }
        #expect(throws: InputError.self) { _ = try empty.jpegData(quality: 50) }
        let long = RGBImage(width: 70_000, height: 1, pixels: Array(repeating: 9, count: 210_000))
        let error = #expect(throws: InputError.self) { _ = try long.jpegData(quality: 50) }
        #expect(error?.code == .limitExceeded)
        #expect(try ImageDecoder.decode(long.pngData()) == long)
        #expect(throws: InputError.self) { _ = try RGBImage.sample(width: 8, height: 8).jpegData(quality: 0) }
        #expect(throws: InputError.self) { _ = try RGBImage.sample(width: 8, height: 8).pngData(compression: 10) }
    }
}

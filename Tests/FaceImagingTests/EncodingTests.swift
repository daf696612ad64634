import ArtifactFiles
import FaceImaging
import Testing

@Suite("Encoding and decoding again")
struct EncodingTests {
    /// A smooth picture without grey regions.
    static func gradient(width: Int, height: Int) -> RGBImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                pixels += [UInt8(x * 255 / width), UInt8(y * 255 / height), UInt8((x + y) * 255 / (width + height))]
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    @Test("A PNG decodes to the pixels that were encoded")
    func pngIsLossless() throws {
        let image = Self.gradient(width: 37, height: 23)
        #expect(try ImageDecoder.decode(image.pngData()) == image)
    }

    @Test("A JPEG of high quality stays near the pixels that were encoded", arguments: [false, true])
    func jpegIsClose(progressive: Bool) throws {
        let image = Self.gradient(width: 37, height: 23)
        let bytes = try image.jpegData(quality: 95, progressive: progressive, chromaSubsampling: .none444)
        let decoded = try ImageDecoder.decode(bytes)
        #expect(decoded.width == image.width && decoded.height == image.height)
        let worst = zip(decoded.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(worst <= 12)
    }
}

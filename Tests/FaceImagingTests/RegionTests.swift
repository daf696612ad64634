import ArtifactFiles
import FaceImaging
import Foundation
import SeededRandom
import TestSupport
import Testing

@Suite("Parts of JPEG files")
struct RegionTests {
    /// A part of an image, pixel by pixel.
    static func crop(_ image: RGBImage, _ region: PixelRegion) -> RGBImage {
        var pixels: [UInt8] = []
        for y in region.y..<region.y + region.height {
            let start = (y * image.width + region.x) * 3
            pixels += image.pixels[start..<start + region.width * 3]
        }
        return RGBImage(width: region.width, height: region.height, pixels: pixels)
    }

    static func random(_ count: Int, _ random: inout SeededGenerator) -> (start: Int, length: Int) {
        let (one, other) = (Int.random(in: 0..<count, using: &random), Int.random(in: 0..<count, using: &random))
        return (min(one, other), abs(one - other) + 1)
    }

    /// Holds random parts of a file against the same parts of the whole image, at every scale.
    static func check(_ bytes: [UInt8], _ name: String, parts: Int, _ generator: inout SeededGenerator) throws {
        var decoder = ImageDecoder()
        func decode(_ region: PixelRegion?, _ scale: DecodingScale) throws -> RGBImage {
            var image = RGBImage(width: 0, height: 0, pixels: [])
            try bytes.withUnsafeBytes { _ = try decoder.decodeAsStored($0, region: region, scale: scale, into: &image) }
            return image
        }
        for scale in DecodingScale.allCases {
            let whole = try decode(nil, scale)
            for _ in 0..<parts {
                let x = random(whole.width, &generator)
                let y = random(whole.height, &generator)
                let region = PixelRegion(x: x.start, y: y.start, width: x.length, height: y.length)
                #expect(try decode(region, scale) == crop(whole, region), "\(name) at \(scale), \(region)")
            }
        }
    }

    @Test("Every encoding's parts are those of the whole image, at every scale")
    func fixtures() throws {
        var random = SeededGenerator(seed: 20)
        for image in try ImagingFixture.pictures() where image.file.hasSuffix("jpg") {
            let bytes = try ImagingFixture.bytes("decoding/" + image.file)
            try Self.check(bytes, image.file, parts: 60, &random)
        }
    }

    static func randomFile(_ random: inout SeededGenerator) throws -> [UInt8] {
        let width = Int.random(in: 16...150, using: &random)
        let height = Int.random(in: 16...150, using: &random)
        let noise = [0, 10, 60, 255].randomElement(using: &random) ?? 0
        let image = RGBImage.sample(width: width, height: height, seed: random.next(), noise: noise)
        let quality = Int.random(in: 1...100, using: &random)
        let subsampling = ChromaSubsampling.allCases.randomElement(using: &random) ?? .both420
        return try image.jpegData(
            quality: quality,
            progressive: Int.random(in: 0..<4, using: &random) == 0,
            chromaSubsampling: subsampling
        )
    }

    @Test("So are those of files of all sizes, qualities and chroma resolutions")
    func files() throws {
        var random = SeededGenerator(seed: 21)
        for round in 0..<150 { try Self.check(Self.randomFile(&random), "file \(round)", parts: 6, &random) }
    }

    @Test("A face from a part equals the face from the whole image")
    func faces() throws {
        var random = SeededGenerator(seed: 22)
        var extractor = try FaceExtractor(preprocessing: .insightface)
        var scales: [DecodingScale: Int] = [:]
        for _ in 0..<150 {
            let bytes = try Self.randomFile(&random)
            let landmarks = FaceLandmarks.placed(
                x: .random(in: 0...150, using: &random),
                y: .random(in: 0...150, using: &random),
                scale: exp(.random(in: -2...1.6, using: &random)),
                angle: .random(in: -3...3, using: &random)
            )
            do {
                let (face, extraction) = try extractor.face(bytes, landmarks)
                scales[extraction.decodingScale, default: 0] += 1
                guard extraction.decodingScale == .full else { continue }
                #expect(try face == extractor.face(ImageDecoder.decode(bytes), landmarks))
            } catch let failure as FaceFailure {
                #expect(failure.reason == .outsidePicture)
            }
        }
        #expect((scales[.full] ?? 0) > 30 && (scales[.half] ?? 0) > 10 && (scales[.quarter] ?? 0) > 3)
    }

    @Test("Damage is an error wherever the face is")
    func damageOutside() throws {
        let whole = try RGBImage.sample(width: 400, height: 900).jpegData(quality: 90)
        var extractor = try FaceExtractor(preprocessing: .insightface)
        let top = FaceLandmarks.placed(x: 70, y: 75, scale: 1.1, angle: 0.2)
        _ = try extractor.face(whole, top)
        // The last fifth lies far below the face.
        let cut = Array(whole.prefix(whole.count * 4 / 5))
        #expect(FaceExtractorTests.reason { _ = try extractor.face(cut, top) } == .truncated)
        let ended = cut + [0xff, 0xd9]
        #expect(FaceExtractorTests.reason { _ = try extractor.face(ended, top) } == .truncated)
    }
}

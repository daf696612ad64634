import ArtifactFiles
import FaceImaging
import Foundation
import SeededRandom
import TestSupport
import Testing

/// The region decoder against libjpeg, which decodes the same file independently.
@Suite("The decoder of common JPEGs against libjpeg")
struct CommonJPEGTests {
    static func randomFile(_ random: inout SeededGenerator) throws -> [UInt8] {
        let width = Int.random(in: 16...150, using: &random)
        let height = Int.random(in: 16...150, using: &random)
        let noise = [0, 10, 60, 255].randomElement(using: &random) ?? 0
        let image = RGBImage.sample(width: width, height: height, seed: random.next(), noise: noise)
        let quality = Int.random(in: 1...100, using: &random)
        let subsampling = ChromaSubsampling.allCases.randomElement(using: &random) ?? .both420
        return try image.jpegData(quality: quality, chromaSubsampling: subsampling)
    }

    @Test("Whole pictures are equal to the last bit", arguments: InstructionLevel.available)
    func wholePictures(level: InstructionLevel) throws {
        var random = SeededGenerator(seed: 21)
        var common = ImageDecoder(level: level)
        var libjpeg = ImageDecoder(level: level, avoidsRegionDecoder: true)
        for _ in 0..<150 {
            let bytes = try Self.randomFile(&random)
            #expect(try common.decode(bytes) == libjpeg.decode(bytes))
        }
    }

    @Test(
        "Faces from regions equal faces from whole pictures, at full and half scale",
        arguments: InstructionLevel.available
    )
    func regions(level: InstructionLevel) throws {
        var random = SeededGenerator(seed: 22)
        var common = try FaceExtractor(preprocessing: .insightface, level: level)
        var libjpeg = try FaceExtractor(preprocessing: .insightface, level: level, avoidsRegionDecoder: true)
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
                let (face, extraction) = try common.face(bytes, landmarks)
                #expect(try face == libjpeg.face(bytes, landmarks).0)
                scales[extraction.decodingScale, default: 0] += 1
                if extraction.decodingScale == .full {
                    #expect(try face == common.face(ImageDecoder.decode(bytes), landmarks))
                }
            } catch let failure as FaceFailure {
                #expect(failure.reason == .outsidePicture)
            }
        }
        #expect((scales[.full] ?? 0) > 30 && (scales[.half] ?? 0) > 10 && (scales[.quarter] ?? 0) > 3)
    }

    @Test("Real photographs are equal to the last bit", .enabled(if: Fixture.realFaces != nil, "needs realfaces"))
    func realPhotographs() throws {
        let folder = try #require(Fixture.realFaces) + "/lfwc/loose_crop"
        var common = ImageDecoder()
        var libjpeg = ImageDecoder(level: .current, avoidsRegionDecoder: true)
        for name in try FileSystem.names(inFolder: folder).prefix(400) {
            let path = folder + "/" + name
            #expect(try common.decode(file: path) == libjpeg.decode(file: path), "\(name)")
        }
    }
}

import ArtifactFiles
import FaceImaging
import Foundation
import SeededRandom
import Testing

@Suite("Aligned faces")
struct AlignmentTests {
    static func preprocessing(_ face: ImagingFixture.Face) throws -> FacePreprocessing {
        try FacePreprocessing(
            width: face.width,
            height: face.height,
            channels: .rgb,
            mean: [0, 0, 0],
            std: [1, 1, 1],
            template: "arcface"
        )
    }

    @Test("Equal scikit-image's and OpenCV's", arguments: InstructionLevel.available)
    func equalsOpenCV(level: InstructionLevel) throws {
        for golden in try ImagingFixture.alignment().faces {
            let picture = try ImagingFixture.bytes("alignment/\(golden.picture).png")
            let expected = try ImagingFixture.image("alignment/\(golden.name)_face.png")
            var extractor = try FaceExtractor(preprocessing: Self.preprocessing(golden), level: level)
            let (face, extraction) = try extractor.face(picture, FaceLandmarks(coordinates: golden.landmarks))
            let (mean, largest) = face.difference(from: expected)
            // OpenCV 5 interpolates in single precision; we with weights of 14 bits. On the smooth picture one pixel
            // in some thousands rounds the other way, on noise more.
            #expect(largest <= 1 && mean <= 0.01, "\(golden.name): mean \(mean), largest \(largest)")
            #expect(abs(extraction.alignment.a - golden.alignment[0]) < 1e-9)
            #expect(extraction.decodingScale == .full)
        }
    }

    @Test("Equal a direct evaluation of the definition, beyond the picture's edges too")
    func equalsBruteForce() throws {
        var random = SeededGenerator(seed: 51)
        var extractor = try FaceExtractor(preprocessing: .insightface)
        for round in 0..<12 {
            let image = RGBImage.sample(width: 40 + 13 * round, height: 150 - 9 * round, seed: UInt64(round))
            let landmarks = FaceLandmarks.placed(
                x: .random(in: 0...Double(image.width), using: &random),
                y: .random(in: 0...Double(image.height), using: &random),
                scale: exp(.random(in: -2...1, using: &random)),
                angle: .random(in: -3...3, using: &random)
            )
            let face = try extractor.face(image, landmarks)
            let expected = try Self.bruteForce(image, landmarks)
            let (mean, largest) = face.difference(from: expected)
            #expect(largest <= 1 && mean <= 0.01)
        }
    }

    /// Bilinear sampling in Double, one pixel after the other.
    static func bruteForce(_ image: RGBImage, _ landmarks: FaceLandmarks) throws -> RGBImage {
        let back = try #require(
            SimilarityTransform.leastSquares(from: landmarks.points, to: SimilarityTransformTests.template)
        )
        .inverse
        func value(_ x: Int, _ y: Int, _ channel: Int) -> Double {
            guard (0..<image.width).contains(x), (0..<image.height).contains(y) else { return 0 }
            return Double(image.pixels[(y * image.width + x) * 3 + channel])
        }
        var face = RGBImage(width: 112, height: 112, pixels: Array(repeating: 0, count: 112 * 112 * 3))
        for y in 0..<112 {
            for x in 0..<112 {
                let at = back.apply(SIMD2(Double(x), Double(y)))
                let (left, top) = (Int(at.x.rounded(.down)), Int(at.y.rounded(.down)))
                let (u, v) = (at.x - Double(left), at.y - Double(top))
                for channel in 0..<3 {
                    let upper = value(left, top, channel) * (1 - u) + value(left + 1, top, channel) * u
                    let lower = value(left, top + 1, channel) * (1 - u) + value(left + 1, top + 1, channel) * u
                    face.pixels[(y * 112 + x) * 3 + channel] = UInt8((upper * (1 - v) + lower * v).rounded())
                }
            }
        }
        return face
    }

    @Test("Are the same at every instruction-set level, for any size and placement")
    func levelsAgree() throws {
        var random = SeededGenerator(seed: 52)
        for round in 0..<60 {
            let preprocessing = try FacePreprocessing(
                width: .random(in: 1...150, using: &random),
                height: .random(in: 1...150, using: &random),
                channels: .rgb,
                mean: [0, 0, 0],
                std: [1, 1, 1],
                template: "arcface"
            )
            let image = RGBImage.sample(
                width: .random(in: 1...200, using: &random),
                height: .random(in: 1...200, using: &random),
                seed: UInt64(round),
                noise: 255
            )
            let landmarks = FaceLandmarks.placed(
                x: .random(in: -50...250, using: &random),
                y: .random(in: -50...250, using: &random),
                scale: exp(.random(in: -6...4, using: &random)),
                angle: .random(in: -3...3, using: &random)
            )
            let faces = try InstructionLevel.available.map { level in
                var extractor = try FaceExtractor(preprocessing: preprocessing, level: level)
                return try? extractor.face(image, landmarks)
            }
            #expect(Set(faces).count == 1)
        }
    }

    @Test("A face where the template lies already is the picture itself")
    func identity() throws {
        let image = RGBImage.sample(width: 112, height: 112)
        var extractor = try FaceExtractor(preprocessing: .insightface)
        let face = try extractor.face(image, FaceTemplate.arcface.points)
        // The fit is exact to 1e-15, so each position is within rounding of a pixel's centre.
        #expect(face == image)
        let larger = RGBImage.sample(width: 112, height: 112, seed: 9)
        #expect(try extractor.face(larger, FaceTemplate.arcface.points) == larger)
    }

    @Test("Moving picture and landmarks together by whole pixels changes nothing")
    func translationInvariance() throws {
        let image = RGBImage.sample(width: 150, height: 140)
        var padded = RGBImage(width: 170, height: 171, pixels: Array(repeating: 0, count: 170 * 171 * 3))
        for y in 0..<140 {
            padded.pixels.replaceSubrange(
                ((y + 31) * 170 + 13) * 3..<((y + 31) * 170 + 13 + 150) * 3,
                with: image.pixels[y * 450..<(y + 1) * 450]
            )
        }
        let landmarks = FaceLandmarks.placed(x: 70, y: 80, scale: 1.3, angle: 0.4)
        let moved = FaceLandmarks.placed(x: 83, y: 111, scale: 1.3, angle: 0.4)
        var extractor = try FaceExtractor(preprocessing: .insightface)
        let difference = try extractor.face(image, landmarks).difference(from: extractor.face(padded, moved))
        #expect(difference.largest <= 1 && difference.mean < 0.001)
    }

    @Test("Resizing an aligned face equals OpenCV's exact bilinear resize", arguments: InstructionLevel.available)
    func resizing(level: InstructionLevel) throws {
        let picture = try ImagingFixture.image("alignment/resize_picture.png")
        for golden in try ImagingFixture.alignment().resizes {
            let preprocessing = try FacePreprocessing(
                width: golden.width,
                height: golden.height,
                channels: .rgb,
                mean: [0, 0, 0],
                std: [1, 1, 1],
                template: "arcface"
            )
            var extractor = try FaceExtractor(preprocessing: preprocessing, level: level)
            let face = try extractor.alignedFace(picture, resizing: true)
            let expected = try ImagingFixture.image("alignment/" + golden.file)
            let (mean, largest) = face.difference(from: expected)
            // Values half way between two levels round either way.
            #expect(largest <= 1 && mean <= 0.03, "\(golden.file): mean \(mean), largest \(largest)")
        }
    }
}

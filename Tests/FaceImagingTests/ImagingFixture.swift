import ArtifactFiles
import FaceImaging
import Foundation
import SeededRandom
import TestSupport
import Testing

/// The goldens of `Scripts/oracles/imaging.py`.
enum ImagingFixture {
    struct Picture: Decodable {
        var file: String
        var width: Int
        var height: Int
        var sha256: String
        var upright: Upright?
    }

    struct Upright: Decodable {
        var width: Int
        var height: Int
        var sha256: String
    }

    struct Similarity: Decodable {
        var landmarks: [Double]
        var parameters: [Double]
    }

    struct Face: Decodable, CustomTestStringConvertible {
        var name: String
        var picture: String
        var width: Int
        var height: Int
        var landmarks: [Double]
        var alignment: [Double]
        var testDescription: String { name }
    }

    struct Resize: Decodable {
        var file: String
        var width: Int
        var height: Int
    }

    struct Alignment: Decodable {
        var similarities: [Similarity]
        var faces: [Face]
        var resizes: [Resize]
    }

    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Fixture.data("FaceImaging/" + name)) }

    static func pictures() throws -> [Picture] {
        try JSONDecoder().decode([Picture].self, from: Fixture.data("FaceImaging/decoding/index.json"))
    }

    static func orientations() throws -> [Picture] {
        try JSONDecoder().decode([Picture].self, from: Fixture.data("FaceImaging/orientation/index.json"))
    }

    static func alignment() throws -> Alignment {
        try JSONDecoder().decode(Alignment.self, from: Fixture.data("FaceImaging/alignment/index.json"))
    }

    static func image(_ name: String) throws -> RGBImage { try ImageDecoder.decode(bytes(name)) }
}

extension RGBImage {
    /// A picture with something in every frequency: gradients, an edge, stripes and noise.
    static func sample(width: Int, height: Int, seed: UInt64 = 1, noise: Int = 40) -> RGBImage {
        var random = SeededGenerator(seed: seed)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let edge = x + y > (width + height) / 2 ? 70 : 0
                let stripes = (x / 2 + y / 3).isMultiple(of: 2) ? 30 : 0
                for channel in 0..<3 {
                    let slope = (channel == 1 ? y * 120 / height : x * 120 / width)
                    let value = slope + edge + (channel == 2 ? 0 : stripes) + Int.random(in: 0...noise, using: &random)
                    pixels.append(UInt8(min(value, 255)))
                }
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// Mean and largest absolute difference of the pixel values.
    func difference(from other: RGBImage) -> (mean: Double, largest: Int) {
        guard width == other.width, height == other.height else { return (.infinity, .max) }
        var sum = 0
        var largest = 0
        for index in pixels.indices {
            let difference = abs(Int(pixels[index]) - Int(other.pixels[index]))
            sum += difference
            largest = max(largest, difference)
        }
        return (Double(sum) / Double(max(pixels.count, 1)), largest)
    }

    var digest: String { ContentDigest(of: pixels).description }
}

extension FaceExtractor {
    /// The face as a picture.
    mutating func face(_ bytes: [UInt8], _ landmarks: FaceLandmarks) throws -> (RGBImage, FaceExtraction) {
        var pixels = [UInt8](repeating: 0, count: preprocessing.faceByteCount)
        let extraction = try pixels.withUnsafeMutableBufferPointer { face in
            try bytes.withUnsafeBytes { try extract($0, landmarks: landmarks, into: face) }
        }
        return (RGBImage(width: preprocessing.width, height: preprocessing.height, pixels: pixels), extraction)
    }

    /// The face as a picture.
    mutating func face(_ image: RGBImage, _ landmarks: FaceLandmarks) throws -> RGBImage {
        var pixels = [UInt8](repeating: 0, count: preprocessing.faceByteCount)
        _ = try pixels.withUnsafeMutableBufferPointer { try extract(image, landmarks: landmarks, into: $0) }
        return RGBImage(width: preprocessing.width, height: preprocessing.height, pixels: pixels)
    }

    /// The aligned face as a picture.
    mutating func alignedFace(_ image: RGBImage, resizing: Bool) throws -> RGBImage {
        var pixels = [UInt8](repeating: 0, count: preprocessing.faceByteCount)
        try pixels.withUnsafeMutableBufferPointer { try extractAligned(image, resizing: resizing, into: $0) }
        return RGBImage(width: preprocessing.width, height: preprocessing.height, pixels: pixels)
    }
}

extension FaceLandmarks {
    /// The arcface template turned, scaled and centred somewhere.
    static func placed(x: Double, y: Double, scale: Double, angle: Double) -> FaceLandmarks {
        let (c, s) = (scale * cos(angle), scale * sin(angle))
        let points = FaceTemplate.arcface.points.points.map { point in
            let from = point - SIMD2(56, 56)
            return SIMD2(x + c * from.x - s * from.y, y + s * from.x + c * from.y)
        }
        return FaceLandmarks(
            leftEye: points[0],
            rightEye: points[1],
            nose: points[2],
            leftMouth: points[3],
            rightMouth: points[4]
        )
    }
}

import ArtifactFiles
import FaceImaging
import Foundation
import Testing

@Suite("Extracting faces")
struct FaceExtractorTests {
    static let landmarks = FaceLandmarks.placed(x: 70, y: 75, scale: 1.1, angle: 0.2)

    /// A temporary folder that goes away.
    final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/verifar-imaging-\(UUID().uuidString)"
        init() throws { try FileSystem.createFolder(path) }
        deinit { FileSystem.remove(path) }
    }

    static func reason(_ body: () throws -> Void) -> FaceFailure.Reason? {
        do {
            try body()
            return nil
        } catch {
            return (error as? FaceFailure)?.reason
        }
    }

    @Test("Bytes, files and pictures give the same face")
    func sourcesAgree() throws {
        let folder = try Folder()
        let image = RGBImage.sample(width: 140, height: 150)
        for bytes in try [image.pngData(), image.jpegData(quality: 90), image.jpegData(quality: 90, progressive: true)]
        {
            let path = folder.path + "/face"
            try AtomicFile.write(bytes, to: path)
            var extractor = try FaceExtractor(preprocessing: .insightface)
            var face = [UInt8](repeating: 0, count: FacePreprocessing.insightface.faceByteCount)
            let extraction = try face.withUnsafeMutableBufferPointer {
                try extractor.extract(file: path, landmarks: Self.landmarks, into: $0)
            }
            let (fromBytes, _) = try extractor.face(bytes, Self.landmarks)
            #expect(fromBytes.pixels == face)
            #expect(try extractor.face(ImageDecoder.decode(bytes), Self.landmarks).pixels == face)
            #expect(extraction.pictureWidth == 140 && extraction.pictureHeight == 150)
            #expect(extraction.decodingScale == .full)
            #expect(abs(extraction.alignment.scale - 1 / 1.1) < 1e-9)
            #expect(abs(extraction.alignment.rotationRadians + 0.2) < 1e-9)
        }
    }

    @Test("The normalised face is the face, normalised, upright and mirrored")
    func normalisedInput() throws {
        let bytes = try RGBImage.sample(width: 140, height: 150).jpegData(quality: 90)
        let preprocessing = try FacePreprocessing.named("adaface")
        var extractor = try FaceExtractor(preprocessing: preprocessing)
        let (face, extraction) = try extractor.face(bytes, Self.landmarks)
        for _ in 0..<2 {
            var plain = [Float](repeating: 9, count: preprocessing.faceByteCount)
            var mirrored = plain
            let found = try bytes.withUnsafeBytes { bytes in
                try plain.withUnsafeMutableBufferPointer { plain in
                    try mirrored.withUnsafeMutableBufferPointer { mirrored in
                        try extractor.extract(
                            bytes,
                            landmarks: Self.landmarks,
                            normalisedInto: plain,
                            mirrored: mirrored
                        )
                    }
                }
            }
            #expect(found == extraction)
            #expect(plain == FacePreprocessingTests.normalised(preprocessing, face.pixels))
            #expect(mirrored == FacePreprocessingTests.normalised(preprocessing, face.pixels, mirrored: true))
            #expect(Self.reason { _ = try extractor.face([], Self.landmarks) } == .truncated)
        }
    }

    @Test("Each failure has its reason, and errors from files name them")
    func failures() throws {
        let folder = try Folder()
        let bytes = try RGBImage.sample(width: 140, height: 150).jpegData(quality: 90)
        var options = FaceExtractor.Options()
        options.pixelLimit = 140 * 150
        var extractor = try FaceExtractor(preprocessing: .insightface, options: options)
        func reason(_ bytes: [UInt8], _ landmarks: FaceLandmarks) -> FaceFailure.Reason? {
            Self.reason { _ = try extractor.face(bytes, landmarks) }
        }
        #expect(reason(bytes, Self.landmarks) == nil)
        #expect(reason(Array(bytes.dropLast(100)), Self.landmarks) == .truncated)
        #expect(reason([1, 2, 3, 4, 5, 6, 7, 8, 9], Self.landmarks) == .undecodable)
        let large = try RGBImage.sample(width: 141, height: 150).jpegData(quality: 90)
        #expect(reason(large, Self.landmarks) == .tooLarge)
        var bad = Self.landmarks
        bad.nose.x = .nan
        #expect(reason(bytes, bad) == .nonFiniteLandmarks)
        bad.nose.x = -.infinity
        #expect(reason(bytes, bad) == .nonFiniteLandmarks)
        #expect(reason(bytes, .placed(x: 50, y: 50, scale: 0, angle: 0)) == .degenerateLandmarks)
        #expect(reason(bytes, .placed(x: 50, y: 50, scale: 1e8, angle: 0)) == .degenerateLandmarks)
        #expect(reason(bytes, .placed(x: 1e300, y: 50, scale: 1e299, angle: 0)) == .degenerateLandmarks)
        #expect(reason(bytes, .placed(x: -90, y: 50, scale: 1, angle: 0)) == .outsidePicture)
        // The bounding boxes meet, the turned face does not reach the picture's corner.
        #expect(reason(bytes, .placed(x: 195, y: 205, scale: 1, angle: .pi / 4)) == .outsidePicture)
        #expect(reason(bytes, .placed(x: 185, y: 190, scale: 1, angle: .pi / 4)) == .outsidePicture)
        #expect(reason(bytes, .placed(x: 170, y: 175, scale: 1, angle: .pi / 4)) == nil)

        for (name, expected) in [("absent", FaceFailure.Reason.missingFile), ("", .missingFile)] {
            let path = folder.path + "/" + name
            var face = [UInt8](repeating: 0, count: FacePreprocessing.insightface.faceByteCount)
            let failure = #expect(throws: FaceFailure.self) {
                try face.withUnsafeMutableBufferPointer {
                    _ = try extractor.extract(file: path, landmarks: Self.landmarks, into: $0)
                }
            }
            #expect(failure?.reason == expected && failure?.error.file == path)
        }
    }

    @Test("A named pipe is no picture, and is not waited for")
    func namedPipe() throws {
        let folder = try Folder()
        let path = folder.path + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: InputError.self) { _ = try ImageDecoder.decode(file: path) }
        #expect(error?.code == .missing)
    }

    @Test("An aligned face must have the size, unless resizing is asked for")
    func alignedFaces() throws {
        var extractor = try FaceExtractor(preprocessing: .insightface)
        let right = RGBImage.sample(width: 112, height: 112)
        #expect(try extractor.alignedFace(right, resizing: false) == right)
        #expect(try extractor.alignedFace(right, resizing: true) == right)
        let wrong = RGBImage.sample(width: 112, height: 96)
        #expect(Self.reason { _ = try extractor.alignedFace(wrong, resizing: false) } == .wrongSize)
        #expect(try extractor.alignedFace(wrong, resizing: true).height == 112)
        let flat = RGBImage(width: 5, height: 3, pixels: Array(repeating: 77, count: 45))
        #expect(try extractor.alignedFace(flat, resizing: true).pixels.allSatisfy { $0 == 77 })
        var face = [UInt8](repeating: 0, count: FacePreprocessing.insightface.faceByteCount)
        _ = try face.withUnsafeMutableBufferPointer { target in
            try right.pngData().withUnsafeBytes { try extractor.extractAligned($0, into: target) }
        }
        #expect(face == right.pixels)
    }

    @Test("One extractor gives each face what a fresh one gives it, failures in between or not")
    func keepsNothing() throws {
        var extractor = try FaceExtractor(preprocessing: .insightface)
        for round in 0..<20 {
            let image = RGBImage.sample(
                width: 30 + 37 * (round * 7 % 10),
                height: 300 - 14 * round,
                seed: UInt64(round)
            )
            let bytes = try round.isMultiple(of: 3) ? image.pngData() : image.jpegData(quality: 40 + round * 3)
            let landmarks = FaceLandmarks.placed(
                x: Double(image.width) / 2,
                y: 60,
                scale: 0.4 + Double(round) / 10,
                angle: Double(round)
            )
            var fresh = try FaceExtractor(preprocessing: .insightface)
            let expected = try fresh.face(bytes, landmarks)
            _ = try? extractor.face(Array(bytes.dropLast(50)), landmarks)
            let found = try extractor.face(bytes, landmarks)
            #expect(found.0 == expected.0 && found.1 == expected.1)
        }
    }
}

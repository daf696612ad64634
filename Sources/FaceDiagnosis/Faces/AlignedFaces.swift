internal import ArtifactFiles
internal import Dispatch
package import FaceImaging
internal import Synchronization

/// The crops of some faces under one alignment.
package struct AlignedFaces: Sendable {
    /// A face without a crop.
    package struct Failure: Hashable, Sendable {
        /// Its index in the sample.
        package var face: Int
        /// The kind of failure, as in `failures.csv`.
        package var reason: String
        /// What was found.
        package var detail: String
    }

    /// The width of a crop.
    package let width: Int
    /// The height of a crop.
    package let height: Int
    /// `[faces, height, width, 3]`, red first; zeros where a face failed.
    package private(set) var pixels: [UInt8]
    /// Whether each face has a crop.
    package private(set) var isPresent: [Bool]
    /// The pictures' widths and heights; 0 where unknown.
    package private(set) var pictureSizes: [SIMD2<Int>]
    /// Faces without a crop, in order.
    package private(set) var failures: [Failure] = []

    /// The number of faces.
    package var count: Int { isPresent.count }
    /// The bytes of a crop.
    package var faceByteCount: Int { width * height * 3 }

    /// The crop of a face.
    package func crop(_ face: Int) -> ArraySlice<UInt8> { pixels[face * faceByteCount..<(face + 1) * faceByteCount] }

    /// Reads and aligns faces.
    ///
    /// - Parameters:
    ///   - faces: The faces; those without landmarks are taken for aligned.
    ///   - preprocessing: Size and template.
    ///   - adjustment: Moves every face in its crop.
    ///   - assumedTemplate: The template by which faces without landmarks were aligned.
    ///   - extraction: How images are decoded.
    ///   - threads: Threads to use; the result does not depend on it.
    package init(
        _ faces: [LabelledFaces.Face],
        preprocessing: FacePreprocessing,
        adjustment: FaceAdjustment = .none,
        assumedTemplate: String,
        extraction: FaceExtractor.Options = FaceExtractor.Options(),
        threads: Int
    ) {
        (width, height) = (preprocessing.width, preprocessing.height)
        let size = preprocessing.faceByteCount
        pixels = Array(repeating: 0, count: faces.count * size)
        isPresent = Array(repeating: false, count: faces.count)
        pictureSizes = Array(repeating: .zero, count: faces.count)
        let parts = max(1, min(threads, faces.count))
        let results = Mutex([[Crop]](repeating: [], count: parts))
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let range = part * faces.count / parts..<(part + 1) * faces.count / parts
            let crops = Self.crops(faces[range], preprocessing, adjustment, assumedTemplate, extraction)
            results.withLock { $0[part] = crops }
        }
        for (face, crop) in results.withLock({ $0 }).joined().enumerated() {
            pictureSizes[face] = crop.pictureSize
            if let failure = crop.failure {
                failures.append(Failure(face: face, reason: failure.reason.rawValue, detail: failure.description))
            } else {
                isPresent[face] = true
                pixels.replaceSubrange(face * size..<(face + 1) * size, with: crop.pixels)
            }
        }
    }

    private struct Crop: Sendable {
        var pixels: [UInt8] = []
        var pictureSize = SIMD2<Int>.zero
        var failure: FaceFailure?
    }

    private static func crops(
        _ faces: ArraySlice<LabelledFaces.Face>,
        _ preprocessing: FacePreprocessing,
        _ adjustment: FaceAdjustment,
        _ assumedTemplate: String,
        _ extraction: FaceExtractor.Options
    ) -> [Crop] {
        do throws(InputError) {
            let (width, height) = (preprocessing.width, preprocessing.height)
            let template = try FaceTemplate.named(preprocessing.template).points(width: width, height: height)
            let assumed = try FaceTemplate.named(assumedTemplate).points(width: width, height: height)
            var extractor = try FaceExtractor(preprocessing: preprocessing, options: extraction)
            return faces.map { face in
                var crop = Crop()
                do throws(FaceFailure) {
                    var landmarks: FaceLandmarks?
                    do throws(InputError) {
                        landmarks = try face.landmarks.map { points throws(InputError) in
                            try FaceLandmarks(coordinates: points)
                        }
                    } catch {
                        throw FaceFailure(.degenerateLandmarks, error)
                    }
                    // An aligned face that is to be moved has its landmarks where its template says.
                    if landmarks == nil, adjustment != .none || assumed != template { landmarks = assumed }
                    landmarks = landmarks.flatMap {
                        adjustment.applied(to: $0, template: template, width: width, height: height) ?? $0
                    }
                    try fill(&crop, face, landmarks, preprocessing, &extractor)
                } catch {
                    crop.failure = error
                }
                return crop
            }
        } catch {
            return faces.map { _ in Crop(failure: FaceFailure(.undecodable, error)) }
        }
    }

    private static func fill(
        _ crop: inout Crop,
        _ face: LabelledFaces.Face,
        _ landmarks: FaceLandmarks?,
        _ preprocessing: FacePreprocessing,
        _ extractor: inout FaceExtractor
    ) throws(FaceFailure) {
        crop.pixels = Array(repeating: 0, count: preprocessing.faceByteCount)
        crop.pictureSize = SIMD2(preprocessing.width, preprocessing.height)
        var failure: FaceFailure?
        var made: FaceExtraction?
        crop.pixels.withUnsafeMutableBufferPointer { pixels in
            do throws(FaceFailure) {
                if let bytes = face.bytes {
                    made = try extract(bytes, landmarks, &extractor, into: pixels)
                } else if let landmarks {
                    made = try extractor.extract(file: face.path, landmarks: landmarks, into: pixels)
                } else {
                    try extractor.extractAligned(file: face.path, into: pixels)
                }
            } catch {
                failure = error.inFile(face.name)
            }
        }
        if let failure { throw failure }
        if let made { crop.pictureSize = SIMD2(made.pictureWidth, made.pictureHeight) }
    }

    /// The same from a picture in memory.
    private static func extract(
        _ bytes: [UInt8],
        _ landmarks: FaceLandmarks?,
        _ extractor: inout FaceExtractor,
        into pixels: UnsafeMutableBufferPointer<UInt8>
    ) throws(FaceFailure) -> FaceExtraction? {
        // A closure cannot rethrow a typed error here; carry the outcome out.
        var failure: FaceFailure?
        var made: FaceExtraction?
        bytes.withUnsafeBytes { raw in
            do throws(FaceFailure) {
                if let landmarks {
                    made = try extractor.extract(raw, landmarks: landmarks, into: pixels)
                } else {
                    try extractor.extractAligned(raw, into: pixels)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return made
    }
}

/// A change of where the aligned face sits in its crop, on top of the alignment.
package struct FaceAdjustment: Hashable, Sendable {
    /// Pixels of the crop that the face moves to the right.
    package var right: Double
    /// Pixels of the crop that the face moves down.
    package var down: Double
    /// The factor by which the face grows about the crop's centre.
    package var scale: Double

    package init(right: Double = 0, down: Double = 0, scale: Double = 1) {
        self.right = right
        self.down = down
        self.scale = scale
    }

    /// No change.
    package static let none = FaceAdjustment()

    /// This adjustment with another one after it.
    package func followed(by next: FaceAdjustment) -> FaceAdjustment {
        FaceAdjustment(
            right: right * next.scale + next.right,
            down: down * next.scale + next.down,
            scale: scale * next.scale
        )
    }

    /// Landmarks whose alignment is that of the given ones followed by this adjustment.
    ///
    /// With T the alignment and S the adjustment, the points H(p) = T⁻¹S⁻¹T(p) are aligned by S·T: the A that brings
    /// A·H(p) nearest to the template is the one with A·H = T.
    ///
    /// - Parameters:
    ///   - landmarks: In the picture.
    ///   - template: Where the points go, in the crop.
    ///   - width: Of the crop.
    ///   - height: Of the crop.
    /// - Returns: nil where the landmarks determine no alignment.
    func applied(to landmarks: FaceLandmarks, template: FaceLandmarks, width: Int, height: Int) -> FaceLandmarks? {
        guard self != .none else { return landmarks }
        guard let alignment = SimilarityTransform.leastSquares(from: landmarks.points, to: template.points) else {
            return nil
        }
        let centre = SIMD2(Double(width - 1) / 2, Double(height - 1) / 2)
        let shift = SIMD2(right, down)
        let back = alignment.inverse
        func moved(_ point: SIMD2<Double>) -> SIMD2<Double> {
            back.apply((alignment.apply(point) - shift - centre) / scale + centre)
        }
        return FaceLandmarks(
            leftEye: moved(landmarks.leftEye),
            rightEye: moved(landmarks.rightEye),
            nose: moved(landmarks.nose),
            leftMouth: moved(landmarks.leftMouth),
            rightMouth: moved(landmarks.rightMouth)
        )
    }
}

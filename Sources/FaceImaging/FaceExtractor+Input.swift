extension FaceExtractor {
    /// Aligns the face in a file's bytes and normalises it.
    ///
    /// - Parameters:
    ///   - bytes: A JPEG or PNG file.
    ///   - landmarks: The face's points.
    ///   - input: Receives `[height, width, 3]`, as ``FacePreprocessing/normalise(_:into:mirrored:)`` makes it;
    ///     undefined if an error is thrown.
    ///   - mirrored: Receives the same of the face mirrored left to right, when given.
    /// - Returns: How the face came about.
    /// - Throws: ``FaceFailure``.
    public mutating func extract(
        _ bytes: UnsafeRawBufferPointer,
        landmarks: FaceLandmarks,
        normalisedInto input: UnsafeMutableBufferPointer<Float>,
        mirrored: UnsafeMutableBufferPointer<Float>? = nil
    ) throws(FaceFailure) -> FaceExtraction {
        // Taken out for the call, so that the face's memory and the extractor can both be changed.
        var face: [UInt8] = []
        swap(&face, &scratchFace)
        defer { swap(&face, &scratchFace) }
        var outcome = Result<FaceExtraction, FaceFailure>.failure(FaceFailure(CodecStatus.outOfMemory))
        face.withUnsafeMutableBufferPointer { face in
            do throws(FaceFailure) {
                outcome = .success(try extract(bytes, landmarks: landmarks, into: face))
                preprocessing.normalise(UnsafeBufferPointer(face), into: input)
                if let mirrored { preprocessing.normalise(UnsafeBufferPointer(face), into: mirrored, mirrored: true) }
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get()
    }
}

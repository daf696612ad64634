internal import CKernels

extension FacePreprocessing {
    /// Turns faces into a network's input: (x − mean) / std in single precision, in the network's channel order.
    ///
    /// - Parameters:
    ///   - faces: `[faces, height, width, 3]`, RGB.
    ///   - input: Receives `[faces, height, width, 3]`.
    ///   - mirrored: Whether each face is mirrored left to right.
    public func normalise(
        _ faces: UnsafeBufferPointer<UInt8>,
        into input: UnsafeMutableBufferPointer<Float>,
        mirrored: Bool = false
    ) {
        normalise(faces, into: input, mirrored: mirrored, level: .current)
    }

    package func normalise(
        _ faces: UnsafeBufferPointer<UInt8>,
        into input: UnsafeMutableBufferPointer<Float>,
        mirrored: Bool,
        level: InstructionLevel
    ) {
        precondition(faces.count == input.count && faces.count.isMultiple(of: faceByteCount))
        precondition(mean.count == 3 && std.count == 3)
        guard let from = faces.baseAddress, let to = input.baseAddress else { return }
        let isSwapped = channels == .bgr
        vf_normalise(
            from,
            to,
            Int32(width),
            Int32(height * (faces.count / faceByteCount)),
            isSwapped ? mean.reversed() : mean,
            isSwapped ? std.reversed() : std,
            isSwapped ? 1 : 0,
            mirrored ? 1 : 0,
            level.isa
        )
    }
}

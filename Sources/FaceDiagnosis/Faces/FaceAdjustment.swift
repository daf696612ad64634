internal import FaceImaging

/// A change of where the aligned face sits in its crop, on top of the alignment.
package struct FaceAdjustment: Hashable, Sendable {
    /// Pixels of the crop that the face moves to the right.
    package var right: Double
    /// Pixels of the crop that the face moves down.
    package var down: Double
    /// The factor by which the face grows about the crop's centre.
    package var scale: Double

    /// Creates an adjustment.
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

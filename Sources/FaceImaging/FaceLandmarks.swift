public import ArtifactFiles

/// Five points of a face in the pixels of its upright image; the centre of the first pixel is (0, 0).
///
/// Left and right are as one sees them in the picture.
public struct FaceLandmarks: Hashable, Sendable, Codable {
    /// The eye on the left of the picture.
    public var leftEye: SIMD2<Double>
    /// The eye on the right of the picture.
    public var rightEye: SIMD2<Double>
    /// The tip of the nose.
    public var nose: SIMD2<Double>
    /// The corner of the mouth on the left of the picture.
    public var leftMouth: SIMD2<Double>
    /// The corner of the mouth on the right of the picture.
    public var rightMouth: SIMD2<Double>

    /// Creates landmarks from their points.
    public init(
        leftEye: SIMD2<Double>,
        rightEye: SIMD2<Double>,
        nose: SIMD2<Double>,
        leftMouth: SIMD2<Double>,
        rightMouth: SIMD2<Double>
    ) {
        self.leftEye = leftEye
        self.rightEye = rightEye
        self.nose = nose
        self.leftMouth = leftMouth
        self.rightMouth = rightMouth
    }

    /// Creates landmarks from coordinates as files list them.
    ///
    /// - Parameter coordinates: x and y alternating: of the five points (10 numbers) in the order of the properties,
    ///   or of 68 points in the iBUG 300-W order (136 numbers), of which the eyes' corners (36 and 39, 42 and 45)
    ///   are averaged and the nose (30) and mouth corners (48, 54) taken.
    /// - Throws: ``InputError`` (`malformed`) for another number of coordinates.
    public init(coordinates: [Double]) throws(InputError) {
        func point(_ index: Int) -> SIMD2<Double> { SIMD2(coordinates[2 * index], coordinates[2 * index + 1]) }
        switch coordinates.count {
        case 10:
            self.init(
                leftEye: point(0),
                rightEye: point(1),
                nose: point(2),
                leftMouth: point(3),
                rightMouth: point(4)
            )
        case 136:
            self.init(
                leftEye: (point(36) + point(39)) / 2,
                rightEye: (point(42) + point(45)) / 2,
                nose: point(30),
                leftMouth: point(48),
                rightMouth: point(54)
            )
        default:
            throw InputError(
                .malformed,
                "wrong number of landmark coordinates",
                expected: "10 (5 points) or 136 (68 points)",
                found: "\(coordinates.count)"
            )
        }
    }

    /// The points in the order of the properties.
    public var points: [SIMD2<Double>] { [leftEye, rightEye, nose, leftMouth, rightMouth] }

    /// Whether all coordinates are finite.
    public var areFinite: Bool { points.allSatisfy { $0.x.isFinite && $0.y.isFinite } }
}

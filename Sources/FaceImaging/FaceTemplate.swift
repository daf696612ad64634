public import ArtifactFiles

/// Where an aligned face's five points lie.
public struct FaceTemplate: Hashable, Sendable {
    /// The name that commands and reports use.
    public let name: String
    /// The width that the points are for, in pixels.
    public let width: Int
    /// The height that the points are for, in pixels.
    public let height: Int
    /// The points.
    public let points: FaceLandmarks

    /// The points for a face of another size: scaled by the heights' ratio and centred in x.
    ///
    /// For `arcface` at 112×96 (96 wide) this is `sphereface`; at 224×224 it is twice the points, as InsightFace's
    /// `estimate_norm` has it.
    public func points(width newWidth: Int, height newHeight: Int) -> FaceLandmarks {
        let ratio = Double(newHeight) / Double(height)
        let shift = Double(newWidth) / 2 - Double(width) / 2 * ratio
        func moved(_ point: SIMD2<Double>) -> SIMD2<Double> { point * ratio + SIMD2(shift, 0) }
        return FaceLandmarks(
            leftEye: moved(points.leftEye),
            rightEye: moved(points.rightEye),
            nose: moved(points.nose),
            leftMouth: moved(points.leftMouth),
            rightMouth: moved(points.rightMouth)
        )
    }
}

extension FaceTemplate {
    /// InsightFace's template for 112×112 faces (`python-package/insightface/utils/face_align.py`).
    public static let arcface = FaceTemplate(name: "arcface", width: 112, height: 112, points: arcfacePoints(shift: 0))

    /// The same points in a 128×128 face, 8 pixels to the right: InsightFace's layout for sizes that 128 divides.
    public static let arcface128 = FaceTemplate(
        name: "arcface-128",
        width: 128,
        height: 128,
        points: arcfacePoints(shift: 8)
    )

    /// The template of 96 wide, 112 high faces that SphereFace introduced.
    public static let sphereface = FaceTemplate(
        name: "sphereface",
        width: 96,
        height: 112,
        points: arcfacePoints(shift: -8)
    )

    /// Every template.
    public static let all = [arcface, arcface128, sphereface]

    /// Finds a template by name.
    ///
    /// - Throws: ``InputError`` (`unknownName`) that lists the known names.
    public static func named(_ name: String) throws(InputError) -> FaceTemplate {
        guard let found = all.first(where: { $0.name == name }) else {
            throw .unknownName(name, kind: "face template", known: all.map(\.name))
        }
        return found
    }

    private static func arcfacePoints(shift: Double) -> FaceLandmarks {
        FaceLandmarks(
            leftEye: SIMD2(38.2946 + shift, 51.6963),
            rightEye: SIMD2(73.5318 + shift, 51.5014),
            nose: SIMD2(56.0252 + shift, 71.7366),
            leftMouth: SIMD2(41.5493 + shift, 92.3655),
            rightMouth: SIMD2(70.7299 + shift, 92.2041)
        )
    }
}

public import FaceImaging

/// A rendered photograph with what a perfect detector would say about it.
public struct SyntheticFace: Hashable, Sendable {
    /// The picture, before any file compression.
    public let image: RGBImage
    /// Centres of the eyes, tip of the nose, corners of the mouth.
    ///
    /// Projected from the head's surface, and so exact, also where the point is hidden. Left and right as the viewer
    /// sees them; the centre of the first pixel is (0, 0).
    public let landmarks: FaceLandmarks
    /// How sure a detector would be, 0 … 1: lower for turned, covered, blurred and dark faces.
    public let score: Double
    /// The JPEG quality at which the picture is meant to be stored.
    public let jpegQuality: Int
}

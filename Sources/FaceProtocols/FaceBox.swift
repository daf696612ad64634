/// A face's box, as detectors and NIST's files state it, in pixels of the image.
///
/// Where there are no landmarks, a box stands in for them by one convention: the square around the box's centre whose
/// side is the box's longer side times a factor becomes the aligned face. It is put in terms of landmarks, so that
/// everything after it is the same: the five points of InsightFace's template, scaled from 112×112 to that square.
/// Their similarity to the template is exactly the square's. A face that is turned in the plane stays turned, and eyes
/// and mouth land only roughly where a network expects them: numbers from boxes are not comparable with published ones.
public struct FaceBox: Hashable, Sendable {
    /// The left edge.
    public var x: Double
    /// The upper edge.
    public var y: Double
    /// Width.
    public var width: Double
    /// Height.
    public var height: Double

    /// Creates a box.
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// Whether all edges are finite and the box has an area.
    public var isUsable: Bool {
        x.isFinite && y.isFinite && width.isFinite && height.isFinite && width > 0 && height > 0
    }

    /// The five points that stand for the box's landmarks: x₀, y₀, … x₄, y₄.
    ///
    /// - Parameter scale: The side of the square over the longer side of the box.
    /// - Returns: NaN throughout for a box that is not usable.
    public func landmarks(scale: Double) -> [Float] {
        guard isUsable else { return [Float](repeating: .nan, count: 10) }
        let side = max(width, height) * scale
        let (left, top) = (x + (width - side) / 2, y + (height - side) / 2)
        return Self.template.flatMap { point in
            [Float(left + point.x * side / 112), Float(top + point.y * side / 112)]
        }
    }

    /// InsightFace's template for 112×112 faces (`python-package/insightface/utils/face_align.py`).
    private static let template: [SIMD2<Double>] = [
        SIMD2(38.2946, 51.6963), SIMD2(73.5318, 51.5014), SIMD2(56.0252, 71.7366), SIMD2(41.5493, 92.3655),
        SIMD2(70.7299, 92.2041),
    ]
}

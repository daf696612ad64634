internal import Foundation

/// A rotation, uniform scaling and shift of the plane: x′ = a·x − b·y + tx, y′ = b·x + a·y + ty.
public struct SimilarityTransform: Hashable, Sendable, Codable {
    /// Scale × cosine.
    public var a: Double
    /// Scale × sine.
    public var b: Double
    /// The shift in x.
    public var tx: Double
    /// The shift in y.
    public var ty: Double

    /// Creates a transform from its coefficients.
    public init(a: Double, b: Double, tx: Double, ty: Double) {
        (self.a, self.b, self.tx, self.ty) = (a, b, tx, ty)
    }

    /// What leaves every point where it is.
    public static let identity = SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0)

    /// The factor by which lengths grow.
    public var scale: Double { hypot(a, b) }

    /// The angle of rotation, positive from x to y.
    public var rotationRadians: Double { atan2(b, a) }

    /// Whether all coefficients are finite and the scale is not zero.
    public var isInvertible: Bool {
        let square = a * a + b * b
        return square.isFinite && square >= .leastNormalMagnitude && tx.isFinite && ty.isFinite
    }

    /// The transform that undoes this one; meaningless unless ``isInvertible``.
    public var inverse: SimilarityTransform {
        let square = a * a + b * b
        let (c, s) = (a / square, -b / square)
        return SimilarityTransform(a: c, b: s, tx: -(c * tx - s * ty), ty: -(s * tx + c * ty))
    }

    /// Where a point goes.
    public func apply(_ point: SIMD2<Double>) -> SIMD2<Double> {
        SIMD2(a * point.x - b * point.y + tx, b * point.x + a * point.y + ty)
    }
}

extension SimilarityTransform {
    /// The least-squares similarity that takes one set of points to another.
    ///
    /// Umeyama, "Least-squares estimation of transformation parameters between two point patterns" (TPAMI 13(4),
    /// 1991), eqs. 40–42. In the plane its singular value decomposition has a closed form: with centred points
    /// p and q as complex numbers, a + ib = Σ p̄q / Σ |p|². No reflection is ever chosen. Equals scikit-image's
    /// `SimilarityTransform.estimate` to rounding.
    ///
    /// - Parameters:
    ///   - source: Points; may lie on a line.
    ///   - target: As many points.
    /// - Returns: The transform, or `nil` where there is none: source points that coincide (to 1e-6 of their
    ///   distance from the origin, and of a pixel), coordinates that are not finite or overflow, or targets that do
    ///   not correlate with the sources at all.
    public static func leastSquares(
        from source: [SIMD2<Double>],
        to target: [SIMD2<Double>]
    ) -> SimilarityTransform? {
        precondition(source.count == target.count && !source.isEmpty)
        let count = Double(source.count)
        let sourceMean = source.reduce(.zero, +) / count
        let targetMean = target.reduce(.zero, +) / count
        var (real, imaginary, spread, size) = (0.0, 0.0, 0.0, 1.0)
        for index in source.indices {
            let p = source[index] - sourceMean
            let q = target[index] - targetMean
            real += p.x * q.x + p.y * q.y
            imaginary += p.x * q.y - p.y * q.x
            spread += p.x * p.x + p.y * p.y
            size += source[index].x * source[index].x + source[index].y * source[index].y
        }
        guard spread.isFinite, spread > 1e-12 * size else { return nil }
        let (a, b) = (real / spread, imaginary / spread)
        let result = SimilarityTransform(
            a: a,
            b: b,
            tx: targetMean.x - (a * sourceMean.x - b * sourceMean.y),
            ty: targetMean.y - (b * sourceMean.x + a * sourceMean.y)
        )
        return result.isInvertible ? result : nil
    }
}

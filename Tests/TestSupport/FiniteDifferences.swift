/// Derivatives by differences, for functions that are computed in single precision.
package enum FiniteDifferences {
    /// The gradient at a point by the five-point stencil, whose error is of the fourth order in the step.
    ///
    /// - Parameters:
    ///   - point: Where.
    ///   - step: Large enough that rounding in single precision stays small: its error is about 1e-7 · |f| / step.
    ///   - function: The function; never on a kink within two steps of `point`.
    package static func gradient(
        at point: [Float],
        step: Float = 0.02,
        _ function: ([Float]) throws -> Double
    ) rethrows -> [Double] {
        try point.indices.map { index in
            var sum = 0.0
            for (offset, weight) in [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)] {
                var moved = point
                moved[index] += Float(offset) * step
                sum += weight * (try function(moved)) / (12 * Double(step))
            }
            return sum
        }
    }

    /// ‖a − b‖ / max(‖b‖, floor).
    package static func relativeError(_ a: [Double], _ b: [Double], floor: Double = 1e-3) -> Double {
        var difference = 0.0
        var norm = 0.0
        for (x, y) in zip(a, b) {
            difference += (x - y) * (x - y)
            norm += y * y
        }
        return difference.squareRoot() / max(norm.squareRoot(), floor)
    }
}

internal import Foundation

/// Student's t distribution.
package enum StudentDistribution {
    /// The chance of a value above `value`.
    ///
    /// Source: Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.3 and 26.7.4: finite sums for whole
    /// degrees of freedom. The absolute error is below 1e-13; chances below that are not told from 0.
    ///
    /// - Parameters:
    ///   - value: t; an infinite one has its limit.
    ///   - degreesOfFreedom: At least 1.
    package static func upperTail(_ value: Double, degreesOfFreedom: Int) -> Double {
        precondition(degreesOfFreedom > 0, "degrees of freedom count from 1")
        let angle = atan2(abs(value), Double(degreesOfFreedom).squareRoot())
        let (sine, cosine) = (sin(angle), cos(angle))
        let isOdd = degreesOfFreedom % 2 == 1
        // cos + 2/3 cos³ + 2·4/(3·5) cos⁵ + … for odd ones, 1 + 1/2 cos² + 1·3/(2·4) cos⁴ + … for even ones.
        var term = isOdd ? cosine : 1
        var sum = 0.0
        for index in stride(from: isOdd ? 1 : 0, to: degreesOfFreedom - 1, by: 2) {
            sum += term
            term *= cosine * cosine * Double(index + 1) / Double(index + 2)
        }
        let within = isOdd ? 2 / Double.pi * (angle + sine * sum) : sine * sum
        let tail = max(0, (1 - within) / 2)
        return value < 0 ? 1 - tail : tail
    }
}

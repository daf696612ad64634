#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// ln Σⱼ e^(factor·xⱼ) of a row, without overflow.
///
/// - Returns: NaN if the row holds NaN; +∞ or NaN if it holds +∞: callers look at their loss.
@inline(__always)
func logSumExp(_ x: UnsafePointer<Float>, count: Int, factor: Float) -> Float {
    let largest = maximum(x, count: count) * factor
    return largest + Float(log(VectorExponential.sum(x, count: count, factor: factor, offset: largest)))
}

/// The largest of a row; NaN only if it comes first, otherwise comparisons skip it (sums then show it).
@inline(__always)
func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var vector = SIMD8<Float>(repeating: x[0])
    var index = 0
    while index &+ 8 <= count {
        let next = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD8<Float>.self)
        vector = vector.replacing(with: next, where: next .> vector)
        index &+= 8
    }
    var largest = vector[0]
    for lane in 1..<8 where vector[lane] > largest { largest = vector[lane] }
    while index < count {
        if x[index] > largest { largest = x[index] }
        index &+= 1
    }
    return largest
}

/// ln x.
@inline(__always)
func naturalLogarithm(_ x: Double) -> Float { Float(log(x)) }

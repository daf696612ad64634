/// Transcendental functions from + − × ÷ alone, so that a face has the same bytes on every machine.
///
/// The C library's functions differ between machines in the last bit; IEEE 754's basic operations do not.
package enum PortableMath {
    static let pi = 3.141592653589793

    /// sin x for |x| below about 1e4, absolute error below 1e-14.
    package static func sine(_ radians: Double) -> Double {
        let (remainder, quadrant) = reduced(radians)
        switch quadrant {
        case 0: return sineSeries(remainder)
        case 1: return cosineSeries(remainder)
        case 2: return -sineSeries(remainder)
        default: return -cosineSeries(remainder)
        }
    }

    /// cos x for |x| below about 1e4, absolute error below 1e-14.
    package static func cosine(_ radians: Double) -> Double { sine(radians + pi / 2) }

    /// eˣ for |x| below 700, relative error below 1e-14.
    package static func exponential(_ x: Double) -> Double {
        let halvings = (x * 1.4426950408889634).rounded(.toNearestOrEven)
        let remainder = x - halvings * 0.6931471805599453
        var sum = 1.0
        for term in stride(from: 14.0, through: 1.0, by: -1.0) { sum = 1 + sum * remainder / term }
        return Double(sign: .plus, exponent: Int(halvings), significand: sum)
    }

    /// The real cube root of a number in [0, 8], by Newton's iteration.
    package static func cubeRoot(_ x: Double) -> Double {
        guard x > 0 else { return 0 }
        var root = 1.0
        for _ in 0..<60 { root = (2 * root + x / (root * root)) / 3 }
        return root
    }

    /// sin and cos of an angle in single precision.
    static func sineCosine(_ radians: Float) -> (sine: Float, cosine: Float) {
        (Float(sine(Double(radians))), Float(cosine(Double(radians))))
    }

    private static func reduced(_ radians: Double) -> (remainder: Double, quadrant: Int) {
        let turns = (radians * (2 / pi)).rounded(.toNearestOrEven)
        return (radians - turns * (pi / 2), Int(turns) & 3)
    }

    private static func sineSeries(_ x: Double) -> Double {
        let square = x * x
        var sum = 1.0
        for term in stride(from: 16.0, through: 2.0, by: -2.0) { sum = 1 - sum * square / (term * (term + 1)) }
        return x * sum
    }

    private static func cosineSeries(_ x: Double) -> Double {
        let square = x * x
        var sum = 1.0
        for term in stride(from: 15.0, through: 1.0, by: -2.0) { sum = 1 - sum * square / (term * (term + 1)) }
        return sum
    }
}

/// Three coordinates or colours and a spare.
typealias Vector = SIMD4<Float>

@inline(__always)
func mix(_ from: Float, _ to: Float, _ amount: Float) -> Float { from + (to - from) * amount }

@inline(__always)
func mix(_ from: Vector, _ to: Vector, _ amount: Float) -> Vector { from + (to - from) * amount }

@inline(__always)
func clamp(_ x: Float, _ low: Float = 0, _ high: Float = 1) -> Float { x < low ? low : (x > high ? high : x) }

/// 0 at `low` and below, 1 at `high` and above, with flat ends.
@inline(__always)
func smoothstep(_ low: Float, _ high: Float, _ x: Float) -> Float {
    let t = clamp((x - low) / (high - low))
    return t * t * (3 - 2 * t)
}

/// 1 at 0, falling smoothly to 0 at |x| = 1.
@inline(__always)
func hump(_ x: Float) -> Float {
    let rest = 1 - x * x
    return rest > 0 ? rest * rest : 0
}

@inline(__always)
func dot(_ a: Vector, _ b: Vector) -> Float { a.x * b.x + a.y * b.y + a.z * b.z }

@inline(__always)
func cross(_ a: Vector, _ b: Vector) -> Vector {
    Vector(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x, 0)
}

@inline(__always)
func normalized(_ a: Vector) -> Vector {
    let square = dot(a, a)
    return square > 1e-20 ? a * (1 / square.squareRoot()) : Vector(0, 0, 1, 0)
}

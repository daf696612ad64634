/// The exponential function for numbers up to 0, several at a time.
///
/// The relative error is below 2e-7 down to −87, and the value 0 below that. NaN stays NaN.
///
/// Range reduction by ln 2 in two parts and the polynomial of Cephes' `expf`. Only operations that IEEE 754 rounds
/// exactly, so the bits are the same on any machine.
struct VectorExponential {
    typealias Vector = SIMD8<Float>

    @inline(__always)
    static func value(_ x: Vector) -> Vector {
        let magic: Float = 12_582_912  // 1.5 · 2²³: adding it rounds to an integer in the low bits
        let shifted = x * 1.44269504088896341 + magic
        let whole = shifted - magic
        let r = (x - whole * 0.693359375) - whole * -2.12194440e-4
        var p = r * 1.9875691500e-4 + 1.3981999507e-3
        p = p * r + 8.3334519073e-3
        p = p * r + 4.1665795894e-2
        p = p * r + 1.6666665459e-1
        p = p * r + 5.0000001201e-1
        let mantissa = p * (r * r) + r + 1
        let bits = unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &- 0x4b40_0000
        let scale = unsafeBitCast((bits &+ 127) &<< 23, to: Vector.self)
        return (mantissa * scale).replacing(with: 0, where: x .< -87)
    }

    @inline(__always)
    static func value(_ x: Float) -> Float { value(Vector(repeating: x))[0] }

    /// Σ e^(factor·xᵢ − offset), in Double over groups of eight.
    @inline(__always)
    static func sum(_ x: UnsafePointer<Float>, count: Int, factor: Float, offset: Float) -> Double {
        var total = SIMD8<Double>.zero
        var index = 0
        while index &+ 8 <= count {
            let vector = UnsafeRawPointer(x + index).loadUnaligned(as: Vector.self)
            total += SIMD8<Double>(value(vector * factor - offset))
            index &+= 8
        }
        var sum = total.sum()
        while index < count {
            sum += Double(value(x[index] * factor - offset))
            index &+= 1
        }
        return sum
    }

    /// Writes weight · e^(factor·xᵢ − offset), or adds it.
    @inline(__always)
    static func write(
        _ x: UnsafePointer<Float>,
        count: Int,
        factor: Float,
        offset: Float,
        weight: Float,
        into target: UnsafeMutablePointer<Float>,
        accumulating: Bool
    ) {
        var index = 0
        while index &+ 8 <= count {
            let vector = UnsafeRawPointer(x + index).loadUnaligned(as: Vector.self)
            let address = UnsafeMutableRawPointer(target + index)
            var term = value(vector * factor - offset) * weight
            if accumulating { term += UnsafeRawPointer(address).loadUnaligned(as: Vector.self) }
            address.storeBytes(of: term, as: Vector.self)
            index &+= 8
        }
        while index < count {
            let term = value(x[index] * factor - offset) * weight
            target[index] = accumulating ? target[index] + term : term
            index &+= 1
        }
    }
}

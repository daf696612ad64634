import SeededRandom

/// Smooth lattice noise in the plane, −1 … 1, from a seed.
struct ValueNoise {
    private var values: [Float]
    private var permutation: [Int32]

    init(generator: inout SeededGenerator) {
        values = (0..<256).map { _ in Float(generator.uniform(-1, 1)) }
        permutation = generator.permutation(of: 256).map { Int32($0) }
    }

    /// The noise at a point, |x| and |y| below 2³⁰; features are about one unit wide.
    func callAsFunction(_ x: Float, _ y: Float) -> Float {
        permutation.withUnsafeBufferPointer { permutation in
            values.withUnsafeBufferPointer { values in
                let column = Self.floor(x)
                let row = Self.floor(y)
                let left = permutation[Int(column & 255)]
                let right = permutation[Int((column &+ 1) & 255)]
                let tx = Self.eased(x - Float(column))
                let ty = Self.eased(y - Float(row))
                let top = mix(values[Int((left &+ row) & 255)], values[Int((right &+ row) & 255)], tx)
                let bottom = mix(
                    values[Int((left &+ row &+ 1) & 255)],
                    values[Int((right &+ row &+ 1) & 255)],
                    tx
                )
                return mix(top, bottom, ty)
            }
        }
    }

    @inline(__always)
    private static func floor(_ x: Float) -> Int32 {
        let truncated = Int32(x)
        return Float(truncated) > x ? truncated &- 1 : truncated
    }

    @inline(__always)
    private static func eased(_ t: Float) -> Float { t * t * (3 - 2 * t) }
}

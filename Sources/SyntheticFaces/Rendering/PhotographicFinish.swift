import SeededRandom

/// From linear light to the bytes of a photograph: lens blur, motion, resolution, tone, colour, noise.
final class PhotographicFinish {
    private let side: Int
    private var current: UnsafeMutablePointer<Vector>
    private var spare: UnsafeMutablePointer<Vector>
    private let encoded: UnsafeMutablePointer<Float>
    private static let encodedSteps = 4096

    init(side: Int) {
        self.side = side
        current = .allocate(capacity: side * side)
        spare = .allocate(capacity: side * side)
        current.initialize(repeating: .zero, count: side * side)
        spare.initialize(repeating: .zero, count: side * side)
        encoded = .allocate(capacity: Self.encodedSteps + 1)
        for step in 0...Self.encodedSteps {
            (encoded + step).initialize(to: Self.encode(Double(step) / Double(Self.encodedSteps)))
        }
    }

    deinit {
        current.deallocate()
        spare.deallocate()
        encoded.deallocate()
    }

    /// The sRGB transfer function, 0 … 1 to 0 … 1.
    private static func encode(_ linear: Double) -> Float {
        if linear <= 0.0031308 { return Float(12.92 * linear) }
        // x^(5/12) = the fourth root of the cube root of x⁵.
        let fifth = linear * linear * linear * linear * linear
        let power = PortableMath.cubeRoot(fifth).squareRoot().squareRoot()
        return Float(1.055 * power - 0.055)
    }

    /// Averages 2 × 2 samples, and develops the picture.
    func develop(_ canvas: SampleCanvas, _ finish: FinishParameters) -> [UInt8] {
        for row in 0..<side {
            let upper = canvas.colors + 2 * row * canvas.side
            let lower = upper + canvas.side
            for column in 0..<side {
                let sum = (upper[2 * column] + upper[2 * column + 1]) + (lower[2 * column] + lower[2 * column + 1])
                current[row * side + column] = Self.toned(sum * 0.25)
            }
        }
        let unit = Float(side) / 160
        blur(deviation: finish.defocus * unit)
        smear(along: finish.motion * unit)
        reduce(by: finish.reduction)
        return quantised(finish)
    }

    /// A soft shoulder, so that highlights do not clip at once.
    @inline(__always)
    private static func toned(_ color: Vector) -> Vector {
        let white: Float = 2.2
        return color * (Vector(repeating: 1) + color * (1 / (white * white))) / (Vector(repeating: 1) + color * 0.35)
            * 0.98
    }

    private func blur(deviation: Float) {
        guard deviation > 0.15 else { return }
        let reach = min(12, max(1, Int(2.5 * deviation + 0.5)))
        var weights = (0...reach)
            .map { step in
                Float(PortableMath.exponential(Double(-Float(step * step) / (2 * deviation * deviation))))
            }
        let total = weights[0] + 2 * weights.dropFirst().reduce(0, +)
        weights = weights.map { $0 / total }
        weights.withUnsafeBufferPointer { weights in
            convolve(from: current, to: spare, weights, step: 1, other: side)
            convolve(from: spare, to: current, weights, step: side, other: 1)
        }
    }

    /// Symmetric convolution along lines whose neighbours are `step` apart; edges repeat.
    private func convolve(
        from source: UnsafeMutablePointer<Vector>,
        to target: UnsafeMutablePointer<Vector>,
        _ weights: UnsafeBufferPointer<Float>,
        step: Int,
        other: Int
    ) {
        let last = side - 1
        for line in 0..<side {
            let from = source + line * other
            let to = target + line * other
            for place in 0..<side {
                var sum = from[place * step] * weights[0]
                for tap in 1..<weights.count {
                    let before = max(0, place - tap)
                    let after = min(last, place + tap)
                    sum += (from[before * step] + from[after * step]) * weights[tap]
                }
                to[place * step] = sum
            }
        }
    }

    private func smear(along motion: SIMD2<Float>) {
        let length = (motion.x * motion.x + motion.y * motion.y).squareRoot()
        guard length > 0.5 else { return }
        let taps = min(17, 2 * Int(length * 0.5 + 0.5) + 1)
        let offsets = (0..<taps)
            .map { tap in
                let share = taps > 1 ? Float(tap) / Float(taps - 1) - 0.5 : 0
                return (Self.nearest(motion.x * share), Self.nearest(motion.y * share))
            }
        let weight = 1 / Float(taps)
        for row in 0..<side {
            for column in 0..<side {
                var sum = Vector.zero
                for (dx, dy) in offsets {
                    let x = min(side - 1, max(0, column + dx))
                    let y = min(side - 1, max(0, row + dy))
                    sum += current[y * side + x]
                }
                spare[row * side + column] = sum * weight
            }
        }
        swap(&current, &spare)
    }

    private static func nearest(_ x: Float) -> Int { Int(Int32(x < 0 ? x - 0.5 : x + 0.5)) }

    /// Stores fewer pixels, each the mean of its area, and enlarges them again bilinearly.
    private func reduce(by factor: Float) {
        let small = min(side, max(8, Int(Float(side) / factor)))
        guard small < side else { return }
        let ratio = Float(side) / Float(small)
        for row in 0..<small {
            let top = Int(Float(row) * ratio)
            let bottom = max(top + 1, min(side, Int(Float(row + 1) * ratio)))
            for column in 0..<small {
                let left = Int(Float(column) * ratio)
                let right = max(left + 1, min(side, Int(Float(column + 1) * ratio)))
                var sum = Vector.zero
                for y in top..<bottom { for x in left..<right { sum += current[y * side + x] } }
                spare[row * small + column] = sum * (1 / Float((bottom - top) * (right - left)))
            }
        }
        enlarge(from: small)
    }

    private func enlarge(from small: Int) {
        let step = Float(small) / Float(side)
        let last = Float(small - 1) - 0.001
        for row in 0..<side {
            let y = clamp((Float(row) + 0.5) * step - 0.5, 0, last)
            let top = Int(y)
            for column in 0..<side {
                let x = clamp((Float(column) + 0.5) * step - 0.5, 0, last)
                let left = Int(x)
                let corner = spare + (top * small + left)
                let upper = mix(corner[0], corner[1], x - Float(left))
                let lower = mix(corner[small], corner[small + 1], x - Float(left))
                current[row * side + column] = mix(upper, lower, y - Float(top))
            }
        }
    }

    /// Transfer function, contrast, saturation, noise, rounding.
    private func quantised(_ finish: FinishParameters) -> [UInt8] {
        let cast = finish.cast.padded
        let luma = SIMD3<Float>(0.2126, 0.7152, 0.0722)
        var grain = Grain(seed: finish.noiseSeed, deviation: finish.noise, scale: finish.reduction)
        return [UInt8](unsafeUninitializedCapacity: side * side * 3) { bytes, count in
            for index in 0..<(side * side) {
                let linear = current[index] * cast
                var color = SIMD3(encode(linear.x), encode(linear.y), encode(linear.z))
                let weighted = color * luma
                let grey = weighted.x + weighted.y + weighted.z
                color = (SIMD3(repeating: grey) + (color - SIMD3(repeating: grey)) * finish.saturation)
                color = (color - SIMD3(repeating: 0.45)) * finish.contrast + SIMD3(repeating: 0.45 + finish.brightness)
                color = color * 255 + grain.next(brightness: grey, colored: finish.saturation > 0)
                bytes[index * 3] = Self.byte(color.x)
                bytes[index * 3 + 1] = Self.byte(color.y)
                bytes[index * 3 + 2] = Self.byte(color.z)
            }
            count = side * side * 3
        }
    }

    @inline(__always)
    private static func byte(_ x: Float) -> UInt8 { UInt8(truncatingIfNeeded: Int32(clamp(x + 0.5, 0, 255))) }

    @inline(__always)
    private func encode(_ x: Float) -> Float { encoded[Int(Int32(clamp(x) * Float(Self.encodedSteps) + 0.5))] }
}

/// Sensor noise: nearly normal, stronger in the shadows, partly shared by the channels.
private struct Grain {
    private var state: UInt64
    private let factor: Float

    /// - Parameters:
    ///   - deviation: In grey levels.
    ///   - scale: Reduction of the picture, which averages noise away.
    init(seed: UInt64, deviation: Float, scale: Float) {
        state = seed | 1
        // A sum of four bytes has the standard deviation 147.8.
        factor = deviation / 147.8 / scale
    }

    @inline(__always)
    mutating func next(brightness: Float, colored: Bool) -> SIMD3<Float> {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        let strength = factor * (1.25 - 0.5 * brightness)
        let shared = Self.sum(UInt32(truncatingIfNeeded: state))
        guard colored else { return SIMD3(repeating: shared * strength) }
        let own = Self.sum(UInt32(truncatingIfNeeded: state >> 32))
        let other = Self.sum(UInt32(truncatingIfNeeded: state >> 16))
        return SIMD3(shared + 0.5 * own, shared - 0.3 * own, shared + 0.6 * other) * (strength * 0.85)
    }

    @inline(__always)
    private static func sum(_ word: UInt32) -> Float {
        let bytes = (word & 255) &+ ((word >> 8) & 255) &+ ((word >> 16) & 255) &+ (word >> 24)
        return Float(bytes) - 510
    }
}

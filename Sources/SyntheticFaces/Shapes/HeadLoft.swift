/// The smooth head without features: rings stacked from the crown to the base of the neck.
///
/// A ring is named by `v`, the height in centimetres that its front has on an average head; it is an ellipse whose
/// sides may lie higher than its front, as those of the jaw do.
struct HeadLoft {
    /// One ring; lanes: front height, front depth, half width, side height, centre depth, back depth, squareness.
    typealias Ring = SIMD8<Float>

    static let crown: Float = 16
    static let neckBase: Float = -20

    private var knots: [Float]
    private var rings: [Ring]
    private var slopes: [Ring]

    init(traits: FaceTraits) {
        knots = Self.average.map { $0.0 }
        rings = Self.average.map { Self.shaped($0.1, at: $0.0, traits: traits) }
        slopes = []
        slopes = rings.indices.map { index in
            let before = max(0, index - 1)
            let after = min(rings.count - 1, index + 1)
            return (rings[after] - rings[before]) / (knots[after] - knots[before])
        }
    }

    /// The ring at a height, by cubic Hermite interpolation.
    func ring(at v: Float) -> Ring {
        var upper = 1
        while upper < knots.count - 1 && knots[upper] > v { upper += 1 }
        let step = knots[upper] - knots[upper - 1]
        let t = clamp((v - knots[upper - 1]) / step)
        let square = t * t
        let cube = square * t
        let start =
            rings[upper - 1] * (2 * cube - 3 * square + 1) + slopes[upper - 1] * ((cube - 2 * square + t) * step)
        return start + rings[upper] * (3 * square - 2 * cube) + slopes[upper] * ((cube - square) * step)
    }

    /// The point of a ring in a direction, given by the sine and cosine of the angle from the front.
    @inline(__always)
    static func point(_ ring: Ring, sine: Float, cosine: Float) -> Vector {
        let tilt = sine * sine
        let side = sine * (1 + ring[6] * cosine * cosine)
        let reach = cosine > 0 ? ring[1] - ring[4] : ring[4] - ring[5]
        // Behind the ears a ring stays at the height of its sides.
        let y = cosine > 0 ? ring[0] + (ring[3] - ring[0]) * tilt : ring[3]
        return Vector(ring[2] * side, y, ring[4] + reach * cosine, 0)
    }

    /// The ring and the direction whose point lies at (x, y) seen from the front.
    ///
    /// - Parameter x: Less than the half width there.
    func locate(x: Float, y: Float) -> (v: Float, sine: Float, cosine: Float) {
        var low = Self.neckBase
        var high = Self.crown
        var sine: Float = 0
        for _ in 0..<40 {
            let v = (low + high) * 0.5
            let ring = ring(at: v)
            sine = Self.direction(ring, x: x)
            let height = ring[0] + (ring[3] - ring[0]) * sine * sine
            if height < y { low = v } else { high = v }
        }
        return ((low + high) * 0.5, sine, max(0, 1 - sine * sine).squareRoot())
    }

    private static func direction(_ ring: Ring, x: Float) -> Float {
        var sine = clamp(x / ring[2], -0.99, 0.99)
        for _ in 0..<12 { sine = clamp(x / (ring[2] * (1 + ring[6] * (1 - sine * sine))), -0.99, 0.99) }
        return sine
    }

    /// v, then front height, front depth, half width, side height, centre depth, back depth, squareness.
    private static let average: [(Float, Ring)] = [
        (16, Ring(12.0, 0.0, 0.02, 12.0, -0.2, -0.4, 0, 0)),
        (14, Ring(11.6, 2.9, 3.3, 11.55, -0.3, -4.0, 0, 0)),
        (12, Ring(10.5, 5.1, 5.2, 10.4, -0.3, -6.7, 0, 0)),
        (10, Ring(9.1, 6.9, 6.45, 8.9, -0.2, -8.3, 0, 0)),
        (8, Ring(7.6, 8.05, 7.1, 7.3, 0, -9.3, 0, 0)),
        (6, Ring(5.9, 8.85, 7.4, 5.6, 0, -9.7, 0.04, 0)),
        (4, Ring(4.0, 9.35, 7.45, 3.9, 0.2, -9.8, 0.05, 0)),
        (2.3, Ring(2.3, 9.55, 7.25, 2.3, 0.5, -9.6, 0.05, 0)),
        (1, Ring(1.0, 9.35, 7.1, 1.0, 0.8, -9.4, 0.04, 0)),
        (-1, Ring(-1.0, 9.35, 6.95, -0.8, 1.0, -8.8, 0.02, 0)),
        (-3, Ring(-3.0, 9.65, 6.8, -2.5, 1.1, -8.0, 0, 0)),
        (-5, Ring(-5.0, 9.85, 6.6, -4.1, 1.3, -7.4, 0.0, 0)),
        (-7, Ring(-7.0, 9.85, 6.35, -5.6, 1.5, -7.0, 0.0, 0)),
        (-8.3, Ring(-8.3, 9.5, 6.15, -6.5, 1.6, -6.8, 0.02, 0)),
        (-9.8, Ring(-9.8, 9.45, 5.8, -7.3, 1.7, -6.6, 0.05, 0)),
        (-10.8, Ring(-10.7, 8.85, 5.5, -8.0, 1.6, -6.5, 0.06, 0)),
        (-11.8, Ring(-11.25, 7.6, 5.25, -8.7, 1.2, -6.5, 0.04, 0)),
        (-13, Ring(-11.6, 5.4, 5.0, -9.2, 0.2, -6.5, 0, 0)),
        (-14.5, Ring(-12.7, 3.7, 5.15, -11.2, -1.2, -6.6, 0, 0)),
        (-17, Ring(-15.2, 3.1, 5.5, -14.4, -1.8, -6.9, 0, 0)),
        (-20, Ring(-19.0, 3.6, 6.8, -18.6, -2.0, -7.4, 0, 0)),
    ]

    private static func shaped(_ average: Ring, at v: Float, traits: FaceTraits) -> Ring {
        let head = traits.head
        var ring = average
        let jaw = smoothstep(-2.5, -7.5, v) * smoothstep(-14.5, -12, v)
        let face = smoothstep(14, 9, v) * smoothstep(-14.5, -8, v)
        let neck = smoothstep(-12, -14.5, v)
        let temples = smoothstep(0.5, 4, v) * smoothstep(13, 8, v)
        let chinDrop = smoothstep(-6.3, -9.8, v)
        ring[2] *= 1 + (head.width * face * 0.85) / 7.4
        ring[2] += head.templeWidth * temples * 0.7 + head.jawWidth * jaw * 0.75 + head.neckWidth * neck
        ring[2] += 0.1 * head.cheekFullness * jaw
        let mouthDrop = 0.75 * (-6.2 - traits.mouth.y)
        ring[0] -= (head.chinLength + mouthDrop) * chinDrop
        ring[3] += head.jawAngle * jaw - 0.35 * (head.chinLength + mouthDrop) * chinDrop
        ring[1] += head.midfaceProtrusion * smoothstep(0, -2.5, v) * smoothstep(-10.5, -8, v)
        ring[1] += head.chinProtrusion * 0.5 * smoothstep(-7, -9.5, v) * smoothstep(-12.5, -10.8, v)
        ring[1] -= head.foreheadSlope * smoothstep(2.5, 9, v) * smoothstep(15, 11, v)
        ring[0] += head.crownHeight * smoothstep(6, 15, v)
        ring[3] += head.crownHeight * smoothstep(6, 15, v)
        ring[6] += 0.16 * head.chinWidth * smoothstep(-7, -9.5, v) * smoothstep(-13, -11, v)
        return ring
    }
}

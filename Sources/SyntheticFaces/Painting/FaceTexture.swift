/// The colours of the front of a head, painted in the plane of the face.
///
/// A texel is a direction from the head's axis and a ring of the loft; painters see it as the point (x, y) in
/// centimetres that it has from the front, before features shift it. Lanes: linear red, green, blue, gloss.
final class FaceTexture {
    static let side = 256
    static let topV: Float = 9.5
    static let bottomV: Float = -12.2
    /// Angle from the front at the texture's left and right edge, in degrees.
    static let edgeDegrees: Float = 100

    let texels: UnsafeMutablePointer<Vector>
    private let rings: UnsafeMutablePointer<HeadLoft.Ring>
    /// Sine and its square for each column, and the column's angle in degrees.
    private let directions: UnsafeMutablePointer<Vector>
    /// The span of columns within ±80°.
    private let front: Range<Int>

    init() {
        let side = Self.side
        texels = .allocate(capacity: side * side)
        texels.initialize(repeating: .zero, count: side * side)
        rings = .allocate(capacity: side)
        rings.initialize(repeating: .zero, count: side)
        directions = .allocate(capacity: side)
        for column in 0..<side {
            let degrees = Self.degrees(atShare: (Float(column) + 0.5) / Float(side))
            let turn = PortableMath.sineCosine(degrees * Float(PortableMath.pi / 180))
            (directions + column).initialize(to: Vector(turn.sine, turn.sine * turn.sine, degrees, turn.cosine))
        }
        let directions = directions
        let inside = (0..<side).filter { abs(directions[$0].z) < 80 }
        front = (inside.first ?? 0)..<((inside.last ?? 0) + 1)
    }

    deinit {
        texels.deallocate()
        rings.deallocate()
        directions.deallocate()
    }

    /// Follows another head.
    func setLoft(_ loft: HeadLoft) {
        for row in 0..<Self.side {
            let share = (Float(row) + 0.5) / Float(Self.side)
            rings[row] = loft.ring(at: mix(Self.topV, Self.bottomV, share))
        }
    }

    /// The angle at a share of the width; columns are denser in front.
    static func degrees(atShare share: Float) -> Float {
        let q = 2 * share - 1
        return edgeDegrees * q * (0.6 + 0.4 * q * q)
    }

    /// The share of the width at an angle within ±100°, by Newton's iteration.
    static func share(atDegrees degrees: Float) -> Float {
        let target = degrees / edgeDegrees
        var q = clamp(target * 1.2, -1, 1)
        for _ in 0..<12 { q -= (q * (0.6 + 0.4 * q * q) - target) / (0.6 + 1.2 * q * q) }
        return (q + 1) * 0.5
    }

    /// Visits the texels of a rectangle of the face's plane, within ±80° of the front.
    @inline(__always)
    func paint(x xs: ClosedRange<Float>, y ys: ClosedRange<Float>, _ body: (Float, Float, inout Vector) -> Void) {
        for row in 0..<Self.side {
            let ring = rings[row]
            let lowest = min(ring[0], ring[3])
            let highest = max(ring[0], ring[3])
            guard lowest <= ys.upperBound && highest >= ys.lowerBound else { continue }
            let line = texels + row * Self.side
            for column in front {
                let direction = directions[column]
                let x = ring[2] * direction.x * (1 + ring[6] * (1 - direction.y))
                guard x >= xs.lowerBound && x <= xs.upperBound else { continue }
                let y = ring[0] + (ring[3] - ring[0]) * direction.y
                guard y >= ys.lowerBound && y <= ys.upperBound else { continue }
                body(x, y, &line[column])
            }
        }
    }

    /// Visits every texel within a span of heights: x, y, angle in degrees.
    @inline(__always)
    func paintAround(
        y ys: ClosedRange<Float> = -1000...1000,
        _ body: (Float, Float, Float, inout Vector) -> Void
    ) {
        for row in 0..<Self.side {
            let ring = rings[row]
            guard min(ring[0], ring[3]) <= ys.upperBound && max(ring[0], ring[3]) >= ys.lowerBound else { continue }
            let line = texels + row * Self.side
            for column in 0..<Self.side {
                let direction = directions[column]
                let x = ring[2] * direction.x * (1 + ring[6] * (1 - direction.y))
                let tilt = direction.w > 0 ? direction.y : 1
                body(x, ring[0] + (ring[3] - ring[0]) * tilt, direction.z, &line[column])
            }
        }
    }

    /// Blends the last rows, which continue down the neck, into one colour.
    func fadeBottom(to color: Vector) {
        let count = 14
        for step in 0..<count {
            let line = texels + (Self.side - count + step) * Self.side
            let share = Float(step + 1) / Float(count)
            for column in 0..<Self.side {
                let plain = Vector(color.x, color.y, color.z, line[column].w)
                line[column] = mix(line[column], plain, share)
            }
        }
    }

    /// The colour at a texture position in texels, bilinear, clamped at the edges.
    @inline(__always)
    func sample(_ column: Float, _ row: Float) -> Vector {
        let last = Float(Self.side - 1) - 0.001
        let x = clamp(column - 0.5, 0, last)
        let y = clamp(row - 0.5, 0, last)
        let left = Int32(x)
        let top = Int32(y)
        let tx = x - Float(left)
        let ty = y - Float(top)
        let corner = texels + (Int(top) * Self.side + Int(left))
        let upper = mix(corner[0], corner[1], tx)
        let lower = mix(corner[Self.side], corner[Self.side + 1], tx)
        return mix(upper, lower, ty)
    }
}

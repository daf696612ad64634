/// The lights of a photograph, ready to shade a vertex.
struct LightRig {
    let keyDirection: Vector
    private let key: Vector
    private let fillDirection: Vector
    private let fill: Vector
    private let ambientMean: Vector
    private let ambientSlope: Vector
    private let halfway: Vector
    /// Skin scatters light past the terminator, red most.
    private let wrap = Vector(0.22, 0.1, 0.06, 0)

    /// - Parameters:
    ///   - parameters: The lights.
    ///   - gain: A factor on all of them.
    init(_ parameters: LightParameters, gain: Float) {
        keyDirection = normalized(parameters.keyDirection.padded)
        key = parameters.key.padded * gain
        fillDirection = normalized(parameters.fillDirection.padded)
        fill = parameters.fill.padded * gain
        ambientMean = (parameters.sky + parameters.ground).padded * (0.5 * gain)
        ambientSlope = (parameters.sky - parameters.ground).padded * (0.5 * gain)
        halfway = normalized(keyDirection + Vector(0, 0, 1, 0))
    }

    /// Light that a matt surface sends back per unit of albedo.
    @inline(__always)
    func irradiance(normal: Vector, openness: Float, shadow: Float) -> Vector {
        let upness = normal.y * 0.85 + normal.z * 0.3
        var sum = (ambientMean + ambientSlope * upness) * openness
        let facing = dot(normal, keyDirection)
        var wrapped = (Vector(repeating: facing) + wrap) / (Vector(repeating: 1) + wrap)
        wrapped.replace(with: 0, where: wrapped .< 0)
        sum += key * wrapped * (shadow * (0.55 + 0.45 * openness))
        let filled = dot(normal, fillDirection)
        if filled > 0 { sum += fill * (filled * openness) }
        return sum
    }

    /// Mirror-like share of the key light.
    @inline(__always)
    func highlight(normal: Vector, shadow: Float) -> Float {
        let aligned = dot(normal, halfway)
        guard aligned > 0 else { return 0 }
        let square = aligned * aligned
        let fourth = square * square
        let eighth = fourth * fourth
        let grazing = 1 - clamp(normal.z)
        return (eighth * eighth * 0.8 + eighth * 0.2 + 0.15 * grazing * grazing * grazing) * shadow * key.y
    }
}

/// Depths seen from the key light, on a coarse grid; looked up with soft edges.
final class ShadowMap {
    private static let side = 96
    private static let reach: Float = 19
    private let depths: UnsafeMutablePointer<Float>
    private var right = Vector.zero
    private var up = Vector.zero
    private var towards = Vector.zero

    init() {
        depths = .allocate(capacity: Self.side * Self.side)
        depths.initialize(repeating: 0, count: Self.side * Self.side)
    }

    deinit { depths.deallocate() }

    /// Forgets everything and looks from a new light.
    func reset(towards direction: Vector) {
        towards = direction
        right = normalized(cross(Vector(0, 1, 0, 0), direction))
        up = cross(direction, right)
        depths.update(repeating: -1e9, count: Self.side * Self.side)
    }

    /// Enters the triangles of a mesh, of every `stride`-th vertex.
    ///
    /// - Parameter accept: Whether a vertex is solid.
    func add(_ mesh: GridMesh, stride step: Int, where accept: (Int) -> Bool) {
        for row in stride(from: 0, to: mesh.rows - step, by: step) {
            for column in stride(from: 0, to: mesh.columns - step, by: step) {
                let a = row * mesh.columns + column
                let b = a + step
                let c = a + step * mesh.columns
                let d = c + step
                guard accept(a) && accept(d) else { continue }
                let (pa, pb, pc, pd) = (
                    local(mesh.view[a]), local(mesh.view[b]), local(mesh.view[c]), local(mesh.view[d])
                )
                fill(pa, pb, pc)
                fill(pb, pd, pc)
            }
        }
    }

    /// The share of the light that reaches a point, over a 3 × 3 neighbourhood.
    @inline(__always)
    func share(at point: Vector) -> Float {
        let p = local(point)
        let column = Int32(p.x)
        let row = Int32(p.y)
        let last = Int32(Self.side - 2)
        guard column >= 1 && row >= 1 && column < last && row < last else { return 1 }
        let tx = p.x - Float(column)
        let ty = p.y - Float(row)
        let bias = p.z + 0.55
        var lit: Float = 0
        for dy in Int32(-1)...2 {
            let weightY = dy == -1 ? 1 - ty : (dy == 2 ? ty : 1)
            let line = depths + Int(row + dy) * Self.side + Int(column)
            var sum: Float = line[-1] < bias ? 1 - tx : 0
            sum += line[0] < bias ? 1 : 0
            sum += line[1] < bias ? 1 : 0
            sum += line[2] < bias ? tx : 0
            lit += weightY * sum
        }
        return lit * (1 / 9)
    }

    @inline(__always)
    private func local(_ v: Vector) -> Vector {
        let scale = Float(Self.side) / (2 * Self.reach)
        let middle = Float(Self.side) * 0.5
        let shifted = v + Vector(0, 3, 0, 0)
        return Vector(middle + dot(shifted, right) * scale, middle + dot(shifted, up) * scale, dot(shifted, towards), 0)
    }

    private func fill(_ a: Vector, _ b: Vector, _ c: Vector) {
        let limit = Float(Self.side - 1)
        let minX = max(0.4999, min(a.x, min(b.x, c.x)))
        let maxX = min(limit, max(a.x, max(b.x, c.x)))
        let minY = max(0.4999, min(a.y, min(b.y, c.y)))
        let maxY = min(limit, max(a.y, max(b.y, c.y)))
        let firstColumn = Int(Int32(minX + 0.4999))
        let lastColumn = Int(Int32(maxX + 0.5001)) - 1
        let firstRow = Int(Int32(minY + 0.4999))
        let lastRow = Int(Int32(maxY + 0.5001)) - 1
        guard firstColumn <= lastColumn && firstRow <= lastRow else { return }
        let area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)
        guard area > 1e-6 || area < -1e-6 else { return }
        let inverse = 1 / area
        for row in firstRow...lastRow {
            let py = Float(row) + 0.5 - a.y
            for column in firstColumn...lastColumn {
                let px = Float(column) + 0.5 - a.x
                let u = (px * (c.y - a.y) - (c.x - a.x) * py) * inverse
                let w = ((b.x - a.x) * py - px * (b.y - a.y)) * inverse
                guard u >= -0.02 && w >= -0.02 && u + w <= 1.02 else { continue }
                let depth = a.z + (b.z - a.z) * u + (c.z - a.z) * w
                let cell = row * Self.side + column
                if depth > depths[cell] { depths[cell] = depth }
            }
        }
    }
}

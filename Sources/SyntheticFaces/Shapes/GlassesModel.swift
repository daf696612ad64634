import SeededRandom

/// Spectacles: two rims, a bridge, two temples, two lenses.
///
/// A property of the photograph, fitted to the face.
struct GlassesModel {
    static let rimColumns = 33
    /// The meshes whose order of vertices is turned, so that their normals must be.
    static let mirrored: Set<Int> = [1, 3, 5]
    private let halfWidth: Float
    private let halfHeight: Float
    private let thickness: Float
    private let squareness: Float
    let frame: Vector
    let tint: Vector
    let opacity: Float

    init(seed: UInt64, dark: Bool) {
        var generator = SeededGenerator(seed: seed, stream: 77)
        func uniform(_ low: Double, _ high: Double) -> Float { Float(generator.uniform(low, high)) }
        halfWidth = uniform(2.25, 2.75) + (dark ? 0.25 : 0)
        halfHeight = uniform(1.35, 2.1) + (dark ? 0.25 : 0)
        thickness = uniform(0.08, 0.42)
        squareness = uniform(0, 0.9)
        let shade = uniform(0, 1)
        let metal = generator.uniform() < 0.3
        let dim = Vector(0.02, 0.018, 0.016, 0) + Vector(0.1, 0.05, 0.03, 0) * (shade * shade)
        frame = metal ? Vector(0.35, 0.33, 0.28, 0) * (0.4 + shade) : dim
        tint = dark ? Vector(0.012, 0.012, 0.014, 0) * (1 + 2 * uniform(0, 1)) : Vector(0.2, 0.22, 0.24, 0)
        opacity = dark ? uniform(0.9, 0.99) : uniform(0.02, 0.08)
    }

    /// Places everything; the meshes are left rim, right rim, left lens, right lens, bridge, left and right temple.
    func shape(_ meshes: [GridMesh], eyes: EyeTraits, head: HeadSurface) {
        let sellion = head.point(x: 0, y: 0.7)
        let eye = head.point(x: eyes.halfDistance, y: 0)
        let depth = max(sellion.z + 0.25, eye.z + 1.35)
        let centreX = max(eyes.halfDistance, halfWidth + 0.45)
        for (number, side) in [Float(-1), 1].enumerated() {
            for column in 0..<Self.rimColumns {
                let inner = outline(column, grow: 0)
                let outer = outline(column, grow: thickness)
                let rim = meshes[number]
                rim.model[column] = place(inner, side: side, centreX: centreX, depth: depth)
                rim.model[Self.rimColumns + column] = place(outer, side: side, centreX: centreX, depth: depth)
                let lens = meshes[2 + number]
                lens.model[column] = place(.zero, side: side, centreX: centreX, depth: depth)
                lens.model[Self.rimColumns + column] = place(inner, side: side, centreX: centreX, depth: depth)
            }
            shapeTemple(meshes[5 + number], side: side, from: centreX + halfWidth + thickness, depth: depth, head: head)
        }
        shapeBridge(meshes[4], half: centreX - halfWidth, depth: depth)
        for mesh in meshes { for index in 0..<mesh.count { mesh.attributes[index][3] = 1 } }
    }

    private func outline(_ column: Int, grow: Float) -> SIMD2<Float> {
        let way = PortableMath.sineCosine(6.2831853 * Float(column) / Float(Self.rimColumns - 1))
        // Between an ellipse and a rectangle.
        let stretch = 1 + squareness * 0.33 * 4 * way.sine * way.sine * way.cosine * way.cosine
        let taper = 1 - 0.1 * (1 - way.cosine) * 0.5
        return SIMD2(way.sine * (halfWidth + grow) * stretch * taper, way.cosine * (halfHeight + grow) * stretch)
    }

    private func place(_ point: SIMD2<Float>, side: Float, centreX: Float, depth: Float) -> Vector {
        let x = side * (centreX + point.x)
        return Vector(x, -0.25 + point.y, depth - 0.035 * x * x * 0.8, 0)
    }

    private func shapeBridge(_ mesh: GridMesh, half: Float, depth: Float) {
        for column in 0..<mesh.columns {
            let t = 2 * Float(column) / Float(mesh.columns - 1) - 1
            let x = t * half
            let y = 0.55 + 0.3 * (1 - t * t)
            for row in 0..<2 {
                let lift = (row == 0 ? 0.5 : -0.5) * max(0.14, thickness)
                mesh.model[row * mesh.columns + column] = Vector(x, y + lift, depth + 0.05, 0)
            }
        }
    }

    private func shapeTemple(_ mesh: GridMesh, side: Float, from x: Float, depth: Float, head: HeadSurface) {
        let ring = head.loft.ring(at: 1)
        let start = Vector(side * x, 0.6, depth - 0.028 * x * x, 0)
        let end = Vector(side * (ring[2] + 0.25), 0.9, 0.4, 0)
        for column in 0..<mesh.columns {
            let t = Float(column) / Float(mesh.columns - 1)
            var point = mix(start, end, t)
            point.x += side * 0.5 * t * (1 - t)
            for row in 0..<2 {
                let lift = (row == 0 ? 0.5 : -0.5) * max(0.16, thickness)
                mesh.model[row * mesh.columns + column] = point + Vector(0, lift, 0, 0)
            }
        }
    }

    /// Empty meshes in the order of `shape`.
    static func makeMeshes() -> [GridMesh] {
        let rings = (0..<4).map { _ in GridMesh(rows: 2, columns: rimColumns, wraps: true) }
        return rings + (0..<3).map { _ in GridMesh(rows: 2, columns: 7) }
    }
}

/// Colours a lens: a tint over what lies behind, and a reflection.
struct LensShader: FragmentShader {
    let tint: Vector
    let opacity: Float
    let shine: Float

    @inline(__always)
    func shade(_ attributes: SIMD8<Float>, into color: inout Vector) -> Bool {
        color = mix(color, tint * attributes.highHalf, opacity) + Vector(repeating: shine * attributes[2])
        return false
    }
}

import SeededRandom

/// Neck opening and shoulders, clothed.
struct BodyModel {
    static let rows = 9
    static let columns = 41

    /// Height, half width, front, back.
    private static let rings: [(Float, Float, Float, Float)] = [
        (-14.4, 5.6, 3.3, -7.2), (-14.6, 6.2, 3.9, -7.6), (-15.1, 7.6, 4.6, -8.2), (-15.9, 10.5, 5.4, -8.8),
        (-16.9, 14.5, 6.2, -9.2), (-18.4, 18.0, 7.2, -9.6), (-21, 20.5, 8.4, -10), (-25, 21.2, 9.4, -10),
        (-34, 21.5, 10, -10),
    ]

    /// Places the shoulders below a neck.
    ///
    /// - Parameters:
    ///   - neckWidth: Of the person.
    ///   - opening: How far the front of the collar lies lower.
    static func shape(_ mesh: GridMesh, neckWidth: Float, opening: Float) {
        for (row, ring) in rings.enumerated() {
            let drop = opening * max(0, 1 - Float(row) * 0.22)
            for column in 0..<columns {
                let degrees = -180 + 360 * Float(column) / Float(columns - 1)
                let turn = PortableMath.sineCosine(degrees * Float(PortableMath.pi / 180))
                let reach = turn.cosine > 0 ? ring.2 : -ring.3
                let front = max(0, turn.cosine)
                let index = row * columns + column
                mesh.model[index] = Vector(
                    (ring.1 + neckWidth) * turn.sine,
                    ring.0 - drop * front * front * front,
                    -1.5 + (reach + 1.5) * turn.cosine + (row < 2 ? 0.3 * front : 0),
                    1
                )
                mesh.attributes[index][0] = mesh.model[index].x
                mesh.attributes[index][1] = mesh.model[index].y
            }
        }
    }
}

/// Colours fabric, plain, striped or checked.
struct FabricShader: FragmentShader {
    let color: Vector
    let trim: Vector
    /// Stripes per centimetre across and down; 0 for none.
    let stripes: SIMD2<Float>

    @inline(__always)
    func shade(_ attributes: SIMD8<Float>, into color: inout Vector) -> Bool {
        var share: Float = 0
        if stripes.x > 0 { share += Self.band(attributes[0] * stripes.x) }
        if stripes.y > 0 { share += Self.band(attributes[1] * stripes.y) }
        color = mix(self.color, trim, min(1, share) * 0.8) * attributes.highHalf
        return true
    }

    @inline(__always)
    private static func band(_ x: Float) -> Float {
        let shifted = x + 4096
        let part = shifted - Float(Int32(shifted))
        return smoothstep(0.55, 0.65, part) * smoothstep(1, 0.9, part)
    }
}

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

/// A cloth mask over mouth and nose: a copy of the head's surface, moved outwards.
struct MaskModel {
    private static let rowRange = range(of: HeadSurface.rowHeights) { $0 < 0.6 && $0 > -11.9 }
    private static let columnRange = range(of: HeadSurface.columnDegrees) { abs($0) < 78 }

    static func makeMesh() -> GridMesh { GridMesh(rows: rowRange.count, columns: columnRange.count) }

    /// Places the cloth; the fourth attribute becomes the distance from the mask's edge.
    static func shape(_ mesh: GridMesh, person: IdentityModel, jawDrop: Float) {
        let nose = person.identity.traits.nose
        let columns = HeadSurface.columnDegrees.count
        var index = 0
        for row in rowRange {
            for column in columnRange {
                let source = row * columns + column
                let place = person.material[source]
                let skin = person.model[source]
                let features = person.surface.sculpt.permanentShift(x: place.x, y: place.y)
                // The cloth follows cheeks and chin, and spans from the nose to them.
                let rise = (place.y - nose.tipY) / (place.y > nose.tipY ? 3.2 : 7.5)
                let tent = nose.tipHeight * hump(rise) * hump(place.x / 4.6)
                let kept = max(smoothstep(2.2, 4.2, abs(place.x)), smoothstep(-7, -8.5, place.y))
                var vertex = skin - features * (0.8 * (1 - kept))
                vertex += Vector(place.x * 0.075, -0.5 * jawDrop * smoothstep(-5, -9, place.y), 0.45 + tent, 0)
                mesh.model[index] = vertex
                let top = -0.2 - 0.16 * abs(place.x) - place.y
                let bottom = place.y + 11.2 - 0.28 * abs(place.x)
                mesh.attributes[index][0] = place.x
                mesh.attributes[index][1] = place.y
                mesh.attributes[index][3] = min(top, bottom)
                index += 1
            }
        }
    }

    private static func range(of values: [Float], where accept: (Float) -> Bool) -> Range<Int> {
        let inside = values.indices.filter { accept(values[$0]) }
        return (inside.first ?? 0)..<((inside.last ?? 0) + 1)
    }
}

/// Colours the cloth with its pleats.
struct MaskShader: FragmentShader {
    let color: Vector

    @inline(__always)
    func isBlank(_ attributes: SIMD8<Float>) -> Bool { attributes[3] < 0 }

    @inline(__always)
    func shade(_ attributes: SIMD8<Float>, into color: inout Vector) -> Bool {
        guard attributes[3] > 0 else { return false }
        let fold = attributes[1] * 0.75 + 64
        let part = fold - Float(Int32(fold))
        let pleat = 1 - 0.25 * hump((part - 0.5) / 0.16)
        let hem = attributes[3] < 0.3 ? Float(0.88) : 1
        color = self.color * attributes.highHalf * (pleat * hem)
        return true
    }
}

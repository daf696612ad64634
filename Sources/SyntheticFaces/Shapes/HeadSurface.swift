/// The head of a person as a surface: loft and features, and the grid over which it is drawn.
struct HeadSurface {
    /// Heights of the grid's rows, dense over the features.
    static let rowHeights: [Float] = heights()
    /// Angles of the grid's columns in degrees, dense in front; the last equals the first a turn on.
    static let columnDegrees: [Float] = degrees()

    let loft: HeadLoft
    var sculpt: FaceSculpt

    init(traits: FaceTraits) {
        loft = HeadLoft(traits: traits)
        sculpt = FaceSculpt(traits: traits)
    }

    /// The point of the face that a material point (x, y), its place from the front before features, has moved to.
    func point(x: Float, y: Float) -> Vector {
        let place = loft.locate(x: x, y: y)
        let base = HeadLoft.point(loft.ring(at: place.v), sine: place.sine, cosine: place.cosine)
        return base + sculpt.permanentShift(x: base.x, y: base.y) + sculpt.momentaryShift(x: base.x, y: base.y)
    }

    /// Sets the vertices of the person at rest and their material places.
    func shape(_ model: UnsafeMutablePointer<Vector>, material: UnsafeMutablePointer<SIMD2<Float>>) {
        let turns = Self.columnDegrees.map { PortableMath.sineCosine($0 * Float(PortableMath.pi / 180)) }
        var index = 0
        for v in Self.rowHeights {
            let ring = loft.ring(at: v)
            for turn in turns {
                var vertex = HeadLoft.point(ring, sine: turn.sine, cosine: turn.cosine)
                material[index] = SIMD2(vertex.x, vertex.y)
                if turn.cosine > 0 {
                    vertex += sculpt.permanentShift(x: vertex.x, y: vertex.y) * smoothstep(0, 0.2, turn.cosine)
                }
                vertex.w = smoothstep(-12.5, -17.5, v)
                model[index] = vertex
                index += 1
            }
        }
    }

    private static func heights() -> [Float] {
        let spans: [(from: Float, to: Float, steps: Int)] = [
            (16, 8, 8), (8, 3.2, 9), (3.2, -10.8, 54), (-10.8, -13, 6), (-13, -20, 7),
        ]
        var heights: [Float] = []
        for span in spans {
            for step in 0..<span.steps {
                heights.append(span.from + (span.to - span.from) * Float(step) / Float(span.steps))
            }
        }
        return heights + [-20]
    }

    private static func degrees() -> [Float] {
        let front = 66
        let back = 12
        let inFront = (0...front).map { FaceTexture.degrees(atShare: Float($0) / Float(front)) }
        let edge = FaceTexture.edgeDegrees
        let left = (0..<(back / 2)).map { -180 + (180 - edge) * Float($0) / Float(back / 2) }
        let right = (1...(back / 2)).map { edge + (180 - edge) * Float($0) / Float(back / 2) }
        return left + inFront + right
    }
}

/// The two ears as shallow bowls at the sides of the head.
struct EarModel {
    static let rows = 8
    static let columns = 21

    /// Places an ear; `side` is −1 for the viewer's left.
    static func shape(_ mesh: GridMesh, side: Float, traits: EarTraits, head: HeadSurface) {
        let ring = head.loft.ring(at: -1)
        let turn = PortableMath.sineCosine(Float(94.0 * PortableMath.pi / 180))
        let anchor = HeadLoft.point(ring, sine: turn.sine, cosine: turn.cosine)
        let open = PortableMath.sineCosine(0.25 + 0.75 * traits.protrusion)
        let backward = Vector(side * open.sine, 0.12, -open.cosine, 0)
        let upward = normalized(Vector(side * 0.12, 1, -0.14, 0))
        let outward = Vector(side * open.cosine, 0, open.sine, 0)
        let centre = Vector(side * (anchor.x - 0.12), traits.y, anchor.z, 0)
        for row in 0..<rows {
            let radius = Float(row) / Float(rows - 1)
            for column in 0..<columns {
                let angle = 6.2831853 * Float(column) / Float(columns - 1)
                let way = PortableMath.sineCosine(angle)
                let height = way.cosine * radius
                let lobe = 1 - (0.42 - 0.3 * traits.lobe) * smoothstep(0, 1, -height)
                let across = (way.sine * radius * lobe + 0.9) * 0.5 * traits.width * 0.82
                let relief = 0.35 * smoothstep(0.45, 0.85, radius)
                let index = row * columns + column
                let rim = smoothstep(0.9, 1, radius)
                mesh.model[index] =
                    centre + backward * across + upward * (height * traits.length * 0.5)
                    + outward * (relief - 0.35 * rim)
                // Darkness of the hollow.
                let hollow = smoothstep(0.75, 0.2, radius + 0.25 * (height - 0.1)) + 0.35 * hump((radius - 0.72) / 0.13)
                mesh.attributes[index][3] = 1 - 0.5 * min(1, hollow)
            }
        }
    }
}

/// Colours skin outside the face texture.
struct PlainSkinShader: FragmentShader {
    let color: Vector
    let gloss: Float

    @inline(__always)
    func shade(_ attributes: SIMD8<Float>, into color: inout Vector) -> Bool {
        color = self.color * attributes.highHalf * attributes[3] + Vector(repeating: gloss * attributes[2])
        return true
    }
}

/// Colours the head from its texture.
struct FaceShader: FragmentShader {
    let texture: FaceTexture

    @inline(__always)
    func shade(_ attributes: SIMD8<Float>, into color: inout Vector) -> Bool {
        let texel = texture.sample(attributes[0], attributes[1])
        color = texel * attributes.highHalf + Vector(repeating: texel.w * attributes[2])
        return true
    }
}

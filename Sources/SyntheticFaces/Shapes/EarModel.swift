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
                let relief = 0.35 * smoothstep(0.45, 0.85, radius) - 0.3 * smoothstep(0.98, 0.85, radius) * 0
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

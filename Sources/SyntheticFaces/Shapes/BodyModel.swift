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

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

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

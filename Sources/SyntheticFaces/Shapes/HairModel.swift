import SeededRandom

/// The hair as a shell over the head that is cut out where no hair grows.
struct HairModel {
    static let rows = 44
    static let columns = 61
    private static let strandSide = 256

    /// Brightness along and across strands, tiled; made once per person.
    private let strands: [Float]

    init(noise: ValueNoise, curl: Float) {
        var strands = [Float](repeating: 0, count: Self.strandSide * Self.strandSide)
        for row in 0..<Self.strandSide {
            for column in 0..<Self.strandSide {
                let y = Float(row)
                let x = Float(column) + curl * 5 * noise(Float(column) * 0.11, y * 0.09 + 60)
                let wide = noise(x * 0.16, y * (0.018 + 0.05 * curl))
                let fine = noise(x * 0.5 + 90, y * (0.04 + 0.16 * curl))
                strands[row * Self.strandSide + column] = 0.6 * wide + 0.5 * fine
            }
        }
        self.strands = strands
    }

    /// Places the shell; the fourth attribute becomes the distance in centimetres from the edge of the hair.
    func shape(_ mesh: GridMesh, traits: HairTraits, cut: HairCut, head: HeadSurface, hat: Bool) {
        let edge = HairEdge(traits: traits, cut: cut)
        let hanging = cut.length > 0 && !cut.tiedBack
        let lowest: Float = hanging ? -3.5 - cut.length : -9
        let turns = (0..<Self.columns)
            .map { column in
                let degrees = -180 + 360 * Float(column) / Float(Self.columns - 1)
                return (degrees, PortableMath.sineCosine(degrees * Float(PortableMath.pi / 180)))
            }
        let floors = turns.map { hat ? Self.hatEdge(degrees: $0.0) : edge.height(atDegrees: $0.0) }
        for row in 0..<Self.rows {
            let v = Self.height(row: row, lowest: lowest)
            let ring = Self.ring(at: v, loft: head.loft, flare: hanging ? 0.35 + 0.5 * cut.sideVolume : 0)
            for column in 0..<Self.columns {
                let (degrees, turn) = turns[column]
                var point = HeadLoft.point(ring, sine: turn.sine, cosine: turn.cosine)
                if turn.cosine > 0.05 && v > -3 { point += head.sculpt.permanentShift(x: point.x, y: point.y) }
                let floor = floors[column]
                let distance = point.y - floor
                let thickness = Self.thickness(cut: cut, point: point, distance: distance, hat: hat)
                let outward = normalized(Vector(point.x, max(0, point.y - 3) * 0.9, point.z + 0.5, 0))
                let index = row * Self.columns + column
                var vertex = point + outward * thickness
                vertex.w = smoothstep(-9, -20, point.y) * 0.7
                mesh.model[index] = vertex
                mesh.attributes[index][0] = (degrees + 180) * 0.71
                mesh.attributes[index][1] = point.y * 8 + 128
                mesh.attributes[index][3] = distance
            }
        }
    }

    private static func height(row: Int, lowest: Float) -> Float {
        let crownRows = 22
        if row <= crownRows { return 16 - 14 * Float(row) / Float(crownRows) }
        return 2 + (lowest - 2) * Float(row - crownRows) / Float(rows - 1 - crownRows)
    }

    /// The head's ring, or below the ears a ring that hangs.
    private static func ring(at v: Float, loft: HeadLoft, flare: Float) -> HeadLoft.Ring {
        guard flare > 0 && v < 1 else { return loft.ring(at: v) }
        var ring = loft.ring(at: 1)
        let depth = 1 - v
        ring[0] = v
        ring[3] = v
        ring[2] += flare * smoothstep(0, 6, depth) - 0.02 * depth
        ring[5] += 0.12 * depth
        return ring
    }

    private static func thickness(cut: HairCut, point: Vector, distance: Float, hat: Bool) -> Float {
        if hat { return 0.9 + 0.35 * smoothstep(5, 11, point.y) }
        let top = smoothstep(3, 9, point.y)
        let full = mix(cut.tiedBack ? 0.25 : cut.sideVolume, cut.tiedBack ? 0.5 : cut.topVolume, top)
        let rim: Float = cut.fringe > 0 && point.z > 4 ? 0.55 : 0.16
        return 0.1 + full * mix(rim, 1, smoothstep(-0.2, 2.6, distance))
    }

    private static func hatEdge(degrees: Float) -> Float { abs(degrees) > 90 ? 0.5 : 4.6 - 2.6 * abs(degrees) / 90 }

    /// Hair colours of a sample.
    func shader(traits: HairTraits, hat: Bool, hatColor: Vector) -> HairShader {
        HairShader(
            strands: strands,
            color: hat ? hatColor : traits.color.padded,
            gloss: hat ? 0 : 0.05 + 0.16 * traits.gloss,
            contrast: hat ? 0.12 : 0.5,
            raggedness: hat ? 0.05 : 0.75 + 0.4 * traits.curl
        )
    }
}

/// Colours hair: strands, highlight, ragged edge.
struct HairShader: FragmentShader {
    let strands: [Float]
    let color: Vector
    let gloss: Float
    let contrast: Float
    let raggedness: Float

    @inline(__always)
    func isBlank(_ attributes: SIMD8<Float>) -> Bool { attributes[3] < -0.3 - raggedness * 1.1 }

    @inline(__always)
    func shade(_ attributes: SIMD8<Float>, into color: inout Vector) -> Bool {
        let column = Int(Int32(attributes[0])) & 255
        let row = Int(Int32(attributes[1] + 1024)) & 255
        let strand = strands.withUnsafeBufferPointer { $0[row * 256 + column] }
        let cover = smoothstep(-0.25, 0.3, attributes[3] + raggedness * strand)
        guard cover > 0.02 else { return false }
        let light = attributes.highHalf
        var lit = self.color * light * (1 + contrast * strand)
        let shine = attributes[2] * gloss * (0.6 + 0.8 * strand)
        lit += Vector(repeating: max(0, shine)) * (Vector(repeating: 0.35) + self.color)
        color = mix(color, lit, cover)
        return cover > 0.5
    }
}

/// Where scalp hair begins: the lowest height with hair for each direction around the head.
struct HairEdge {
    private static let degrees: [Float] = [0, 20, 40, 55, 68, 80, 92, 110, 140, 180]
    /// Heights on the viewer's left and on the viewer's right.
    private var left: [Float]
    private var right: [Float]

    init(traits: HairTraits, cut: HairCut) {
        let line = traits.hairlineY
        let recession = traits.recession
        let bald = (1 - traits.coverage) * 7
        var heights = [
            line - 0.55 * traits.peak + bald, line + 0.1 + 0.6 * recession + bald,
            line - 0.35 + 1.2 * recession + bald, line - 1.7 + 0.8 * recession + 0.7 * bald,
            3.3 + 0.3 * recession + 0.3 * bald, 1.1 - max(0, cut.sideburn), 2.7, 0.6, -6, -8,
        ]
        if cut.length > 0 && !cut.tiedBack {
            let ends = -3 - cut.length
            heights.replaceSubrange(4..., with: [2.6, -1.5, ends, ends, ends, ends])
        } else if cut.tiedBack {
            heights.replaceSubrange(5..., with: [1.6, 2.4, 0, -6.5, -8])
        }
        left = heights
        right = heights
        guard cut.fringe > 0 else { return }
        let floor: Float = 2.6
        for (index, weight) in zip(0..<5, [Float(1), 1, 1, 0.8, 0.3]) {
            let low = max(floor, heights[index] - cut.fringe * weight)
            let high = max(floor, heights[index] - cut.fringe * weight * (1 - abs(cut.parting)))
            left[index] = min(heights[index], cut.parting < 0 ? high : low)
            right[index] = min(heights[index], cut.parting < 0 ? low : high)
        }
    }

    /// The lowest height with hair in a direction; negative degrees are the viewer's left.
    func height(atDegrees degrees: Float) -> Float {
        let heights = degrees < 0 ? left : right
        let angle = abs(degrees)
        var upper = 1
        while upper < Self.degrees.count - 1 && Self.degrees[upper] < angle { upper += 1 }
        let t = clamp((angle - Self.degrees[upper - 1]) / (Self.degrees[upper] - Self.degrees[upper - 1]))
        return mix(heights[upper - 1], heights[upper], t)
    }
}

extension HairCut {
    /// The cut on the day of a photograph.
    func worn(_ look: Appearance, coverage: Float) -> HairCut {
        var cut = self
        let shift = look.cutShift
        let factor = clamp(1 + shift.x, 0.35, 1.8)
        cut.topVolume *= factor
        cut.sideVolume *= factor
        if coverage > 0.85 {
            let fall = fringe + shift.y
            cut.fringe = fall > 0.6 ? min(4, fall) : 0
            cut.parting = clamp(parting + shift.z, -1, 1)
            if length > 0 {
                cut.length = max(1, length + shift.w)
                if look.tieHair { cut.tiedBack.toggle() }
            }
        }
        cut.sideburn += 0.4 * shift.z
        if look.hat {
            cut.fringe = 0
            cut.topVolume = min(cut.topVolume, 0.5)
        }
        return cut
    }
}

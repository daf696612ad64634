/// Paints lips, the inside of the mouth, facial hair and the folds that a smile deepens.
struct MouthPainter {
    let mouth: MouthTraits
    let nose: NoseTraits
    let beard: BeardTraits
    let nasolabial: Float
    let hairColor: Vector
    let tone: Vector
    let expression: Expression
    let makeUp: Float
    let makeUpColor: Vector
    let noise: ValueNoise

    func paint(_ texture: FaceTexture) {
        paintFolds(texture)
        paintBeard(texture)
        texture.fadeBottom(to: tone)
        paintLips(texture)
    }

    private func paintFolds(_ texture: FaceTexture) {
        let smile = max(0, expression.smile)
        let strength = 0.26 * clamp(nasolabial + 0.45 * smile)
        for side in [Float(-1), 1] {
            let start = SIMD2(side * (nose.wingHalfWidth + 0.2), nose.tipY - 0.35)
            let end = SIMD2(side * (mouth.halfWidth + 0.65), mouth.y - 0.2)
            let control = SIMD2(side * (mouth.halfWidth + 0.35), nose.tipY - 1.2)
            Crease(start, control, end, width: 0.26, strength: strength).paint(texture)
        }
    }

    private var lipColor: Vector {
        let light = clamp((tone.x - 0.1) * 1.8)
        let factor = mix(Vector(0.9, 0.62, 0.68, 0), Vector(0.84, 0.52, 0.55, 0), light)
        var color = tone * factor * (1 - 0.2 * mouth.darkness)
        color *= Vector(1 + 0.05 * mouth.redness, 1 - 0.14 * mouth.redness, 1 - 0.1 * mouth.redness, 1)
        color = mix(color, makeUpColor * (0.35 + 0.5 * tone.x), makeUp * 0.8)
        color.w = 0.09 + 0.12 * makeUp
        return color
    }

    private func paintLips(_ texture: FaceTexture) {
        let shape = MouthShape(traits: mouth, expression: expression)
        let color = lipColor
        let reach = shape.halfWidth + 0.4
        let low = mouth.y - shape.gap - shape.lowerLip - 1.0
        texture.paint(x: -reach...reach, y: low...(mouth.y + shape.upperLip + 0.7)) { x, y, texel in
            let n = x / shape.halfWidth
            let square = n * n
            guard square < 1.15 else { return }
            let arc = max(0, 1 - square)
            let seam = mouth.y + mouth.cornerLift * square + mouth.asymmetry * n - 0.07 * hump(n / 0.5) + 0.05
            let floor = seam - shape.gap * arc * (1.3 - 0.3 * arc)
            let bow = 1 - mouth.bow * 2.2 * hump(n / 0.26) + mouth.bow * 0.7 * hump((abs(n) - 0.32) / 0.3)
            let top = seam + shape.upperLip * arc * (0.55 + 0.45 * arc) * bow
            let bottom = floor - shape.lowerLip * arc * (1.35 - 0.35 * arc)
            let inLips = smoothstep(-0.07, 0.06, top - y) * smoothstep(-0.08, 0.06, y - bottom)
            if inLips > 0 {
                let wrinkle = 1 + 0.06 * noise(x * 7, y * 1.5)
                let lower: Float = y < floor ? 1.06 : 0.9
                texel = mix(texel, color * Vector(wrinkle * lower, wrinkle * lower, wrinkle * lower, 1), inLips * 0.92)
            }
            let shadow = hump((y - bottom + 0.25) / 0.35) * arc
            texel *= Vector(1 - 0.13 * shadow, 1 - 0.17 * shadow, 1 - 0.17 * shadow, 1)
            paintInside(&texel, x: x, y: y, seam: seam, floor: floor, arc: arc)
        }
    }

    @inline(__always)
    private func paintInside(_ texel: inout Vector, x: Float, y: Float, seam: Float, floor: Float, arc: Float) {
        let gap = seam - floor
        let open = smoothstep(-0.05, 0.05, seam - y) * smoothstep(-0.05, 0.05, y - floor)
        if gap > 0.05 && open > 0 {
            var inside = Vector(0.035, 0.008, 0.008, 0.02)
            let teethLow = seam - min(0.5, gap * 0.8)
            let between = 1 - 0.3 * hump((x * 1.4 - Self.nearest(x * 1.4)) / 0.16)
            let ivory = Vector(0.62, 0.58, 0.5, 0.2) * (between * (0.35 + 0.65 * arc))
            inside = mix(inside, ivory, smoothstep(-0.04, 0.05, y - teethLow) * smoothstep(0.1, 0.3, arc))
            texel = mix(texel, inside, open)
        }
        let line = hump((y - seam) / 0.12) + hump((y - floor) / 0.09) * 0.5
        let dark = min(1, line) * smoothstep(-0.05, 0.12, arc + 0.03) * 0.72
        texel *= Vector(1 - dark, 1 - 1.08 * dark, 1 - 1.08 * dark, 1)
    }

    @inline(__always)
    private static func nearest(_ x: Float) -> Float { Float(Int32(x < 0 ? x - 0.5 : x + 0.5)) }

    private func paintBeard(_ texture: FaceTexture) {
        guard beard.stubble > 0.02 || beard.moustache > 0 || beard.chin > 0 || beard.cheeks > 0 else { return }
        let hairy = hairColor * 0.75 + tone * 0.03
        texture.paintAround(y: -14...1.5) { x, y, degrees, texel in
            let zones = zones(side: abs(x), y: y, degrees: abs(degrees))
            guard max(max(zones.x, zones.y), max(zones.z, zones.w)) > 0.01 else { return }
            let grain = noise(x * 6, y * 6)
            let patch = 0.9 + 0.22 * noise(x * 0.9 + 80, y * 0.9)
            let shaven = max(zones.x, max(zones.y, zones.w)) * beard.stubble * patch * (0.62 + 0.4 * grain)
            texel = mix(texel, texel * 0.42 + hairy * 0.22, clamp(shaven))
            let circle = zones.z * min(beard.moustache, beard.chin)
            let length = max(max(zones.x * beard.moustache, zones.y * beard.chin), max(circle, zones.w * beard.cheeks))
            let cover = smoothstep(0.1, 0.7, length * patch + 0.12 * grain * length)
            texel = mix(texel, hairy * (1 + 0.25 * grain), cover * 0.92)
        }
    }

    /// How far a point belongs to the moustache, the chin, the bands that join them, and the cheeks.
    @inline(__always)
    private func zones(side: Float, y: Float, degrees: Float) -> SIMD4<Float> {
        let border = mouth.y - 0.2 + 0.8 * (side - mouth.halfWidth) + 0.5 * max(0, side - 5)
        let isBare = degrees < 65 && y > max(border + 0.45, nose.tipY - 0.3)
        guard degrees < 97 && !isBare else { return .zero }
        let open = expression.mouthOpen * 0.55
        let width = mouth.halfWidth
        let lipTop = mouth.y + mouth.upperLip
        let reach = side / width
        let droop = 0.75 * smoothstep(0.4, 1.2, reach)
        let middle = mix(0.5 * (lipTop + nose.tipY - 1), mouth.y + 0.2, droop)
        let moustache = hump((y - middle) / 0.95) * smoothstep(1.3, 0.9, reach)
        let dy = (y - mouth.y + open + mouth.lowerLip + 2.0) / 2.3
        let chin = smoothstep(1.15, 0.7, side * side / 5.3 + dy * dy)
        let band =
            hump((side - width - 0.35) / 0.6) * smoothstep(mouth.y + 0.9, mouth.y + 0.3, y)
            * smoothstep(mouth.y - 2.8, mouth.y - 2.2, y)
        let sideburn = smoothstep(65, 71, degrees) * smoothstep(1.4, 0.2, y)
        let jaw = smoothstep(border + 0.45, border - 0.45, y) * smoothstep(1.7, 2.6, side)
        let cheek = max(jaw, sideburn) * smoothstep(97, 86, degrees)
        return SIMD4(min(1, moustache * 1.5), chin, band, cheek)
    }
}

import SeededRandom

/// Paints what stays on a face: tone, mottling, freckles, moles, age lines, the shade of nostrils and hair roots.
struct SkinPainter {
    private let traits: FaceTraits
    /// Albedo of plain skin.
    let tone: Vector
    private let noise: ValueNoise
    private let edge: HairEdge

    init(traits: FaceTraits, noise: ValueNoise) {
        self.traits = traits
        self.noise = noise
        tone = Self.tone(traits.skin)
        edge = HairEdge(traits: traits.hair, cut: HairCut())
    }

    /// Albedo between fair and dark, interpolated in absorbance.
    static func tone(_ skin: SkinTraits) -> Vector {
        let m = Double(skin.melanin)
        let red = Double(skin.redness)
        let yellow = Double(skin.yellowness)
        return Vector(
            Float(0.76 * PortableMath.exponential(-1.9 * m)),
            Float(0.48 * PortableMath.exponential(-2.2 * m - 0.08 * red)),
            Float(0.36 * PortableMath.exponential(-2.45 * m - 0.06 * red - 0.1 * yellow)),
            0
        )
    }

    func paint(_ texture: FaceTexture) {
        paintGround(texture)
        paintFeaturesOfRelief(texture)
        for mark in traits.skin.marks { paint(mark, texture) }
        paintAgeLines(texture)
    }

    private func paintGround(_ texture: FaceTexture) {
        let skin = traits.skin
        let hair = traits.hair
        let rootColor = hair.color.padded * 0.8 + tone * 0.06
        texture.paintAround { x, y, degrees, texel in
            let broad = noise(x * 0.45 + 7, y * 0.45)
            let medium = noise(x * 1.6, y * 1.6 + 31)
            let fine = noise(x * 5.5 + 3, y * 5.5)
            let change = broad * 0.05 + medium * 0.06 * skin.mottling + fine * 0.045 * skin.mottling
            var color = tone * (1 + change)
            let side = abs(x)
            let cheek = hump((side - 4) * 0.4) * hump((y + 2.8) * 0.4)
            let noseTip = hump(x * 0.6) * hump((y - traits.nose.tipY) * 0.6)
            let flush = (cheek * 0.7 + noseTip * 0.6) * skin.blush + 0.12 * medium * skin.mottling
            color *= Vector(1 + 0.03 * flush, 1 - 0.17 * flush, 1 - 0.14 * flush, 1)
            if skin.freckles > 0 {
                let place = hump(y * 0.25 + 0.3) * hump(x * 0.14) * skin.freckles
                color *= 1 - 0.42 * place * smoothstep(0.32, 0.62, noise(x * 3.7 + 11, y * 3.7))
            }
            let inHair = smoothstep(-0.25, 0.9, y - edge.height(atDegrees: degrees) + 0.5 * fine)
            color = mix(color, rootColor, inHair * 0.9 * min(1, hair.coverage + 0.15))
            let shine = hump(x * 0.3) * smoothstep(-4.5, -2, y)
            color.w = skin.gloss * (0.1 + 0.14 * shine) * (1 - 0.7 * inHair)
            texel = color
        }
    }

    private func paintFeaturesOfRelief(_ texture: FaceTexture) {
        let nose = traits.nose
        let y0 = nose.tipY - 0.75 + 0.3 * nose.upturn + nose.wingY * 0.5
        let spread = nose.wingHalfWidth
        texture.paint(x: -3.2...3.2, y: (y0 - 2.2)...(y0 + 2.5)) { x, y, texel in
            let side = abs(x - nose.deviation)
            let hole =
                hump((side - spread * 0.42) / (0.26 + 0.3 * nose.nostril))
                * hump((y - y0) / (0.2 + 0.16 * nose.nostril))
            texel *= Vector(1 - 0.8 * hole, 1 - 0.88 * hole, 1 - 0.88 * hole, 1)
            let bend = (y - y0 - 0.35) * 0.55
            let crease = hump((side - spread - 0.1 + bend * bend) / 0.24) * hump((y - y0 - 0.25) / 0.85)
            texel *= Vector(1 - 0.22 * crease, 1 - 0.32 * crease, 1 - 0.34 * crease, 1)
            let under = hump(side / (spread * 0.9)) * hump((y - y0 + 0.25) / 0.4)
            texel *= 1 - 0.16 * under
        }
    }

    private func paint(_ mark: SkinMark, _ texture: FaceTexture) {
        let r = mark.radius
        texture.paint(x: (mark.x - r)...(mark.x + r), y: (mark.y - r)...(mark.y + r)) { x, y, texel in
            let dx = (x - mark.x) / r
            let dy = (y - mark.y) / r
            let inside = smoothstep(1, 0.45, dx * dx + dy * dy) * mark.darkness
            texel *= Vector(1 - 0.75 * inside, 1 - 0.85 * inside, 1 - 0.9 * inside, 1)
        }
    }

    private func paintAgeLines(_ texture: FaceTexture) {
        let skin = traits.skin
        for line in 0..<3 {
            let y = skin.foreheadLineY + (Float(line) - 1) * 0.95
            let dip = 0.18 * Float(line - 1)
            let strength = 0.3 * skin.foreheadLines * (line == 1 ? 1 : 0.75)
            Crease([-3.9, y - 0.15], [0, y + 0.3 + dip], [3.9, y - 0.1], width: 0.17, strength: strength).paint(texture)
        }
        for side in [Float(-1), 1] {
            let x = side * (traits.eyes.halfDistance + traits.eyes.halfLength + 0.3)
            for ray in 0..<3 {
                let rise = Float(ray - 1) * 0.5
                let strength = 0.26 * skin.crowsFeet
                let end = SIMD2(x + side * 1.15, rise * 1.6 - 0.15)
                let start = SIMD2(x, rise * 0.6 - 0.05)
                let middle = (start + end) * 0.5 + SIMD2(0, 0.06)
                Crease(start, middle, end, width: 0.12, strength: strength).paint(texture)
            }
            let frown = Crease(
                [side * 0.5, 1.6],
                [side * 0.38, 2.2],
                [side * 0.55, 2.9],
                width: 0.15,
                strength: 0.28 * skin.frownLines
            )
            frown.paint(texture)
            let corner = SIMD2(side * (traits.mouth.halfWidth + 0.12), traits.mouth.y - 0.25)
            let low = corner + SIMD2(side * 0.25, -1.7)
            let bend = corner + SIMD2(side * 0.3, -0.8)
            Crease(corner, bend, low, width: 0.2, strength: 0.28 * skin.marionette).paint(texture)
        }
    }
}

/// A dark line along a quadratic curve, fading at both ends.
struct Crease {
    private var points: [SIMD2<Float>]
    private let width: Float
    private let strength: Float

    /// A curve from `start` to `end`, drawn towards `control`.
    init(_ start: SIMD2<Float>, _ control: SIMD2<Float>, _ end: SIMD2<Float>, width: Float, strength: Float) {
        points = (0...6)
            .map { step in
                let t = Float(step) / 6
                let first = start + (control - start) * t
                return first + (control + (end - control) * t - first) * t
            }
        self.width = width
        self.strength = strength
    }

    func paint(_ texture: FaceTexture) {
        guard strength > 0.01 else { return }
        var low = points[0]
        var high = points[0]
        for point in points {
            low.replace(with: point, where: point .< low)
            high.replace(with: point, where: point .> high)
        }
        points.withUnsafeBufferPointer { points in
            texture.paint(x: (low.x - width)...(high.x + width), y: (low.y - width)...(high.y + width)) { x, y, texel in
                let depth = darkness(SIMD2(x, y), points)
                if depth > 0 { texel *= Vector(1 - depth, 1 - 1.15 * depth, 1 - 1.15 * depth, 1) }
            }
        }
    }

    @inline(__always)
    private func darkness(_ point: SIMD2<Float>, _ points: UnsafeBufferPointer<SIMD2<Float>>) -> Float {
        var best: Float = 1e9
        var along: Float = 0
        for index in 0..<(points.count - 1) {
            let edge = points[index + 1] - points[index]
            let offset = point - points[index]
            let t = clamp((offset.x * edge.x + offset.y * edge.y) / (edge.x * edge.x + edge.y * edge.y + 1e-9))
            let rest = offset - edge * t
            let square = rest.x * rest.x + rest.y * rest.y
            if square < best {
                best = square
                along = (Float(index) + t) / Float(points.count - 1)
            }
        }
        let fromMiddle = 2 * along - 1
        return strength * hump(best.squareRoot() / width) * (1 - fromMiddle * fromMiddle * fromMiddle * fromMiddle)
    }
}

/// Smooth lattice noise in the plane, −1 … 1, from a seed.
struct ValueNoise {
    private var values: [Float]
    private var permutation: [Int32]

    init(generator: inout SeededGenerator) {
        values = (0..<256).map { _ in Float(generator.uniform(-1, 1)) }
        permutation = generator.permutation(of: 256).map { Int32($0) }
    }

    /// The noise at a point, |x| and |y| below 2³⁰; features are about one unit wide.
    func callAsFunction(_ x: Float, _ y: Float) -> Float {
        permutation.withUnsafeBufferPointer { permutation in
            values.withUnsafeBufferPointer { values in
                let column = Self.floor(x)
                let row = Self.floor(y)
                let left = permutation[Int(column & 255)]
                let right = permutation[Int((column &+ 1) & 255)]
                let tx = Self.eased(x - Float(column))
                let ty = Self.eased(y - Float(row))
                let top = mix(values[Int((left &+ row) & 255)], values[Int((right &+ row) & 255)], tx)
                let bottom = mix(
                    values[Int((left &+ row &+ 1) & 255)],
                    values[Int((right &+ row &+ 1) & 255)],
                    tx
                )
                return mix(top, bottom, ty)
            }
        }
    }

    @inline(__always)
    private static func floor(_ x: Float) -> Int32 {
        let truncated = Int32(x)
        return Float(truncated) > x ? truncated &- 1 : truncated
    }

    @inline(__always)
    private static func eased(_ t: Float) -> Float { t * t * (3 - 2 * t) }
}

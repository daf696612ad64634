/// Paints eyes and eyebrows as they are at the moment of a photograph.
struct EyePainter {
    let eyes: EyeTraits
    let brows: BrowTraits
    let hairColor: Vector
    let tone: Vector
    let expression: Expression
    let makeUp: Float
    let makeUpColor: Vector
    /// Direction of the key light in the head's coordinates.
    let light: Vector
    let noise: ValueNoise

    func paint(_ texture: FaceTexture) {
        for side in [Float(-1), 1] {
            paintEye(texture, side: side)
            paintBrow(texture, side: side)
        }
        if brows.bridge > 0 { paintBridge(texture) }
    }

    private func paintEye(_ texture: FaceTexture, side: Float) {
        let centre = SIMD2(side * eyes.halfDistance, side * eyes.asymmetry * 0.5)
        let turn = PortableMath.sineCosine(eyes.tilt)
        let closure = side < 0 ? expression.closure.x : expression.closure.y
        let reach = eyes.halfLength * 1.6
        let outline = LidOutline(eyes: eyes, closure: closure, smile: expression.smile)
        let xs = (centre.x - reach)...(centre.x + reach)
        texture.paint(x: xs, y: (centre.y - 1.9)...(centre.y + 1.6)) { x, y, texel in
            let dx = (x - centre.x) * side
            let dy = y - centre.y
            let along = dx * turn.cosine + dy * turn.sine
            let up = dy * turn.cosine - dx * turn.sine
            let n = along / eyes.halfLength
            shadeLids(&texel, n: n, up: up, outline: outline)
            guard n * n < 1 else { return }
            let upper = outline.upper(n)
            let lower = outline.lower(n)
            let inside = smoothstep(-0.05, 0.04, upper - up) * smoothstep(-0.05, 0.04, up - lower)
            if inside > 0 {
                let ball = eyeball(along: along, up: up, n: n, upper: upper, side: side)
                texel = mix(texel, ball, inside)
            }
            drawLashes(&texel, n: n, up: up, upper: upper, lower: lower)
        }
    }

    /// Crease, shadow and make-up of the lids, hollows and bags below.
    @inline(__always)
    private func shadeLids(_ texel: inout Vector, n: Float, up: Float, outline: LidOutline) {
        let width = hump(n / 1.12)
        let open = outline.rest(n)
        let crease = open + eyes.creaseHeight * (1 - 0.65 * eyes.hood) * (1 - 0.3 * n * n)
        let line = hump((up - crease) / 0.15) * width * eyes.creaseStrength
        texel *= Vector(1 - 0.34 * line, 1 - 0.44 * line, 1 - 0.45 * line, 1)
        let lid = smoothstep(crease + 0.5, crease - 0.1, up) * smoothstep(-0.3, 0, up - outline.lower(n)) * width
        texel *= Vector(1 - 0.06 * lid, 1 - 0.11 * lid, 1 - 0.1 * lid, 1)
        if makeUp > 0 { texel = mix(texel, makeUpColor * 0.5 + texel * 0.2, lid * makeUp * 0.55) }
        let circle = hump(n / 1.25) * hump((up + 1.0) / 0.7) * eyes.darkCircle
        texel *= Vector(1 - 0.22 * circle, 1 - 0.27 * circle, 1 - 0.2 * circle, 1)
        let bag = hump(n / 1.15) * hump((up - outline.lower(n) + 0.75) / 0.2) * eyes.bag
        texel *= Vector(1 - 0.2 * bag, 1 - 0.26 * bag, 1 - 0.26 * bag, 1)
        let inner = hump((n + 1.2) / 0.6) * hump((up - 0.1) / 0.7)
        texel *= 1 - 0.14 * inner
    }

    @inline(__always)
    private func eyeball(along: Float, up: Float, n: Float, upper: Float, side: Float) -> Vector {
        let ix = along - expression.gaze.x * side
        let iy = up - 0.06 - expression.gaze.y
        let radius = (ix * ix + iy * iy).squareRoot() / eyes.irisRadius
        let corner = n * n
        var color = Vector(0.5, 0.46, 0.43, 0.06) * ((1 - 0.35 * corner) * mix(0.6, 1, clamp(tone.x * 2)))
        color *= mix(Vector(1, 1, 1, 1), Vector(1, 0.75, 0.7, 1), corner * corner)
        if radius < 1.08 {
            let streak = 1 + 0.22 * noise(ix * 9 + 50, iy * 9)
            let ring = 0.5 + 0.75 * hump((radius - 0.55) / 0.5)
            var iris = eyes.iris.padded * (ring * streak)
            iris = mix(iris, Vector(0.006, 0.006, 0.006, 0), smoothstep(0.46, 0.36, radius))
            iris.w = 0.05
            color = mix(color, iris, smoothstep(1.08, 0.94, radius))
        }
        color *= Vector(repeating: mix(0.5, 1, smoothstep(0.02, 0.3, upper - up)))
        let gx = ix - light.x * side * 0.24
        let gy = iy - light.y * 0.24
        let glint = hump((gx * gx + gy * gy).squareRoot() / 0.15)
        return color + Vector(0.9, 0.9, 0.9, 0) * (glint * clamp(light.z * 2))
    }

    @inline(__always)
    private func drawLashes(_ texel: inout Vector, n: Float, up: Float, upper: Float, lower: Float) {
        let dark = Vector(0.012, 0.009, 0.008, 0.02) + hairColor * 0.12
        let lash = eyes.lash + 0.55 * makeUp
        let line = hump((up - upper - 0.03) / (0.1 + 0.1 * lash)) * smoothstep(1, 0.9, abs(n))
        texel = mix(texel, dark, min(1, line * (0.55 + 0.5 * lash)))
        let under = hump((up - lower + 0.03) / 0.1) * smoothstep(1, 0.85, abs(n)) * (0.2 + 0.3 * lash)
        texel = mix(texel, dark + tone * 0.12, under)
    }

    private func paintBrow(_ texture: FaceTexture, side: Float) {
        let span = brows.outer - brows.inner
        let lift = side * brows.asymmetry * 0.5
        let flank = max(brows.peak, 1 - brows.peak)
        let color = hairColor * mix(0.55, 0.8, clamp(0.5 + brows.lightness)) + tone * 0.04
        let inner = min(side * brows.inner, side * brows.outer) - 0.4
        let outer = max(side * brows.inner, side * brows.outer) + 0.4
        let centre = brows.height
        texture.paint(x: inner...outer, y: (centre - 1.6)...(centre + 1.6)) { x, y, texel in
            let t = (x * side - brows.inner) / span
            let fromPeak = (t - brows.peak) / flank
            let middle = centre + lift + brows.slope * (t - 0.5) + brows.arch * (0.45 - fromPeak * fromPeak)
            let ends = smoothstep(-0.07, 0.12, t) * smoothstep(1.06, 0.8, t)
            let thickness = brows.thickness * mix(1, 1 - brows.taper, smoothstep(0.35, 1.05, t))
            let d = (y - middle) / (thickness + 0.06)
            guard d * d < 1 && ends > 0 else { return }
            let strand = noise(x * side * 5 + y * 4, y * 2.2 - x * side)
            let cover = smoothstep(1, 0.35, abs(d)) * ends * brows.density * (0.82 + 0.35 * strand)
            texel = mix(texel, Vector(color.x, color.y, color.z, 0.02), clamp(cover))
        }
    }

    private func paintBridge(_ texture: FaceTexture) {
        let y = brows.height - 0.5 * brows.slope - 0.1
        let width = brows.inner + 0.2
        let color = hairColor * 0.6 + tone * 0.04
        texture.paint(x: -width...width, y: (y - 0.5)...(y + 0.5)) { x, ty, texel in
            let inner = 0.35 + 0.65 * smoothstep(0, width, abs(x))
            let cover = hump((ty - y) / 0.42) * brows.bridge * brows.density * inner
            texel = mix(texel, color, clamp(cover * (0.7 + 0.5 * noise(x * 6, ty * 3))))
        }
    }
}

/// The curves of the lids over n, −1 at the inner and 1 at the outer corner.
struct LidOutline {
    private let upperHeight: Float
    private let lowerHeight: Float
    private let skew: Float
    private let closure: Float

    init(eyes: EyeTraits, closure: Float, smile: Float) {
        upperHeight = eyes.upperLid
        lowerHeight = eyes.lowerLid * (1 - 0.22 * max(0, smile))
        skew = 0.35 * eyes.lidSkew
        self.closure = closure
    }

    /// The upper lid of the open eye.
    @inline(__always)
    func rest(_ n: Float) -> Float {
        let square = min(1, n * n)
        return upperHeight * (1 - 0.6 * square - 0.4 * square * square) * (1 + skew * n)
    }

    @inline(__always)
    func upper(_ n: Float) -> Float { mix(rest(n), lower(n) + 0.02, closure) }

    @inline(__always)
    func lower(_ n: Float) -> Float {
        let square = min(1, n * n)
        return -lowerHeight * (1 - 0.45 * square - 0.55 * square * square)
    }
}

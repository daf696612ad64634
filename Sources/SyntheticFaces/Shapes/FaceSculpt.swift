/// A smooth local shift of the surface, with compact support: d (1 − r²)² for r < 1.
struct Bump {
    private var centre: SIMD2<Float>
    private var inverseRadius: SIMD2<Float>
    private var shift: Vector
    private var mirrored: Bool

    /// A shift by `shift` around a point; a mirrored bump acts on both sides, with its x component turned.
    init(_ x: Float, _ y: Float, radius: SIMD2<Float>, shift: SIMD3<Float>, mirrored: Bool = true) {
        centre = SIMD2(x, y)
        inverseRadius = SIMD2(1 / radius.x, 1 / radius.y)
        self.shift = shift.padded
        self.mirrored = mirrored
    }

    @inline(__always)
    func add(to total: inout Vector, x: Float, y: Float) {
        let dy = (y - centre.y) * inverseRadius.y
        guard dy * dy < 1 else { return }
        let dx = (x - centre.x) * inverseRadius.x
        let rest = 1 - dx * dx - dy * dy
        if rest > 0 { total += shift * (rest * rest) }
        guard mirrored else { return }
        let otherX = (x + centre.x) * inverseRadius.x
        let otherRest = 1 - otherX * otherX - dy * dy
        if otherRest > 0 { total += Vector(-shift.x, shift.y, shift.z, 0) * (otherRest * otherRest) }
    }
}

/// The features on the head as shifts of the loft: those of the person and those of the moment.
struct FaceSculpt {
    private var permanent: [Bump] = []
    private var momentary: [Bump] = []
    private let nose: NoseTraits
    private let asymmetry: Float
    private let mouthY: Float
    private var jawDrop: Float = 0

    /// The features of a person at rest; the lips follow with `express`.
    init(traits: FaceTraits) {
        nose = traits.nose
        asymmetry = traits.head.asymmetry
        mouthY = traits.mouth.y
        addEyeRegion(traits)
        addUpperFace(traits)
        addLowerFace(traits)
        addNoseParts(traits)
    }

    /// The shift that does not depend on the moment.
    func permanentShift(x: Float, y: Float) -> Vector {
        var total = noseShift(x: x, y: y)
        for bump in permanent { bump.add(to: &total, x: x, y: y) }
        total.x += asymmetry * smoothstep(-1.5, -10, y)
        return total
    }

    /// The shift of lips, jaw and muscles.
    func momentaryShift(x: Float, y: Float) -> Vector {
        var total = Vector.zero
        for bump in momentary { bump.add(to: &total, x: x, y: y) }
        if jawDrop > 0 {
            let side = clamp(1 - x * x * (1 / 44))
            let amount = jawDrop * side * smoothstep(mouthY + 0.05, mouthY - 1.3, y) * smoothstep(-16.5, -12.5, y)
            total += Vector(0, -amount, -0.3 * amount, 0)
        }
        return total
    }

    /// Heights outside of which `momentaryShift` is zero.
    static let momentaryRange: ClosedRange<Float> = -17...5.5

    private mutating func add(
        _ x: Float,
        _ y: Float,
        _ rx: Float,
        _ ry: Float,
        _ shift: SIMD3<Float>,
        mirrored: Bool = true
    ) {
        permanent.append(Bump(x, y, radius: SIMD2(rx, ry), shift: shift, mirrored: mirrored))
    }

    private mutating func addEyeRegion(_ traits: FaceTraits) {
        let eyes = traits.eyes
        let e = eyes.halfDistance
        add(e - 0.15, 0.5, 2.2, 1.5, SIMD3(0, 0, -eyes.socketDepth))
        add(1.75, 0.25, 0.9, 1.1, SIMD3(0, 0, -0.22))
        add(e, -0.05, 1.55, 1.0, SIMD3(0, 0, eyes.bulge * 0.8))
        add(e + 0.4, 1.05, 1.7, 0.6, SIMD3(0, -0.12, 0.28) * eyes.hood)
        add(e - 0.1, -1.15, 1.4, 0.55, SIMD3(0, 0, 0.26 * eyes.bag))
        add(e - 0.7, -1.7, 1.7, 1.0, SIMD3(0, 0, -0.12 - 0.1 * eyes.bag))
        add(e - 0.3, traits.brows.height - 0.25, 2.8, 1.0, SIMD3(0, 0, traits.brows.ridge))
        add(0, 2.3, 1.9, 1.4, SIMD3(0, 0, traits.brows.ridge * 0.45), mirrored: false)
    }

    private mutating func addUpperFace(_ traits: FaceTraits) {
        let head = traits.head
        add(0, 5.2, 5.4, 3.2, SIMD3(0, 0, head.foreheadBulge), mirrored: false)
        add(2.8, 5.0, 2.5, 2.2, SIMD3(0, 0, 0.16 + 0.3 * head.foreheadBulge))
        add(6.4, 3.0, 2.4, 3.4, SIMD3(-0.55, 0, -0.35) * head.templeHollow)
        add(4.9, -2.3, 3.0, 2.6, SIMD3(0.35, 0.05, 0.45) * (0.6 + head.cheekbone))
        add(4.3, -5.2, 2.6, 2.4, SIMD3(0.05, 0, -0.2) * (0.5 + head.cheekbone))
    }

    private mutating func addLowerFace(_ traits: FaceTraits) {
        let head = traits.head
        let chinY = -10.7 - head.chinLength - 0.75 * (-6.2 - mouthY)
        add(4.3, -5.2, 3.0, 3.0, SIMD3(0.6, 0, 0.6) * head.cheekFullness)
        add(0, mouthY + 0.2, 3.6, 2.7, SIMD3(0, 0, 0.3), mirrored: false)
        add(4.1, chinY + 2.4, 2.0, 1.7, SIMD3(0.25, -0.3, 0.4) * head.jowl)
        add(0, chinY - 0.7, 3.4, 1.3, SIMD3(0, -0.8, 0.35) * head.doubleChin, mirrored: false)
        add(0, chinY + 1.05, 1.9, 1.5, SIMD3(0, 0, 0.4 + 0.5 * head.chinProtrusion), mirrored: false)
        add(0.9 + 0.5 * head.chinWidth, chinY + 0.8, 1.3, 1.2, SIMD3(0.1, 0, 0.22 + 0.25 * head.chinWidth))
        add(0, chinY + 0.9, 0.4, 0.8, SIMD3(0, 0, -0.17 * head.chinCleft), mirrored: false)
        let sulcus = mouthY - traits.mouth.lowerLip - 0.65
        add(0, sulcus, 1.9, 0.7, SIMD3(0, 0, -0.32), mirrored: false)
        let philtrumY = (mouthY + traits.mouth.upperLip + nose.tipY - 1.1) * 0.5
        add(0, philtrumY, 0.42, 0.95, SIMD3(0, 0, -0.2 * traits.mouth.philtrum), mirrored: false)
        for step in 0..<4 {
            let t = Float(step) / 3
            let depth = 0.05 + 0.11 * traits.skin.nasolabial
            add(nose.wingHalfWidth + 0.5 + 0.9 * t, nose.tipY - 1.0 - 2.5 * t, 0.7, 1.2, SIMD3(0, 0, -depth))
        }
    }

    private mutating func addNoseParts(_ traits: FaceTraits) {
        let tip = nose.tipY + 0.3 * nose.upturn
        add(
            nose.deviation,
            tip,
            nose.tipRadius + 0.1,
            nose.tipRadius,
            SIMD3(0, -0.1, nose.tipFullness),
            mirrored: false
        )
        add(
            nose.wingHalfWidth - 0.42,
            nose.tipY - 0.5 + nose.wingY,
            0.78,
            0.78,
            SIMD3(0.16, 0, nose.wingFullness)
        )
        add(0, nose.tipY - 0.75, 0.55, 0.6, SIMD3(0, -0.25, 0.4) * nose.columella, mirrored: false)
        add(nose.wingHalfWidth + 0.28, nose.tipY - 0.45 + nose.wingY, 0.5, 0.8, SIMD3(0, 0, -0.18))
    }

    /// Bridge and slope of the nose as one ridge.
    private func noseShift(x: Float, y: Float) -> Vector {
        let top: Float = 2.5
        let base = nose.tipY - 1.2 + 0.35 * nose.upturn
        guard y < top && y > base else { return .zero }
        let bend = nose.deviation * smoothstep(0.5, nose.tipY, y)
        let fromNasion = (0.9 - y) / (0.9 - nose.tipY)
        var height: Float
        if y > nose.tipY {
            let along = clamp(fromNasion)
            let start = nose.bridgeHeight - nose.nasionDepth
            height = start + (nose.tipHeight - start) * along
            height += nose.profileHump * hump((along - 0.42) / 0.5)
            height -= 0.3 * along * (1 - along)
            if fromNasion < 0 { height *= smoothstep(top, 0.9, y) }
        } else {
            let t = (nose.tipY - y) / (nose.tipY - base)
            height = nose.tipHeight * (1 - smoothstep(0.1, 1, t))
        }
        height -= 0.16 * hump((y - nose.tipY) / 0.55)
        let spread = smoothstep(0.8, nose.tipY - 0.3, y)
        let root = 0.5 * smoothstep(0, 1.6, y)
        let halfWidth = mix(nose.bridgeWidth + 0.25, nose.wingHalfWidth * 0.95, spread) + root
        let across = (x - bend) / halfWidth
        let profile = hump(across)
        return Vector(0, 0, height * profile, 0)
    }
}

extension FaceSculpt {
    /// Sets the lips and muscles to an expression.
    mutating func express(_ expression: Expression, traits: FaceTraits) {
        momentary.removeAll(keepingCapacity: true)
        let mouth = MouthShape(traits: traits.mouth, expression: expression)
        jawDrop = 0.75 * expression.mouthOpen
        addLips(mouth, protrusion: traits.mouth.protrusion + 0.25 * expression.pucker)
        let smile = expression.smile
        momentary += [
            Bump(mouth.halfWidth, mouthY, radius: [2.1, 2.0], shift: SIMD3(0.5, 0.5, -0.32) * smile),
            Bump(4.0, -3.4, radius: [2.5, 2.1], shift: SIMD3(0.15, 0.4, 0.55) * max(0, smile)),
            Bump(2.7, -5.0, radius: [0.8, 1.5], shift: SIMD3(0, 0, -0.28) * max(0, smile)),
            Bump(mouth.halfWidth, mouthY, radius: [2.2, 1.6], shift: SIMD3(-0.6, 0, 0.25) * expression.pucker),
            Bump(3.2, traits.brows.height, radius: [3.4, 1.8], shift: SIMD3(0, 0.4, 0) * expression.browRaise),
            Bump(1.3, traits.brows.height, radius: [1.5, 1.2], shift: SIMD3(-0.18, -0.25, 0.12) * expression.frown),
        ]
    }

    private mutating func addLips(_ mouth: MouthShape, protrusion: Float) {
        let upper = mouth.upperLip
        let lower = mouth.lowerLip
        let seam = mouthY - mouth.gap
        momentary += [
            Bump(
                0,
                mouthY + upper * 0.5,
                radius: [mouth.halfWidth * 0.98, upper * 1.05 + 0.25],
                shift: [0, 0, protrusion * 0.9],
                mirrored: false
            ),
            Bump(
                0,
                seam - lower * 0.5,
                radius: [mouth.halfWidth * 0.85, lower * 0.95 + 0.25],
                shift: [0, 0, protrusion * 1.1],
                mirrored: false
            ),
            Bump(
                0,
                (mouthY + seam) * 0.5,
                radius: [mouth.halfWidth * 1.02, 0.34 + mouth.gap * 0.6],
                shift: [0, 0, -0.34 - 0.4 * mouth.gap],
                mirrored: false
            ),
            Bump(mouth.halfWidth + 0.15, mouthY, radius: [0.7, 0.7], shift: [0, 0, -0.22]),
        ]
    }
}

/// The outline of the mouth in the face's own plane.
struct MouthShape {
    var halfWidth: Float
    var upperLip: Float
    var lowerLip: Float
    /// Opening in the middle.
    var gap: Float

    init(traits: MouthTraits, expression: Expression) {
        halfWidth = traits.halfWidth * (1 - 0.16 * expression.pucker)
        let stretch = 1 - 0.22 * max(0, expression.smile) + 0.25 * expression.pucker
        upperLip = traits.upperLip * stretch * (1 - 0.12 * expression.mouthOpen)
        lowerLip = traits.lowerLip * stretch
        gap = 0.55 * expression.mouthOpen
    }
}

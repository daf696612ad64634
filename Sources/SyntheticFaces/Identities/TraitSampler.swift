import SeededRandom

/// Draws a person's traits so that they go together as they do in people: a few hidden factors (sex, age, body mass,
/// three of descent) shift many means, and every trait has a spread of its own.
struct TraitSampler {
    private(set) var traits = FaceTraits()
    private var generator: SeededGenerator

    private let masculinity: Float
    /// 0 young … 1 old.
    private let age: Float
    private let mass: Float
    private let descent: SIMD3<Float>
    private let diversity: Float

    /// - Parameters:
    ///   - generator: Gives the draws.
    ///   - diversity: A factor on every spread.
    init(generator: SeededGenerator, diversity: Float) {
        var generator = generator
        let sex: Float = generator.uniform() < 0.5 ? -1 : 1
        masculinity = sex * 0.9 + 0.35 * Float(generator.normal()) * diversity
        let youth = Float(generator.uniform())
        age = youth * youth * 0.55 + youth * 0.45
        mass = Self.bounded(&generator) * diversity
        let factors = SIMD3(Self.bounded(&generator), Self.bounded(&generator), Self.bounded(&generator))
        descent = factors * diversity
        self.generator = generator
        self.diversity = diversity
        traits.patternSeed = self.generator.next()
        drawHead()
        drawEyes()
        drawBrows()
        drawNose()
        drawMouth()
        drawEars()
        drawSkin()
        drawMarks()
        drawAgeLines()
        drawHair()
        drawCut()
        drawBeard()
    }

    /// A normal number cut at ±2.4.
    private static func bounded(_ generator: inout SeededGenerator) -> Float {
        clamp(Float(generator.normal()), -2.4, 2.4)
    }

    /// A trait: a mean with its shifts, and a spread.
    private mutating func draw(_ mean: Float, _ spread: Float) -> Float {
        mean + spread * diversity * Self.bounded(&generator)
    }

    /// A trait that is never below zero.
    private mutating func amount(_ mean: Float, _ spread: Float) -> Float { max(0, draw(mean, spread)) }

    private mutating func uniform(_ low: Float, _ high: Float) -> Float {
        low + (high - low) * Float(generator.uniform())
    }

    private mutating func chance(_ probability: Float) -> Bool { Float(generator.uniform()) < probability }

    private mutating func drawHead() {
        let male = masculinity
        traits.head = HeadTraits(
            width: draw(0.18 * male + 0.12 * mass + 0.18 * descent.y, 0.36),
            templeWidth: draw(0.05 * descent.y, 0.34),
            jawWidth: draw(0.34 * male + 0.22 * mass, 0.45),
            chinWidth: draw(0.28 * male + 0.1 * mass, 0.5),
            chinLength: draw(0.36 * male, 0.5),
            chinProtrusion: draw(0.12 * male - 0.1 * mass - 0.15 * descent.x, 0.4),
            chinCleft: chance(0.2) ? uniform(0.3, 1) : 0,
            jawAngle: draw(-0.2 * male, 0.55),
            midfaceProtrusion: draw(0.22 * descent.x, 0.28),
            foreheadSlope: draw(0.4 * male, 0.45),
            foreheadBulge: draw(-0.15 * male, 0.28),
            crownHeight: draw(0, 0.5),
            cheekbone: draw(0.05 * descent.y, 0.34),
            cheekFullness: draw(0.34 * mass - 0.08 * male - 0.15 * age, 0.36),
            jowl: amount(0.5 * age + 0.15 * mass - 0.15, 0.15),
            doubleChin: amount(0.3 * mass + 0.3 * age - 0.2, 0.2),
            templeHollow: amount(0.35 + 0.3 * age - 0.15 * mass, 0.2),
            neckWidth: draw(0.45 * male + 0.2 * mass, 0.25),
            asymmetry: draw(0, 0.12)
        )
    }

    private mutating func drawEyes() {
        let light = chance(0.6 - 0.5 * descent.x - 0.35 * descent.y) && descent.x < 0.4
        traits.eyes = EyeTraits(
            halfDistance: draw(3.14 + 0.04 * masculinity, 0.19),
            halfLength: draw(1.52, 0.13),
            upperLid: max(0.26, draw(0.58 - 0.04 * masculinity - 0.06 * descent.y - 0.06 * age, 0.1)),
            lowerLid: draw(0.42, 0.07),
            tilt: draw(0.05 + 0.045 * descent.y - 0.04 * age, 0.055),
            lidSkew: draw(0, 0.3),
            socketDepth: draw(0.65 + 0.12 * masculinity - 0.22 * descent.y, 0.22),
            bulge: draw(0.5, 0.13),
            creaseHeight: draw(0.36, 0.13),
            creaseStrength: clamp(draw(0.62 - 0.22 * descent.y, 0.22)),
            hood: clamp(draw(0.22 + 0.18 * descent.y + 0.3 * age, 0.2)),
            lash: clamp(draw(0.42 - 0.14 * masculinity, 0.17), 0.1, 1),
            irisRadius: draw(0.59, 0.025),
            iris: drawIris(light: light),
            bag: clamp(draw(0.1 + 0.5 * age, 0.2)),
            darkCircle: clamp(draw(0.25 + 0.1 * age, 0.18)),
            asymmetry: draw(0, 0.07)
        )
    }

    private mutating func drawIris(light: Bool) -> SIMD3<Float> {
        let shade = uniform(0.7, 1.35)
        guard light else {
            return mix(Vector(0.022, 0.012, 0.008, 0), Vector(0.1, 0.048, 0.02, 0), uniform(0, 1)).rgb * shade
        }
        let kind = uniform(0, 1)
        let blue = Vector(0.07, 0.13, 0.21, 0)
        let grey = Vector(0.12, 0.15, 0.165, 0)
        let green = Vector(0.09, 0.105, 0.05, 0)
        let picked = kind < 0.5 ? mix(blue, grey, kind * 2) : mix(grey, green, kind * 2 - 1)
        return picked.rgb * shade
    }

    private mutating func drawBrows() {
        traits.brows = BrowTraits(
            height: draw(2.2 - 0.22 * masculinity + 0.1 * descent.y, 0.28),
            inner: draw(1.5 - 0.08 * masculinity, 0.25),
            outer: draw(5.15, 0.32),
            slope: draw(0, 0.2),
            arch: draw(0.42 - 0.14 * masculinity, 0.24),
            peak: clamp(draw(0.62, 0.1), 0.35, 0.85),
            thickness: max(0.13, draw(0.36 + 0.09 * masculinity - 0.04 * age, 0.12)),
            taper: clamp(draw(0.6, 0.2)),
            density: clamp(draw(0.72 + 0.08 * masculinity, 0.18), 0.25, 1),
            bridge: chance(0.12 + 0.06 * masculinity) ? uniform(0.15, 0.7) : 0,
            ridge: amount(0.3 + 0.24 * masculinity, 0.2),
            asymmetry: draw(0, 0.1),
            lightness: draw(0, 0.25)
        )
    }

    private mutating func drawNose() {
        traits.nose = NoseTraits(
            tipY: draw(-2.95 - 0.14 * masculinity - 0.15 * age, 0.36),
            nasionDepth: draw(0.08 * masculinity, 0.17),
            bridgeHeight: draw(0.38 - 0.17 * descent.y - 0.12 * descent.x, 0.2),
            bridgeWidth: max(0.5, draw(0.82 + 0.05 * descent.x, 0.16)),
            profileHump: draw(0.04 * masculinity, 0.2),
            tipHeight: max(0.7, draw(1.78 + 0.1 * masculinity - 0.16 * descent.x - 0.12 * descent.y, 0.3)),
            tipRadius: max(0.5, draw(0.88 + 0.06 * masculinity + 0.06 * descent.x, 0.13)),
            tipFullness: draw(0.32 + 0.08 * descent.x, 0.16),
            upturn: draw(-0.05 * masculinity - 0.1 * age, 0.2),
            wingHalfWidth: max(1.15, draw(1.72 + 0.09 * masculinity + 0.2 * descent.x + 0.06 * descent.y, 0.19)),
            wingFullness: draw(0.62 + 0.08 * descent.x, 0.15),
            wingY: draw(0, 0.15),
            nostril: clamp(draw(0.6, 0.2)),
            deviation: draw(0, 0.1),
            columella: draw(0.2, 0.12)
        )
    }

    private mutating func drawMouth() {
        let lips = 0.17 * descent.x - 0.14 * age - 0.05 * masculinity
        traits.mouth = MouthTraits(
            y: draw(traits.nose.tipY - 3.3 - 0.1 * age, 0.22),
            halfWidth: draw(2.5 + 0.09 * masculinity, 0.25),
            upperLip: max(0.22, draw(0.66 + lips, 0.19)),
            lowerLip: max(0.35, draw(0.9 + lips, 0.2)),
            bow: amount(0.14, 0.09),
            cornerLift: draw(-0.12 * age, 0.13),
            protrusion: draw(0.46 + 0.12 * descent.x, 0.16),
            philtrum: amount(0.3, 0.15),
            redness: draw(0, 0.5),
            darkness: draw(0, 0.4),
            asymmetry: draw(0, 0.05)
        )
    }

    private mutating func drawEars() {
        traits.ears = EarTraits(
            length: draw(6.1 + 0.25 * masculinity + 0.5 * age, 0.45),
            width: draw(3.4, 0.28),
            protrusion: clamp(draw(0.5, 0.2), 0.1, 1.1),
            y: draw(-0.6, 0.35),
            lobe: clamp(draw(0.5, 0.3))
        )
    }

    private mutating func drawSkin() {
        let tone = 0.34 + 0.24 * descent.x - 0.03 * descent.y + 0.05 * descent.z
        traits.skin.melanin = clamp(draw(tone, 0.09), 0.02, 0.97)
        traits.skin.redness = draw(0, 0.5)
        traits.skin.yellowness = draw(0.3 * descent.y, 0.4)
        traits.skin.mottling = clamp(draw(0.3 + 0.35 * age, 0.15), 0.05, 1)
        traits.skin.gloss = clamp(draw(0.45, 0.18), 0.1, 1)
        traits.skin.blush = clamp(draw(0.35, 0.25))
        traits.skin.makeUpHabit = clamp(draw(masculinity < 0 ? 0.55 : -0.2, 0.3))
    }

    private mutating func drawMarks() {
        let fair = 1 - traits.skin.melanin
        traits.skin.freckles = chance(0.3 * fair) ? uniform(0.2, 1) : 0
        let count = generator.index(below: 5)
        traits.skin.marks = (0..<count)
            .map { _ in
                let x = uniform(-6, 6)
                let y = uniform(-9.5, 6)
                let onEye = abs(y) < 1.1 && abs(x) > 1.2 && abs(x) < 5
                return SkinMark(
                    x: x,
                    y: onEye ? y - 2.4 : y,
                    radius: uniform(0.1, 0.27),
                    darkness: uniform(0.35, 0.8)
                )
            }
    }

    private mutating func drawAgeLines() {
        traits.skin.nasolabial = clamp(draw(0.12 + 0.62 * age, 0.16))
        traits.skin.foreheadLines = clamp(draw(-0.08 + 0.75 * age, 0.2))
        traits.skin.foreheadLineY = draw(4.5, 0.35)
        traits.skin.crowsFeet = clamp(draw(-0.1 + 0.85 * age, 0.18))
        traits.skin.frownLines = clamp(draw(-0.1 + 0.6 * age, 0.22))
        traits.skin.marionette = clamp(draw(-0.2 + 0.75 * age, 0.18))
    }

    private mutating func drawHair() {
        let bald = masculinity > 0.2 && chance(0.07 + 0.4 * age)
        traits.hair.color = drawHairColor()
        traits.hair.hairlineY = draw(6.9 + 0.4 * age + 0.15 * masculinity, 0.55)
        traits.hair.recession = amount(0.3 + (masculinity > 0 ? 0.9 * age : 0.05), 0.3)
        traits.hair.peak = chance(0.25) ? uniform(0.2, 0.7) : 0
        traits.hair.coverage = bald ? uniform(0.0, 0.75) : 1
        traits.hair.curl = clamp(draw(0.25 + 0.22 * descent.x, 0.24))
        traits.hair.gloss = clamp(draw(0.45 - 0.15 * descent.x, 0.2), 0.05, 1)
    }

    private mutating func drawHairColor() -> SIMD3<Float> {
        let dark = descent.x * 0.5 + descent.y * 0.45
        let pick = uniform(0, 1) - 0.42 * dark
        let black = Vector(0.011, 0.01, 0.009, 0)
        let brown = Vector(0.06, 0.033, 0.018, 0)
        let light = Vector(0.17, 0.1, 0.05, 0)
        let blond = Vector(0.42, 0.29, 0.14, 0)
        let red = Vector(0.24, 0.07, 0.022, 0)
        var color = mix(black, brown, clamp(pick * 2.2))
        if pick > 0.45 { color = mix(brown, light, clamp((pick - 0.45) * 4)) }
        if pick > 0.72 { color = mix(light, blond, clamp((pick - 0.72) * 5)) }
        if pick > 0.5 && chance(0.14) { color = mix(red, light, uniform(0, 0.5)) }
        let grey = clamp(draw(-1.0 + 1.75 * age, 0.25))
        return mix(color, Vector(0.42, 0.41, 0.4, 0), grey).rgb
    }

    private mutating func drawCut() {
        let short = chance(0.5 + 0.5 * clamp(masculinity * 1.3, -0.85, 0.9))
        traits.hair.cut = HairCut(
            length: short ? 0 : uniform(2, 13),
            topVolume: traits.hair.coverage < 0.8 ? uniform(0.1, 0.4) : uniform(0.35, 1.9) + 0.5 * traits.hair.curl,
            sideVolume: short ? uniform(0.15, 0.7) : uniform(0.5, 1.3) + 0.6 * traits.hair.curl,
            fringe: chance(short ? 0.3 : 0.35) && traits.hair.coverage > 0.9 ? uniform(0.8, 3.6) : 0,
            parting: uniform(-0.9, 0.9),
            sideburn: uniform(-0.5, 2) + 0.6 * masculinity,
            tiedBack: !short && chance(0.25)
        )
        if traits.hair.coverage < 0.8 { traits.hair.cut.length = 0 }
    }

    private mutating func drawBeard() {
        guard masculinity > 0.3 else { return }
        traits.beard.stubble = chance(0.75) ? uniform(0.05, 0.6) : 0.03
        let style = uniform(0, 1)
        if style < 0.12 {
            traits.beard.moustache = uniform(0.5, 1)
        } else if style < 0.24 {
            traits.beard.moustache = uniform(0.3, 0.9)
            traits.beard.chin = uniform(0.4, 1)
        } else if style < 0.42 {
            let density = uniform(0.4, 1)
            traits.beard.moustache = density * uniform(0.7, 1)
            traits.beard.chin = density
            traits.beard.cheeks = density * uniform(0.6, 1)
        }
    }
}

extension SIMD4 where Scalar == Float {
    /// The first three lanes.
    @inline(__always)
    var rgb: SIMD3<Float> { SIMD3(x, y, z) }
}

extension SIMD3 where Scalar == Float {
    /// The three lanes and a zero.
    @inline(__always)
    var padded: Vector { Vector(x, y, z, 0) }
}

import SeededRandom

/// Draws the parameters of a photograph.
struct PhotographSampler {
    private var generator: SeededGenerator
    private let strength: NuisanceStrength

    init(seed: UInt64, strength: NuisanceStrength) {
        generator = SeededGenerator(seed: seed ^ 0x91d4_7a03_52cb_e86f, stream: 1)
        self.strength = strength
    }

    mutating func draw(into photograph: inout SyntheticPhotograph) {
        photograph.view = drawView()
        photograph.light = drawLight()
        photograph.expression = drawExpression()
        photograph.appearance = drawAppearance()
        photograph.finish = drawFinish()
    }

    private mutating func uniform(_ low: Float, _ high: Float) -> Float {
        low + (high - low) * Float(generator.uniform())
    }

    private mutating func normal() -> Float { clamp(Float(generator.normal()), -2.5, 2.5) }

    private mutating func chance(_ probability: Double) -> Bool { generator.uniform() < probability }

    /// Symmetric about 0, within ±bound, small values more frequent.
    private mutating func angle(_ boundDegrees: Double) -> Float {
        let share = uniform(-1, 1)
        return share * (0.35 + 0.65 * abs(share)) * Float(boundDegrees * PortableMath.pi / 180)
    }

    private mutating func drawView() -> ViewParameters {
        let yaw = angle(strength.yawDegrees)
        return ViewParameters(
            yaw: yaw,
            pitch: angle(strength.pitchDegrees),
            roll: angle(strength.rollDegrees),
            cameraDistance: 55 / uniform(0.2, 1),
            scale: 0.26 * uniform(0.87, 1.13),
            offset: SIMD2(uniform(-0.03, 0.03), uniform(-0.03, 0.03)),
            bodyYaw: 0.45 * yaw + 0.2 * normal() * Float(strength.yawDegrees / 60)
        )
    }

    private mutating func drawLight() -> LightParameters {
        let amount = Float(strength.lighting)
        let azimuth = normal() * 0.75 * amount
        let elevation = uniform(0.1, 0.45 + 0.65 * amount)
        let warmth = normal() * 0.16 * amount
        let ambient = uniform(0.75 - 0.62 * amount, 1)
        let hue = normal() * 0.1 * amount
        var light = LightParameters()
        light.keyDirection = Self.direction(azimuth: azimuth, elevation: elevation)
        light.key = SIMD3(1 + warmth, 1, 1 - warmth) * uniform(0.7, 1.1)
        let other = Self.direction(azimuth: (azimuth < 0 ? 1 : -1) * uniform(0.6, 1.9), elevation: uniform(-0.3, 0.5))
        light.fillDirection = other
        light.fill = SIMD3(1 - hue, 1, 1 + hue) * uniform(0, 0.4)
        light.sky = SIMD3(1 - warmth, 1, 1 + warmth + hue) * (0.55 * ambient)
        light.ground = SIMD3(1 + 0.5 * warmth, 1, 1 - 0.5 * warmth) * (0.32 * ambient * uniform(0.5, 1.1))
        light.exposure = PortableMath.exposureFactor(stops: normal() * 0.42 * Float(strength.color))
        return light
    }

    private static func direction(azimuth: Float, elevation: Float) -> SIMD3<Float> {
        let a = PortableMath.sineCosine(azimuth)
        let e = PortableMath.sineCosine(elevation)
        return SIMD3(a.sine * e.cosine, e.sine, a.cosine * e.cosine)
    }

    private mutating func drawExpression() -> Expression {
        let amount = Float(strength.expression)
        var expression = Expression()
        let mood = uniform(0, 1)
        if mood < 0.5 {
            expression.smile = uniform(0.1, 1) * amount
        } else if mood < 0.6 {
            expression.smile = -uniform(0.1, 0.6) * amount
        }
        let open = uniform(0, 1)
        if open < 0.4 * amount { expression.mouthOpen = open * open * 12 * uniform(0.3, 1) }
        if expression.smile > 0.4 && chance(0.55) {
            expression.mouthOpen = max(expression.mouthOpen, uniform(0.5, 1.2) * amount)
        }
        if chance(0.06 * strength.expression) { expression.pucker = uniform(0.3, 1) }
        let squint = 0.3 * max(0, expression.smile) + 0.14 * abs(normal()) * amount
        let shut: Float = chance(0.05 * strength.expression) ? uniform(0.6, 1) : 0
        expression.closure = SIMD2(repeating: clamp(max(squint, shut)))
        expression.closure += SIMD2(uniform(-0.04, 0.04), uniform(-0.04, 0.04)) * amount
        expression.browRaise = chance(0.3) ? uniform(0, 1) * amount : 0
        expression.frown = chance(0.2) ? uniform(0, 1) * amount : 0
        expression.gaze = SIMD2(normal() * 0.16, normal() * 0.07) * amount
        return expression
    }

    private mutating func drawAppearance() -> Appearance {
        var look = Appearance()
        look.sceneSeed = generator.next()
        if chance(strength.occlusion) {
            let kinds: [Covering] = [.sunglasses, .mask, .hand, .object]
            look.covering = kinds[generator.index(below: kinds.count)]
        }
        look.glasses = look.covering != .sunglasses && chance(strength.glasses)
        look.clothes = drawColor()
        look.trim = drawColor()
        look.accent = drawColor()
        let daily = SIMD4(normal() * 0.14, uniform(-0.2, 0.2), uniform(-0.15, 0.15), uniform(-0.4, 0.4))
        look.cutShift = daily * Float(min(1, strength.appearance * 2))
        look.stubbleShift = normal() * 0.12 * Float(min(1, strength.appearance * 2))
        if chance(strength.appearance) {
            look.cutShift += SIMD4(normal() * 0.5, uniform(-2, 2.6), uniform(-1.5, 1.5), uniform(-6, 6))
            look.tieHair = chance(0.4)
            look.stubbleShift += uniform(-0.5, 0.5)
            look.hat = chance(0.18)
        }
        look.makeUp = chance(strength.appearance * 1.4) ? uniform(0, 1) : 0
        look.makeUpHue = uniform(0, 1)
        return look
    }

    private mutating func drawColor() -> SIMD3<Float> {
        let value = uniform(0, 1)
        let grey = value * value * 0.75 + 0.02
        let tint = SIMD3(uniform(0, 1), uniform(0, 1), uniform(0, 1))
        let mixed =
            SIMD3(repeating: grey) + (tint * tint * 0.8 - SIMD3(repeating: grey)) * uniform(0, 0.8) * uniform(0, 1)
        return mixed
    }

    private mutating func drawFinish() -> FinishParameters {
        var finish = FinishParameters()
        let blur = uniform(0, 1)
        finish.defocus = 0.25 + blur * blur * 2.6 * Float(strength.blur)
        if chance(0.3 * strength.blur) {
            let turn = PortableMath.sineCosine(uniform(0, 3.14159))
            finish.motion = SIMD2(turn.cosine, turn.sine) * uniform(1, 8) * Float(strength.blur)
        }
        let grain = uniform(0, 1)
        finish.noise = 0.6 + grain * grain * 12 * Float(strength.noise)
        if chance(strength.lowResolution) {
            finish.reduction = 1 + uniform(0, 1) * (0.9 + 2.2 * Float(strength.lowResolution))
        }
        let color = Float(strength.color)
        finish.contrast = 1 + normal() * 0.13 * color
        finish.brightness = normal() * 0.045 * color
        finish.cast = SIMD3(1 + normal() * 0.055 * color, 1, 1 + normal() * 0.07 * color)
        finish.saturation = max(0, 1 + normal() * 0.22 * color)
        if chance(0.06 * strength.color) { finish.saturation = 0 }
        let spread = 75 * strength.compression
        finish.jpegQuality = Int(95 - spread * generator.uniform())
        finish.noiseSeed = generator.next()
        return finish
    }

    /// Moves a photograph on to a later frame of the same video.
    mutating func drift(_ photograph: inout SyntheticPhotograph, frame: Int) {
        let time = Double(frame)
        var wave: (Double) -> Float = { _ in 0 }
        let phases = (0..<12).map { _ in generator.uniform(0, 6.283) }
        let rates = (0..<12).map { _ in generator.uniform(0.25, 1.1) }
        var next = 0
        wave = { amplitude in
            defer { next += 1 }
            let now = PortableMath.sine(phases[next] + rates[next] * time)
            return Float(amplitude * (now - PortableMath.sine(phases[next])))
        }
        let sway = strength.yawDegrees / 60
        photograph.view.yaw += wave(0.2 * sway)
        photograph.view.pitch += wave(0.09 * sway)
        photograph.view.roll += wave(0.06 * sway)
        photograph.view.offset += SIMD2(wave(0.012), wave(0.012))
        photograph.view.scale *= 1 + wave(0.03)
        photograph.expression.smile = clamp(photograph.expression.smile + wave(0.25 * strength.expression), -0.6, 1)
        let talk = photograph.expression.mouthOpen + wave(0.5 * strength.expression)
        photograph.expression.mouthOpen = clamp(talk, 0, 1.9)
        photograph.expression.gaze += SIMD2(wave(0.1 * strength.expression), 0)
        photograph.finish.defocus = max(0.2, photograph.finish.defocus + wave(0.5 * strength.blur))
        let bound = Float(strength.yawDegrees * PortableMath.pi / 180)
        photograph.view.yaw = clamp(photograph.view.yaw, -bound, bound)
        photograph.finish.noiseSeed =
            photograph.finish.noiseSeed &+ UInt64(bitPattern: Int64(frame)) &* 0x9e37_79b9_7f4a_7c15
    }
}

extension PortableMath {
    /// 2 to a power.
    static func exposureFactor(stops: Float) -> Float { Float(exponential(Double(stops) * 0.6931471805599453)) }
}

import SeededRandom

/// One person in one photograph: what the renderer's steps share.
struct Scene {
    let person: IdentityModel
    let photograph: SyntheticPhotograph
    let pose: Pose
    var camera: Camera
    let rig: LightRig
    let gain: Float
    let cut: HairCut
    var surface: HeadSurface
    /// The five points in samples.
    let landmarks: [SIMD2<Float>]
    let glasses: GlassesModel?

    var traits: FaceTraits { person.identity.traits }
    var look: Appearance { photograph.appearance }

    init(person: IdentityModel, photograph: SyntheticPhotograph, samples: Int) {
        self.person = person
        self.photograph = photograph
        let traits = person.identity.traits
        pose = Pose(photograph.view)
        var camera = Camera(photograph.view, samples: samples)
        var surface = person.surface
        surface.sculpt.express(photograph.expression, traits: traits)
        let points = Self.landmarkPoints(traits: traits, surface: surface)
        let pose = self.pose
        let face = points.map { camera.project(pose.apply($0)) }.reduce(Vector.zero, +) / Float(points.count)
        // A detector's box takes in some of the head behind the face.
        let middle = face * 0.6 + camera.project(pose.apply(Vector(0, -2.5, 2, 0))) * 0.4
        let wanted = SIMD2(0.5 + photograph.view.offset.x, 0.53 + photograph.view.offset.y) * Float(samples)
        camera.shift(by: wanted - SIMD2(middle.x, middle.y))
        landmarks = points.map {
            let place = camera.project(pose.apply($0))
            return SIMD2(place.x, place.y)
        }
        self.camera = camera
        self.surface = surface
        gain = Self.gain(photograph.light, tone: person.tone)
        rig = LightRig(photograph.light, gain: gain)
        cut = traits.hair.cut.worn(photograph.appearance, coverage: traits.hair.coverage)
        let look = photograph.appearance
        let wearsGlasses = look.glasses || look.covering == .sunglasses
        glasses = wearsGlasses ? GlassesModel(seed: look.sceneSeed, dark: look.covering == .sunglasses) : nil
    }

    /// Left eye, right eye, nose tip, left and right corner of the mouth on the head before it is turned.
    static func landmarkPoints(traits: FaceTraits, surface: HeadSurface) -> [Vector] {
        let mouthY = traits.mouth.y + traits.mouth.cornerLift
        return [
            surface.point(x: -traits.eyes.halfDistance, y: -traits.eyes.asymmetry * 0.5),
            surface.point(x: traits.eyes.halfDistance, y: traits.eyes.asymmetry * 0.5),
            surface.point(x: traits.nose.deviation, y: traits.nose.tipY),
            surface.point(x: -traits.mouth.halfWidth, y: mouthY - traits.mouth.asymmetry),
            surface.point(x: traits.mouth.halfWidth, y: mouthY + traits.mouth.asymmetry),
        ]
    }

    /// The factor on all lights of a camera that exposes half for the scene and half for the face.
    private static func gain(_ light: LightParameters, tone: Vector) -> Float {
        let plain = LightRig(light, gain: 1)
        let normals = [Vector(0, 0.1, 0.99, 0), Vector(0.6, 0, 0.8, 0), Vector(-0.6, 0, 0.8, 0)]
        var sum: Float = 0
        for normal in normals {
            let light = plain.irradiance(normal: normal, openness: 1, shadow: 1)
            sum += 0.2126 * light.x + 0.7152 * light.y + 0.0722 * light.z
        }
        let luminance = 0.2126 * tone.x + 0.7152 * tone.y + 0.0722 * tone.z
        let target = 0.43 * (luminance / 0.4).squareRoot()
        return light.exposure * target / (luminance * max(0.05, sum / 3))
    }

    /// Paints what belongs to the moment into a copy of the person's skin.
    func paint(_ texture: FaceTexture) {
        let traits = traits
        let hairColor = traits.hair.color.padded
        let shownLight = pose.unapplyToDirection(rig.keyDirection)
        texture.setLoft(surface.loft)
        var beard = traits.beard
        if beard.stubble > 0.02 { beard.stubble = clamp(beard.stubble + look.stubbleShift, 0.02, 1) }
        let makeUp = look.makeUp * traits.skin.makeUpHabit
        let lip = mix(Vector(0.75, 0.06, 0.1, 0), Vector(0.6, 0.2, 0.22, 0), look.makeUpHue)
        let lidColor = mix(Vector(0.12, 0.08, 0.07, 0), Vector(0.1, 0.12, 0.2, 0), look.makeUpHue)
        MouthPainter(
            mouth: traits.mouth,
            nose: traits.nose,
            beard: beard,
            nasolabial: traits.skin.nasolabial,
            hairColor: hairColor,
            tone: person.tone,
            expression: photograph.expression,
            makeUp: makeUp,
            makeUpColor: lip,
            noise: person.noise
        )
        .paint(texture)
        EyePainter(
            eyes: traits.eyes,
            brows: traits.brows,
            hairColor: hairColor,
            tone: person.tone,
            expression: photograph.expression,
            makeUp: makeUp,
            makeUpColor: lidColor,
            light: shownLight,
            noise: person.noise
        )
        .paint(texture)
    }
}

extension SyntheticPhotograph {
    /// A plausible confidence of a face detector.
    func detectorScore(imageSize: Int) -> Double {
        let turn = Double(abs(view.yaw)) * 0.6 + Double(abs(view.pitch)) * 0.5
        var score = 0.9995 - 0.16 * turn * turn
        if appearance.covering != .none { score -= 0.09 }
        score -= 0.012 * Double(finish.defocus * finish.defocus)
        let motion = finish.motion
        score -= 0.002 * Double(motion.x * motion.x + motion.y * motion.y).squareRoot()
        score -= 0.03 * Double(finish.reduction - 1) + 0.0025 * Double(finish.noise)
        score -= 0.05 * Double(abs(1 - light.exposure))
        // A third decimal that differs from picture to picture, as detectors' do.
        score -= Double(appearance.sceneSeed >> 40) * 0x1p-24 * 0.012
        return min(0.9999, max(0.35, score))
    }
}

/// What lies behind the person: a gradient with blurred shapes.
struct Backdrop {
    private static let cells = 40
    private let grid: [Vector]

    init(seed: UInt64, gain: Float) {
        var generator = SeededGenerator(seed: seed, stream: 5)
        func uniform(_ low: Double, _ high: Double) -> Float { Float(generator.uniform(low, high)) }
        func color() -> Vector {
            let value = uniform(0, 1)
            let tint = Vector(uniform(0, 1), uniform(0, 1), uniform(0, 1), 0)
            let grey = Vector(repeating: 0.03 + 0.7 * value * value)
            return mix(grey, tint * tint * 0.6, uniform(0, 0.7) * uniform(0, 1)) * gain
        }
        let top = color()
        let bottom = mix(color(), top, 0.5)
        var grid = (0..<(Self.cells * Self.cells))
            .map { index in
                mix(top, bottom, Float(index / Self.cells) / Float(Self.cells - 1))
            }
        for _ in 0..<generator.index(below: 9) {
            let centre = SIMD2(uniform(0, 1), uniform(0, 1))
            let size = SIMD2(uniform(0.05, 0.5), uniform(0.05, 0.5))
            let paint = color()
            let boxy = generator.uniform() < 0.5
            let cover = uniform(0.3, 1)
            for index in grid.indices {
                let x = (Float(index % Self.cells) / Float(Self.cells) - centre.x) / size.x
                let y = (Float(index / Self.cells) / Float(Self.cells) - centre.y) / size.y
                let inside = boxy ? smoothstep(1.1, 0.8, max(abs(x), abs(y))) : smoothstep(1.1, 0.5, x * x + y * y)
                grid[index] = mix(grid[index], paint, inside * cover)
            }
        }
        self.grid = grid
    }

    /// Fills a canvas.
    func fill(_ canvas: SampleCanvas) {
        let step = Float(Self.cells - 1) / Float(canvas.side)
        var line = [Vector](repeating: .zero, count: Self.cells)
        for row in 0..<canvas.side {
            let y = Float(row) * step
            let top = Int(Int32(y))
            for cell in 0..<Self.cells {
                let above = top * Self.cells + cell
                line[cell] = mix(grid[above], grid[above + Self.cells], y - Float(top))
            }
            let colors = canvas.colors + row * canvas.side
            line.withUnsafeBufferPointer { line in
                for column in 0..<canvas.side {
                    let x = Float(column) * step
                    let left = Int(Int32(x))
                    colors[column] = mix(line[left], line[left + 1], x - Float(left))
                }
            }
        }
    }
}

import SeededRandom

/// A hand or an object between the camera and the face, drawn in the plane of the picture.
struct Overlay {
    /// A thick line with a round profile.
    private struct Capsule {
        var from: SIMD2<Float>
        var to: SIMD2<Float>
        var radius: Float
        var color: Vector
        var round: Bool
    }

    private var capsules: [Capsule] = []

    /// Fingers of the person's own hand at the mouth, a cheek or an eye.
    ///
    /// - Parameters:
    ///   - landmarks: In samples.
    ///   - unit: Samples per centimetre.
    static func hand(seed: UInt64, landmarks: [SIMD2<Float>], unit: Float, color: Vector) -> Overlay {
        var generator = SeededGenerator(seed: seed, stream: 9)
        func uniform(_ low: Double, _ high: Double) -> Float { Float(generator.uniform(low, high)) }
        var overlay = Overlay()
        let target = landmarks[generator.index(below: landmarks.count)]
        let lean = uniform(-0.9, 0.9)
        let way = PortableMath.sineCosine(lean)
        let along = SIMD2(way.sine, -way.cosine)
        let across = SIMD2(way.cosine, way.sine)
        let count = 2 + generator.index(below: 3)
        for finger in 0..<count {
            let place = Float(finger) - Float(count - 1) * 0.5
            let length = uniform(-0.6, 0.6) - abs(place) * 0.5
            let tip = target + across * (place * 1.75 * unit) + along * ((1 + length) * unit)
            let root = target + across * (place * 1.5 * unit) - along * (uniform(5, 6) * unit)
            let shade = uniform(0.85, 1.05)
            overlay.capsules.append(
                Capsule(from: root, to: tip, radius: 0.88 * unit, color: color * shade, round: true)
            )
        }
        let palm = target - along * (7.2 * unit)
        let wrist = target - along * (18 * unit)
        overlay.capsules.append(Capsule(from: wrist, to: palm, radius: 3.3 * unit, color: color, round: true))
        return overlay
    }

    /// A bar, cup, microphone or leaf that hides part of the face.
    static func object(seed: UInt64, landmarks: [SIMD2<Float>], unit: Float, color: Vector) -> Overlay {
        var generator = SeededGenerator(seed: seed, stream: 11)
        func uniform(_ low: Double, _ high: Double) -> Float { Float(generator.uniform(low, high)) }
        var overlay = Overlay()
        let target = landmarks[generator.index(below: landmarks.count)]
        let shift = SIMD2(uniform(-1.5, 1.5), uniform(-1, 1)) * unit
        let turn = PortableMath.sineCosine(uniform(0, 3.14159))
        let direction = SIMD2(turn.cosine, turn.sine)
        let length = generator.uniform() < 0.5 ? uniform(1, 4) * unit : 40 * unit
        let from = target + shift - direction * length
        let to = target + shift + direction * (generator.uniform() < 0.5 ? length : unit)
        let round = generator.uniform() < 0.6
        overlay.capsules.append(
            Capsule(from: from, to: to, radius: uniform(0.9, 2.6) * unit, color: color, round: round)
        )
        return overlay
    }

    /// Draws over a canvas.
    func draw(_ canvas: SampleCanvas, rig: LightRig) {
        for capsule in capsules { draw(capsule, canvas, rig) }
    }

    private func draw(_ capsule: Capsule, _ canvas: SampleCanvas, _ rig: LightRig) {
        let edge = capsule.to - capsule.from
        let square = edge.x * edge.x + edge.y * edge.y + 1e-6
        let last = Float(canvas.side - 1)
        let top = Int(clamp(min(capsule.from.y, capsule.to.y) - capsule.radius, 0, last))
        let bottom = Int(clamp(max(capsule.from.y, capsule.to.y) + capsule.radius, 0, last))
        let left = Int(clamp(min(capsule.from.x, capsule.to.x) - capsule.radius, 0, last))
        let right = Int(clamp(max(capsule.from.x, capsule.to.x) + capsule.radius, 0, last))
        for row in top...bottom {
            for column in left...right {
                let offset = SIMD2(Float(column), Float(row)) - capsule.from
                let t = clamp((offset.x * edge.x + offset.y * edge.y) / square)
                let rest = (offset - edge * t) / capsule.radius
                let distance = rest.x * rest.x + rest.y * rest.y
                guard distance < 1 else { continue }
                let depth = (1 - distance).squareRoot()
                let normal = capsule.round ? Vector(rest.x, -rest.y, depth, 0) : Vector(0, 0.3, 0.95, 0)
                let light = rig.irradiance(normal: normal, openness: 1, shadow: 1)
                let cover = smoothstep(1, 0.9, distance)
                let index = row * canvas.side + column
                canvas.colors[index] = mix(canvas.colors[index], capsule.color * light, cover)
            }
        }
    }
}

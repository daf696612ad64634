/// The turn of head and body; the body moves less than the head.
struct Pose {
    private let head: (Vector, Vector, Vector)
    private let body: (Vector, Vector, Vector)
    private static let pivot = Vector(0, -5, 1, 0)

    init(_ parameters: ViewParameters) {
        head = Self.columns(yaw: parameters.yaw, pitch: parameters.pitch, roll: parameters.roll)
        body = Self.columns(yaw: parameters.bodyYaw, pitch: 0, roll: 0.3 * parameters.roll)
    }

    /// A vertex in the camera's orientation; its fourth lane weighs the body's turn.
    @inline(__always)
    func apply(_ vertex: Vector) -> Vector {
        let local = vertex - Self.pivot
        var turned = Self.turn(local, head)
        if vertex.w > 0 { turned = mix(turned, Self.turn(local, body), vertex.w) }
        turned += Self.pivot
        turned.w = 0
        return turned
    }

    /// A direction fixed to the head.
    func applyToDirection(_ direction: Vector) -> Vector { Self.turn(direction, head) }

    /// A direction of the camera in the head's coordinates.
    func unapplyToDirection(_ direction: Vector) -> Vector {
        Vector(dot(head.0, direction), dot(head.1, direction), dot(head.2, direction), 0)
    }

    @inline(__always)
    private static func turn(_ v: Vector, _ columns: (Vector, Vector, Vector)) -> Vector {
        columns.0 * v.x + columns.1 * v.y + columns.2 * v.z
    }

    /// Columns of roll × pitch × yaw.
    private static func columns(yaw: Float, pitch: Float, roll: Float) -> (Vector, Vector, Vector) {
        let a = PortableMath.sineCosine(yaw)
        let b = PortableMath.sineCosine(pitch)
        let c = PortableMath.sineCosine(roll)
        func turned(_ v: Vector) -> Vector {
            let yawed = Vector(a.cosine * v.x + a.sine * v.z, v.y, a.cosine * v.z - a.sine * v.x, 0)
            let nodded = Vector(
                yawed.x,
                b.cosine * yawed.y - b.sine * yawed.z,
                b.sine * yawed.y + b.cosine * yawed.z,
                0
            )
            return Vector(
                c.cosine * nodded.x + c.sine * nodded.y,
                c.cosine * nodded.y - c.sine * nodded.x,
                nodded.z,
                0
            )
        }
        return (turned(Vector(1, 0, 0, 0)), turned(Vector(0, 1, 0, 0)), turned(Vector(0, 0, 1, 0)))
    }
}

/// A pinhole before the face, looking along −z.
struct Camera {
    /// Samples per centimetre at the depth of the face.
    let samplesPerCentimetre: Float
    private let distance: Float
    /// Sample position of the axis.
    private(set) var centre: SIMD2<Float>
    private static let faceDepth: Float = 7

    /// A camera for a square canvas of `samples` per side.
    init(_ parameters: ViewParameters, samples: Int) {
        distance = parameters.cameraDistance
        samplesPerCentimetre = parameters.scale * Float(samples) / 6.3
        centre = SIMD2(repeating: Float(samples) * 0.5)
    }

    /// Column and row in samples (rows downwards), depth.
    @inline(__always)
    func project(_ v: Vector) -> Vector {
        let zoom = samplesPerCentimetre * distance / (distance + Self.faceDepth - v.z)
        return Vector(centre.x + v.x * zoom, centre.y - v.y * zoom, v.z, 0)
    }

    /// Moves the picture.
    mutating func shift(by offset: SIMD2<Float>) { centre += offset }
}

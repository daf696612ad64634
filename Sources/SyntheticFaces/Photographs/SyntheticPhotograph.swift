import SeededRandom

/// Muscles of the face at a moment.
package struct Expression: Hashable, Sendable {
    /// −0.6 (sad) … 1.
    package var smile: Float = 0
    /// Drop of the jaw in centimetres.
    package var mouthOpen: Float = 0
    package var pucker: Float = 0
    /// 0 open … 1 shut, the viewer's left eye and right eye.
    package var closure = SIMD2<Float>(0, 0)
    package var browRaise: Float = 0
    package var frown: Float = 0
    /// Centimetres of iris shift.
    package var gaze = SIMD2<Float>(0, 0)
}

/// The camera and the head before it; angles in radians, the rest in centimetres or shares of the canvas.
package struct ViewParameters: Hashable, Sendable {
    package var yaw: Float = 0
    package var pitch: Float = 0
    package var roll: Float = 0
    package var cameraDistance: Float = 120
    /// Pupil distance of an average face as a share of the canvas.
    package var scale: Float = 0.26
    package var offset = SIMD2<Float>(0, 0)
    package var bodyYaw: Float = 0
}

/// Light in linear units before exposure; directions point towards the light.
package struct LightParameters: Hashable, Sendable {
    package var keyDirection = SIMD3<Float>(0.3, 0.5, 0.8)
    package var key = SIMD3<Float>(1, 1, 1)
    package var fillDirection = SIMD3<Float>(-0.8, 0.1, 0.5)
    package var fill = SIMD3<Float>(0.2, 0.2, 0.2)
    package var sky = SIMD3<Float>(0.4, 0.4, 0.45)
    package var ground = SIMD3<Float>(0.2, 0.18, 0.16)
    package var exposure: Float = 1
}

/// What covers the face.
package enum Covering: Hashable, Sendable, CaseIterable {
    case none
    case sunglasses
    case mask
    case hand
    case object
}

/// How the person has dressed and groomed.
package struct Appearance: Hashable, Sendable {
    package var glasses = false
    package var covering = Covering.none
    package var hat = false
    package var clothes = SIMD3<Float>(0.1, 0.1, 0.2)
    package var trim = SIMD3<Float>(0.6, 0.6, 0.6)
    package var accent = SIMD3<Float>(0.2, 0.05, 0.05)
    /// Shifts of the hair cut: volume, fringe, parting, length.
    package var cutShift = SIMD4<Float>(0, 0, 0, 0)
    package var tieHair = false
    package var stubbleShift: Float = 0
    package var makeUp: Float = 0
    package var makeUpHue: Float = 0
    /// Seeds what has no identity: background, fabric, frames, places of occluders.
    package var sceneSeed: UInt64 = 0
}

/// Camera, sensor and file.
package struct FinishParameters: Hashable, Sendable {
    /// Standard deviation of the defocus at a canvas of 160 pixels.
    package var defocus: Float = 0
    /// Vector of motion at a canvas of 160 pixels.
    package var motion = SIMD2<Float>(0, 0)
    /// Standard deviation of the noise in grey levels.
    package var noise: Float = 0
    /// The picture is stored with this factor fewer pixels per side and enlarged again.
    package var reduction: Float = 1
    package var contrast: Float = 1
    package var brightness: Float = 0
    package var cast = SIMD3<Float>(1, 1, 1)
    package var saturation: Float = 1
    package var jpegQuality: Int = 90
    package var noiseSeed: UInt64 = 0
}

/// Everything about a photograph that is not the person: pose, light, expression, occlusion, camera.
///
/// Depends on its seed, frame number and strength alone; it holds no trait of any identity, and so cannot change one.
/// Frames of one seed share light, clothes, background and camera, and drift in pose, expression and sharpness as a
/// video does.
public struct SyntheticPhotograph: Hashable, Sendable {
    /// Names the photograph.
    public let seed: UInt64
    /// The frame of the video; 0 for a still.
    public let frame: Int
    package var view = ViewParameters()
    package var light = LightParameters()
    package var expression = Expression()
    package var appearance = Appearance()
    package var finish = FinishParameters()

    /// A photograph.
    ///
    /// - Parameters:
    ///   - seed: Any number; near seeds give unrelated photographs.
    ///   - frame: Number of the frame in a video; 0 for a still.
    ///   - strength: How far photographs may differ.
    public init(seed: UInt64, frame: Int = 0, strength: NuisanceStrength) {
        self.seed = seed
        self.frame = frame
        var sampler = PhotographSampler(seed: seed, strength: strength)
        sampler.draw(into: &self)
        if frame != 0 { sampler.drift(&self, frame: frame) }
    }

    /// A frontal, evenly lit, sharp photograph, for tests and plates.
    package init(neutral seed: UInt64) {
        self.seed = seed
        frame = 0
        appearance.sceneSeed = seed
    }

    /// Turn of the head in degrees; positive towards the viewer's right.
    public var yawDegrees: Double { Double(view.yaw) * 180 / PortableMath.pi }
    /// Nod of the head in degrees; positive downwards.
    public var pitchDegrees: Double { Double(view.pitch) * 180 / PortableMath.pi }
    /// The quality at which the picture is meant to be stored, 20 … 95.
    public var jpegQuality: Int { finish.jpegQuality }
    /// Whether sunglasses, a mask, a hand or an object covers part of the face.
    public var isOccluded: Bool { appearance.covering != .none }
}

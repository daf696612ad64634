import SeededRandom

/// What is worked out once per person: surface at rest, skin, strands of hair.
final class IdentityModel {
    let identity: SyntheticIdentity
    let noise: ValueNoise
    let hair: HairModel
    let tone: Vector
    let surface: HeadSurface
    /// Vertices of the head at rest, and their material places.
    let model: UnsafeMutablePointer<Vector>
    let material: UnsafeMutablePointer<SIMD2<Float>>
    /// The skin without eyes, mouth and beard.
    let skin: UnsafeMutablePointer<Vector>

    /// - Parameter texture: Scratch; follows this person's head afterwards.
    init(identity: SyntheticIdentity, texture: FaceTexture) {
        self.identity = identity
        let traits = identity.traits
        var generator = SeededGenerator(seed: traits.patternSeed, stream: 3)
        noise = ValueNoise(generator: &generator)
        hair = HairModel(noise: noise, curl: traits.hair.curl)
        surface = HeadSurface(traits: traits)
        let count = HeadSurface.rowHeights.count * HeadSurface.columnDegrees.count
        model = .allocate(capacity: count)
        material = .allocate(capacity: count)
        model.initialize(repeating: .zero, count: count)
        material.initialize(repeating: .zero, count: count)
        surface.shape(model, material: material)
        texture.setLoft(surface.loft)
        let painter = SkinPainter(traits: traits, noise: noise)
        tone = painter.tone
        painter.paint(texture)
        let texels = FaceTexture.side * FaceTexture.side
        skin = .allocate(capacity: texels)
        skin.initialize(from: texture.texels, count: texels)
    }

    deinit {
        model.deallocate()
        material.deallocate()
        skin.deallocate()
    }
}

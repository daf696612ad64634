import SeededRandom

/// A person who does not exist: a vector of about a hundred traits that differ as faces differ.
///
/// Depends on seed, index and diversity alone. Two indices of one seed are independent draws from one population.
public struct SyntheticIdentity: Hashable, Sendable {
    /// The seed of the population.
    public let seed: UInt64
    /// The person's number in it.
    public let index: Int
    /// What the face is like.
    package let traits: FaceTraits

    /// The person with a number.
    ///
    /// - Parameters:
    ///   - seed: Names a population.
    ///   - index: Any integer.
    ///   - diversity: A factor on the spread of every measured trait, 0 … 1.5; 1 is as varied as a cosmopolitan
    ///     population, less makes impostors harder. What is drawn from a list (hair colour and cut, freckles, moles,
    ///     beard) stays as varied. Values outside are brought to the nearer bound.
    public init(seed: UInt64, index: Int, diversity: Double = 1) {
        self.seed = seed
        self.index = index
        let generator = SeededGenerator(seed: seed ^ 0x5f3c_1d0a_9e27_4b61, stream: UInt64(bitPattern: Int64(index)))
        let factor = diversity >= 0 ? min(diversity, 1.5) : 0
        traits = TraitSampler(generator: generator, diversity: Float(factor)).traits
    }

    /// A face with given traits, for tests that vary one trait.
    package init(seed: UInt64, index: Int, traits: FaceTraits) {
        self.seed = seed
        self.index = index
        self.traits = traits
    }
}

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

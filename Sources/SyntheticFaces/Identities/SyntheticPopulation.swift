public import ArtifactFiles

/// People and the way they are photographed: what a whole synthetic set has in common.
public struct SyntheticPopulation: Hashable, Sendable {
    /// Names the population and all its photographs.
    public let seed: UInt64
    /// A factor on how far persons differ, 0.1 … 1.5; smaller is harder.
    public let diversity: Double
    /// How far photographs of one person differ.
    public let strength: NuisanceStrength
    /// The format of the pictures.
    public let settings: SyntheticFaceSettings

    /// A population.
    ///
    /// - Parameters:
    ///   - seed: Any number.
    ///   - diversity: 0.1 … 1.5.
    ///   - strength: How far photographs of one person differ.
    ///   - settings: The format of the pictures.
    /// - Throws: `InputError` for a value out of range.
    public init(
        seed: UInt64,
        diversity: Double = 1,
        strength: NuisanceStrength = .standard,
        settings: SyntheticFaceSettings
    ) throws(InputError) {
        guard diversity >= 0.1 && diversity <= 1.5 else {
            throw InputError(
                .usage,
                "diversity out of range",
                place: "'diversity'",
                expected: "0.1 … 1.5",
                found: "\(diversity)"
            )
        }
        try strength.validate()
        self.seed = seed
        self.diversity = diversity
        self.strength = strength
        self.settings = settings
    }

    /// The person with a number.
    public func identity(_ index: Int) -> SyntheticIdentity {
        SyntheticIdentity(seed: seed, index: index, diversity: diversity)
    }

    /// What the camera saw in a shot, without the person.
    public func photograph(_ shot: SyntheticShot) -> SyntheticPhotograph {
        SyntheticPhotograph(seed: shot.photographSeed, frame: shot.frame, strength: strength)
    }

    /// Renders a shot.
    ///
    /// - Parameters:
    ///   - shot: Which person, which photograph.
    ///   - renderer: With this population's settings.
    public func render(_ shot: SyntheticShot, with renderer: SyntheticFaceRenderer) -> SyntheticFace {
        precondition(renderer.settings == settings, "the renderer has another format")
        return renderer.render(identity(shot.identity), photograph(shot))
    }

    /// Renders shots on several workers.
    ///
    /// Pictures do not depend on the number of workers; the order in which they are handed on does. Shots of one person
    /// in a row are rendered fastest.
    ///
    /// - Parameters:
    ///   - shots: What to render.
    ///   - workers: At least 1.
    ///   - deliver: Takes a shot's position and its picture; called from several tasks at once.
    /// - Throws: What `deliver` throws; the other workers stop at their next shot.
    public func render(
        _ shots: [SyntheticShot],
        workers: Int,
        deliver: @escaping @Sendable (Int, SyntheticFace) throws -> Void
    ) async throws {
        precondition(workers >= 1)
        let chunk = 32
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<workers {
                group.addTask { @concurrent in
                    let renderer = SyntheticFaceRenderer(settings: settings)
                    for start in stride(from: worker * chunk, to: shots.count, by: workers * chunk) {
                        for index in start..<min(start + chunk, shots.count) {
                            try Task.checkCancellation()
                            try deliver(index, render(shots[index], with: renderer))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// One picture that is to be rendered.
public struct SyntheticShot: Hashable, Sendable {
    /// Number of the person in the population.
    public var identity: Int
    /// Names the photograph; frames of one video share it.
    public var photographSeed: UInt64
    /// Frame of the video; 0 for a still.
    public var frame: Int

    /// A picture.
    public init(identity: Int, photographSeed: UInt64, frame: Int = 0) {
        self.identity = identity
        self.photographSeed = photographSeed
        self.frame = frame
    }
}

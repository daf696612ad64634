public import ArtifactFiles
internal import Parallelism
import SeededRandom

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

    /// Renders shots on several threads and gives what became of each, in their order.
    ///
    /// Shots of one person in a row are rendered fastest.
    ///
    /// - Parameters:
    ///   - shots: What to render.
    ///   - workers: How many threads; does not show in the pictures.
    ///   - deliver: Takes a shot's position and its picture; called on several threads at once.
    /// - Throws: What `deliver` throws; what has not begun by then is not rendered.
    public func render<Result, Failure: Error>(
        _ shots: [SyntheticShot],
        workers: Int,
        deliver: (Int, SyntheticFace) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        let run = 32
        return try ThreadPool(workers)
            .map(
                (shots.count + run - 1) / run,
                worker: { _ throws(Failure) in SyntheticFaceRenderer(settings: settings) },
                body: { renderer, part throws(Failure) in
                    var results: [Result] = []
                    for index in part * run..<min(part * run + run, shots.count) {
                        results.append(try deliver(index, render(shots[index], with: renderer)))
                    }
                    return results
                }
            )
            .flatMap { $0 }
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

/// Draws the photographs of persons: stills, and videos of several frames.
struct SyntheticShotSampler {
    /// The parts of a set; the same person has different photographs in each.
    enum Purpose: UInt64 {
        case training = 0x7261_696e
        case evaluation = 0x6576_616c
    }

    let populationSeed: UInt64
    let purpose: Purpose
    let videoShare: Double
    let framesPerVideo: ClosedRange<Int>

    /// `count` pictures of a person, grouped by medium.
    func media(identity: Int, count: Int) -> [[SyntheticShot]] {
        var generator = SeededGenerator(
            seed: populationSeed ^ purpose.rawValue &* 0x9e37_79b9_7f4a_7c15,
            stream: UInt64(bitPattern: Int64(identity))
        )
        var media: [[SyntheticShot]] = []
        var left = count
        while left > 0 {
            let seed = generator.next()
            let isVideo = generator.uniform() < videoShare
            let span = framesPerVideo.upperBound - framesPerVideo.lowerBound + 1
            let drawn = framesPerVideo.lowerBound + generator.index(below: span)
            let frames = isVideo ? min(left, drawn) : 1
            media.append((0..<frames).map { SyntheticShot(identity: identity, photographSeed: seed, frame: $0) })
            left -= frames
        }
        return media
    }
}

/// Persons for training, for choosing settings, and for the final evaluation: three sets without a common member.
public struct SyntheticIdentitySplit: Hashable, Sendable {
    /// Persons to train on, in ascending order.
    public let training: [Int]
    /// Persons on which settings may be chosen, in ascending order.
    public let validation: [Int]
    /// Persons of the final evaluation, in ascending order.
    public let evaluation: [Int]

    /// Divides the persons 0 ..< count at random.
    ///
    /// - Parameters:
    ///   - count: At least 2.
    ///   - trainingShare: Above 0, below 1.
    ///   - validationShare: At least 0.
    ///   - seed: Names the division.
    /// - Throws: `InputError` when a share is out of range, or training or evaluation would be empty.
    public init(
        count: Int,
        trainingShare: Double = 0.6,
        validationShare: Double = 0,
        seed: UInt64
    ) throws(InputError) {
        guard trainingShare > 0, validationShare >= 0, trainingShare + validationShare < 1 else {
            throw InputError(
                .usage,
                "shares of the identities out of range",
                expected: "training above 0, validation at least 0, their sum below 1",
                found: "\(trainingShare) and \(validationShare)"
            )
        }
        let trained = Int((Double(count) * trainingShare).rounded())
        let validated = Int((Double(count) * validationShare).rounded())
        guard count >= 2, trained >= 1, trained + validated < count else {
            throw InputError(
                .usage,
                "too few identities to divide",
                expected: "at least one for training and one for evaluation",
                found: "\(count)"
            )
        }
        var generator = SeededGenerator(seed: seed, stream: 0x5b117)
        let order = generator.permutation(of: count)
        training = order[..<trained].sorted()
        validation = order[trained..<(trained + validated)].sorted()
        evaluation = order[(trained + validated)...].sorted()
    }
}

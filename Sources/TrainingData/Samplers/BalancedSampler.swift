public import ArtifactFiles
internal import SeededRandom
internal import Synchronization

/// Batches of some identities with some pictures each, for losses over pairs.
///
/// Identities go by in random order, each once per round of `identities / identitiesPerBatch` steps (those that do not
/// fill a batch are left out of a round, other ones each time). Pictures of an identity are drawn without repetition;
/// one with fewer pictures than a batch takes repeats all of them equally often, but for one.
public final class BalancedSampler: TrainingSampler {
    /// Identities of a step.
    public let identitiesPerBatch: Int
    /// Pictures of each.
    public let picturesPerIdentity: Int
    /// Steps of one epoch: as many as it takes to see as many samples as there are.
    public let stepsPerEpoch: Int
    private let starts: [Int]
    private let samples: [Int]
    /// Classes that have pictures.
    private let classes: [Int]
    private let seed: UInt64
    private let order = Mutex<(round: Int, classes: [Int])>((-1, []))

    /// A sampler.
    ///
    /// - Parameters:
    ///   - source: The samples with their labels; classes without a sample are left out.
    ///   - identitiesPerBatch: At least 1.
    ///   - picturesPerIdentity: At least 1.
    ///   - seed: Names the order.
    /// - Throws: ``InputError`` (`usage`) when a batch needs more identities than there are.
    public init(
        _ source: some TrainingSource,
        identitiesPerBatch: Int,
        picturesPerIdentity: Int,
        seed: UInt64
    ) throws(InputError) {
        let sizes = source.classSizes
        classes = sizes.indices.filter { sizes[$0] > 0 }
        guard identitiesPerBatch >= 1, picturesPerIdentity >= 1, identitiesPerBatch <= classes.count else {
            throw InputError(
                .usage,
                "balanced batches do not fit the data",
                expected: "1 … \(classes.count) identities a step, 1 or more pictures of each",
                found: "\(identitiesPerBatch) with \(picturesPerIdentity) pictures"
            )
        }
        var starts = [0]
        for size in sizes { starts.append(starts[starts.count - 1] + size) }
        var next = starts
        var samples = [Int](repeating: 0, count: source.sampleCount)
        for sample in 0..<source.sampleCount {
            let label = source.label(of: sample)
            samples[next[label]] = sample
            next[label] += 1
        }
        self.starts = starts
        self.samples = samples
        self.identitiesPerBatch = identitiesPerBatch
        self.picturesPerIdentity = picturesPerIdentity
        self.seed = seed
        stepsPerEpoch = max(1, source.sampleCount / (identitiesPerBatch * picturesPerIdentity))
    }

    /// Samples of a step.
    public var batchSize: Int { identitiesPerBatch * picturesPerIdentity }

    /// One line for logs.
    public var summary: String {
        "\(identitiesPerBatch) of \(classes.count) identities with \(picturesPerIdentity) pictures each, "
            + "\(stepsPerEpoch) steps an epoch"
    }

    /// The samples of a step, those of one identity side by side.
    public func batch(at step: Int) -> PlannedBatch {
        let (round, place) = step.quotientAndRemainder(dividingBy: classes.count / identitiesPerBatch)
        let chosen = order.withLock { order in
            if order.round != round {
                var random = SampleStream.identityOrder.generator(seed: seed, round)
                order = (round, random.permutation(of: classes.count).map { classes[$0] })
            }
            return Array(order.classes[place * identitiesPerBatch..<(place + 1) * identitiesPerBatch])
        }
        var drawn: [Int] = []
        drawn.reserveCapacity(batchSize)
        for identity in chosen { draw(from: identity, step: step, into: &drawn) }
        return PlannedBatch(step: step, epoch: step / stepsPerEpoch, round: step, samples: drawn)
    }

    private func draw(from identity: Int, step: Int, into drawn: inout [Int]) {
        var random = SampleStream.identityPictures.generator(seed: seed, step, identity)
        var pictures = Array(samples[starts[identity]..<starts[identity + 1]])
        var missing = picturesPerIdentity
        while missing > 0 {
            let count = min(missing, pictures.count)
            // The first steps of a Fisher–Yates shuffle: `count` pictures, none twice.
            for place in 0..<count { pictures.swapAt(place, place + random.index(below: pictures.count - place)) }
            drawn += pictures[..<count]
            missing -= count
        }
    }
}

/// Batches of two parts: random samples, which the classifier's loss sees, and balanced ones beside them for losses over
/// pairs.
///
/// Evaluation-oriented distillation is trained so (Tencent's TFace, `tasks/ekd`: 32 random and 32 balanced pictures; the
/// classifier sees the former, the distillation all). An epoch is one of the random part.
public struct MixedSampler: TrainingSampler {
    private let random: ShuffledSampler
    private let balanced: BalancedSampler

    /// A sampler.
    ///
    /// - Parameters:
    ///   - source: The samples with their labels.
    ///   - randomCount: Random samples of a step.
    ///   - identitiesPerBatch: Identities of a step's balanced part.
    ///   - picturesPerIdentity: Pictures of each.
    ///   - seed: Names the order of both parts.
    /// - Throws: ``InputError`` (`usage`) when a part does not fit the data.
    public init(
        _ source: some TrainingSource,
        randomCount: Int,
        identitiesPerBatch: Int,
        picturesPerIdentity: Int,
        seed: UInt64
    ) throws(InputError) {
        random = try ShuffledSampler(sampleCount: source.sampleCount, batchSize: randomCount, seed: seed)
        balanced = try BalancedSampler(
            source,
            identitiesPerBatch: identitiesPerBatch,
            picturesPerIdentity: picturesPerIdentity,
            seed: seed
        )
    }

    /// One line for logs.
    public var summary: String { "\(random.summary); beside them \(balanced.summary)" }
    /// Samples of a step, both parts.
    public var batchSize: Int { random.batchSize + balanced.batchSize }
    /// Steps in which the random part sees every sample once.
    public var stepsPerEpoch: Int { random.stepsPerEpoch }

    /// The samples of a step, the random ones first.
    public func batch(at step: Int) -> PlannedBatch {
        var plan = random.batch(at: step)
        plan.classifiedCount = plan.samples.count
        plan.samples += balanced.batch(at: step).samples
        // A sample may come in several steps of an epoch.
        plan.round = step
        return plan
    }
}

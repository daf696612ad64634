public import ArtifactFiles
internal import SeededRandom
internal import Synchronization

/// Every sample once per epoch in random order.
///
/// The order of an epoch is a Fisher–Yates permutation drawn from (seed, epoch); it is kept for the epoch in use (8 bytes
/// per sample).
public final class ShuffledSampler: TrainingSampler {
    /// Most samples of a step.
    public let batchSize: Int
    /// Steps of one epoch.
    public let stepsPerEpoch: Int
    private let sampleCount: Int
    private let seed: UInt64
    private let dropsLast: Bool
    private let order = Mutex<(epoch: Int, samples: [Int])>((-1, []))

    /// A sampler.
    ///
    /// - Parameters:
    ///   - sampleCount: Samples of the source.
    ///   - batchSize: Samples of a step.
    ///   - dropsLast: Whether samples that do not fill a batch are left out of their epoch (other ones each time);
    ///     otherwise an epoch ends with a smaller batch.
    ///   - seed: Names the order.
    /// - Throws: ``InputError`` (`usage`) when an epoch would have no step.
    public init(sampleCount: Int, batchSize: Int, dropsLast: Bool = true, seed: UInt64) throws(InputError) {
        guard batchSize >= 1, sampleCount >= (dropsLast ? batchSize : 1) else {
            throw InputError(
                .usage,
                "the batch does not fit the data",
                expected: "1 … \(sampleCount) samples a step",
                found: "\(batchSize)"
            )
        }
        self.batchSize = batchSize
        self.sampleCount = sampleCount
        self.seed = seed
        self.dropsLast = dropsLast
        stepsPerEpoch = dropsLast ? sampleCount / batchSize : (sampleCount + batchSize - 1) / batchSize
    }

    /// One line for logs.
    public var summary: String {
        "\(sampleCount) samples shuffled, \(batchSize) a step, \(stepsPerEpoch) steps an epoch"
            + (dropsLast && sampleCount % batchSize != 0 ? ", \(sampleCount % batchSize) left out of each" : "")
    }

    /// The samples of a step.
    public func batch(at step: Int) -> PlannedBatch {
        let (epoch, place) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        let range = place * batchSize..<min((place + 1) * batchSize, sampleCount)
        let samples = order.withLock { order in
            if order.epoch != epoch {
                var random = SampleStream.epochOrder.generator(seed: seed, epoch)
                order = (epoch, random.permutation(of: sampleCount))
            }
            return Array(order.samples[range])
        }
        return PlannedBatch(step: step, epoch: epoch, round: epoch, samples: samples)
    }
}

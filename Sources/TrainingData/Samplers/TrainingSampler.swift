public import ArtifactFiles
internal import SeededRandom
internal import Synchronization

/// The samples of one step.
public struct PlannedBatch: Hashable, Sendable {
    /// The step, from 0.
    public var step: Int
    /// The epoch that the step belongs to, from 0.
    public var epoch: Int
    /// Augmentation is drawn anew in every round: the epoch where each sample comes once in it, else the step.
    public var round: Int
    /// Indices into the source.
    public var samples: [Int]
    /// How many of the first samples the classifier's loss sees; all of them without it.
    public var classifiedCount: Int?

    /// A plan of one step.
    public init(step: Int, epoch: Int, round: Int, samples: [Int], classifiedCount: Int? = nil) {
        self.classifiedCount = classifiedCount
        self.step = step
        self.epoch = epoch
        self.round = round
        self.samples = samples
    }
}

/// Which samples a step sees: a pure function of the step, so that resuming needs the step's number alone.
public protocol TrainingSampler: Sendable {
    /// One line for logs.
    var summary: String { get }
    /// Most samples of a step.
    var batchSize: Int { get }
    /// Steps of one epoch; above 0.
    var stepsPerEpoch: Int { get }
    /// The samples of a step.
    ///
    /// - Parameter step: From 0, without end.
    func batch(at step: Int) -> PlannedBatch
}

/// What random numbers are drawn for: each purpose has streams of its own.
enum SampleStream: UInt64 {
    case epochOrder = 0x4f52_4445_525f_5345
    case identityOrder = 0x4944_454e_5449_5459
    case identityPictures = 0x5049_4354_5552_4553
    case augmentation = 0x4155_474d_454e_5431

    /// The stream of two numbers: a step or epoch, and a sample or class.
    func generator(seed: UInt64, _ first: Int, _ second: Int = 0) -> SeededGenerator {
        SeededGenerator(seed: seed ^ rawValue, stream: UInt64(first) &* 0xff51_afd7_ed55_8ccd ^ UInt64(second))
    }
}

/// Every sample once, in the source's order; the last batch may be smaller.
public struct SequentialSampler: TrainingSampler {
    /// Most samples of a step.
    public let batchSize: Int
    private let sampleCount: Int

    /// A sampler.
    ///
    /// - Throws: ``InputError`` (`usage`) for a batch or a source without samples.
    public init(sampleCount: Int, batchSize: Int) throws(InputError) {
        guard batchSize >= 1, sampleCount >= 1 else {
            throw InputError(.usage, "no samples to go through", expected: "1 or more", found: "\(sampleCount)")
        }
        self.sampleCount = sampleCount
        self.batchSize = batchSize
    }

    /// One line for logs.
    public var summary: String { "\(sampleCount) samples in order, \(batchSize) a step" }
    /// Steps of one epoch.
    public var stepsPerEpoch: Int { (sampleCount + batchSize - 1) / batchSize }

    /// The samples of a step.
    public func batch(at step: Int) -> PlannedBatch {
        let (epoch, place) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        let range = place * batchSize..<min((place + 1) * batchSize, sampleCount)
        return PlannedBatch(step: step, epoch: epoch, round: epoch, samples: Array(range))
    }
}

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

public import ArtifactFiles

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

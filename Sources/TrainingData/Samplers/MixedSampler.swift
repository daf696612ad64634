public import ArtifactFiles

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

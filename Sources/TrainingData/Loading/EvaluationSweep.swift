public import ArtifactFiles
public import FaceImaging

/// Every sample once, in order, without augmentation: for features of a frozen network and for accuracy.
///
/// Samples that cannot be read are left out (`samples` says which are there) up to a limit.
public final class EvaluationSweep {
    private let loader: BatchLoader

    /// Starts a sweep.
    ///
    /// - Parameters:
    ///   - source: The pictures.
    ///   - preprocessings: One or several views of each.
    ///   - batchSize: Most pictures at a time.
    ///   - threads: Threads that read ahead.
    ///   - includesMirrored: Whether every view is made mirrored too (`mirroredViews`).
    ///   - resizes: Whether pictures of another size than a preprocessing's are resized.
    ///   - failureLimit: How many samples may fail.
    ///   - firstSample: Where to begin, rounded down to a whole batch.
    /// - Throws: ``InputError`` when pictures and preprocessing do not fit together.
    public init(
        source: any TrainingSource,
        preprocessings: [FacePreprocessing],
        batchSize: Int,
        threads: Int,
        includesMirrored: Bool = false,
        resizes: Bool = false,
        failureLimit: Int = 0,
        firstSample: Int = 0
    ) throws(InputError) {
        var settings = LoaderSettings(
            augmentation: .none,
            preprocessings: preprocessings,
            seed: 0,
            threads: threads
        )
        settings.includesMirrored = includesMirrored
        settings.resizes = resizes
        settings.failedSamples = .omitted(limit: failureLimit)
        let sampler = try SequentialSampler(sampleCount: source.sampleCount, batchSize: batchSize)
        loader = try BatchLoader(
            source: source,
            sampler: sampler,
            settings: settings,
            firstStep: max(0, firstSample) / batchSize,
            endStep: sampler.stepsPerEpoch
        )
    }

    /// Samples that could not be read so far.
    public var failures: [SampleFailure] { loader.failures }

    /// The next batch; nil when all samples are through.
    ///
    /// - Throws: ``InputError`` when more samples failed than may.
    public func next() throws(InputError) -> TrainingBatch? { try loader.nextIfAny() }
}

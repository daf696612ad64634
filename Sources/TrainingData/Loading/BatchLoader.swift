public import ArtifactFiles
public import FaceImaging

/// Makes batches ahead of time on spare threads.
///
/// A batch is a function of source, sampler, settings and step alone: the number of threads changes nothing, and a loader
/// that starts at a step continues as if it had made all steps before. Threads end soon after ``stop()`` or the end of the
/// loader's life; neither waits for them. For one consumer at a time.
public final class BatchLoader {
    /// Different samples that could not be read so far, in the order of the steps.
    public private(set) var failures: [SampleFailure] = []

    private let core: LoaderCore
    private let limit: Int
    private var failedSamples = Set<Int>()
    private var failure: InputError?
    private lazy var helper = SampleWorker(source: core.source, settings: core.settings)

    /// Starts to make batches.
    ///
    /// - Parameters:
    ///   - source: The pictures.
    ///   - sampler: Which of them a step sees.
    ///   - settings: What becomes of them.
    ///   - firstStep: Where to begin.
    ///   - endStep: The step before which to end; nil: never.
    /// - Throws: ``InputError`` when pictures and settings do not fit together.
    public init(
        source: any TrainingSource,
        sampler: any TrainingSampler,
        settings: LoaderSettings,
        firstStep: Int = 0,
        endStep: Int? = nil
    ) throws(InputError) {
        let endStep = endStep ?? .max
        guard firstStep >= 0, firstStep <= endStep else {
            throw InputError(.usage, "no such steps", expected: "0 … \(endStep)", found: "\(firstStep)")
        }
        try settings.validate(pictureSize: source.pictureSize)
        core = LoaderCore(source: source, sampler: sampler, settings: settings, steps: firstStep..<endStep)
        limit = settings.failedSamples.limit
        core.start()
    }

    deinit { core.stop() }

    /// Threads end after the face that they are at; ``next()`` fails from now on.
    public func stop() { core.stop() }

    /// How many of the loader's threads have not ended.
    package var runningThreadCount: Int { core.threadCount }

    /// The batch of the next step.
    ///
    /// - Throws: ``InputError``: `limitExceeded` when more samples failed than may, naming the last; `usage` after the
    ///   last step or ``stop()``. A loader that has thrown throws again.
    public func next() throws(InputError) -> TrainingBatch {
        guard let batch = try nextIfAny() else {
            throw InputError(.usage, "the loader has stopped, or its last step is over")
        }
        return batch
    }

    /// The batch of the next step; nil after the last.
    func nextIfAny() throws(InputError) -> TrainingBatch? {
        if let failure { throw failure }
        guard let (batch, wanted) = core.next(helper: { helper }) else { return nil }
        do throws(InputError) {
            try take(batch.failures)
            if case .replaced = core.settings.failedSamples, batch.count < wanted, let lost = batch.failures.last {
                throw InputError(
                    .limitExceeded,
                    "no sample near '\(lost.name)' can be read: \(lost.error)",
                    place: "step \(batch.step)"
                )
            }
        } catch {
            failure = error
            core.stop()
            throw error
        }
        return batch
    }

    private func take(_ new: [SampleFailure]) throws(InputError) {
        for failed in new where failedSamples.insert(failed.sample).inserted {
            failures.append(failed)
            guard failures.count <= limit else {
                throw InputError(
                    .limitExceeded,
                    "too many samples cannot be read; the last was '\(failed.name)': \(failed.error)",
                    expected: "at most \(limit) of \(core.source.sampleCount)",
                    found: "\(failures.count)"
                )
            }
        }
    }
}

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

public import ArtifactFiles
internal import Dispatch
public import FaceImaging
public import NeuralCompute
internal import NeuralGraph
internal import Synchronization

/// Takes faces from a source through alignment, preprocessing and the network.
///
/// Every thread does all of it for its own faces, so that cores never wait for each other: decoding and alignment take a
/// few per cent of a forward pass. Memory is the embeddings and a few megabytes per thread. The result does not depend
/// on the number of threads.
public struct EmbeddingPipeline: Sendable {
    /// The compiled network.
    public var plan: any InferencePlan
    /// What is done to a face before it.
    public var preprocessing: FacePreprocessing
    /// Whether the mirrored face is embedded too.
    public var includesMirrored: Bool
    /// Threads to use.
    public var threads: Int
    /// Earlier results.
    public var cache: EmbeddingCache?
    /// Failures that are borne.
    public var failureLimit: FailureLimit

    /// What is told while the work goes on.
    public struct Progress: Sendable {
        /// Faces done, failed ones included.
        public var done: Int
        /// Faces in all.
        public var total: Int
        /// Faces found in the cache.
        public var cached: Int
    }

    /// What comes out.
    public struct Result: Sendable {
        /// One row per face.
        public var embeddings: ImageEmbeddings
        /// Faces without an embedding, in order.
        public var failures: [FailedImage]
        /// How many faces were found in the cache.
        public var cachedCount: Int
        /// How many pictures were decoded at a reduced scale, because the alignment shrinks them anyway.
        public var reducedCount: Int
        /// How many images were turned upright, as their EXIF orientation says; those from the cache are not counted.
        public var turnedCount: Int
        /// Seconds of thread time per stage.
        public var stages: StageTimes
        /// Seconds from start to end.
        public var seconds: Double
    }

    public init(
        plan: any InferencePlan,
        preprocessing: FacePreprocessing,
        includesMirrored: Bool,
        threads: Int,
        cache: EmbeddingCache? = nil,
        failureLimit: FailureLimit = .share(0.01)
    ) {
        self.plan = plan
        self.preprocessing = preprocessing
        self.includesMirrored = includesMirrored
        self.threads = threads
        self.cache = cache
        self.failureLimit = failureLimit
    }

    /// Embeds all faces of a source.
    ///
    /// - Parameters:
    ///   - source: The faces.
    ///   - progress: Called from any thread after every few faces.
    /// - Returns: Embeddings, failures and times.
    /// - Throws: ``InputError`` when too many faces fail, when the network's output for a face is not finite or all
    ///   zero (naming the face), or when the cache cannot be written.
    public func run(
        _ source: any FaceSource,
        progress: @Sendable @escaping (Progress) -> Void = { _ in }
    ) throws(InputError) -> Result {
        let start = ContinuousClock.now
        var embeddings = ImageEmbeddings(
            imageCount: source.count,
            dimensions: plan.outputShape.count,
            viewCount: includesMirrored ? 2 : 1
        )
        let workerCount = max(1, min(threads, source.count))
        let shared = SharedProgress(
            total: source.count,
            workers: workerCount,
            allowed: failureLimit.allowed(of: source.count),
            report: progress
        )
        embeddings.withMutableStorage { values, isEmbedded in
            let target = EmbeddingTarget(values: values, isEmbedded: isEmbedded)
            DispatchQueue.concurrentPerform(iterations: workerCount) { _ in
                EmbeddingWorker(
                    pipeline: self,
                    network: plan.makeWorker(),
                    source: source,
                    target: target,
                    shared: shared
                )
                .run()
            }
        }
        var outcome = shared.outcome()
        if let cache {
            do throws(InputError) { try cache.flush() } catch { outcome.error = outcome.error ?? error }
        }
        if let error = outcome.error { throw error }
        return Result(
            embeddings: embeddings,
            failures: outcome.failures,
            cachedCount: outcome.cached,
            reducedCount: outcome.reduced,
            turnedCount: outcome.turned,
            stages: outcome.stages,
            seconds: (ContinuousClock.now - start).inSeconds
        )
    }
}

/// Seconds of thread time that each stage of the pipeline took.
public struct StageTimes: Hashable, Sendable {
    /// Reading files and looking into the cache.
    public var read = 0.0
    /// Decoding and aligning.
    public var align = 0.0
    /// Preprocessing and the network.
    public var embed = 0.0

    static func += (left: inout StageTimes, right: StageTimes) {
        left.read += right.read
        left.align += right.align
        left.embed += right.embed
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// Memory for all embeddings.
///
/// `@unchecked Sendable`: every face is claimed by exactly one worker, which alone writes its rows, and the memory
/// outlives the workers.
struct EmbeddingTarget: @unchecked Sendable {
    let values: UnsafeMutableBufferPointer<Float>
    let isEmbedded: UnsafeMutableBufferPointer<Bool>
}

/// What the workers of one run share.
final class SharedProgress: Sendable {
    struct Outcome: Sendable {
        var failures: [FailedImage] = []
        var error: InputError?
        var stages = StageTimes()
        var cached = 0
        var done = 0
        var reduced = 0
        var turned = 0
    }

    private let total: Int
    private let workers: Int
    private let allowedFailures: Int
    private let report: @Sendable (EmbeddingPipeline.Progress) -> Void
    private let nextFace = Atomic<Int>(0)
    private let hasStopped = Atomic<Bool>(false)
    private let state = Mutex(Outcome())
    private static let mostFacesPerClaim = 8

    init(total: Int, workers: Int, allowed: Int, report: @Sendable @escaping (EmbeddingPipeline.Progress) -> Void) {
        self.total = total
        self.workers = workers
        allowedFailures = allowed
        self.report = report
    }

    /// The next faces for a worker; nil when there are none or the run has failed.
    func claim() -> Range<Int>? {
        guard !hasStopped.load(ordering: .relaxed) else { return nil }
        var first = nextFace.load(ordering: .relaxed)
        while first < total {
            // Towards the end fewer at a time, so that the workers finish together.
            let count = min(max(1, (total - first) / (2 * workers)), Self.mostFacesPerClaim)
            let (isMine, found) = nextFace.weakCompareExchange(
                expected: first,
                desired: first + count,
                ordering: .relaxed
            )
            if isMine { return first..<first + count }
            first = found
        }
        return nil
    }

    func fail(_ error: InputError) {
        hasStopped.store(true, ordering: .relaxed)
        state.withLock { $0.error = $0.error ?? error }
    }

    func add(_ image: FailedImage) {
        let isOver = state.withLock { state in
            state.failures.append(image)
            return state.failures.count > allowedFailures
        }
        guard isOver else { return }
        fail(
            InputError(
                .limitExceeded,
                "too many images failed; the last was '\(image.name)': \(image.cause.detail)",
                expected: "at most \(allowedFailures) of \(total) (--max-failures)",
                found: "\(allowedFailures + 1)"
            )
        )
    }

    func finished(_ count: Int, cached: Int) {
        let progress = state.withLock { state in
            state.done += count
            state.cached += cached
            return EmbeddingPipeline.Progress(done: state.done, total: total, cached: state.cached)
        }
        report(progress)
    }

    func add(_ times: StageTimes, reducedCount: Int, turnedCount: Int) {
        state.withLock { state in
            state.stages += times
            state.reduced += reducedCount
            state.turned += turnedCount
        }
    }

    /// What came of it; failures in the order of the faces.
    func outcome() -> Outcome {
        var outcome = state.withLock { $0 }
        outcome.failures.sort { $0.row < $1.row }
        return outcome
    }
}

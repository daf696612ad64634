internal import ArtifactFiles
internal import FaceImaging
internal import Foundation

/// What a loader's threads share.
///
/// `@unchecked Sendable`: every variable is guarded by `condition`.
final class LoaderCore: @unchecked Sendable {
    /// Places of a batch that a worker has taken upon itself.
    struct Claim {
        let batch: BatchInProgress
        let places: Range<Int>
    }

    let source: any TrainingSource
    let settings: LoaderSettings
    private let sampler: any TrainingSampler
    private let endStep: Int
    private let pools: [FacePool]
    private let condition = NSCondition()
    private var open: [BatchInProgress] = []
    private var nextStep: Int
    private var hasStopped = false
    private var runningThreads = 0

    init(
        source: any TrainingSource,
        sampler: any TrainingSampler,
        settings: LoaderSettings,
        steps: Range<Int>
    ) {
        self.source = source
        self.sampler = sampler
        self.settings = settings
        nextStep = steps.lowerBound
        endStep = steps.upperBound
        pools = settings.preprocessings.map { FacePool(count: sampler.batchSize * $0.faceByteCount) }
    }

    /// Values of one face in each view.
    var faceCounts: [Int] { settings.preprocessings.map(\.faceByteCount) }

    /// Starts the threads; they end soon after ``stop()``.
    func start() {
        for number in 0..<settings.threads {
            condition.withLock { runningThreads += 1 }
            let thread = Thread { [self] in
                let worker = SampleWorker(source: source, settings: settings)
                while let claim = awaitClaim() { finish(claim, worker.make(claim.places, of: claim.batch)) }
                condition.withLock {
                    runningThreads -= 1
                    condition.broadcast()
                }
            }
            thread.name = "batch-\(number)"
            thread.start()
        }
    }

    /// Tells the threads to end; waits for nobody.
    func stop() {
        condition.withLock {
            hasStopped = true
            open = []
            condition.broadcast()
        }
    }

    /// How many threads have not ended yet.
    var threadCount: Int { condition.withLock { runningThreads } }

    /// The next batch; the caller makes faces itself as long as there is something left to make.
    ///
    /// - Returns: The batch, and how many samples it should have; nil after the last step, and when stopped.
    func next(helper: () -> SampleWorker) -> (batch: TrainingBatch, wanted: Int)? {
        condition.lock()
        defer { condition.unlock() }
        while !hasStopped {
            if let first = open.first, first.isDone {
                open.removeFirst()
                condition.broadcast()
                return (first.batch(of: source, faceCounts: faceCounts), first.plan.samples.count)
            }
            if open.isEmpty && !openNext() { return nil }
            if let first = open.first, first.hasUnclaimed {
                let claim = Claim(batch: first, places: first.claim())
                condition.unlock()
                let results = helper().make(claim.places, of: claim.batch)
                condition.lock()
                claim.batch.finish(claim.places, results)
                continue
            }
            condition.wait()
        }
        return nil
    }

    /// Waits for something to do; nil when there will be nothing any more.
    private func awaitClaim() -> Claim? {
        condition.lock()
        defer { condition.unlock() }
        while !hasStopped {
            if let batch = open.first(where: \.hasUnclaimed) { return Claim(batch: batch, places: batch.claim()) }
            if open.count < settings.batchesAhead {
                if openNext() { continue }
                return nil
            }
            condition.wait()
        }
        return nil
    }

    private func finish(_ claim: Claim, _ results: [BatchInProgress.Outcome]) {
        condition.withLock {
            claim.batch.finish(claim.places, results)
            if claim.batch.isDone { condition.broadcast() }
        }
    }

    private func openNext() -> Bool {
        guard nextStep < endStep else { return false }
        let plan = sampler.batch(at: nextStep)
        nextStep += 1
        open.append(
            BatchInProgress(
                plan: plan,
                views: pools.map { $0.storage() },
                mirrored: settings.includesMirrored ? pools.map { $0.storage() } : []
            )
        )
        condition.broadcast()
        return true
    }
}

/// A batch while its faces are being made.
///
/// `@unchecked Sendable`: the numbers are guarded by the loader's lock; the memory is written place by place, each by the
/// worker that claimed it.
final class BatchInProgress: @unchecked Sendable {
    /// What became of one place of the batch.
    struct Outcome: Sendable {
        /// The sample that stands there; nil when none could be read.
        var sample: Int?
        var isFlipped = false
        var failures: [SampleFailure] = []
    }

    let plan: PlannedBatch
    /// How often each place's sample stands before it in the batch.
    let repetitions: [Int]
    let views: [FaceStorage]
    let mirrored: [FaceStorage]
    private(set) var nextPlace = 0
    private var remaining: Int
    private var outcomes: [Outcome?]

    /// Places are handed out in groups, so that several threads make one batch.
    private static let placesPerClaim = 4

    init(plan: PlannedBatch, views: [FaceStorage], mirrored: [FaceStorage]) {
        self.plan = plan
        self.views = views
        self.mirrored = mirrored
        remaining = plan.samples.count
        outcomes = Array(repeating: nil, count: plan.samples.count)
        var seen: [Int: Int] = [:]
        repetitions = plan.samples.map { sample in
            defer { seen[sample, default: 0] += 1 }
            return seen[sample, default: 0]
        }
    }

    var isDone: Bool { remaining == 0 }
    var hasUnclaimed: Bool { nextPlace < plan.samples.count }

    func claim() -> Range<Int> {
        let end = min(nextPlace + Self.placesPerClaim, plan.samples.count)
        defer { nextPlace = end }
        return nextPlace..<end
    }

    func finish(_ places: Range<Int>, _ results: [Outcome]) {
        for (place, result) in zip(places, results) { outcomes[place] = result }
        remaining -= places.count
    }

    /// The finished batch; places without a picture are closed up.
    func batch(of source: any TrainingSource, faceCounts: [Int]) -> TrainingBatch {
        let done = outcomes.compactMap { $0 }
        let kept = done.indices.filter { done[$0].sample != nil }
        for (target, place) in kept.enumerated() where target != place {
            for (storage, size) in zip(views + mirrored, faceCounts + (mirrored.isEmpty ? [] : faceCounts)) {
                for index in 0..<size { storage.values[target * size + index] = storage.values[place * size + index] }
            }
        }
        let samples = kept.compactMap { done[$0].sample }
        func values(_ storages: [FaceStorage]) -> [FaceValues] {
            zip(storages, faceCounts).map { FaceValues($0, count: $1 * kept.count) }
        }
        return TrainingBatch(
            step: plan.step,
            epoch: plan.epoch,
            count: kept.count,
            views: values(views),
            mirroredViews: values(mirrored),
            labels: samples.map { source.label(of: $0) },
            samples: samples,
            flipped: kept.map { done[$0].isFlipped },
            classifiedCount: plan.classifiedCount.map { count in kept.count { $0 < count } },
            failures: done.flatMap(\.failures)
        )
    }
}

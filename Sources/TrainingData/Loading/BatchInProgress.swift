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

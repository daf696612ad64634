internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
internal import EvaluationRuns
internal import FaceImaging
internal import NeuralCompute
internal import NeuralTraining
internal import VerificationMetrics

/// Tells a training's steps, and evaluates the network now and then.
final class TrainingWatcher: TrainingObserver {
    private let log: RunLog
    private let listener: RunListener
    private var clock = StepClock()
    private let total: Int
    private let evaluationSteps: Set<Int>
    private let interruption: Interruption
    private let evaluate: (Int) throws -> [LogRow]
    private let epochEnd: (Int) throws -> [LogRow]

    /// - Parameters:
    ///   - total: Steps in all.
    ///   - stepsPerEpoch: Steps of an epoch.
    ///   - evaluationSteps: Steps between evaluations; nil for none.
    ///   - interruption: Says when to stop.
    ///   - log: Takes notes.
    ///   - listener: Takes the steps.
    ///   - evaluate: Evaluates the network as it is.
    ///   - epochEnd: What to note at the end of each epoch.
    init(
        total: Int,
        stepsPerEpoch: Int,
        evaluationSteps every: Int?,
        interruption: Interruption,
        log: RunLog,
        listener: @escaping RunListener,
        evaluate: @escaping (Int) throws -> [LogRow],
        epochEnd: @escaping (Int) throws -> [LogRow]
    ) {
        self.log = log
        self.interruption = interruption
        self.total = total
        self.listener = listener
        // The end has a whole report of its own.
        self.evaluationSteps = Set(every.map { Array(stride(from: $0, to: total, by: $0)) } ?? [])
        self.evaluate = evaluate
        let epoch = stepsPerEpoch
        self.epochEnd = { steps in steps % epoch == 0 || steps == total ? try epochEnd(steps) : [] }
    }

    func didStep(_ report: StepReport, faces: Int) {
        clock.didStep(samples: faces)
        listener(
            .step(
                TrainingStep(
                    step: report.step + 1,
                    total: total,
                    epoch: report.epoch,
                    loss: report.loss,
                    rate: report.rate,
                    timed: (clock.steps, clock.samples),
                    seconds: clock.seconds
                )
            )
        )
    }

    var asksToStop: Bool { interruption.signal != nil }

    func isLong(after steps: Int) -> Bool { evaluationSteps.contains(steps) }

    func rows(after steps: Int) throws -> [LogRow] {
        var rows = try epochEnd(steps)
        if evaluationSteps.contains(steps) {
            let start = ContinuousClock.now
            // The state lies on disk: an evaluation need not be waited for.
            rows += try interruption.withoutState { try evaluate(steps) }
            clock.leaveOut(.now - start)
        }
        return rows
    }

    func didSave(steps: Int) {}

    func note(_ text: String) { log.note(text) }
}

/// Counts steps from the end of the first, which has the cost of beginning, and the time that they take.
private struct StepClock {
    private var start: ContinuousClock.Instant?
    private(set) var steps = 0
    private(set) var samples = 0

    mutating func didStep(samples count: Int) {
        guard start != nil else {
            start = .now
            return
        }
        steps += 1
        samples += count
    }

    mutating func leaveOut(_ duration: Duration) { start? += duration }

    var seconds: Double { start.map { (.now - $0) / .seconds(1) } ?? 0 }
}

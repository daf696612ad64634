internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
internal import EvaluationRuns
internal import FaceImaging
internal import NeuralCompute
internal import NeuralTraining
internal import Synchronization

/// Tells a training's steps, and evaluates the network now and then.
final class TrainingWatcher: TrainingObserver {
    private let log: RunLog
    private let listener: RunListener
    private var clock = StepClock()
    private let total: Int
    private let evaluationSteps: Set<Int>
    private let stop: StopRequest
    private let evaluate: (Int) throws -> [LogRow]
    private let epochEnd: (Int) throws -> [LogRow]

    /// - Parameters:
    ///   - total: Steps in all.
    ///   - stepsPerEpoch: Steps of an epoch.
    ///   - evaluationSteps: Steps between evaluations; nil for none.
    ///   - stop: Says when to stop.
    ///   - log: Takes notes.
    ///   - listener: Takes the steps.
    ///   - evaluate: Evaluates the network as it is.
    ///   - epochEnd: What to note at the end of each epoch.
    init(
        total: Int,
        stepsPerEpoch: Int,
        evaluationSteps every: Int?,
        stop: StopRequest,
        log: RunLog,
        listener: @escaping RunListener,
        evaluate: @escaping (Int) throws -> [LogRow],
        epochEnd: @escaping (Int) throws -> [LogRow]
    ) {
        self.log = log
        self.stop = stop
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

    var asksToStop: Bool { stop.isAsked }

    func isLong(after steps: Int) -> Bool { evaluationSteps.contains(steps) }

    func rows(after steps: Int) throws -> [LogRow] {
        var rows = try epochEnd(steps)
        if evaluationSteps.contains(steps) {
            let start = ContinuousClock.now
            // The state lies on disk: an evaluation need not be waited for.
            rows += try stop.withoutState { try evaluate(steps) }
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

/// Asks a training to stop after the step that is running, with its state saved.
public final class StopRequest: Sendable {
    private let state = Mutex((isAsked: false, savesState: false))

    /// Nobody asks yet.
    public init() {}

    public var isAsked: Bool { state.withLock { $0.isAsked } }

    public func ask() { state.withLock { $0.isAsked = true } }

    /// Asks where nobody has asked before and steps are being taken; elsewhere no state would be saved by waiting.
    ///
    /// - Returns: Whether the training will stop with its state saved.
    public func askToSave() -> Bool {
        state.withLock { state in
            guard state.savesState, !state.isAsked else { return false }
            state.isAsked = true
            return true
        }
    }

    /// Runs steps that end with a saved state when asked to.
    func withState<Result>(_ body: () throws -> Result) rethrows -> Result { try with(savesState: true, body) }

    /// Runs what is lost when the process ends.
    func withoutState<Result>(_ body: () throws -> Result) rethrows -> Result { try with(savesState: false, body) }

    private func with<Result>(savesState: Bool, _ body: () throws -> Result) rethrows -> Result {
        let before = state.withLock { state in
            defer { state.savesState = savesState }
            return state.savesState
        }
        defer { state.withLock { $0.savesState = before } }
        return try body()
    }
}

/// A training that was asked to stop, and has, with its state saved.
public struct TrainingStopped: Error {
    /// Steps done.
    public var step: Int
    /// Steps in all.
    public var total: Int
}

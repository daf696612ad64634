internal import ArtifactFiles
internal import Backbones
internal import Checkpoints
internal import FaceImaging
internal import Foundation
internal import NeuralCompute
internal import NeuralTraining
internal import VerificationMetrics

/// Shows a training's progress, and evaluates the network now and then.
final class TrainingWatcher: TrainingObserver {
    private let log: RunLog
    private let display: TrainingProgress
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
    ///   - isQuiet: Whether nothing is shown.
    ///   - evaluate: Evaluates the network as it is.
    ///   - epochEnd: What to note at the end of each epoch.
    init(
        total: Int,
        stepsPerEpoch: Int,
        evaluationSteps every: Int?,
        interruption: Interruption,
        log: RunLog,
        isQuiet: Bool,
        evaluate: @escaping (Int) throws -> [LogRow],
        epochEnd: @escaping (Int) throws -> [LogRow]
    ) {
        self.log = log
        self.interruption = interruption
        self.total = total
        display = TrainingProgress(total: total, isQuiet: isQuiet)
        // The end has a whole report of its own.
        self.evaluationSteps = Set(every.map { Array(stride(from: $0, to: total, by: $0)) } ?? [])
        self.evaluate = evaluate
        let epoch = stepsPerEpoch
        self.epochEnd = { steps in steps % epoch == 0 || steps == total ? try epochEnd(steps) : [] }
    }

    func didStep(_ report: StepReport, faces: Int) { display.update(report, faces: faces) }

    var asksToStop: Bool { interruption.signal != nil }

    func isLong(after steps: Int) -> Bool { evaluationSteps.contains(steps) }

    func rows(after steps: Int) throws -> [LogRow] {
        var rows = try epochEnd(steps)
        if evaluationSteps.contains(steps) {
            display.pause()
            // The state lies on disk: an evaluation need not be waited for.
            rows += try interruption.withoutState { try evaluate(steps) }
            display.resume()
        }
        return rows
    }

    func didSave(steps: Int) {}

    func note(_ text: String) { log.note(text) }

    /// Ends the display.
    func finish() { display.finish() }
}

/// Loss, learning rate, rate and time left: one line on a terminal, a line every few seconds otherwise.
final class TrainingProgress {
    private let total: Int
    private let isQuiet: Bool
    private let isTerminal = isatty(2) == 1
    private var start = ContinuousClock.now
    private var lastShown = ContinuousClock.now
    private var firstStep: Int?
    private var faces = 0
    private var smoothedLoss: Double?
    private var pausedAt: ContinuousClock.Instant?

    init(total: Int, isQuiet: Bool) {
        self.total = total
        self.isQuiet = isQuiet
    }

    func update(_ report: StepReport, faces count: Int) {
        if firstStep == nil {
            firstStep = report.step
            start = .now
        } else {
            faces += count
        }
        smoothedLoss = smoothedLoss.map { 0.95 * $0 + 0.05 * Double(report.loss) } ?? Double(report.loss)
        let now = ContinuousClock.now
        guard !isQuiet, now - lastShown >= (isTerminal ? .milliseconds(200) : .seconds(10)) else { return }
        lastShown = now
        let line = line(report, seconds: Self.seconds(now - start))
        FileHandle.standardError.write(Data((isTerminal ? "\r\u{1b}[K" + line : line + "\n").utf8))
    }

    /// Time that is not spent training does not count.
    func pause() {
        pausedAt = .now
        if isTerminal, !isQuiet { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }

    func resume() {
        if let pausedAt { start += .now - pausedAt }
        pausedAt = nil
    }

    func finish() { if isTerminal, !isQuiet { FileHandle.standardError.write(Data("\n".utf8)) } }

    /// Faces per second so far.
    var rate: Double { Double(faces) / max(1e-9, Self.seconds(.now - start)) }

    private func line(_ report: StepReport, seconds: Double) -> String {
        let done = report.step + 1 - (firstStep ?? 0)
        let left = done > 1 ? seconds / Double(done - 1) * Double(total - report.step - 1) : 0
        let clock = String(format: "%d:%02d:%02d", Int(left) / 3600, Int(left) / 60 % 60, Int(left) % 60)
        return "training: step \(report.step + 1)/\(total), epoch \(report.epoch + 1), "
            + String(format: "loss %.4f, rate %.5f, ", smoothedLoss ?? 0, report.rate)
            + String(format: "%.1f faces/s, ", Double(faces) / max(seconds, 1e-9)) + "\(clock) left"
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}

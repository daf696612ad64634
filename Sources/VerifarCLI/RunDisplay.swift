internal import EvaluationRuns
internal import Foundation
internal import Synchronization

/// Shows what a run tells: results on standard output, the rest on standard error unless quiet; progress as one line that
/// changes on a terminal, as a line every few seconds otherwise.
final class RunDisplay: Sendable {
    private struct State {
        /// The part of the work that is shown, since when, and when it was shown last.
        var label: String?
        var start = ContinuousClock.now
        var lastShown = ContinuousClock.now
        var isLineOpen = false
        var smoothedLoss: Double?
    }

    private let isQuiet: Bool
    private let isTerminal = isatty(2) == 1
    private let state = Mutex(State())

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    var listener: RunListener { { self.show($0) } }

    private func show(_ event: RunEvent) {
        if case .result(let text) = event { return print(text) }
        guard !isQuiet else { return }
        state.withLock { state in
            switch event {
            case .note(let text): write(text, &state)
            case .progress(let label, let unit, let done, let total, let skipped):
                begin(label, &state)
                guard total > 0, isDue(&state, seconds: 5) else { return }
                let seconds = (.now - state.start) / .seconds(1)
                write(bar(label, unit, done, total, skipped, seconds: seconds), changes: true, &state)
            case .finished(let label, let summary):
                write("\(label): \(summary)", &state)
                state.label = nil
            case .step(let step):
                begin("training", &state)
                let loss = Double(step.loss)
                state.smoothedLoss = state.smoothedLoss.map { 0.95 * $0 + 0.05 * loss } ?? loss
                guard isDue(&state, seconds: 10) else { return }
                write(line(step, loss: state.smoothedLoss ?? loss), changes: true, &state)
            case .result: break
            }
        }
    }

    /// Shows what is being done where the amount of work is not known ahead.
    func status(_ label: String, _ text: String) {
        guard !isQuiet else { return }
        state.withLock { state in
            begin(label, &state)
            if isDue(&state, seconds: 5) { write("\(label): \(text)", changes: true, &state) }
        }
    }

    private func begin(_ label: String, _ state: inout State) {
        guard state.label != label else { return }
        state.start = .now
        state.label = label
        state.lastShown = .now
    }

    private func isDue(_ state: inout State, seconds: Int) -> Bool {
        let now = ContinuousClock.now
        guard now - state.lastShown >= (isTerminal ? .milliseconds(200) : .seconds(seconds)) else { return false }
        state.lastShown = now
        return true
    }

    /// Writes a line; one that changes is replaced by the next on a terminal.
    private func write(_ line: String, changes: Bool = false, _ state: inout State) {
        let clear = isTerminal && (changes || state.isLineOpen) ? "\r\u{1b}[K" : ""
        state.isLineOpen = changes && isTerminal
        FileHandle.standardError.write(Data((clear + line + (state.isLineOpen ? "" : "\n")).utf8))
    }

    private func bar(
        _ label: String,
        _ unit: String,
        _ done: Int,
        _ total: Int,
        _ skipped: Int,
        seconds: Double
    ) -> String {
        let rate = Double(done - skipped) / max(seconds, 1e-9)
        let left = rate > 0 ? Self.clock(Double(total - done) / rate) : "?"
        let percent = 100 * done / total
        let numbers = "\(done)/\(total) \(unit), \(String(format: "%.1f", rate))/s, \(left) left"
        guard isTerminal else { return "\(label): \(percent)% (\(numbers))" }
        let filled = 24 * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        return "\(label) \(bar) \(percent)% \(numbers)"
    }

    private func line(_ step: TrainingStep, loss: Double) -> String {
        let seconds = max(step.seconds, 1e-9)
        let left = step.timed.steps > 0 ? seconds / Double(step.timed.steps) * Double(step.total - step.step) : 0
        return "training: step \(step.step)/\(step.total), epoch \(step.epoch + 1), "
            + String(format: "loss %.4f, rate %.5f, ", loss, step.rate)
            + String(format: "%.1f faces/s, ", Double(step.timed.samples) / seconds) + "\(Self.clock(left)) left"
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return whole >= 3600
            ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
            : String(format: "%d:%02d", whole / 60, whole % 60)
    }
}

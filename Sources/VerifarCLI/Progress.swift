internal import Foundation
internal import Synchronization

/// Shows how far a long job is: a bar on a terminal, a line every few seconds otherwise, nothing when quiet.
final class Progress: Sendable {
    private struct State {
        var lastShown = ContinuousClock.now
        var isLineOpen = false
    }

    private let label: String
    private let unit: String
    private let isQuiet: Bool
    private let isTerminal: Bool
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(_ label: String, unit: String, isQuiet: Bool) {
        self.label = label
        self.unit = unit
        self.isQuiet = isQuiet
        isTerminal = isatty(2) == 1
    }

    /// Tells how much is done; shows it when it is time.
    ///
    /// - Parameters:
    ///   - done: Units done.
    ///   - total: Units in all.
    ///   - skipped: Units of `done` that cost nothing (found in a cache): they do not count for the rate.
    func update(_ done: Int, of total: Int, skipped: Int = 0) {
        show { elapsed in line(done, total, skipped, elapsed: elapsed) }
    }

    /// Tells what is going on where the amount of work is not known ahead.
    func note(_ text: String) {
        show { _ in isTerminal ? "\r\u{1b}[K\(label): \(text)" : "\(label): \(text)\n" }
    }

    /// Writes a text when it is time.
    private func show(_ text: (Duration) -> String) {
        guard !isQuiet else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            let interval: Duration = isTerminal ? .milliseconds(200) : .seconds(5)
            guard now - state.lastShown >= interval else { return }
            state.lastShown = now
            state.isLineOpen = isTerminal
            write(text(now - start))
        }
    }

    /// Ends the display with a summary.
    func finish(_ summary: String) {
        guard !isQuiet else { return }
        state.withLock { state in
            let clear = state.isLineOpen ? "\r\u{1b}[K" : ""
            state.isLineOpen = false
            write(clear + "\(label): \(summary)\n")
        }
    }

    private func line(_ done: Int, _ total: Int, _ skipped: Int, elapsed: Duration) -> String {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        let rate = Double(done - skipped) / max(seconds, 1e-9)
        let left = rate > 0 ? Self.clock(Double(total - done) / rate) : "?"
        let percent = total > 0 ? 100 * done / total : 100
        let numbers = "\(done)/\(total) \(unit), \(String(format: "%.1f", rate))/s, \(left) left"
        guard isTerminal else { return "\(label): \(percent)% (\(numbers))\n" }
        let filled = 24 * done / max(total, 1)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        return "\r\u{1b}[K\(label) \(bar) \(percent)% \(numbers)"
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        return whole >= 3600
            ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
            : String(format: "%d:%02d", whole / 60, whole % 60)
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

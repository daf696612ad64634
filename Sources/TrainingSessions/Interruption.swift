internal import Dispatch
internal import Foundation
internal import Synchronization

/// What SIGINT and SIGTERM ask of a training: the first that it saves its state and stops, the second that it ends at once.
///
/// Where no step is being taken (features of a teacher, an evaluation) nothing that could be saved would be lost, and the
/// first one ends the process too.
package final class Interruption: Sendable {
    /// The interruption of the command that is running; outside of a process of its own none listens to signals.
    @TaskLocal package static var current = Interruption()

    /// What is said of it in help texts.
    package static let help = """
        Ctrl-C (SIGINT) and SIGTERM save the state after the step that is running, print the command that goes on, and \
        end with exit status 130 or 143; a second one ends at once. The result is the same as without the interruption.
        """

    /// A training that has stopped with its state saved.
    package struct Stopped: Error {
        /// What to tell, with the command that goes on.
        package var text: String
        /// 128 and the signal's number, as shells count.
        package var exitStatus: Int32
    }

    private struct State {
        var signal: Int32?
        /// Steps are being taken, and the state is saved when they stop.
        var isSaving = false
        var command = ""
    }

    private let state = Mutex(State())
    private let listens: Bool

    /// - Parameter listens: Whether ``watch(goingOn:)`` takes over the process's signals.
    package init(listens: Bool = false) { self.listens = listens }

    /// The signal that asked to stop.
    var signal: Int32? { state.withLock { $0.signal } }

    /// Asks to stop, as a signal does.
    package func request(_ signal: Int32) { state.withLock { $0.signal = $0.signal ?? signal } }

    /// From now on signals are handled here.
    ///
    /// - Parameter command: What to type to go on.
    package func watch(goingOn command: String) {
        state.withLock { $0.command = command }
        guard listens else { return }
        let queue = DispatchQueue(label: "verifar.signals", qos: .userInteractive)
        for number in [SIGINT, SIGTERM] {
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            // The handler holds its source, which therefore lives as long as the process.
            source.setEventHandler { [self] in received(number, times: Int(source.data)) }
            source.resume()
        }
    }

    private func received(_ number: Int32, times: Int) {
        let (ends, text): (Bool, String) = state.withLock { state in
            if state.signal == nil, state.isSaving, times < 2 {
                state.signal = number
                return (false, "\(Self.name(number)): saving after this step; a second one ends at once")
            }
            return (true, "ended by \(Self.name(number)); to go on from the last saved state:\n  \(state.command)")
        }
        FileHandle.standardError.write(Data(("\n" + text + "\n").utf8))
        if ends { _exit(128 + number) }
    }

    /// Runs steps that end with a saved state when ``signal`` asks for it.
    func withState<Result>(_ body: () throws -> Result) rethrows -> Result { try with(isSaving: true, body) }

    /// Runs what is lost when the process ends.
    func withoutState<Result>(_ body: () throws -> Result) rethrows -> Result { try with(isSaving: false, body) }

    private func with<Result>(isSaving: Bool, _ body: () throws -> Result) rethrows -> Result {
        let before = state.withLock { state in
            defer { state.isSaving = isSaving }
            return state.isSaving
        }
        defer { state.withLock { $0.isSaving = before } }
        return try body()
    }

    /// What a training throws that has stopped.
    func stopped(afterStep step: Int, of total: Int) -> Stopped {
        state.withLock { state in
            let number = state.signal ?? SIGTERM
            return Stopped(
                text: "stopped by \(Self.name(number)) after step \(step) of \(total); the state is saved. To go on:\n"
                    + "  \(state.command)",
                exitStatus: 128 + number
            )
        }
    }

    private static func name(_ number: Int32) -> String { number == SIGINT ? "SIGINT" : "SIGTERM" }
}

internal import Dispatch
internal import Foundation
internal import Synchronization
internal import TrainingSessions

/// What SIGINT and SIGTERM ask of a training: the first that it saves its state and stops, the second that it ends at once.
///
/// Where no step is being taken (features of a teacher, an evaluation) nothing that could be saved would be lost, and the
/// first one ends the process too.
package final class Interruption: Sendable {
    /// The interruption of the command that is running; outside of a process of its own none listens to signals.
    @TaskLocal package static var current = Interruption()

    /// What is said of it in help texts.
    static let help = """
        Ctrl-C (SIGINT) and SIGTERM save the state after the step that is running, print the command that goes on, and \
        end with exit status 130 or 143; a second one ends at once. The result is the same as without the interruption.
        """

    /// What the training looks at.
    let stop = StopRequest()
    private let state = Mutex((signal: Int32?.none, command: ""))
    private let listens: Bool

    /// - Parameter listens: Whether ``watch(goingOn:)`` takes over the process's signals.
    package init(listens: Bool = false) { self.listens = listens }

    /// Asks to stop, as a signal does.
    package func request(_ signal: Int32) {
        state.withLock { $0.signal = $0.signal ?? signal }
        stop.ask()
    }

    /// From now on signals are handled here.
    ///
    /// - Parameter command: What to type to go on.
    func watch(goingOn command: String) {
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
        let command = state.withLock { $0.command }
        let isFirst = times < 2 && stop.askToSave()
        if isFirst { state.withLock { $0.signal = number } }
        let text =
            isFirst
            ? "\(Self.name(number)): saving after this step; a second one ends at once"
            : "ended by \(Self.name(number)); to go on from the last saved state:\n  \(command)"
        FileHandle.standardError.write(Data(("\n" + text + "\n").utf8))
        if !isFirst { _exit(128 + number) }
    }

    /// What to tell of a training that has stopped, and the exit status: 128 and the signal's number, as shells count.
    func told(_ stopped: TrainingStopped) -> (text: String, exitStatus: Int32) {
        let (signal, command) = state.withLock { $0 }
        let number = signal ?? SIGTERM
        return (
            "stopped by \(Self.name(number)) after step \(stopped.step) of \(stopped.total); the state is saved. To go on:\n"
                + "  \(command)",
            128 + number
        )
    }

    private static func name(_ number: Int32) -> String { number == SIGINT ? "SIGINT" : "SIGTERM" }
}

internal import ArgumentParser
internal import ArtifactFiles
internal import Foundation
internal import Reporting
internal import Synchronization

/// Where commands print; a caller that wants to have the text binds ``current``.
///
/// What is bound is this structure, not its optional closure: the optimiser of Swift 6.3 reads that one's type before it
/// exists, and the process ends at its first command.
struct StandardOutput: Sendable {
    /// Where the running command prints.
    @TaskLocal static var current = StandardOutput()

    /// Receives what is printed instead of the process's standard output.
    var receiver: (@Sendable (String) -> Void)?

    /// The system's number of the first failure to write; 0 before.
    private static let failure = Mutex<Int32>(0)

    fileprivate static func write(_ text: String) {
        if let receiver = current.receiver { return receiver(text) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Foundation.write(1, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                let reason = errno
                return failure.withLock { if $0 == 0 { $0 = reason } }
            }
            bytes = bytes.dropFirst(written)
        }
    }

    /// Makes sure that all that was printed has been written.
    ///
    /// - Throws: ``InputError`` (`unwritable`), for instance when the disk is full.
    static func finish() throws(InputError) {
        let number = failure.withLock { $0 }
        guard number != 0 else { return }
        throw InputError(.unwritable, "cannot write: \(String(cString: strerror(number)))", file: "standard output")
    }
}

/// Prints a line on the command's standard output.
func print(_ line: String) { StandardOutput.write(line + "\n") }

/// The form of a result on standard output.
struct ResultOptions: ParsableArguments {
    @Flag(help: "Print the result as JSON instead of text.")
    var json = false

    /// Prints a result.
    ///
    /// - Parameters:
    ///   - value: What stands in the JSON.
    ///   - text: What people read.
    func show(_ value: some Encodable, text: @autoclosure () -> String) throws {
        try show(json: JSONText.of(value), text: text())
    }

    /// Prints a document: its JSON, or what fits a terminal.
    func show(_ document: ReportDocument) throws {
        try show(json: document.json?() ?? "", text: document.summary)
    }

    /// Prints a result whose JSON is a file's text, which ends with a line feed.
    private func show(json document: @autoclosure () throws -> String, text: @autoclosure () -> String) throws {
        guard json else { return print(text()) }
        print(String(try document().dropLast()))
    }
}

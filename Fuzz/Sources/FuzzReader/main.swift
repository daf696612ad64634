import CLibFuzzer
import ForeignReaders
import Foundation

// `VERIFAR_READER` names the reader (libFuzzer starts this program again with arguments of its own);
// `--write-seeds folder dictionary` writes what to begin with, and `--list` names the readers.

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(2)
}

if CommandLine.arguments.dropFirst().first == "--list" {
    for reader in ForeignReaders.all { print(reader.name) }
    exit(0)
}
let name = ProcessInfo.processInfo.environment["VERIFAR_READER"] ?? ""
guard let reader = ForeignReaders.all.first(where: { $0.name == name }) else {
    fail("VERIFAR_READER is '\(name)'; known: " + ForeignReaders.all.map(\.name).joined(separator: ", "))
}
let arguments = CommandLine.arguments
do {
    if arguments.count == 4, arguments[1] == "--write-seeds" {
        for (number, seed) in try reader.seeds().enumerated() {
            try Data(seed).write(to: URL(fileURLWithPath: "\(arguments[2])/seed-\(number)"))
        }
        let lines = reader.dictionary.map { token in
            "\"" + token.map { "\\x" + String(format: "%02x", $0) }.joined() + "\"\n"
        }
        // libFuzzer takes no empty dictionary.
        try Data(("# \(name)\n" + lines.joined()).utf8).write(to: URL(fileURLWithPath: arguments[3]))
        exit(0)
    }
    FuzzTarget.session = try FuzzSession(reader)
} catch {
    fail("\(error)")
}

/// What the callback reads with: libFuzzer's carries no context.
enum FuzzTarget {
    // Set once, by the only thread, before it is called back.
    nonisolated(unsafe) static var session: FuzzSession?
}

var count = CommandLine.argc
var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
    LLVMFuzzerRunDriver(&count, &values) { bytes, length in
        let start = clock()
        FuzzTarget.session?.run(UnsafeRawBufferPointer(start: bytes, count: length))
        // Processor time: libFuzzer's own limit is of wall time, which a busy machine spends elsewhere.
        precondition(clock() - start < CLOCKS_PER_SEC, "an input takes more than a second")
        return 0
    }
)

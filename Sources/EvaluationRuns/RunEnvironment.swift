internal import Foundation
package import Reporting

/// What a command runs on and how it was called, for reports.
package enum RunEnvironment {
    /// The arguments of the running command, without the program's name.
    @TaskLocal package static var arguments: [String] = []

    package static func summary(threads: Int, batch: Int? = nil, seed: UInt64?) -> EnvironmentSummary {
        var summary = EnvironmentSummary(version: VerifarVersion.current)
        summary.machine = machine
        summary.threads = threads
        summary.batch = batch
        summary.seed = seed
        summary.command = arguments.isEmpty ? nil : commandLine(arguments)
        return summary
    }

    /// Processor, cores, operating system.
    private static var machine: String {
        func value(of keys: [String], in file: String) -> String? {
            let lines = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n") ?? []
            for key in keys {
                guard let line = lines.first(where: { $0.hasPrefix(key) }) else { continue }
                return line.dropFirst(key.count).trimmingCharacters(in: CharacterSet(charactersIn: " \t:=\""))
            }
            return nil
        }
        let cores = ProcessInfo.processInfo.processorCount
        let processor = value(of: ["model name", "Model", "CPU part"], in: "/proc/cpuinfo") ?? "unknown processor"
        let system = value(of: ["PRETTY_NAME"], in: "/etc/os-release")
        return "\(processor), \(cores) \(cores == 1 ? "core" : "cores"), "
            + (system ?? ProcessInfo.processInfo.operatingSystemVersionString)
    }

    /// The command line as a shell takes it.
    static func commandLine(_ arguments: [String]) -> String {
        let words = arguments.map { argument in
            let isPlain = argument.wholeMatch(of: /[A-Za-z0-9_@%+=:,.\/-]+/) != nil
            return isPlain ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
        }
        return (["verifar"] + words).joined(separator: " ")
    }
}

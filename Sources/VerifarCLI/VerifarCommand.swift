public import ArgumentParser
internal import ArtifactFiles
internal import EvaluationRuns
internal import Foundation
internal import TrainingSessions
internal import VerificationMetrics

/// `verifar`: face-verification evaluation.
public struct VerifarCommand: ParsableCommand {
    /// What `--help` says.
    public static let configuration = CommandConfiguration(
        commandName: "verifar",
        abstract:
            "Says how well a face-recognition checkpoint verifies: TAR at FAR 1e-4, 1e-5, 1e-6 and what stands behind it.",
        discussion: """
            Start here:
              verifar evaluate --checkpoint model.onnx --protocol ijbc --data IJBC --output out
              verifar checkpoint inspect model.pth      what is in a file, and what it is taken for
              verifar protocol validate ijbc --data IJBC
              verifar doctor --checkpoint model.onnx --protocol ijbc --data IJBC   why are my numbers bad?
              verifar metrics --scores scores.npy --labels labels.npy   numbers for any system's scores

            Exit status: 0 done, 1 the work failed, 2 wrong usage; 130 and 143: ended by SIGINT (Ctrl-C) or SIGTERM.
            """,
        version: VerifarVersion.current,
        subcommands: [
            EvaluateCommand.self,
            EmbedCommand.self,
            MetricsCommand.self,
            ProtocolCommand.self,
            CheckpointCommand.self,
            ReportCommand.self,
            CompareCommand.self,
            LeaderboardCommand.self,
            TrainCommand.self,
            DistillCommand.self,
            RecipeCommand.self, DeviceCommand.self,
            SynthCommand.self,
            DoctorCommand.self,
        ]
    )

    public init() {}

    /// Parses the process's arguments, runs the command and exits.
    public static func runProcess() async -> Never {
        let status = await Interruption.$current.withValue(Interruption(listens: true)) {
            await run(Array(CommandLine.arguments.dropFirst())) { line in
                FileHandle.standardError.write(Data((line + "\n").utf8))
            }
        }
        Foundation.exit(status)
    }

    /// Refuses a command that does not exist, and names the nearest: the parser would call it an unexpected argument.
    private static func checkCommandName(in arguments: [String]) throws(InputError) {
        var command: any ParsableCommand.Type = VerifarCommand.self
        for argument in arguments {
            let known = command.configuration.subcommands
            guard !known.isEmpty, !argument.hasPrefix("-"), argument != "help" else { return }
            guard let next = known.first(where: { $0._commandName == argument }) else {
                throw InputError.unknownName(argument, kind: "command", known: known.map { $0._commandName })
            }
            command = next
        }
    }

    /// Runs a command line without leaving the process.
    ///
    /// - Parameters:
    ///   - arguments: What follows the command's name.
    ///   - standardOutput: Receives what the command prints; nil for the process's standard output.
    ///   - standardError: Receives error messages.
    /// - Returns: The exit status: 0 done, 1 the work failed, 2 wrong usage, 128 and the signal's number when stopped by one.
    public static func run(
        _ arguments: [String],
        standardOutput: (@Sendable (String) -> Void)? = nil,
        standardError: (String) -> Void
    ) async -> Int32 {
        await StandardOutput.$current.withValue(StandardOutput(receiver: standardOutput)) {
            let status = await RunEnvironment.$arguments.withValue(arguments) {
                await execute(arguments, standardError)
            }
            do throws(InputError) {
                try StandardOutput.finish()
                return status
            } catch {
                standardError("error: \(error)")
                return 1
            }
        }
    }

    private static func execute(_ arguments: [String], _ standardError: (String) -> Void) async -> Int32 {
        do {
            try checkCommandName(in: arguments)
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let stopped as TrainingStopped {
            let (text, status) = Interruption.current.told(stopped)
            standardError(text)
            return status
        } catch let error as InputError {
            standardError("error: \(error)")
            return error.code == .unknownName || error.code == .usage ? 2 : 1
        } catch let error as MetricsError {
            standardError("error: \(error)")
            return error.code == .invalidFARTarget || error.code == .invalidOption ? 2 : 1
        } catch {
            let message = fullMessage(for: error)
            if exitCode(for: error) == .success {
                print(message)
                return 0
            }
            standardError(message)
            return error is ExitCode ? exitCode(for: error).rawValue : 2
        }
    }
}

public import ArtifactFiles
internal import Checkpoints
internal import Foundation
public import NeuralGraph

/// A training at one moment, as it lies on disk.
public struct RunState: Sendable {
    /// Steps done.
    public var step: Int
    /// What the run is of: digests of the recipe and of the data.
    ///
    /// A state goes on only with the same.
    public var identity: [String: String]
    /// How long the log files were then, by name: what was written later is cut off on resuming.
    public var logLengths: [String: Int]
    /// Whether the observer's rows of this step are still to be added: the run ended while it evaluated.
    public var owesRows: Bool
    /// Parameters, optimiser and objective.
    public var tensors: Weights

    /// Creates a state.
    public init(
        step: Int,
        identity: [String: String],
        logLengths: [String: Int],
        owesRows: Bool = false,
        tensors: Weights
    ) {
        self.step = step
        self.identity = identity
        self.logLengths = logLengths
        self.owesRows = owesRows
        self.tensors = tensors
    }
}

/// The states of one run: whole files, the last two kept.
public struct RunStateFolder: Sendable {
    private let folder: String
    private static let kept = 2
    private static let prefix = "state-"
    private static let suffix = ".safetensors"

    /// Uses a folder, which is made when the first state is written.
    public init(_ folder: String) { self.folder = folder }

    /// The steps of the states that are there, newest first.
    public func steps() throws(InputError) -> [Int] {
        guard FileSystem.isFolder(folder) else { return [] }
        return try FileSystem.names(inFolder: folder)
            .compactMap { name in
                guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { return nil }
                return Int(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
            }
            .sorted(by: >)
    }

    private func path(_ step: Int) -> String {
        let digits = String(step)
        let padded = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
        return FileSystem.join(folder, Self.prefix + padded + Self.suffix)
    }

    /// Writes a state and removes those older than the one before it.
    ///
    /// - Throws: `InputError` (`unwritable`); earlier states are then untouched.
    public func write(_ state: RunState) throws(InputError) {
        try FileSystem.createFolder(folder)
        var strings = ["verifar.state": "1", "step": "\(state.step)"]
        for (key, value) in state.identity { strings["identity.\(key)"] = value }
        if state.owesRows { strings["rows"] = "owed" }
        for (key, value) in state.logLengths { strings["log.\(key)"] = "\(value)" }
        try TensorFile(tensors: state.tensors, strings: strings).write(to: path(state.step))
        for step in try steps().dropFirst(Self.kept) { FileSystem.remove(path(step)) }
        // What a killed run was writing; nobody else writes here.
        for name in try FileSystem.names(inFolder: folder) where name.hasSuffix(".partial") {
            FileSystem.remove(FileSystem.join(folder, name))
        }
    }

    /// The newest state that can be read.
    ///
    /// - Parameters:
    ///   - identity: What the run is of now.
    ///   - damaged: Told of each state that is damaged and passed over.
    /// - Returns: nil when there is none.
    /// - Throws: `InputError` (`mismatch`) naming what has changed since the state was written.
    public func newest(
        identity: [String: String],
        damaged: (InputError) -> Void
    ) throws(InputError) -> RunState? {
        for step in try steps() {
            let state: RunState
            do throws(InputError) {
                state = try Self.state(TensorFile(path: path(step)), step: step)
            } catch {
                damaged(error.inFile(path(step)))
                continue
            }
            for key in Set(state.identity.keys).union(identity.keys).sorted() {
                guard state.identity[key] == identity[key] else {
                    throw InputError(
                        .mismatch,
                        "the \(key) has changed since this run began: it cannot go on (use another --output)",
                        file: path(step),
                        expected: state.identity[key] ?? "none",
                        found: identity[key] ?? "none"
                    )
                }
            }
            return state
        }
        return nil
    }

    private static func state(_ file: TensorFile, step: Int) throws(InputError) -> RunState {
        guard file.strings["verifar.state"] == "1" else {
            throw InputError(
                .unsupported,
                "no run state of this version",
                found: file.strings["verifar.state"] ?? "none"
            )
        }
        guard file.strings["step"] == "\(step)" else {
            throw InputError(.mismatch, "the file's name is not its step", found: file.strings["step"] ?? "none")
        }
        func part(_ prefix: String) -> [(String, String)] {
            file.strings.filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) }
        }
        var lengths: [String: Int] = [:]
        for (name, text) in part("log.") {
            guard let length = Int(text), length >= 0 else {
                throw InputError(.malformed, "no length", place: "metadata 'log.\(name)'", found: text)
            }
            lengths[name] = length
        }
        return RunState(
            step: step,
            identity: Dictionary(uniqueKeysWithValues: part("identity.")),
            logLengths: lengths,
            owesRows: file.strings["rows"] == "owed",
            tensors: file.tensors
        )
    }
}

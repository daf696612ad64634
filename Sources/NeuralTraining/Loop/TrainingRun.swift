internal import ArtifactFiles
public import TrainingData

/// Watches a run: shows progress, evaluates now and then.
public protocol TrainingObserver: AnyObject {
    /// A step is done.
    func didStep(_ report: StepReport, faces: Int)

    /// Whether the run is to end after the step that it is at; its state is saved then.
    var asksToStop: Bool { get }

    /// Whether ``rows(after:)`` takes long for this step: its state is then saved before.
    func isLong(after steps: Int) -> Bool

    /// What to add to a run's tables after a step; called once per step, before the state of that step is saved for good.
    ///
    /// It must not change the training, and must be the same when the run is resumed.
    ///
    /// - Parameter steps: Steps done.
    /// - Returns: Rows by table.
    func rows(after steps: Int) throws -> [LogRow]

    /// A state is on disk.
    func didSave(steps: Int)

    /// Something that people should know.
    func note(_ text: String)
}

/// A line of one of a run's tables.
public struct LogRow: Hashable, Sendable {
    /// The file's name without extension.
    public var table: String
    /// The table's columns, always the same.
    public var header: String
    /// The line.
    public var line: String

    /// Creates a row.
    public init(table: String, header: String, line: String) {
        self.table = table
        self.header = header
        self.line = line
    }
}

/// A training with its files: `metrics.csv` and other tables, and `state/`.
///
/// Killed at any moment and started again, it goes on from the newest whole state and ends with the same bytes in every
/// file as an undisturbed run.
public struct TrainingRun {
    /// Takes the steps.
    public var trainer: Trainer
    /// Where the files go.
    public var folder: String
    /// What the run is of: digests by name.
    ///
    /// A state goes on only with the same.
    public var identity: [String: String]
    /// Steps between states; the last step always has one.
    public var stepsPerState: Int
    /// The data set, for messages.
    public var source: any TrainingSource
    /// Gives the batches from a step on.
    public var batches: (Int) throws -> BatchLoader
    /// Who watches.
    public var observer: any TrainingObserver

    /// Creates a run.
    public init(
        trainer: Trainer,
        folder: String,
        identity: [String: String],
        stepsPerState: Int,
        source: any TrainingSource,
        observer: any TrainingObserver,
        batches: @escaping (Int) throws -> BatchLoader
    ) {
        self.trainer = trainer
        self.folder = folder
        self.identity = identity
        self.stepsPerState = stepsPerState
        self.source = source
        self.batches = batches
        self.observer = observer
    }

    /// Trains to the end, or until the observer asks to stop.
    ///
    /// - Parameter resumes: Whether to go on from a state; without one, or when false, the run starts at step 0, and a
    ///   folder that holds states already is refused.
    /// - Returns: Whether the end was reached; otherwise the state of the last step is saved.
    /// - Throws: `InputError`: changed recipe or data, a step that diverged (with the batch's pictures), unreadable data, a
    ///   full disk. The last state stays.
    @discardableResult public func run(resumes: Bool) throws -> Bool {
        let states = RunStateFolder(FileSystem.join(folder, "state"))
        var lengths: [String: Int] = [:]
        var owesRows = false
        if resumes {
            let state = try states.newest(identity: identity) { observer.note("passed over a damaged state: \($0)") }
            if let state {
                try trainer.restore(state.tensors, step: state.step)
                lengths = state.logLengths
                owesRows = state.owesRows
                observer.note("going on after step \(state.step)")
            } else {
                observer.note("there is no state to go on from: starting at step 0")
            }
        } else if let step = try states.steps().first {
            throw InputError(
                .unwritable,
                "a run is here already, saved after step \(step): --resume goes on with it",
                file: folder
            )
        }
        var logs: [String: AppendedLog] = [:]
        for name in Set(lengths.keys).union([Self.stepTable]) {
            logs[name] = try AppendedLog(path: path(name), keeping: lengths[name] ?? 0)
        }
        if owesRows { try addRows(states, &logs) }
        return try loop(states, &logs)
    }

    private func loop(_ states: RunStateFolder, _ logs: inout [String: AppendedLog]) throws -> Bool {
        let total = trainer.settings.totalSteps
        guard trainer.step < total else { return true }
        let loader = try batches(trainer.step)
        while trainer.step < total {
            let batch = try loader.next()
            let report = try step(batch)
            try add(Self.row(report), to: &logs)
            observer.didStep(report, faces: batch.count)
            if observer.isLong(after: trainer.step) {
                try save(states, logs, owesRows: true)
                if observer.asksToStop { return false }
            }
            try addRows(states, &logs)
            if observer.asksToStop, trainer.step < total {
                if trainer.step % stepsPerState != 0 { try save(states, logs) }
                return false
            }
        }
        return true
    }

    /// Adds the observer's rows, and saves the step's state where that is due.
    private func addRows(_ states: RunStateFolder, _ logs: inout [String: AppendedLog]) throws {
        for row in try observer.rows(after: trainer.step) { try add(row, to: &logs) }
        guard trainer.step % stepsPerState == 0 || trainer.step == trainer.settings.totalSteps else { return }
        try save(states, logs)
    }

    private func save(_ states: RunStateFolder, _ logs: [String: AppendedLog], owesRows: Bool = false) throws {
        for log in logs.values { try log.flush() }
        try states.write(
            RunState(
                step: trainer.step,
                identity: identity,
                logLengths: logs.mapValues(\.length),
                owesRows: owesRows,
                tensors: trainer.state()
            )
        )
        observer.didSave(steps: trainer.step)
    }

    private func step(_ batch: TrainingBatch) throws(InputError) -> StepReport {
        do throws(InputError) {
            return try trainer.takeStep(batch)
        } catch {
            throw error.code == .diverged ? located(error, batch) : error
        }
    }

    private func located(_ error: InputError, _ batch: TrainingBatch) -> InputError {
        var located = error
        let names = batch.samples.prefix(8).map { source.name(of: $0) }.joined(separator: ", ")
        let more = batch.count > 8 ? " and \(batch.count - 8) more" : ""
        located.problem += "; the batch was \(names)\(more); the last saved state is untouched"
        return located
    }

    // MARK: Tables

    private static let stepTable = "metrics"

    private static func row(_ report: StepReport) -> LogRow {
        LogRow(
            table: stepTable,
            header: (["step", "epoch", "rate", "loss"] + report.terms.map(\.name) + ["gradient_norm"])
                .joined(separator: ","),
            line: (["\(report.step + 1)", "\(report.epoch)", "\(report.rate)", "\(report.loss)"]
                + report.terms.map { "\($0.value)" } + ["\(Float(report.gradientNorm))"])
                .joined(separator: ",")
        )
    }

    private func path(_ table: String) -> String { FileSystem.join(folder, table + ".csv") }

    private func add(_ row: LogRow, to logs: inout [String: AppendedLog]) throws(InputError) {
        if logs[row.table] == nil { logs[row.table] = try AppendedLog(path: path(row.table), keeping: 0) }
        guard let log = logs[row.table] else { return }
        if log.length == 0 { log.add(row.header) }
        log.add(row.line)
    }
}

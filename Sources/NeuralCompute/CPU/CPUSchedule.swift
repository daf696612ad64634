internal import NeuralGraph

/// In which order the steps of a program run, row block by row block, so that what one step writes is still in the
/// core's cache when the next one reads it.
struct CPUSchedule: Sendable {
    /// Some output rows of one step.
    struct Task: Hashable, Sendable {
        var step: Int
        var rows: Range<Int>
    }

    /// Tasks that run together.
    struct Group: Sendable {
        var tasks: [Task]
        /// Whether one face goes through all tasks before the next: right where activations are larger than weights.
        var isPerFace: Bool
    }

    var groups: [Group]

    /// Bytes read and written above which steps are interleaved by rows: the second-level cache of today's cores.
    private static let interleavingThreshold = 1 << 20
    /// Bytes of rows in flight while interleaving.
    private static let rowBudget = 256 << 10

    init(_ program: CPUProgram) {
        var groups: [Group] = []
        var index = 0
        let perFace = program.steps.map { $0.isPerFace(in: program) }
        while index < program.steps.count {
            var end = index
            while end < program.steps.count && perFace[end] == perFace[index] { end += 1 }
            let steps = index..<end
            let tasks = perFace[index] ? Self.interleaved(steps, program) : Self.inOrder(steps, program)
            groups.append(Group(tasks: tasks, isPerFace: perFace[index]))
            index = end
        }
        self.groups = groups
    }

    private static func inOrder(_ steps: Range<Int>, _ program: CPUProgram) -> [Task] {
        steps.map { Task(step: $0, rows: 0..<program.layouts[program.steps[$0].output.index].height) }
    }

    private static func interleaved(_ steps: Range<Int>, _ program: CPUProgram) -> [Task] {
        var tasks: [Task] = []
        var index = steps.lowerBound
        while index < steps.upperBound {
            var end = index
            while end < steps.upperBound && program.steps[end].runsByRows
                && program.steps[end].traffic(in: program) > interleavingThreshold
            { end += 1 }
            if end > index {
                var chain = RowChain(steps: index..<end, program: program)
                tasks += chain.tasks(rowBudget: rowBudget)
                index = end
            } else {
                tasks += inOrder(index..<index + 1, program)
                index += 1
            }
        }
        return tasks
    }
}

/// Consecutive steps, each run just far enough for the next.
private struct RowChain {
    private let steps: Range<Int>
    private let program: CPUProgram
    private var rowsDone: [Int]
    private var emitted: [CPUSchedule.Task] = []

    init(steps: Range<Int>, program: CPUProgram) {
        self.steps = steps
        self.program = program
        rowsDone = [Int](repeating: 0, count: steps.count)
    }

    mutating func tasks(rowBudget: Int) -> [CPUSchedule.Task] {
        let last = steps.upperBound - 1
        let height = height(of: last)
        let bytesPerRow = steps.reduce(0) { total, step in
            let layout = program.layouts[program.steps[step].output.index]
            let size = program.storedTypes[program.steps[step].output.index].size
            return total + layout.faceSize * size / max(height, 1)
        }
        let block = max(1, rowBudget / max(bytesPerRow, 1))
        for row in stride(from: block, to: height + block, by: block) { demand(last, rows: min(row, height)) }
        // Whatever the last step does not need, somebody behind the chain may.
        for step in steps { demand(step, rows: self.height(of: step)) }
        return emitted
    }

    private func height(of step: Int) -> Int { program.layouts[program.steps[step].output.index].height }

    private mutating func demand(_ step: Int, rows: Int) {
        let done = rowsDone[step - steps.lowerBound]
        guard rows > done else { return }
        for (position, input) in program.steps[step].inputs.enumerated() {
            guard let producer = steps.first(where: { program.steps[$0].output == input }) else { continue }
            let needed = program.steps[step].inputRows(forOutputRows: rows, input: position, in: program)
            demand(producer, rows: min(needed, height(of: producer)))
        }
        emitted.append(CPUSchedule.Task(step: step, rows: done..<rows))
        rowsDone[step - steps.lowerBound] = rows
    }
}

extension CPUStep {
    /// Whether activations outweigh parameters by far.
    ///
    /// Two cores that both stream a small network's weights from the shared cache disturb each other: in single precision
    /// faces share a reading unless their activations are several times as large (2.8 % of mbf's time; in half precision
    /// it is a loss of 1 %).
    fileprivate func isPerFace(in program: CPUProgram) -> Bool {
        let margin = program.storedTypes[output.index] == .float32 && !program.readsWeightsFromMemory ? 4 : 1
        return traffic(in: program) > margin * weightBytes
    }

    /// Bytes read and written for one face.
    fileprivate func traffic(in program: CPUProgram) -> Int {
        (inputs + [output])
            .reduce(0) { total, value in
                total + program.layouts[value.index].faceSize * program.storedTypes[value.index].size
            }
    }

    /// How many leading rows of an input the leading `rows` rows of the output need.
    fileprivate func inputRows(forOutputRows rows: Int, input: Int, in program: CPUProgram) -> Int {
        let height = program.layouts[inputs[input].index].height
        if input > 0 && !isGeneric { return rows }
        switch kernel {
        case .copy:
            return rows
        case .dense(_, let geometry):
            let padding =
                (program.layouts[inputs[0].index].origin - geometry.firstTap)
                / program.layouts[inputs[0].index].rowPitch
            let span = (geometry.kernel.height - 1) * geometry.dilation.height + 1
            return min(height, max(0, (rows - 1) * geometry.stride.height + span - padding))
        case .depthwise(let convolution, _):
            let span = (convolution.kernel.height - 1) * convolution.dilation.height + 1
            return min(height, max(0, (rows - 1) * convolution.stride.height + span - convolution.padding.top))
        case .generic, .winograd:
            return height
        }
    }

    /// Whether the step may be run for some of its rows at a time.
    fileprivate var runsByRows: Bool {
        if case .winograd = kernel { return false }
        return true
    }

    var isGeneric: Bool {
        if case .generic = kernel { return true }
        return false
    }
}

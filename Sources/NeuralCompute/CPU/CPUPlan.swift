internal import CKernels
internal import NeuralGraph

/// A program with buffers and an order of work for a number of faces that go through it together.
struct CPUPlan: InferencePlan {
    let program: CPUProgram
    let facesPerPass: Int
    let schedule: CPUSchedule
    let placement: BufferPlacement

    init(program: CPUProgram, facesPerPass: Int) {
        self.program = program
        // Where a sum may depend on the rows beside it, every face has tasks of its own.
        self.facesPerPass = vf_sums_depend_on_task() != 0 ? 1 : max(1, facesPerPass)
        schedule = CPUSchedule(program)
        placement = BufferPlacement(program: program, schedule: schedule, faces: self.facesPerPass)
    }

    var inputShape: ActivationShape { program.inputShape }
    var outputShape: ActivationShape { program.outputShape }

    func makeWorker() -> any InferenceWorker { CPUWorker(plan: self) }
}

/// Where each value lies in a worker's memory.
struct BufferPlacement: Sendable {
    /// Offset of each value's first face, in bytes.
    var offsets: [Int]
    /// Stored numbers from one face to the next; 0 for values that only live while one face goes through a group.
    var facePitches: [Int]
    /// Values that are the first to use their memory, and so have to fill its border.
    var borderOwners: [Int]
    /// Offset of memory that steps use for themselves.
    var scratchOffset: Int
    /// Bytes in all.
    var size: Int

    /// Values share memory when they never live at the same time and are alike in layout and border, so that a border
    /// is filled once and stays.
    init(program: CPUProgram, schedule: CPUSchedule, faces: Int) {
        let lifetimes = Self.lifetimes(program, schedule)
        var slots: [Slot] = []
        offsets = [Int](repeating: 0, count: program.layouts.count)
        facePitches = offsets
        borderOwners = []
        scratchOffset = 0
        size = 0
        for value in program.layouts.indices {
            guard let lifetime = lifetimes[value] else { continue }
            let layout = program.layouts[value]
            let isLocal = lifetime.isWithinOneFace
            let stored = program.storedTypes[value]
            let slot = slots.firstIndex {
                $0.layout == layout && $0.border == program.borders[value] && $0.isLocal == isLocal
                    && $0.stored == stored
                    && $0.busyUntil < lifetime.first
            }
            if let slot {
                slots[slot].busyUntil = lifetime.last
                offsets[value] = slots[slot].offset
            } else {
                offsets[value] = size
                borderOwners.append(value)
                slots.append(
                    Slot(
                        layout: layout,
                        border: program.borders[value],
                        stored: stored,
                        isLocal: isLocal,
                        offset: size,
                        busyUntil: lifetime.last
                    )
                )
                // Whole cache lines, and a vector of slack behind the last pixel.
                size += (layout.faceSize * (isLocal ? 1 : faces) * stored.size + 127) / 64 * 64
            }
            facePitches[value] = isLocal ? 0 : layout.faceSize
        }
        scratchOffset = size
        size += 4 * (program.steps.map(\.scratchCount).max() ?? 0)
    }

    private struct Slot {
        var layout: ValueLayout
        var border: [Float]?
        var stored: StoredType
        var isLocal: Bool
        var offset: Int
        var busyUntil: Int
    }

    private struct Lifetime {
        var first: Int
        var last: Int
        var firstGroup: Int
        var lastGroup: Int
        var isWithinOneFace: Bool
    }

    /// When each value is first written and last touched, in positions of the task list.
    private static func lifetimes(_ program: CPUProgram, _ schedule: CPUSchedule) -> [Lifetime?] {
        var lifetimes = [Lifetime?](repeating: nil, count: program.layouts.count)
        // The input is there before the first task, the output after the last; both for all faces.
        lifetimes[ValueID.input.index] = Lifetime(
            first: -1,
            last: -1,
            firstGroup: -1,
            lastGroup: -1,
            isWithinOneFace: false
        )
        var position = 0
        for (groupIndex, group) in schedule.groups.enumerated() {
            for task in group.tasks {
                let step = program.steps[task.step]
                for value in step.inputs + [step.output] {
                    if var lifetime = lifetimes[value.index] {
                        lifetime.last = position
                        lifetime.lastGroup = groupIndex
                        lifetime.isWithinOneFace = lifetime.isWithinOneFace && lifetime.firstGroup == groupIndex
                        lifetimes[value.index] = lifetime
                    } else {
                        lifetimes[value.index] = Lifetime(
                            first: position,
                            last: position,
                            firstGroup: groupIndex,
                            lastGroup: groupIndex,
                            isWithinOneFace: group.isPerFace
                        )
                    }
                }
                position += 1
            }
            // A group that runs face by face starts over for the next face: what crosses its border is busy throughout.
            for value in lifetimes.indices {
                guard var lifetime = lifetimes[value], group.isPerFace, !lifetime.isWithinOneFace,
                    lifetime.lastGroup == groupIndex
                else { continue }
                lifetime.last = position
                lifetimes[value] = lifetime
            }
        }
        lifetimes[program.output.index]?.last = position
        lifetimes[program.output.index]?.isWithinOneFace = false
        return lifetimes
    }
}

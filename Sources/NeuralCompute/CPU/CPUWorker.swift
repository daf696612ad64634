internal import CKernels
internal import NeuralGraph

/// One thread's buffers, and the program's tasks bound to them.
final class CPUWorker: InferenceWorker {
    private let plan: CPUPlan
    private let memory: AlignedMemory
    private let full: CPUTaskList
    private let single: CPUTaskList

    init(plan: CPUPlan) {
        self.plan = plan
        memory = AlignedMemory(byteCount: plan.placement.size)
        Self.fillBorders(plan, memory)
        full = CPUTaskList(plan: plan, memory: memory, faces: plan.facesPerPass)
        single = plan.facesPerPass == 1 ? full : CPUTaskList(plan: plan, memory: memory, faces: 1)
    }

    func run(_ faces: UnsafeBufferPointer<Float>, count: Int, output: UnsafeMutableBufferPointer<Float>) {
        let inputSize = plan.inputShape.count
        let outputSize = plan.outputShape.count
        precondition(faces.count >= count * inputSize && output.count >= count * outputSize)
        guard count > 0, let input = faces.baseAddress, let output = output.baseAddress else { return }
        let saved = vf_denormals_flush()
        defer { vf_denormals_restore(saved) }
        var face = 0
        while face < count {
            let passed = count - face >= plan.facesPerPass ? plan.facesPerPass : 1
            for index in 0..<passed { load(input + (face + index) * inputSize, face: index) }
            (passed == plan.facesPerPass ? full : single).run()
            for index in 0..<passed { store(face: index, output + (face + index) * outputSize) }
            face += passed
        }
    }

    private func view(_ value: ValueID, face: Int) -> ValueView {
        ValueView(plan: plan, memory: memory, value: value, face: face)
    }

    private func load(_ source: UnsafePointer<Float>, face: Int) {
        let view = view(.input, face: face)
        let rowSize = view.layout.width * view.layout.channels
        for row in 0..<view.layout.height {
            switch view.stored {
            case .float32: view.row(row).update(from: source + row * rowSize, count: rowSize)
            case .bfloat16:
                vf_round_to_bf16(
                    source + row * rowSize,
                    view.address(row: row).assumingMemoryBound(to: UInt16.self),
                    rowSize
                )
            }
        }
    }

    private func store(face: Int, _ target: UnsafeMutablePointer<Float>) {
        let view = view(plan.program.output, face: face)
        let rowSize = view.layout.width * view.layout.channels
        for row in 0..<view.layout.height {
            (target + row * rowSize).update(from: view.row(row), count: rowSize)
        }
    }

    /// Memory starts as zeros; borders with other values are written once and never overwritten.
    private static func fillBorders(_ plan: CPUPlan, _ memory: AlignedMemory) {
        for value in plan.placement.borderOwners {
            guard let border = plan.program.borders[value] else { continue }
            let layout = plan.program.layouts[value]
            let faces = plan.placement.facePitches[value] == 0 ? 1 : plan.facesPerPass
            let base = memory.base + plan.placement.offsets[value]
            // The picture inside is overwritten by every face: fill it too.
            switch plan.program.storedTypes[value] {
            case .float32:
                let numbers = base.assumingMemoryBound(to: Float.self)
                for index in 0..<faces * layout.faceSize { numbers[index] = border[index % layout.channels] }
            case .bfloat16:
                let numbers = base.assumingMemoryBound(to: UInt16.self)
                for index in 0..<faces * layout.faceSize {
                    numbers[index] = StoredType.bfloat16Bits(border[index % layout.channels])
                }
            }
        }
    }
}

/// A value of one face in a worker's memory.
struct ValueView {
    let layout: ValueLayout
    let stored: StoredType
    /// The first pixel of the picture.
    private let start: UnsafeMutableRawPointer

    init(plan: CPUPlan, memory: AlignedMemory, value: ValueID, face: Int) {
        layout = plan.program.layouts[value.index]
        stored = plan.program.storedTypes[value.index]
        start =
            memory.base + plan.placement.offsets[value.index]
            + (face * plan.placement.facePitches[value.index] + layout.origin) * stored.size
    }

    /// The number at a row of the picture and an offset from that row's first; borders have negative places.
    func address(row: Int, offset: Int = 0) -> UnsafeMutableRawPointer {
        start + (row * layout.rowPitch + offset) * stored.size
    }

    /// The first pixel, of a value in single precision.
    var base: UnsafeMutablePointer<Float> { row(0) }

    /// The first number of a row of the picture, of a value in single precision.
    func row(_ row: Int) -> UnsafeMutablePointer<Float> {
        assert(stored == .float32)
        return address(row: row).assumingMemoryBound(to: Float.self)
    }

    /// Copies rows into another value of the same extent and type.
    func copyRows(_ rows: Range<Int>, to target: ValueView) {
        let byteCount = layout.width * layout.channels * stored.size
        for row in rows { target.address(row: row).copyMemory(from: address(row: row), byteCount: byteCount) }
    }
}

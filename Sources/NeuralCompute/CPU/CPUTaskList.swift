internal import CKernels
internal import NeuralGraph

/// All tasks of a plan for a number of faces, bound to one worker's memory: running it only calls kernels.
final class CPUTaskList {
    private enum Task {
        case dense(Int)
        case depthwise(Int)
        case paired(Int)
        case winogradInput(Int)
        case winogradOutput(Int)
        case copy(from: ValueView, to: ValueView, rows: Range<Int>)
        case generic(GenericTask)
    }

    private let plan: CPUPlan
    private let memory: AlignedMemory
    private var tasks: [Task] = []
    /// The step that each task belongs to.
    private var stepOfTask: [Int] = []
    private var denseTasks: [vf_dense] = []
    private var depthwiseTasks: [vf_depthwise] = []
    private var winogradInputs: [vf_winograd_input] = []
    private var winogradOutputs: [vf_winograd_output] = []
    /// Storage that the kernels' descriptions point into.
    private var tileStorage: [UnsafeMutableBufferPointer<vf_tile>] = []
    private var offsetStorage: [UnsafeMutableBufferPointer<Int32>] = []
    private var blockStorage: [UnsafeMutableBufferPointer<vf_winograd_block>] = []

    init(plan: CPUPlan, memory: AlignedMemory, faces: Int) {
        self.plan = plan
        self.memory = memory
        for group in plan.schedule.groups {
            if group.isPerFace {
                for face in 0..<faces {
                    for task in group.tasks { bindNoting(task, faces: face..<face + 1) }
                }
            } else {
                for task in group.tasks { bindNoting(task, faces: 0..<faces) }
            }
        }
    }

    deinit {
        for tiles in tileStorage { tiles.deallocate() }
        for offsets in offsetStorage { offsets.deallocate() }
        for blocks in blockStorage { blocks.deallocate() }
    }

    private func bindNoting(_ task: CPUSchedule.Task, faces: Range<Int>) {
        bind(task, faces: faces)
        stepOfTask += [Int](repeating: task.step, count: tasks.count - stepOfTask.count)
    }

    /// Runs all tasks in order.
    func run() { run(tasks.indices) }

    /// Runs all tasks in order and adds each step's seconds to `seconds`.
    func run(timing seconds: inout [Double]) {
        for index in tasks.indices {
            let start = ContinuousClock.now
            run(index..<index + 1)
            let time = ContinuousClock.now - start
            seconds[stepOfTask[index]] += Double(time.components.attoseconds) * 1e-18 + Double(time.components.seconds)
        }
    }

    private func run(_ range: Range<Int>) {
        for index in range {
            switch tasks[index] {
            case .dense(let index): Self.call(vf_dense_run, denseTasks, index)
            case .depthwise(let index): Self.call(vf_depthwise_run, depthwiseTasks, index)
            case .paired(let index): Self.call(vf_paired_run, depthwiseTasks, index)
            case .winogradInput(let index): Self.call(vf_winograd_input_run, winogradInputs, index)
            case .winogradOutput(let index): Self.call(vf_winograd_output_run, winogradOutputs, index)
            case .copy(let source, let target, let rows): source.copyRows(rows, to: target)
            case .generic(let task): task.run()
            }
        }
    }

    @inline(__always)
    private static func call<Task>(_ kernel: (UnsafePointer<Task>?) -> Void, _ tasks: [Task], _ index: Int) {
        tasks.withUnsafeBufferPointer { kernel($0.baseAddress.unsafelyUnwrapped + index) }
    }

    // MARK: Binding

    private func bind(_ task: CPUSchedule.Task, faces: Range<Int>) {
        let step = plan.program.steps[task.step]
        switch step.kernel {
        case .dense(let groups, let geometry):
            bindDense(step, groups, geometry, rows: task.rows, faces: faces)
        case .depthwise(let convolution, let weights):
            for face in faces { bindDepthwise(step, convolution, weights, rows: task.rows, face: face) }
        case .winograd(let weights):
            bindWinograd(step, weights, faces: faces)
        case .copy:
            for face in faces {
                tasks.append(.copy(from: view(step.inputs[0], face), to: view(step.output, face), rows: task.rows))
            }
        case .generic(let operation, let parameters):
            for face in faces {
                bindGeneric(operation, parameters: parameters, step: step, rows: task.rows, face: face)
            }
        }
    }

    private func view(_ value: ValueID, _ face: Int) -> ValueView {
        ValueView(plan: plan, memory: memory, value: value, face: face)
    }

    private func bindGeneric(
        _ operation: Operation,
        parameters: [[Float]],
        step: CPUStep,
        rows: Range<Int>,
        face: Int
    ) {
        tasks.append(
            .generic(
                GenericTask(
                    operation: operation,
                    parameters: parameters,
                    inputs: step.inputs.map { view($0, face) },
                    output: view(step.output, face),
                    rows: rows
                )
            )
        )
    }

    private func bindDepthwise(
        _ step: CPUStep,
        _ convolution: Convolution,
        _ weights: DepthwiseWeights,
        rows: Range<Int>,
        face: Int
    ) {
        guard !rows.isEmpty else { return }
        let input = view(step.inputs[0], face)
        let output = view(step.output, face)
        let addend = step.inputs.count > 1 ? view(step.inputs[1], face) : nil
        let firstRow = rows.lowerBound * convolution.stride.height - convolution.padding.top
        var task = vf_depthwise()
        task.input_type = input.stored.native
        task.output_type = output.stored.native
        task.input = UnsafeRawPointer(
            input.address(row: firstRow, offset: -convolution.padding.left * input.layout.channels)
        )
        task.input_row_pitch = input.layout.rowPitch
        task.input_pixel_pitch = input.layout.channels
        task.output = output.address(row: rows.lowerBound)
        task.output_row_pitch = output.layout.rowPitch
        task.output_pixel_pitch = output.layout.channels
        task.rows = rows.count
        task.columns = output.layout.width
        task.channels = output.layout.channels
        task.kernel_height = convolution.kernel.height
        task.kernel_width = convolution.kernel.width
        task.row_stride = convolution.stride.height
        task.column_stride = convolution.stride.width
        task.row_dilation = convolution.dilation.height
        task.column_dilation = convolution.dilation.width
        task.weights = UnsafePointer(weights.taps.base)
        task.weight_pitch = output.layout.channels
        task.pair_weights = weights.tapPairs.map { UnsafeRawPointer($0.base) }
        if let addend {
            task.addend = UnsafeRawPointer(addend.address(row: rows.lowerBound))
            task.addend_row_pitch = addend.layout.rowPitch
            task.addend_pixel_pitch = addend.layout.channels
        }
        task.epilogue = step.epilogue.native()
        tasks.append(weights.isPaired ? .paired(depthwiseTasks.count) : .depthwise(depthwiseTasks.count))
        depthwiseTasks.append(task)
    }

    private func bindDense(
        _ step: CPUStep,
        _ groups: [DenseGroup],
        _ geometry: DenseGeometry,
        rows: Range<Int>,
        faces: Range<Int>
    ) {
        guard !rows.isEmpty else { return }
        let tiles = DenseTiles(
            input: placed(step.inputs[0]),
            output: placed(step.output),
            addend: step.inputs.count > 1 ? placed(step.inputs[1]) : nil,
            stride: geometry.stride,
            firstTap: geometry.firstTap
        )
        .tiles(rows: rows, faces: faces)
        let tileBuffer = UnsafeMutableBufferPointer<vf_tile>.allocate(capacity: tiles.tiles.count)
        _ = tileBuffer.initialize(from: tiles.tiles)
        tileStorage.append(tileBuffer)
        let offsets = UnsafeMutableBufferPointer<Int32>.allocate(capacity: geometry.runOffsets.count)
        _ = offsets.initialize(from: geometry.runOffsets)
        offsetStorage.append(offsets)
        for group in groups {
            var task = vf_dense()
            task.tiles = UnsafePointer(tileBuffer.baseAddress)
            task.tile_count = tiles.tiles.count
            task.tiles_per_block = max(1, 112 / Int(vf_tile_height()))
            task.input_type = stored(step.inputs[0]).native
            task.output_type = stored(step.output).native
            task.input = UnsafeRawPointer(base(of: step.inputs[0]) + group.firstInput * stored(step.inputs[0]).size)
            task.input_stride = tiles.inputStride
            task.run_count = geometry.runOffsets.count
            task.run_length = geometry.runLength
            task.run_offsets = UnsafePointer(offsets.baseAddress)
            task.weights = UnsafeRawPointer(group.weights.base)
            task.channels = group.outChannels
            if step.inputs.count > 1 {
                task.addend = UnsafeRawPointer(
                    base(of: step.inputs[1]) + group.firstOutput * stored(step.inputs[1]).size
                )
            }
            task.addend_stride = tiles.addendStride
            task.output = base(of: step.output) + group.firstOutput * stored(step.output).size
            task.output_stride = tiles.outputStride
            task.epilogue = group.epilogue.native()
            tasks.append(.dense(denseTasks.count))
            denseTasks.append(task)
        }
    }

    // MARK: For the Winograd steps

    /// Memory that a step uses for itself.
    var scratch: UnsafeMutablePointer<Float> {
        (memory.base + plan.placement.scratchOffset).assumingMemoryBound(to: Float.self)
    }

    /// The first number of a value's first face, border included.
    func base(of value: ValueID) -> UnsafeMutableRawPointer { memory.base + plan.placement.offsets[value.index] }

    /// How a value is stored.
    func stored(_ value: ValueID) -> StoredType { plan.program.storedTypes[value.index] }

    func keep(_ blocks: UnsafeMutableBufferPointer<vf_winograd_block>) { blockStorage.append(blocks) }

    func append(_ task: vf_winograd_input) {
        tasks.append(.winogradInput(winogradInputs.count))
        winogradInputs.append(task)
    }

    func append(_ task: vf_winograd_output) {
        tasks.append(.winogradOutput(winogradOutputs.count))
        winogradOutputs.append(task)
    }

    /// A plain product of contiguous rows with packed panels.
    func bindProduct(
        rows: UnsafePointer<Float>,
        count: Int,
        depth: Int,
        panels: AlignedFloats,
        zeros: AlignedFloats,
        columns: Int,
        output: UnsafeMutablePointer<Float>
    ) {
        let limit = Int(vf_tile_height())
        let pieces = DenseTiles.pieces(of: count, limit: limit)
        let tiles = UnsafeMutableBufferPointer<vf_tile>.allocate(capacity: pieces.count)
        _ = tiles.initialize(
            from: pieces.map { piece in
                vf_tile(
                    input: Int32(piece.lowerBound * depth),
                    output: Int32(piece.lowerBound * columns),
                    addend: 0,
                    count: Int32(piece.count)
                )
            }
        )
        tileStorage.append(tiles)
        let offset = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1)
        offset.initialize(repeating: 0)
        offsetStorage.append(offset)
        var task = vf_dense()
        task.tiles = UnsafePointer(tiles.baseAddress)
        task.tile_count = pieces.count
        task.tiles_per_block = max(1, 112 / limit)
        task.input = UnsafeRawPointer(rows)
        task.input_stride = depth
        task.run_count = 1
        task.run_length = depth
        task.run_offsets = UnsafePointer(offset.baseAddress)
        task.weights = UnsafeRawPointer(panels.base)
        task.channels = columns
        task.output = UnsafeMutableRawPointer(output)
        task.output_stride = columns
        task.epilogue.bias = UnsafePointer(zeros.base)
        tasks.append(.dense(denseTasks.count))
        denseTasks.append(task)
    }

    func placed(_ value: ValueID) -> PlacedLayout {
        PlacedLayout(
            layout: plan.program.layouts[value.index],
            facePitch: plan.placement.facePitches[value.index]
        )
    }
}

/// A layout, and how far apart faces lie.
struct PlacedLayout {
    var layout: ValueLayout
    var facePitch: Int
}

/// Cuts the output pixels of a dense convolution into tiles whose pixels lie evenly in all of its operands.
struct DenseTiles {
    var input: PlacedLayout
    var output: PlacedLayout
    var addend: PlacedLayout?
    var stride: Extent
    /// Offset of the first tap of the first output pixel.
    var firstTap: Int

    struct Result {
        var tiles: [vf_tile] = []
        var inputStride = 0
        var outputStride = 0
        var addendStride = 0
    }

    func tiles(rows: Range<Int>, faces: Range<Int>) -> Result {
        var result = Result()
        let limit = Int(vf_tile_height())
        let height = output.layout.height
        let width = output.layout.width
        let isPixelPerFace = height * width == 1 && faces.count > 1
        result.inputStride = isPixelPerFace ? input.facePitch : stride.width * input.layout.channels
        result.outputStride = isPixelPerFace ? output.facePitch : output.layout.channels
        result.addendStride = isPixelPerFace ? addend?.facePitch ?? 0 : output.layout.channels
        if isPixelPerFace {
            append(&result, count: faces.count, limit: limit, face: faces.lowerBound, row: 0)
            return result
        }
        let rowsJoin = runsOnAcrossRows
        let facesJoin = rowsJoin && rows == 0..<height && runsOnAcrossFaces
        if facesJoin && faces.count > 1 {
            append(&result, count: faces.count * height * width, limit: limit, face: faces.lowerBound, row: 0)
            return result
        }
        for face in faces {
            if rowsJoin {
                append(&result, count: rows.count * width, limit: limit, face: face, row: rows.lowerBound)
            } else {
                for row in rows { append(&result, count: width, limit: limit, face: face, row: row) }
            }
        }
        return result
    }

    /// Whether the next row's first pixel lies one pixel behind the last in every operand.
    private var runsOnAcrossRows: Bool {
        input.layout.isContiguous && output.layout.isContiguous && addend?.layout.isContiguous ?? true
            && stride == Extent(1) && input.layout.width == output.layout.width
            && input.layout.height == output.layout.height
    }

    private var runsOnAcrossFaces: Bool {
        ([input, output] + (addend.map { [$0] } ?? [])).allSatisfy { $0.facePitch == $0.layout.faceSize }
    }

    /// Appends tiles of nearly equal height over `count` pixels from the start of a row.
    private func append(_ result: inout Result, count: Int, limit: Int, face: Int, row: Int) {
        for piece in Self.pieces(of: count, limit: limit) {
            let inputStart = face * input.facePitch + firstTap + row * stride.height * input.layout.rowPitch
            let outputStart = face * output.facePitch + output.layout.origin + row * output.layout.rowPitch
            let addendStart = addend.map { face * $0.facePitch + $0.layout.origin + row * $0.layout.rowPitch } ?? 0
            result.tiles.append(
                vf_tile(
                    input: Int32(inputStart + piece.lowerBound * result.inputStride),
                    output: Int32(outputStart + piece.lowerBound * result.outputStride),
                    addend: Int32(addendStart + piece.lowerBound * result.addendStride),
                    count: Int32(piece.count)
                )
            )
        }
    }

    /// `count` pixels in as few pieces of at most `limit` as possible, all nearly equal.
    static func pieces(of count: Int, limit: Int) -> [Range<Int>] {
        let pieceCount = (count + limit - 1) / limit
        var pieces: [Range<Int>] = []
        var first = 0
        for piece in 0..<pieceCount {
            let size = (count - first + pieceCount - piece - 1) / (pieceCount - piece)
            pieces.append(first..<first + size)
            first += size
        }
        return pieces
    }
}

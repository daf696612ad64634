internal import CKernels
internal import NeuralGraph

/// A convolution that reads its input through the normalisation before it and forms the moments for the one behind it.
final class ConvolutionStep: TrainingStep {
    let index: Int
    let inputs: [ValueID]
    let output: ValueID
    let convolution: Convolution
    let geometry: ConvolutionGeometry
    let packing: ConvolutionPacking
    /// What makes the input of the stored value that is read; nil when the input itself is stored.
    var source: NormalizationStep?
    /// Normalisations of the output, which get their moments here.
    var readers: [NormalizationStep] = []
    /// The normalisation behind, when it leaves the output's gradient to this step.
    var gradientSource: NormalizationStep?
    /// Normalisations whose outputs' gradients this step completes, and the values that they read.
    var completed: [NormalizationStep] = []
    private let forwardRuns: [Int32]
    private let backwardRuns: [[Int32]]
    private let phases: [ConvolutionGeometry.Phase]
    private let bands: [Range<Int>]
    private let biasSums: TrainingSums

    init(index: Int, input: ValueID, output: ValueID, convolution: Convolution, graph: Graph, mostChunks: Int) {
        self.index = index
        inputs = [input]
        self.output = output
        self.convolution = convolution
        let geometry = ConvolutionGeometry(convolution, input: graph.shape(of: input), output: graph.shape(of: output))
        self.geometry = geometry
        packing = ConvolutionPacking(geometry)
        bands = geometry.isFlat ? [] : geometry.bands
        phases = geometry.phases
        var runs: [Int32] = []
        for row in 0..<geometry.kernel.height {
            for column in 0..<(geometry.joinsColumns ? 1 : geometry.kernel.width) {
                let pixels =
                    row * geometry.dilation.height * geometry.paddedWidth + column * geometry.dilation.width
                runs.append(Int32(pixels * geometry.pitch))
            }
        }
        forwardRuns = geometry.isFlat ? [0] : runs
        backwardRuns = phases.map { phase in
            geometry.isFlat ? [0] : phase.taps.map { Int32(geometry.gradientOffset(phase, tap: $0)) }
        }
        biasSums = TrainingSums(count: convolution.bias == nil ? 0 : mostChunks * 2 * geometry.outChannels)
    }

    var scratchCount: Int { geometry.bandSize + geometry.gradientBandSize + 64 }
    var packedCount: Int { packing.count }
    var partialCount: Int { packing.gradientRow * packing.gradientRows }

    private var inputSize: Int { geometry.height * geometry.width * geometry.channels }
    private var outputSize: Int { geometry.outHeight * geometry.outWidth * geometry.outChannels }

    /// The stored value behind the input.
    private var root: ValueID { source?.inputs[0] ?? inputs[0] }

    // MARK: Forward

    func forward(_ state: TrainingState) {
        let weight = UnsafePointer(state.parameter(convolution.weight))
        let bias = convolution.bias.map { UnsafePointer(state.parameter($0)) }
        state.workers.run(packing.forwardUnits) { unit, _ in
            packing.packForward(unit, weight, bias: bias, to: state.packed)
        }
        state.forEachChunk { chunk, faces, worker in
            if state.isTraining { for reader in readers { reader.beginSums(chunk) } }
            if geometry.isFlat {
                forwardFlat(state, chunk: chunk, faces: faces, scratch: state.scratch[worker])
            } else {
                for face in faces {
                    for band in bands {
                        forwardBand(state, chunk: chunk, face: face, rows: band, scratch: state.scratch[worker])
                    }
                }
            }
        }
    }

    private func forwardFlat(
        _ state: TrainingState,
        chunk: Int,
        faces: Range<Int>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let positions = geometry.height * geometry.width
        let last = faces.upperBound * positions
        var first = faces.lowerBound * positions
        while first < last {
            let rows = min(geometry.bandRows, last - first)
            let (input, pitch) = flatInput(state, first: first, rows: rows, scratch: scratch)
            let output = state.value(self.output) + first * geometry.outChannels
            var task = vt_dense()
            task.input = input
            task.input_pixel_pitch = pitch
            task.run_length = geometry.channels
            task.rows = 1
            task.columns = rows
            task.output = output
            task.output_pixel_pitch = geometry.outChannels
            let next = min(geometry.bandRows, last - first - rows)
            task.ahead = ahead(pixels: next, (state.value(root), first + rows, geometry.channels))
            runDense(&task, state)
            addMoments(state, output, rows: rows, chunk: chunk)
            first += rows
        }
    }

    /// Pixels of up to two values that the next pass of a loop will read.
    private func ahead(
        pixels: Int,
        _ first: (base: UnsafeMutablePointer<Float>, pixel: Int, channels: Int),
        _ second: (base: UnsafeMutablePointer<Float>, pixel: Int, channels: Int)? = nil
    ) -> vt_ahead {
        var ahead = vt_ahead()
        ahead.first = UnsafePointer(first.base + first.pixel * first.channels)
        ahead.first_lines = pixels * first.channels / 16
        guard let second else { return ahead }
        ahead.second = UnsafePointer(second.base + second.pixel * second.channels)
        ahead.second_lines = pixels * second.channels / 16
        return ahead
    }

    /// Rows of the input's matrix: in place, or through the normalisation in scratch memory.
    private func flatInput(
        _ state: TrainingState,
        first: Int,
        rows: Int,
        scratch: UnsafeMutablePointer<Float>
    ) -> (UnsafePointer<Float>, Int) {
        let stored = state.value(root) + first * geometry.channels
        guard let source else { return (UnsafePointer(stored), geometry.channels) }
        source.load(stored, rows: rows, to: scratch, pitch: geometry.pitch)
        return (UnsafePointer(scratch), geometry.pitch)
    }

    private func forwardBand(
        _ state: TrainingState,
        chunk: Int,
        face: Int,
        rows: Range<Int>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        loadInput(state, face: face, rows: geometry.inputRows(rows), to: scratch)
        let output =
            state.value(self.output) + face * outputSize
            + rows.lowerBound * geometry.outWidth * geometry.outChannels
        if geometry.kind == .dense {
            var task = vt_dense()
            task.input_row_pitch = geometry.stride.height * geometry.paddedWidth * geometry.pitch
            task.input_pixel_pitch = geometry.stride.width * geometry.pitch
            task.run_length = (geometry.joinsColumns ? geometry.kernel.width : 1) * geometry.inPerGroup
            task.rows = rows.count
            task.columns = geometry.outWidth
            task.output_row_pitch = geometry.outWidth * geometry.outChannels
            task.output_pixel_pitch = geometry.outChannels
            for group in 0..<geometry.groups {
                task.input = UnsafePointer(scratch + group * geometry.inPerGroup)
                task.output = output + group * geometry.outPerGroup
                runDense(&task, state, group: group)
            }
        } else {
            var task = channelwise(scratch, rows: rows)
            task.weights = UnsafePointer(state.packed)
            task.bias = convolution.bias.map { UnsafePointer(state.parameter($0)) }
            task.output = output
            task.output_row_pitch = geometry.outWidth * geometry.outChannels
            task.output_pixel_pitch = geometry.outChannels
            // Faces lie one behind the other: behind a face's last rows the next face's first are read.
            let pixel = (face * geometry.height + geometry.inputRows(rows).upperBound) * geometry.width
            let next = geometry.bandRows * geometry.stride.height * geometry.width
            task.ahead = ahead(pixels: next, (state.value(root), pixel, geometry.channels))
            vt_depthwise_run(&task)
        }
        addMoments(state, output, rows: rows.count * geometry.outWidth, chunk: chunk)
    }

    private func runDense(_ task: inout vt_dense, _ state: TrainingState, group: Int = 0) {
        task.run_count = forwardRuns.count
        task.weights = UnsafePointer(state.packed + group * packing.forwardGroupSize)
        task.weight_pitch = Int(vt_panel_width())
        task.panel_pitch = task.weight_pitch * geometry.taps * geometry.inPerGroup
        task.channels = geometry.outPerGroup
        if convolution.bias != nil {
            task.bias = UnsafePointer(state.packed + packing.biasOffset + group * packing.biasGroupSize)
        }
        forwardRuns.withUnsafeBufferPointer {
            task.run_offsets = $0.baseAddress
            vt_dense_run(&task)
        }
    }

    /// The grid and kernel of output rows over an input band.
    private func channelwise(_ band: UnsafePointer<Float>, rows: Range<Int>) -> vt_depthwise {
        var task = vt_depthwise()
        task.input = band
        task.input_row_pitch = geometry.paddedWidth * geometry.pitch
        task.input_pixel_pitch = geometry.pitch
        task.rows = rows.count
        task.columns = geometry.outWidth
        task.channels = geometry.channels
        task.kernel_height = geometry.kernel.height
        task.kernel_width = geometry.kernel.width
        task.row_stride = geometry.stride.height
        task.column_stride = geometry.stride.width
        task.row_dilation = geometry.dilation.height
        task.column_dilation = geometry.dilation.width
        task.paired = geometry.kind == .paired ? 1 : 0
        return task
    }

    private func addMoments(_ state: TrainingState, _ output: UnsafePointer<Float>, rows: Int, chunk: Int) {
        guard state.isTraining else { return }
        for reader in readers {
            reader.addMoments(output, pitch: geometry.outChannels, rows: rows, chunk: chunk, state)
        }
    }

    /// Fills a band with input rows and the zeros around them.
    private func loadInput(
        _ state: TrainingState,
        face: Int,
        rows: Range<Int>,
        to band: UnsafeMutablePointer<Float>
    ) {
        let pitch = geometry.pitch
        let rowSize = geometry.paddedWidth * pitch
        let rightmost = geometry.padding.left + geometry.width
        let stored = state.value(root) + face * inputSize
        for (number, row) in rows.enumerated() {
            let target = band + number * rowSize
            guard row >= 0, row < geometry.height else {
                target.update(repeating: 0, count: rowSize)
                continue
            }
            target.update(repeating: 0, count: geometry.padding.left * pitch)
            (target + rightmost * pitch).update(repeating: 0, count: (geometry.paddedWidth - rightmost) * pitch)
            let from = stored + row * geometry.width * geometry.channels
            let place = target + geometry.padding.left * pitch
            if let source {
                source.load(from, rows: geometry.width, to: place, pitch: pitch)
            } else {
                copyRows(from, geometry.channels, to: place, pitch, rows: geometry.width, channels: geometry.channels)
            }
        }
    }

    // MARK: Backward

    func backward(_ state: TrainingState) {
        let target = state.gradient(GradientContribution(step: index, operand: 0), of: inputs[0])
        let weightGradient = state.parameterGradient(convolution.weight)
        if target != nil {
            let weight = UnsafePointer(state.parameter(convolution.weight))
            state.workers.run(packing.backwardUnits) { unit, _ in
                packing.packBackward(unit, weight, to: state.packed)
            }
        }
        state.forEachChunk { chunk, faces, worker in
            (state.partials + chunk * partialCount).update(repeating: 0, count: partialCount)
            if convolution.bias != nil {
                let count = 2 * geometry.outChannels
                (biasSums.base + chunk * count).update(repeating: 0, count: count)
            }
            for norm in completed { norm.beginSums(chunk) }
            let scratch = state.scratch[worker]
            if geometry.isFlat {
                backwardFlat(state, target, chunk: chunk, faces: faces, scratch: scratch)
            } else {
                for face in faces {
                    for band in bands {
                        backwardBand(state, target, chunk: chunk, face: face, rows: band, scratch: scratch)
                    }
                }
            }
        }
        if let weightGradient { addWeightGradients(state, to: weightGradient) }
        if let bias = convolution.bias, let gradient = state.parameterGradient(bias) {
            for channel in 0..<geometry.outChannels {
                var sum = 0.0
                for chunk in state.chunks.indices { sum += biasSums.base[chunk * 2 * geometry.outChannels + channel] }
                gradient[channel] += Float(sum)
            }
        }
    }

    private func addWeightGradients(_ state: TrainingState, to gradient: UnsafeMutablePointer<Float>) {
        let row = packing.gradientRow
        let rowsPerUnit = max(1, 4096 / row)
        state.workers.run((packing.gradientRows + rowsPerUnit - 1) / rowsPerUnit) { unit, worker in
            let first = unit * rowsPerUnit
            let count = min(rowsPerUnit, packing.gradientRows - first)
            // The first chunk's place takes the sum.
            let sums = state.partials + first * row
            for chunk in state.chunks.indices.dropFirst() {
                let part = sums + chunk * partialCount
                for index in 0..<count &* row { sums[index] += part[index] }
            }
            for index in 0..<count { packing.addGradient(first + index, sums + index * row, to: gradient) }
        }
    }

    private func backwardFlat(
        _ state: TrainingState,
        _ target: GradientTarget?,
        chunk: Int,
        faces: Range<Int>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let positions = geometry.height * geometry.width
        let last = faces.upperBound * positions
        var first = faces.lowerBound * positions
        while first < last {
            let rows = min(geometry.bandRows, last - first)
            let (gradient, gradientPitch) = flatGradient(
                state,
                first: first,
                rows: rows,
                scratch: scratch + geometry.bandSize
            )
            addBiasSums(gradient, pitch: gradientPitch, rows: rows, chunk: chunk)
            let (input, pitch) = flatInput(state, first: first, rows: rows, scratch: scratch)
            var outer = vt_outer()
            outer.left = input
            outer.left_pixel_pitch = pitch
            outer.left_count = geometry.channels
            outer.right = gradient
            outer.right_pixel_pitch = gradientPitch
            outer.right_count = geometry.outChannels
            outer.rows = 1
            outer.columns = rows
            outer.output = state.partials + chunk * partialCount
            outer.output_pitch = geometry.outChannels
            let next = min(geometry.bandRows, last - first - rows)
            outer.ahead = ahead(pixels: next, (outputGradient(state), first + rows, geometry.outChannels))
            vt_outer_run(&outer)
            if let target {
                let output = target.base + first * geometry.channels
                var task = vt_dense()
                task.input = gradient
                task.input_pixel_pitch = gradientPitch
                task.rows = 1
                task.columns = rows
                task.output = output
                task.output_pixel_pitch = geometry.channels
                task.accumulates = target.accumulates ? 1 : 0
                task.ahead = ahead(
                    pixels: next,
                    (state.value(self.output), first + rows, geometry.outChannels),
                    (state.value(root), first + rows, geometry.channels)
                )
                runBackwardDense(&task, state, phase: 0)
                complete(state, output, first: first * geometry.channels, rows: rows, chunk: chunk)
            }
            first += rows
        }
    }

    private func flatGradient(
        _ state: TrainingState,
        first: Int,
        rows: Int,
        scratch: UnsafeMutablePointer<Float>
    ) -> (UnsafePointer<Float>, Int) {
        let start = first * geometry.outChannels
        guard let norm = gradientSource else {
            return (UnsafePointer(outputGradient(state) + start), geometry.outChannels)
        }
        norm.loadGradient(
            outputGradient(state) + start,
            input: state.value(output) + start,
            rows: rows,
            to: scratch,
            pitch: geometry.gradientPitch,
            accumulates: false
        )
        return (UnsafePointer(scratch), geometry.gradientPitch)
    }

    /// The gradient of the output, or of the normalisation behind it.
    private func outputGradient(_ state: TrainingState) -> UnsafeMutablePointer<Float> {
        guard let gradient = state.gradients[(gradientSource?.output ?? output).index] else {
            preconditionFailure("step \(index) has no gradient")
        }
        return gradient
    }

    private func runBackwardDense(_ task: inout vt_dense, _ state: TrainingState, phase: Int, group: Int = 0) {
        task.run_count = backwardRuns[phase].count
        task.run_length = geometry.outPerGroup
        task.weights = UnsafePointer(state.packed + group * packing.backwardGroupSize + packing.phaseOffset(phase))
        task.weight_pitch = Int(vt_panel_width())
        task.panel_pitch = task.weight_pitch * backwardRuns[phase].count * geometry.outPerGroup
        task.channels = geometry.inPerGroup
        backwardRuns[phase]
            .withUnsafeBufferPointer {
                task.run_offsets = $0.baseAddress
                vt_dense_run(&task)
            }
    }

    private func addBiasSums(_ gradient: UnsafePointer<Float>, pitch: Int, rows: Int, chunk: Int) {
        guard convolution.bias != nil else { return }
        var task = vt_moments()
        task.input = gradient
        task.input_pitch = pitch
        task.rows = rows
        task.channels = geometry.outChannels
        task.sums = biasSums.base + chunk * 2 * geometry.outChannels
        vt_moments_run(&task)
    }

    /// Does what normalisations want done with rows of a gradient that is now complete.
    private func complete(
        _ state: TrainingState,
        _ gradient: UnsafeMutablePointer<Float>,
        first: Int,
        rows: Int,
        chunk: Int
    ) {
        for norm in completed {
            norm.addGradientSums(gradient, input: state.value(norm.inputs[0]) + first, rows: rows, chunk: chunk)
        }
    }

    private func backwardBand(
        _ state: TrainingState,
        _ target: GradientTarget?,
        chunk: Int,
        face: Int,
        rows: Range<Int>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let band = scratch + geometry.bandSize
        let gradientRows = geometry.gradientRows(rows)
        loadInput(state, face: face, rows: geometry.inputRows(rows), to: scratch)
        loadGradient(state, face: face, rows: gradientRows, to: band)
        let rowSize = geometry.gradientColumns * geometry.gradientPitch
        let firstRow = rows.lowerBound * geometry.stride.height - gradientRows.lowerBound
        let pixels = band + firstRow * rowSize - geometry.lowColumn * geometry.gradientPitch
        if convolution.bias != nil {
            for row in 0..<rows.count {
                addBiasSums(
                    pixels + row * geometry.stride.height * rowSize,
                    pitch: geometry.stride.width * geometry.gradientPitch,
                    rows: geometry.outWidth,
                    chunk: chunk
                )
            }
        }
        addWeightGradient(state, scratch, pixels, chunk: chunk, rows: rows)
        guard let target else { return }
        let owned = geometry.ownedRows(rows)
        guard !owned.isEmpty else { return }
        let first = face * inputSize + owned.lowerBound * geometry.width * geometry.channels
        if geometry.kind == .dense {
            backwardDense(state, band, target, first: first, owned: owned)
        } else {
            var task = backwardChannelwise(state, band, target, first: first, owned: owned)
            let pixel = (face * geometry.outHeight + rows.upperBound + 1) * geometry.outWidth
            task.ahead = ahead(
                pixels: geometry.bandRows * geometry.outWidth,
                (outputGradient(state), pixel, geometry.outChannels),
                (state.value(output), pixel, geometry.outChannels)
            )
            vt_depthwise_run(&task)
        }
        complete(state, target.base + first, first: first, rows: owned.count * geometry.width, chunk: chunk)
    }

    private func addWeightGradient(
        _ state: TrainingState,
        _ input: UnsafePointer<Float>,
        _ gradient: UnsafePointer<Float>,
        chunk: Int,
        rows: Range<Int>
    ) {
        let partial = state.partials + chunk * partialCount
        let rowPitch = geometry.stride.height * geometry.gradientColumns * geometry.gradientPitch
        let pixelPitch = geometry.stride.width * geometry.gradientPitch
        guard geometry.kind == .dense else {
            var task = vt_depthwise_weights()
            task.shape = channelwise(input, rows: rows)
            task.gradient = gradient
            task.gradient_row_pitch = rowPitch
            task.gradient_pixel_pitch = pixelPitch
            task.weights = partial
            vt_depthwise_weights_run(&task)
            return
        }
        var task = vt_outer()
        task.left_row_pitch = geometry.stride.height * geometry.paddedWidth * geometry.pitch
        task.left_pixel_pitch = geometry.stride.width * geometry.pitch
        task.left_count = (geometry.joinsColumns ? geometry.kernel.width : 1) * geometry.inPerGroup
        task.right_row_pitch = rowPitch
        task.right_pixel_pitch = pixelPitch
        task.right_count = geometry.outPerGroup
        task.rows = rows.count
        task.columns = geometry.outWidth
        task.output_pitch = geometry.outPerGroup
        for group in 0..<geometry.groups {
            task.right = gradient + group * geometry.outPerGroup
            for (number, offset) in forwardRuns.enumerated() {
                task.left = input + Int(offset) + group * geometry.inPerGroup
                task.output =
                    partial + (group * geometry.taps * geometry.inPerGroup + number * task.left_count)
                    * geometry.outPerGroup
                vt_outer_run(&task)
            }
        }
    }

    private func backwardDense(
        _ state: TrainingState,
        _ band: UnsafePointer<Float>,
        _ target: GradientTarget,
        first: Int,
        owned: Range<Int>
    ) {
        let (stride, channels) = (geometry.stride, geometry.channels)
        var task = vt_dense()
        task.input_row_pitch = stride.height * geometry.gradientColumns * geometry.gradientPitch
        task.input_pixel_pitch = stride.width * geometry.gradientPitch
        task.output_row_pitch = stride.height * geometry.width * channels
        task.output_pixel_pitch = stride.width * channels
        task.accumulates = target.accumulates ? 1 : 0
        for (number, phase) in phases.enumerated() {
            task.rows = max(0, (owned.count - phase.row + stride.height - 1) / stride.height)
            task.columns = max(0, (geometry.width - phase.column + stride.width - 1) / stride.width)
            let pixel = phase.row * geometry.width + phase.column
            for group in 0..<geometry.groups {
                task.input = band + group * geometry.outPerGroup
                task.output = target.base + first + pixel * channels + group * geometry.inPerGroup
                runBackwardDense(&task, state, phase: number, group: group)
            }
        }
    }

    private func backwardChannelwise(
        _ state: TrainingState,
        _ band: UnsafePointer<Float>,
        _ target: GradientTarget,
        first: Int,
        owned: Range<Int>
    ) -> vt_depthwise {
        let (kernel, dilation) = (geometry.kernel, geometry.dilation)
        let row = geometry.padding.top - (kernel.height - 1) * dilation.height - geometry.lowRow
        let column = geometry.padding.left - (kernel.width - 1) * dilation.width - geometry.lowColumn
        var task = channelwise(band + (row * geometry.gradientColumns + column) * geometry.gradientPitch, rows: owned)
        task.input_row_pitch = geometry.gradientColumns * geometry.gradientPitch
        task.input_pixel_pitch = geometry.gradientPitch
        task.columns = geometry.width
        task.row_stride = 1
        task.column_stride = 1
        task.weights = UnsafePointer(state.packed)
        task.output = target.base + first
        task.output_row_pitch = geometry.width * geometry.channels
        task.output_pixel_pitch = geometry.channels
        task.accumulates = target.accumulates ? 1 : 0
        return task
    }

    /// Fills a band with the output's gradient, zeros between its pixels and around them.
    private func loadGradient(
        _ state: TrainingState,
        face: Int,
        rows: Range<Int>,
        to band: UnsafeMutablePointer<Float>
    ) {
        let (stride, pitch) = (geometry.stride, geometry.gradientPitch)
        let rowSize = geometry.gradientColumns * pitch
        let gradient = outputGradient(state) + face * outputSize
        let lead = -geometry.lowColumn
        let rightmost = lead + geometry.outWidth
        for (number, row) in rows.enumerated() {
            let target = band + number * rowSize
            let (outRow, rest) = row.quotientAndRemainder(dividingBy: stride.height)
            guard row >= 0, rest == 0, outRow < geometry.outHeight else {
                target.update(repeating: 0, count: rowSize)
                continue
            }
            if stride.width == 1 {
                target.update(repeating: 0, count: lead * pitch)
                (target + rightmost * pitch).update(repeating: 0, count: rowSize - rightmost * pitch)
            } else {
                target.update(repeating: 0, count: rowSize)
            }
            let start = outRow * geometry.outWidth * geometry.outChannels
            let place = target + lead * pitch
            if let norm = gradientSource {
                norm.loadGradient(
                    gradient + start,
                    input: state.value(output) + face * outputSize + start,
                    rows: geometry.outWidth,
                    to: place,
                    pitch: stride.width * pitch,
                    accumulates: false
                )
            } else {
                copyRows(
                    gradient + start,
                    geometry.outChannels,
                    to: place,
                    stride.width * pitch,
                    rows: geometry.outWidth,
                    channels: geometry.outChannels
                )
            }
        }
    }
}

/// Copies rows between matrices of different pitches; an addend lies as the target does.
func copyRows(
    _ source: UnsafePointer<Float>,
    _ sourcePitch: Int,
    to target: UnsafeMutablePointer<Float>,
    _ targetPitch: Int,
    rows: Int,
    channels: Int,
    addend: UnsafePointer<Float>? = nil
) {
    var task = vt_load()
    task.input = source
    task.input_pitch = sourcePitch
    task.output = target
    task.output_pitch = targetPitch
    task.rows = rows
    task.channels = channels
    task.addend = addend
    task.addend_pitch = targetPitch
    vt_load_run(&task)
}

internal import CKernels
internal import NeuralGraph

extension ConvolutionStep {
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
}

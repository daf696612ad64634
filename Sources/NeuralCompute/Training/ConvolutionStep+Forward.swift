internal import CKernels
internal import NeuralGraph

extension ConvolutionStep {
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

    private func addMoments(_ state: TrainingState, _ output: UnsafePointer<Float>, rows: Int, chunk: Int) {
        guard state.isTraining else { return }
        for reader in readers {
            reader.addMoments(output, pitch: geometry.outChannels, rows: rows, chunk: chunk, state)
        }
    }
}

internal import CKernels
internal import NeuralGraph

/// How a convolution reads its input and its output's gradient: rows and bands in scratch memory, or in place.
extension ConvolutionStep {
    /// Rows of the input's matrix: in place, or through the normalisation in scratch memory.
    func flatInput(
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

    /// Fills a band with input rows and the zeros around them.
    func loadInput(
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

    /// The gradient of the output, or of the normalisation behind it.
    func outputGradient(_ state: TrainingState) -> UnsafeMutablePointer<Float> {
        guard let gradient = state.gradients[(gradientSource?.output ?? output).index] else {
            preconditionFailure("step \(index) has no gradient")
        }
        return gradient
    }

    func flatGradient(
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

    /// Fills a band with the output's gradient, zeros between its pixels and around them.
    func loadGradient(
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

    /// The grid and kernel of output rows over an input band.
    func channelwise(_ band: UnsafePointer<Float>, rows: Range<Int>) -> vt_depthwise {
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

    /// Pixels of up to two values that the next pass of a loop will read.
    func ahead(
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

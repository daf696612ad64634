internal import CKernels
internal import NeuralGraph

/// A fully connected layer over all faces at once, its work cut by columns of the results, so that no sum is cut.
final class LinearStep: TrainingStep {
    let index: Int
    let inputs: [ValueID]
    let output: ValueID
    private let linear: Linear
    private let inFeatures: Int
    private let outFeatures: Int
    private let width = Int(vt_panel_width())

    init(index: Int, input: ValueID, output: ValueID, linear: Linear, graph: Graph) {
        self.index = index
        inputs = [input]
        self.output = output
        self.linear = linear
        inFeatures = graph.shape(of: input).count
        outFeatures = linear.outFeatures
    }

    /// One panel of transposed weights and its biases, or of copied ones.
    var scratchCount: Int { (max(inFeatures, outFeatures) + 1) * width }

    private func units(_ columns: Int) -> Int { (columns + width - 1) / width }

    func forward(_ state: TrainingState) {
        let weight = state.parameter(linear.weight)
        let bias = linear.bias.map(state.parameter)
        let (input, output) = (state.value(inputs[0]), state.value(self.output))
        state.workers.run(units(outFeatures)) { panel, worker in
            let packed = state.scratch[worker]
            let first = panel * width
            let present = min(width, outFeatures - first)
            for column in 0..<width {
                packed[column] = column < present ? bias?[first + column] ?? 0 : 0
                let source = weight + (first + min(column, present - 1)) * inFeatures
                for row in 0..<inFeatures { packed[(row &+ 1) &* width &+ column] = source[row] }
            }
            multiply(
                rows: state.faces,
                input,
                length: inFeatures,
                panel: packed + width,
                bias: packed,
                channels: present,
                to: output + first,
                pitch: outFeatures,
                accumulates: false
            )
        }
    }

    func backward(_ state: TrainingState) {
        guard let gradient = state.gradients[output.index] else { return }
        addWeightGradient(state, gradient)
        addBiasGradient(state, gradient)
        guard let target = state.gradient(GradientContribution(step: index, operand: 0), of: inputs[0]) else { return }
        let weight = state.parameter(linear.weight)
        state.workers.run(units(inFeatures)) { panel, worker in
            let packed = state.scratch[worker]
            let first = panel * width
            let present = min(width, inFeatures - first)
            for row in 0..<outFeatures {
                let source = weight + row * inFeatures + first
                for column in 0..<width {
                    packed[row &* width &+ column] = column < present ? source[column] : 0
                }
            }
            multiply(
                rows: state.faces,
                gradient,
                length: outFeatures,
                panel: packed,
                bias: nil,
                channels: present,
                to: target.base + first,
                pitch: inFeatures,
                accumulates: target.accumulates
            )
        }
    }

    private func multiply(
        rows: Int,
        _ input: UnsafePointer<Float>,
        length: Int,
        panel: UnsafePointer<Float>,
        bias: UnsafePointer<Float>?,
        channels: Int,
        to output: UnsafeMutablePointer<Float>,
        pitch: Int,
        accumulates: Bool
    ) {
        var task = vt_dense()
        task.input = input
        task.input_pixel_pitch = length
        task.run_count = 1
        task.run_length = length
        task.weights = panel
        task.weight_pitch = width
        task.bias = bias
        task.rows = 1
        task.columns = rows
        task.channels = channels
        task.output = output
        task.output_pixel_pitch = pitch
        task.accumulates = accumulates ? 1 : 0
        var offset: Int32 = 0
        withUnsafePointer(to: &offset) {
            task.run_offsets = $0
            vt_dense_run(&task)
        }
    }

    private func addWeightGradient(_ state: TrainingState, _ gradient: UnsafePointer<Float>) {
        guard let target = state.parameterGradient(linear.weight) else { return }
        let input = state.value(inputs[0])
        let lines = 56
        state.workers.run((outFeatures + lines - 1) / lines) { unit, _ in
            let first = unit * lines
            var task = vt_outer()
            task.left = gradient + first
            task.left_pixel_pitch = outFeatures
            task.left_count = min(lines, outFeatures - first)
            task.right = UnsafePointer(input)
            task.right_pixel_pitch = inFeatures
            task.right_count = inFeatures
            task.rows = 1
            task.columns = state.faces
            task.output = target + first * inFeatures
            task.output_pitch = inFeatures
            vt_outer_run(&task)
        }
    }

    private func addBiasGradient(_ state: TrainingState, _ gradient: UnsafePointer<Float>) {
        guard let target = linear.bias.flatMap(state.parameterGradient) else { return }
        for column in 0..<outFeatures {
            var sum = 0.0
            for face in 0..<state.faces { sum += Double(gradient[face * outFeatures + column]) }
            target[column] += Float(sum)
        }
    }
}

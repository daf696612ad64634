internal import CKernels
internal import NeuralGraph

/// Batch normalisation and, fused, the piecewise linear function behind it.
///
/// Ioffe and Szegedy, arXiv 1502.03167; the backward pass is the closed form that follows from it: with x̂ the normalised
/// input and g the gradient of γx̂ + β over n numbers, dx = γ/σ · (g − Σg/n − x̂ · Σgx̂/n).
final class NormalizationStep: TrainingStep {
    let index: Int
    let inputs: [ValueID]
    let output: ValueID
    let norm: BatchNormalization
    let activation: Activation?
    /// Whether readers apply it as they read the input, so that the output is never stored.
    var isLazy = false
    /// Whether the step that makes the input forms its moments.
    var momentsComeWithInput = false
    /// Whether the step that completes the output's gradient forms the sums over it.
    var sumsComeWithGradient = false
    /// Whether the step that makes the input takes the gradient from here as it reads it.
    var gradientIsLazy = false

    let channels: Int
    let positions: Int
    // Per channel.
    private let coefficients: AlignedFloats
    private let rounded: Int
    private let sums: TrainingSums
    private let slopeName: String?

    init(
        index: Int,
        input: ValueID,
        output: ValueID,
        norm: BatchNormalization,
        activation: Activation?,
        shape: ActivationShape,
        mostChunks: Int
    ) {
        self.index = index
        inputs = [input]
        self.output = output
        self.norm = norm
        self.activation = activation
        channels = shape.channels
        positions = shape.count / shape.channels
        rounded = (channels + 15) / 16 * 16
        coefficients = AlignedFloats(count: 8 * rounded)
        sums = TrainingSums(count: mostChunks * 3 * channels)
        if case .prelu(let name) = activation { slopeName = name } else { slopeName = nil }
    }

    private func row(_ number: Int) -> UnsafeMutablePointer<Float> { coefficients.base + number * rounded }
    /// γ/σ and β − μγ/σ.
    private var scale: UnsafeMutablePointer<Float> { row(0) }
    private var shift: UnsafeMutablePointer<Float> { row(1) }
    private var mean: UnsafeMutablePointer<Float> { row(2) }
    /// 1/σ.
    private var inverse: UnsafeMutablePointer<Float> { row(3) }
    private var slope: UnsafeMutablePointer<Float> { row(4) }
    // The input's gradient is gradient · p + (input − mean) · q + r.
    private var p: UnsafeMutablePointer<Float> { row(5) }
    private var q: UnsafeMutablePointer<Float> { row(6) }
    private var r: UnsafeMutablePointer<Float> { row(7) }

    // MARK: Forward

    /// Clears a chunk's sums.
    func beginSums(_ chunk: Int) {
        (sums.base + chunk * 3 * channels).update(repeating: 0, count: 3 * channels)
    }

    /// Adds rows of the input to a chunk's moments around the running mean, which is near theirs.
    func addMoments(_ input: UnsafePointer<Float>, pitch: Int, rows: Int, chunk: Int, _ state: TrainingState) {
        var task = vt_moments()
        task.input = input
        task.input_pitch = pitch
        task.rows = rows
        task.channels = channels
        task.centre = UnsafePointer(state.parameter(norm.mean))
        task.sums = sums.base + chunk * 3 * channels
        vt_moments_run(&task)
    }

    func forward(_ state: TrainingState) {
        let input = state.value(inputs[0])
        if state.isTraining && !momentsComeWithInput {
            state.forEachChunk { chunk, faces, _ in
                beginSums(chunk)
                addMoments(
                    input + faces.lowerBound * positions * channels,
                    pitch: channels,
                    rows: faces.count * positions,
                    chunk: chunk,
                    state
                )
            }
        }
        chooseCoefficients(state)
        guard !isLazy else { return }
        let output = state.value(self.output)
        state.forEachChunk { _, faces, _ in
            let start = faces.lowerBound * positions * channels
            load(input + start, rows: faces.count * positions, to: output + start, pitch: channels)
        }
    }

    /// Reads rows of the input as rows of the output.
    ///
    /// - Parameter addend: Added to them when given; rows lie `pitch` apart as the target's.
    func load(
        _ input: UnsafePointer<Float>,
        rows: Int,
        to target: UnsafeMutablePointer<Float>,
        pitch: Int,
        addend: UnsafePointer<Float>? = nil
    ) {
        var task = vt_load()
        task.input = input
        task.input_pitch = channels
        task.output = target
        task.output_pitch = pitch
        task.rows = rows
        task.channels = channels
        task.scale = UnsafePointer(scale)
        task.shift = UnsafePointer(shift)
        (task.activation, task.low, task.high) = activationKind
        task.slope = UnsafePointer(slope)
        task.addend = addend
        task.addend_pitch = pitch
        vt_load_run(&task)
    }

    private var activationKind: (vf_activation_kind, Float, Float) {
        switch activation {
        case .prelu, .leakyRelu: (VF_ACT_PRELU, 0, 0)
        case .relu: (VF_ACT_CLIP, 0, .infinity)
        case .clip(let low, let high): (VF_ACT_CLIP, low, high)
        case .sigmoid, nil: (VF_ACT_NONE, 0, 0)
        }
    }

    /// Whether this kind of non-linearity can be fused.
    static func fuses(_ activation: Activation) -> Bool { activation != .sigmoid }

    private func chooseCoefficients(_ state: TrainingState) {
        let runningMean = state.parameter(norm.mean)
        let runningVariance = state.parameter(norm.variance)
        let gamma = norm.scale.map(state.parameter)
        let beta = norm.shift.map(state.parameter)
        let count = Double(state.faces * positions)
        for channel in 0..<channels {
            var centre = Double(runningMean[channel])
            var variance = Double(runningVariance[channel])
            if state.isTraining {
                let first = total(0, channel, state) / count
                centre += first
                // Not below 0, but NaN where it is NaN.
                let spread = total(1, channel, state) / count - first * first
                variance = spread < 0 ? 0 : spread
                let unbiased = count > 1 ? variance * count / (count - 1) : variance
                runningMean[channel] = Float(0.9 * Double(runningMean[channel]) + 0.1 * centre)
                runningVariance[channel] = Float(0.9 * Double(runningVariance[channel]) + 0.1 * unbiased)
            }
            let deviation = 1 / (variance + Double(norm.epsilon)).squareRoot()
            let factor = Double(gamma?[channel] ?? 1) * deviation
            mean[channel] = Float(centre)
            inverse[channel] = Float(deviation)
            scale[channel] = Float(factor)
            shift[channel] = Float(Double(beta?[channel] ?? 0) - centre * factor)
        }
        chooseSlopes(state)
    }

    private func chooseSlopes(_ state: TrainingState) {
        if case .leakyRelu(let constant) = activation { slope.update(repeating: constant, count: channels) }
        guard let slopeName else { return }
        let slopes = state.parameter(slopeName)
        let isShared = state.parameterCount(slopeName) == 1
        for channel in 0..<channels { slope[channel] = slopes[isShared ? 0 : channel] }
    }

    /// A channel's sum over all chunks, in order.
    private func total(_ kind: Int, _ channel: Int, _ state: TrainingState) -> Double {
        var sum = 0.0
        for chunk in state.chunks.indices { sum += sums.base[(chunk * 3 + kind) * channels + channel] }
        return sum
    }

    // MARK: Backward

    /// Takes rows of the output's complete gradient back over the non-linearity, in place, and adds them to a chunk's sums.
    func addGradientSums(
        _ gradient: UnsafeMutablePointer<Float>,
        input: UnsafePointer<Float>,
        rows: Int,
        chunk: Int
    ) {
        var task = vt_normal_sums()
        task.gradient = gradient
        task.gradient_pitch = channels
        task.input = input
        task.input_pitch = channels
        task.rows = rows
        task.channels = channels
        task.scale = UnsafePointer(scale)
        task.shift = UnsafePointer(shift)
        task.mean = UnsafePointer(mean)
        task.inverse = UnsafePointer(inverse)
        (task.activation, task.low, task.high) = activationKind
        task.slope = UnsafePointer(slope)
        task.sums = sums.base + chunk * 3 * channels
        vt_normal_sums_run(&task)
    }

    func backward(_ state: TrainingState) {
        guard let gradient = state.gradients[output.index] else { return }
        let input = state.value(inputs[0])
        if !sumsComeWithGradient {
            state.forEachChunk { chunk, faces, _ in
                let start = faces.lowerBound * positions * channels
                beginSums(chunk)
                let rows = faces.count * positions
                addGradientSums(gradient + start, input: input + start, rows: rows, chunk: chunk)
            }
        }
        chooseGradientCoefficients(state)
        guard !gradientIsLazy,
            let target = state.gradient(GradientContribution(step: index, operand: 0), of: inputs[0])
        else { return }
        state.forEachChunk { _, faces, _ in
            let start = faces.lowerBound * positions * channels
            loadGradient(
                gradient + start,
                input: input + start,
                rows: faces.count * positions,
                to: target.base + start,
                pitch: channels,
                accumulates: target.accumulates
            )
        }
    }

    /// The gradient of rows of the input from those of the output.
    func loadGradient(
        _ gradient: UnsafePointer<Float>,
        input: UnsafePointer<Float>,
        rows: Int,
        to target: UnsafeMutablePointer<Float>,
        pitch: Int,
        accumulates: Bool
    ) {
        var task = vt_normal_load()
        task.gradient = gradient
        task.gradient_pitch = channels
        task.input = input
        task.input_pitch = channels
        task.output = target
        task.output_pitch = pitch
        task.rows = rows
        task.channels = channels
        task.p = UnsafePointer(p)
        task.q = UnsafePointer(q)
        task.r = UnsafePointer(r)
        task.mean = UnsafePointer(mean)
        task.accumulates = accumulates ? 1 : 0
        vt_normal_load_run(&task)
    }

    private func chooseGradientCoefficients(_ state: TrainingState) {
        let gammaGradient = norm.scale.flatMap(state.parameterGradient)
        let betaGradient = norm.shift.flatMap(state.parameterGradient)
        let slopeGradient = slopeName.flatMap(state.parameterGradient)
        let sharesSlope = slopeName.map(state.parameterCount) == 1
        let count = Double(state.faces * positions)
        for channel in 0..<channels {
            let sum = total(0, channel, state)
            let product = total(1, channel, state)
            let factor = Double(scale[channel])
            p[channel] = scale[channel]
            // Running statistics are constants: nothing flows through them.
            q[channel] = state.isTraining ? Float(-factor * Double(inverse[channel]) * product / count) : 0
            r[channel] = state.isTraining ? Float(-factor * sum / count) : 0
            gammaGradient?[channel] += Float(product)
            betaGradient?[channel] += Float(sum)
            slopeGradient?[sharesSlope ? 0 : channel] += Float(total(2, channel, state))
        }
    }
}

extension NormalizationStep {
    /// Whether every number that readers make of the last pass's input is finite.
    func makesFiniteValues(_ state: TrainingState) -> Bool {
        let rows = 64
        let made = AlignedFloats(count: rows * channels)
        let input = state.value(inputs[0])
        let all = state.faces * positions
        for first in stride(from: 0, to: all, by: rows) {
            let count = min(rows, all - first)
            load(input + first * channels, rows: count, to: made.base, pitch: channels)
            if vt_all_finite(made.base, count * channels) == 0 { return false }
        }
        return true
    }
}

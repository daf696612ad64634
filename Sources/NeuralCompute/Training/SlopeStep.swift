internal import NeuralGraph

/// PReLU where no normalisation stands before it.
final class SlopeStep: TrainingStep {
    let index: Int
    let inputs: [ValueID]
    let output: ValueID
    private let slope: String
    private let size: Int
    private let channels: Int
    private let sums: TrainingSums

    init(index: Int, input: ValueID, output: ValueID, slope: String, shape: ActivationShape, mostChunks: Int) {
        self.index = index
        inputs = [input]
        self.output = output
        self.slope = slope
        size = shape.count
        channels = shape.channels
        sums = TrainingSums(count: mostChunks * shape.channels)
    }

    func forward(_ state: TrainingState) {
        let (x, y) = (state.value(inputs[0]), state.value(output))
        let slopes = state.parameter(slope)
        let count = state.parameterCount(slope)
        state.forEachChunk { _, faces, _ in
            for index in faces.lowerBound * size..<faces.upperBound * size {
                y[index] = x[index] < 0 ? x[index] * slopes[count == 1 ? 0 : index % channels] : x[index]
            }
        }
    }

    func backward(_ state: TrainingState) {
        guard let gradient = state.gradients[output.index] else { return }
        let x = state.value(inputs[0])
        let slopes = state.parameter(slope)
        let count = state.parameterCount(slope)
        let target = state.gradient(GradientContribution(step: index, operand: 0), of: inputs[0])
        state.forEachChunk { chunk, faces, _ in
            let sums = sums.base + chunk * channels
            sums.update(repeating: 0, count: channels)
            for index in faces.lowerBound * size..<faces.upperBound * size {
                let channel = index % channels
                let isAbove = x[index] > 0
                if !isAbove { sums[channel] += Double(gradient[index]) * Double(x[index]) }
                guard let target else { continue }
                let term = isAbove ? gradient[index] : gradient[index] * slopes[count == 1 ? 0 : channel]
                target.base[index] = target.accumulates ? target.base[index] + term : term
            }
        }
        guard let slopeGradient = state.parameterGradient(slope) else { return }
        for channel in 0..<channels {
            var sum = 0.0
            for chunk in state.chunks.indices { sum += sums.base[chunk * channels + channel] }
            slopeGradient[count == 1 ? 0 : channel] += Float(sum)
        }
    }
}

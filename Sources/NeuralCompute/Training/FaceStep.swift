internal import CKernels
internal import NeuralGraph

/// A step without parameters that treats every face alone.
///
/// These are small parts of the networks in use; they follow the definitions in plain loops.
final class FaceStep: TrainingStep {
    let index: Int
    let inputs: [ValueID]
    let output: ValueID
    private let kernel: any FaceKernel
    private let inputSizes: [Int]
    private let outputSize: Int
    /// Normalisations through which operands are read; nil where the operand is stored.
    var sources: [NormalizationStep?]
    /// Normalisations of the output, which get their moments here.
    var readers: [NormalizationStep] = []
    /// Operands whose gradients are the output's own memory.
    var aliased: Set<Int> = []

    init(index: Int, inputs: [ValueID], output: ValueID, kernel: any FaceKernel, graph: Graph) {
        self.index = index
        self.inputs = inputs
        self.output = output
        self.kernel = kernel
        inputSizes = inputs.map { graph.shape(of: $0).count }
        outputSize = graph.shape(of: output).count
        sources = inputs.map { _ in nil }
    }

    /// Where lazily normalised operands may be read: sums of values of one shape.
    var isSum: Bool { kernel is SumKernel }

    func forward(_ state: TrainingState) {
        let output = state.value(self.output)
        state.forEachChunk { chunk, faces, _ in
            if state.isTraining { for reader in readers { reader.beginSums(chunk) } }
            for face in faces {
                let target = output + face * outputSize
                if isSum {
                    addOperands(state, face: face, to: target)
                } else {
                    let operands = inputs.enumerated().map { state.value($1) + face * inputSizes[$0] }
                    kernel.forward(operands, target, face: face, state)
                }
                guard state.isTraining else { continue }
                for reader in readers {
                    reader.addMoments(
                        target,
                        pitch: reader.channels,
                        rows: reader.positions,
                        chunk: chunk,
                        state
                    )
                }
            }
        }
    }

    /// The sum of operands, a few rows at a time, each through its normalisation.
    private func addOperands(_ state: TrainingState, face: Int, to target: UnsafeMutablePointer<Float>) {
        let channels = state.shape(output).channels
        let rows = outputSize / channels
        for first in stride(from: 0, to: rows, by: 64) {
            let count = min(64, rows - first)
            let place = target + first * channels
            let start = face * outputSize + first * channels
            // An operand that is stored as it is joins the other as it is read.
            let plain = sources.firstIndex { $0 == nil }
            var addend: UnsafePointer<Float>?
            if let plain { addend = UnsafePointer(state.value(inputs[plain]) + start) }
            for operand in inputs.indices where operand != plain {
                if let norm = sources[operand] {
                    let stored = state.value(norm.inputs[0]) + start
                    norm.load(stored, rows: count, to: place, pitch: channels, addend: addend)
                } else {
                    copyRows(
                        state.value(inputs[operand]) + start,
                        channels,
                        to: place,
                        channels,
                        rows: count,
                        channels: channels,
                        addend: addend
                    )
                }
                addend = UnsafePointer(place)
            }
        }
    }

    func backward(_ state: TrainingState) {
        guard let gradient = state.gradients[output.index] else { return }
        for (operand, input) in inputs.enumerated() where !aliased.contains(operand) {
            let contribution = GradientContribution(step: index, operand: operand)
            guard let target = state.gradient(contribution, of: input) else { continue }
            let size = inputSizes[operand]
            state.forEachChunk { _, faces, _ in
                for face in faces {
                    let place = target.base + face * size
                    if !target.accumulates { place.update(repeating: 0, count: size) }
                    let operands = isSum ? [] : inputs.enumerated().map { state.value($1) + face * inputSizes[$0] }
                    kernel.addGradient(
                        of: operand,
                        gradient + face * outputSize,
                        operands,
                        to: place,
                        face: face,
                        state
                    )
                }
            }
        }
    }
}

/// What a ``FaceStep`` computes of one face.
protocol FaceKernel {
    /// Writes the output.
    func forward(
        _ inputs: [UnsafeMutablePointer<Float>],
        _ output: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    )

    /// Adds an operand's term of the gradient.
    func addGradient(
        of operand: Int,
        _ gradient: UnsafePointer<Float>,
        _ inputs: [UnsafeMutablePointer<Float>],
        to target: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    )
}

/// The sum of values of one shape.
struct SumKernel: FaceKernel {
    let count: Int

    func forward(
        _ inputs: [UnsafeMutablePointer<Float>],
        _ output: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        for index in 0..<count { output[index] = inputs.reduce(0) { $0 + $1[index] } }
    }

    func addGradient(
        of operand: Int,
        _ gradient: UnsafePointer<Float>,
        _ inputs: [UnsafeMutablePointer<Float>],
        to target: UnsafeMutablePointer<Float>,
        face: Int,
        _ state: TrainingState
    ) {
        for index in 0..<count { target[index] += gradient[index] }
    }
}

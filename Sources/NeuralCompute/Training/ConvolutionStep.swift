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
    let forwardRuns: [Int32]
    let backwardRuns: [[Int32]]
    let phases: [ConvolutionGeometry.Phase]
    let bands: [Range<Int>]
    let biasSums: TrainingSums

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

    var inputSize: Int { geometry.height * geometry.width * geometry.channels }
    var outputSize: Int { geometry.outHeight * geometry.outWidth * geometry.outChannels }

    /// The stored value behind the input.
    var root: ValueID { source?.inputs[0] ?? inputs[0] }
}

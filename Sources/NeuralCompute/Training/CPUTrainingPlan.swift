internal import ArtifactFiles
internal import CKernels
internal import NeuralGraph

/// The CPU's training plan.
///
/// Of a convolution, its normalisation and its PReLU only the convolution's sums are stored; the next layer normalises
/// them as it reads them into the cache, and on the way back the last layer that adds to a gradient takes it over the
/// PReLU and forms the sums that the normalisation needs.
final class CPUTrainingPlan: TrainingPlan {
    let inputShape: ActivationShape
    let outputShape: ActivationShape
    private let cpu: CPUDevice
    private let graph: Graph
    private let taps: [ValueID]
    private let state: TrainingState
    private let steps: [any TrainingStep]

    private static let largestBatch = 1 << 16

    init(graph: Graph, weights: Weights, options: TrainingOptions, device: CPUDevice) throws(InputError) {
        guard options.batchSize > 0 else {
            throw InputError(
                .malformed,
                "a training plan needs images",
                found: "a batch size of \(options.batchSize)"
            )
        }
        guard options.batchSize <= Self.largestBatch else {
            throw InputError(
                .limitExceeded,
                "too many faces for one step",
                expected: "at most \(Self.largestBatch)",
                found: "\(options.batchSize)"
            )
        }
        var taps: [ValueID] = []
        for name in options.taps {
            guard let value = graph.value(named: name) else {
                throw .unknownName(name, kind: "tap", known: graph.nodes.map(\.name))
            }
            taps.append(value)
        }
        guard graph.output != .input else { throw InputError(.malformed, "the graph computes nothing") }
        self.graph = graph
        self.taps = taps
        cpu = device
        inputShape = graph.inputShape
        outputShape = graph.shape(of: graph.output)
        let chunks = TrainingState.chunkCount(faces: options.batchSize)
        let compiler = try TrainingCompiler(graph: graph, taps: taps, mostChunks: chunks)
        steps = compiler.steps
        state = try TrainingState(
            graph: graph,
            weights: weights,
            batchSize: options.batchSize,
            threads: device.threads
        )
        try allocate(compiler)
    }

    private func allocate(_ compiler: TrainingCompiler) throws(InputError) {
        let faces = state.batchSize
        func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
        let stored = graph.shapes.indices.map { ValueID($0) }.filter(compiler.isStored)
        let sizes = stored.map { rounded(graph.shape(of: $0).count * faces) }
        var next = try state.allocate(sizes.reduce(0, +) + 64)
        for (value, size) in zip(stored, sizes) {
            state.values[value.index] = next
            next += size
        }
        let (offsets, gradientSize) = compiler.placeGradients()
        let gradients = try state.allocate(gradientSize * faces + 64)
        for (value, offset) in offsets { state.gradients[value.index] = gradients + offset * faces }
        state.accumulating = compiler.accumulating
        let scratch = rounded(steps.map(\.scratchCount).max() ?? 0) + 1024
        for _ in 0..<state.workers.count { state.scratch.append(try state.allocate(scratch)) }
        state.packed = try state.allocate((steps.map(\.packedCount).max() ?? 0) + 64)
        state.partials = try state.allocate((steps.map(\.partialCount).max() ?? 0) * state.mostChunks + 64)
    }

    var device: any Device { cpu }
    var batchSize: Int { state.batchSize }
    var parameters: [NetworkParameter] {
        state.layout.entries.map { entry in
            let shape = entry.specification.shape
            let rows = shape.count > 1 ? shape[0] : 1
            func tensor(_ pages: TrainingPages) -> DeviceTensor {
                CPUTensor(
                    borrowing: pages.floats + entry.range.lowerBound,
                    rows: rows,
                    columns: entry.range.count / max(1, rows),
                    keeper: pages
                )
            }
            return NetworkParameter(
                specification: entry.specification,
                value: tensor(state.parameters),
                gradient: tensor(state.parameterGradients)
            )
        }
    }

    // MARK: Passes

    func forward(_ images: any ImageValues, range: Range<Int>, mode: ForwardMode) {
        let (count, size) = (range.count, inputShape.count)
        precondition(count > 0 && count <= batchSize, "\(count) images, room for \(batchSize)")
        images.withUnsafeBufferPointer { images in
            precondition(images.count >= range.upperBound * size)
            guard let base = images.baseAddress else { return }
            forward(base + range.lowerBound * size, count: count, mode: mode)
        }
    }

    private func forward(_ source: UnsafePointer<Float>, count: Int, mode: ForwardMode) {
        state.begin(faces: count, mode: mode)
        let input = state.value(.input)
        let size = inputShape.count
        state.forEachChunk { _, faces, _ in
            let start = faces.lowerBound * size
            (input + start).update(from: source + start, count: faces.count * size)
        }
        for step in steps { step.forward(state) }
    }

    func backward(outputGradient: DeviceTensor?, tapGradients: [Int: DeviceTensor]) {
        precondition(state.faces > 0, "backward before forward")
        state.parameterGradients.floats.update(repeating: 0, count: state.layout.count)
        for tap in taps { clearGradient(tap) }
        clearGradient(graph.output)
        if let outputGradient { addGradient(outputGradient, to: graph.output) }
        for tap in tapGradients.keys.sorted() {
            if let gradient = tapGradients[tap] { addGradient(gradient, to: taps[tap]) }
        }
        for step in steps.reversed() { step.backward(state) }
    }

    private func clearGradient(_ value: ValueID) {
        let count = state.faces * graph.shape(of: value).count
        state.gradients[value.index]?.update(repeating: 0, count: count)
    }

    private func addGradient(_ gradient: DeviceTensor, to value: ValueID) {
        let count = state.faces * graph.shape(of: value).count
        precondition(gradient.count >= count, "a gradient of \(gradient.count) numbers, \(count) wanted")
        guard let target = state.gradients[value.index] else { return }
        let source = gradient.onCPU.base
        for index in 0..<count { target[index] += source[index] }
    }

    // MARK: Results

    var output: DeviceTensor { tensor(graph.output) }

    func features(at tap: Int) -> DeviceTensor { tensor(taps[tap]) }

    func tapShape(_ tap: Int) -> ActivationShape { graph.shape(of: taps[tap]) }

    private func tensor(_ value: ValueID) -> DeviceTensor {
        CPUTensor(
            borrowing: state.value(value),
            rows: state.faces,
            columns: graph.shape(of: value).count,
            keeper: state
        )
    }

    private func stored(_ value: ValueID) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: state.value(value), count: state.faces * graph.shape(of: value).count)
    }

    func firstNonFiniteNode() -> String? {
        func isFinite(_ value: ValueID) -> Bool {
            let numbers = stored(value)
            guard let base = numbers.baseAddress else { return true }
            return vt_all_finite(base, numbers.count) != 0
        }
        if !isFinite(.input) { return "input" }
        for step in steps {
            if let norm = step as? NormalizationStep, norm.isLazy {
                if !norm.makesFiniteValues(state) { return graph.nodes[norm.index].name }
            } else if !isFinite(step.output) {
                return graph.nodes[step.index].name
            }
        }
        return nil
    }
}

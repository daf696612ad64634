internal import ArtifactFiles
internal import NeuralGraph

/// Turns a graph into training steps, and decides what is stored, what is fused and which gradients share memory.
struct TrainingCompiler {
    private let graph: Graph
    private let mostChunks: Int
    /// The output and the taps: stored, with gradients that may come from outside.
    private let external: Set<ValueID>
    private(set) var steps: [any TrainingStep] = []
    /// The step that makes each value.
    private var producers: [ValueID: Int] = [:]
    /// Who reads each value.
    private var readers: [ValueID: [GradientContribution]] = [:]
    /// Values whose gradients are wanted.
    private(set) var wanted: Set<ValueID> = []
    /// For values that share their gradient's memory: the value whose it is.
    private var gradientRoots: [ValueID: ValueID] = [:]
    private(set) var accumulating: Set<GradientContribution> = []

    init(graph: Graph, taps: [ValueID], mostChunks: Int) throws(InputError) {
        self.graph = graph
        self.mostChunks = mostChunks
        external = Set(taps + [graph.output])
        try makeSteps()
        for (number, step) in steps.enumerated() {
            producers[step.output] = number
            for (operand, input) in step.inputs.enumerated() {
                readers[input, default: []].append(GradientContribution(step: step.index, operand: operand))
            }
        }
        fuse()
        chooseWanted()
        shareGradients()
        chooseAccumulation()
        chooseCompletions()
    }

    // MARK: Steps

    private func liveNodes() -> [Int] {
        var isRead = external
        var live: [Int] = []
        for (index, node) in graph.nodes.enumerated().reversed() where isRead.contains(ValueID(index + 1)) {
            isRead.formUnion(node.inputs)
            live.append(index)
        }
        return live.reversed()
    }

    private mutating func makeSteps() throws(InputError) {
        let live = liveNodes()
        var nodeReaders: [ValueID: [Int]] = [:]
        for index in live { for input in graph.nodes[index].inputs { nodeReaders[input, default: []].append(index) } }
        var fused = Set<Int>()
        for index in live where !fused.contains(index) {
            let node = graph.nodes[index]
            guard case .batchNormalization(let norm) = node.operation else {
                steps.append(try step(node, index))
                continue
            }
            var output = ValueID(index + 1)
            var activation: Activation?
            if !external.contains(output), let only = nodeReaders[output], only.count == 1,
                case .activation(let function) = graph.nodes[only[0]].operation, NormalizationStep.fuses(function)
            {
                activation = function
                output = ValueID(only[0] + 1)
                fused.insert(only[0])
            }
            steps.append(
                NormalizationStep(
                    index: index,
                    input: node.inputs[0],
                    output: output,
                    norm: norm,
                    activation: activation,
                    shape: graph.shape(of: output),
                    mostChunks: mostChunks
                )
            )
        }
    }

    private func step(_ node: Node, _ index: Int) throws(InputError) -> any TrainingStep {
        let output = ValueID(index + 1)
        switch node.operation {
        case .convolution(let convolution):
            guard convolution.epilogue == Epilogue(), convolution.borderValues == nil else {
                throw InputError(
                    .unsupported,
                    "a graph that was rewritten for inference cannot be trained",
                    place: "node '\(node.name)'"
                )
            }
            return ConvolutionStep(
                index: index,
                input: node.inputs[0],
                output: output,
                convolution: convolution,
                graph: graph,
                mostChunks: mostChunks
            )
        case .linear(let linear):
            return LinearStep(index: index, input: node.inputs[0], output: output, linear: linear, graph: graph)
        case .activation(.prelu(let slope)):
            return SlopeStep(
                index: index,
                input: node.inputs[0],
                output: output,
                slope: slope,
                shape: graph.shape(of: output),
                mostChunks: mostChunks
            )
        default:
            return FaceStep(
                index: index,
                inputs: node.inputs,
                output: output,
                kernel: kernel(node, index),
                graph: graph
            )
        }
    }

    private func kernel(_ node: Node, _ index: Int) -> any FaceKernel {
        let shapes = node.inputs.map { graph.shape(of: $0) }
        let output = graph.shapes[index + 1]
        func pointwise(_ function: PointwiseKernel.Function) -> any FaceKernel {
            PointwiseKernel(function: function, count: output.count, channels: output.channels)
        }
        switch node.operation {
        case .channelAffine(let scale, let shift): return pointwise(.channelAffine(scale: scale, shift: shift))
        case .scalarAffine(let scale, let shift): return pointwise(.scalarAffine(scale: scale, shift: shift))
        case .activation(let activation): return pointwise(.activation(activation))
        case .add where shapes[0] == shapes[1]: return SumKernel(count: output.count)
        case .add: return PairKernel(multiplies: false, count: output.count, lengths: shapes.map(\.count))
        case .multiply: return PairKernel(multiplies: true, count: output.count, lengths: shapes.map(\.count))
        case .pool(let pool): return PoolKernel(pool: pool, input: shapes[0], output: output)
        case .globalAveragePool:
            let extent = shapes[0].extent
            let kernel = Extent(extent.height, extent.width)
            return PoolKernel(
                pool: Pool(kind: .average, kernel: kernel, stride: Extent(1)),
                input: shapes[0],
                output: .spatial(height: 1, width: 1, channels: output.count)
            )
        case .flatten: return MoveKernel.flatten(shapes[0])
        case .concatenate: return MoveKernel.concatenate(shapes)
        case .pad(let padding, let value): return MoveKernel.pad(padding, shapes[0], constant: value)
        case .dropout(let rate): return DropoutKernel(rate: rate, count: output.count, step: index)
        case .l2Normalize(let epsilon): return UnitKernel(epsilon: epsilon, count: output.count)
        case .identity, .convolution, .linear, .batchNormalization: return MoveKernel.copy(shapes[0])
        }
    }

    private func step(making value: ValueID) -> (any TrainingStep)? { producers[value].map { steps[$0] } }

    private func step(at index: Int) -> (any TrainingStep)? { steps.first { $0.index == index } }

    // MARK: Fusion

    /// Lets convolutions and sums read through normalisations, and form the moments for those behind them.
    private func fuse() {
        for case let norm as NormalizationStep in steps {
            let readers = readers[norm.output] ?? []
            let reading = readers.compactMap { step(at: $0.step) }
            norm.isLazy =
                !external.contains(norm.output) && !reading.isEmpty
                && reading.allSatisfy { $0 is ConvolutionStep || ($0 as? FaceStep)?.isSum == true }
            if norm.isLazy {
                for (reader, step) in zip(readers, reading) {
                    (step as? ConvolutionStep)?.source = norm
                    (step as? FaceStep)?.sources[reader.operand] = norm
                }
            }
            let input = norm.inputs[0]
            if let maker = step(making: input) as? ConvolutionStep {
                maker.readers.append(norm)
                norm.momentsComeWithInput = true
                if self.readers[input]?.count == 1, !external.contains(input) {
                    norm.gradientIsLazy = true
                    maker.gradientSource = norm
                }
            } else if let maker = step(making: input) as? FaceStep {
                maker.readers.append(norm)
                norm.momentsComeWithInput = true
            }
        }
    }

    /// Whether a value has memory of its own.
    func isStored(_ value: ValueID) -> Bool {
        if value == .input { return true }
        guard let maker = step(making: value) else { return false }
        return (maker as? NormalizationStep)?.isLazy != true
    }

    // MARK: Gradients

    private mutating func chooseWanted() {
        var trainable = Set<Int>()
        let specifications = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0.isTrainable) })
        for step in steps {
            let operation = graph.nodes[step.index].operation
            var names = operation.parameterNames
            if let norm = step as? NormalizationStep, case .prelu(let slope) = norm.activation { names.append(slope) }
            if names.contains(where: { specifications[$0] == true }) { trainable.insert(step.index) }
        }
        for step in steps where trainable.contains(step.index) || step.inputs.contains(where: wanted.contains) {
            wanted.insert(step.output)
        }
    }

    /// Values whose gradients have memory: wanted, and not taken straight from a normalisation.
    private func hasGradient(_ value: ValueID) -> Bool {
        guard wanted.contains(value) else { return false }
        return (step(making: value) as? ConvolutionStep)?.gradientSource == nil
    }

    /// The last step that reads a value's gradient.
    private func lastReader(_ value: ValueID) -> Int {
        guard let maker = step(making: value) else { return 0 }
        if let norm = maker as? NormalizationStep, norm.gradientIsLazy,
            let convolution = step(making: norm.inputs[0])
        {
            return convolution.index
        }
        return maker.index
    }

    /// Lets operands of sums have the sum's gradient for their own.
    ///
    /// Some only read it: what comes from normalisations, convolutions and fully connected layers. One more may go on
    /// adding to it (the trunk of a residual network), once all of those have read it.
    private mutating func shareGradients() {
        for case let sum as FaceStep in steps.reversed() where sum.isSum && hasGradient(sum.output) {
            var earliestRead = Int.max
            var trunks: [(operand: Int, firstAddition: Int)] = []
            for (operand, value) in sum.inputs.enumerated() {
                guard hasGradient(value), !external.contains(value),
                    sum.inputs.count(where: { $0 == value }) == 1
                else { continue }
                let others = (readers[value] ?? []).filter { $0.step != sum.index }.map(\.step)
                guard others.allSatisfy({ $0 < sum.index }) else { continue }
                let maker = step(making: value)
                let norm = maker as? NormalizationStep
                // It changes its gradient in place.
                if norm?.activation != nil { continue }
                let onlyReads = maker is ConvolutionStep || maker is LinearStep || norm != nil
                if others.isEmpty && onlyReads {
                    sum.aliased.insert(operand)
                    gradientRoots[value] = sum.output
                    earliestRead = min(earliestRead, lastReader(value))
                } else {
                    trunks.append((operand, others.max() ?? lastReader(value)))
                }
            }
            if let trunk = trunks.max(by: { $0.firstAddition > $1.firstAddition }), trunk.firstAddition < earliestRead {
                sum.aliased.insert(trunk.operand)
                gradientRoots[sum.inputs[trunk.operand]] = sum.output
            }
        }
    }

    /// The value whose memory holds a value's gradient.
    private func root(_ value: ValueID) -> ValueID {
        var value = value
        while let next = gradientRoots[value] { value = next }
        return value
    }

    /// The first to contribute writes, all others add; what comes from outside is there before the first.
    private mutating func chooseAccumulation() {
        for (value, contributions) in readers {
            let ordered = contributions.sorted { ($0.step, -$0.operand) > ($1.step, -$1.operand) }
            for (number, contribution) in ordered.enumerated() where number > 0 || external.contains(value) {
                accumulating.insert(contribution)
            }
        }
    }

    /// Leaves the sums over a gradient to the convolution that completes it, while it is in the cache.
    private func chooseCompletions() {
        for case let norm as NormalizationStep in steps {
            var value = norm.output
            // Up to the sum whose gradient this is.
            while let sum = gradientRoots[value] {
                if (readers[value] ?? []).count > 1 { break }
                value = sum
            }
            guard let last = (readers[value] ?? []).map(\.step).min(),
                let convolution = step(at: last) as? ConvolutionStep
            else { continue }
            convolution.completed.append(norm)
            norm.sumsComeWithGradient = true
        }
    }

    // MARK: Memory

    /// Offsets of the gradients' memory per face, and its size, so that those that live at different times share it.
    func placeGradients() -> (offsets: [ValueID: Int], size: Int) {
        struct Interval {
            var first: Int
            var last: Int
            var size: Int
            var offset: Int
        }
        // Time runs backwards through the steps.
        var intervals: [ValueID: Interval] = [:]
        for value in wanted.sorted() where hasGradient(value) {
            let root = root(value)
            let born =
                external.contains(value) ? Int.max : (readers[value] ?? []).map(\.step).max() ?? Int.max
            let died = lastReader(value)
            let size = (graph.shape(of: value).count + 15) / 16 * 16
            let known = intervals[root] ?? Interval(first: died, last: born, size: size, offset: 0)
            intervals[root] = Interval(
                first: min(known.first, died),
                last: max(known.last, born),
                size: max(known.size, size),
                offset: 0
            )
        }
        var placed: [ValueID: Interval] = [:]
        for (value, interval) in intervals.sorted(by: { ($1.value.size, $0.key) < ($0.value.size, $1.key) }) {
            let neighbours = placed.values
                .filter { $0.first <= interval.last && interval.first <= $0.last }
                .sorted { $0.offset < $1.offset }
            var offset = 0
            for neighbour in neighbours where neighbour.offset < offset + interval.size {
                offset = max(offset, neighbour.offset + neighbour.size)
            }
            placed[value] = interval
            placed[value]?.offset = offset
        }
        var offsets: [ValueID: Int] = [:]
        for value in wanted where hasGradient(value) { offsets[value] = placed[root(value)]?.offset }
        return (offsets, placed.values.map { $0.offset + $0.size }.max() ?? 0)
    }
}

extension Operation {
    /// The parameters that the operation names.
    fileprivate var parameterNames: [String] {
        switch self {
        case .convolution(let convolution): [convolution.weight] + [convolution.bias].compactMap { $0 }
        case .linear(let linear): [linear.weight] + [linear.bias].compactMap { $0 }
        case .batchNormalization(let norm): [norm.scale, norm.shift].compactMap { $0 }
        case .activation(.prelu(let slope)): [slope]
        default: []
        }
    }
}

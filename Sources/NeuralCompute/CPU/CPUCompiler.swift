internal import ArtifactFiles
internal import CKernels
internal import NeuralGraph

/// Chooses layouts and kernels for a rewritten graph and packs its weights.
struct CPUCompiler {
    private let graph: Graph
    private let weights: Weights
    private var layouts: [ValueLayout]
    private var borders: [[Float]?]
    private var steps: [CPUStep] = []
    private let usesWinograd: Bool
    private var storedTypes: [StoredType]

    init(graph: Graph, weights: Weights, usesWinograd: Bool, precision: InferencePrecision) {
        storedTypes = precision == .bfloat16 ? StoredTypes.half(graph) : StoredTypes.single(graph)
        self.graph = graph
        self.weights = weights
        self.usesWinograd = usesWinograd
        layouts = graph.shapes.map(ValueLayout.init)
        borders = graph.shapes.map { _ in nil }
    }

    mutating func compile() throws(InputError) -> CPUProgram {
        chooseBorders()
        for (index, node) in graph.nodes.enumerated() {
            var step = try step(node, output: ValueID(index + 1))
            step.multiplyAccumulates = graph.multiplyAccumulateCount(ofNode: index)
            steps.append(step)
        }
        dropUnreadSteps()
        return CPUProgram(
            inputShape: graph.inputShape,
            outputShape: graph.shape(of: graph.output),
            layouts: layouts,
            borders: borders,
            storedTypes: storedTypes,
            steps: steps,
            output: graph.output
        )
    }

    /// A flattening that a layer reads through has no reader left.
    private mutating func dropUnreadSteps() {
        var isRead = Set([graph.output])
        for step in steps.reversed() where isRead.contains(step.output) { isRead.formUnion(step.inputs) }
        steps.removeAll { !isRead.contains($0.output) }
    }

    // MARK: Layouts

    /// Gives every value the border that its padded readers need.
    ///
    /// Readers that want different things outside the picture get copies of their own in ``bordered(_:for:)``.
    private mutating func chooseBorders() {
        var isDecided = [Bool](repeating: false, count: layouts.count)
        for node in graph.nodes {
            guard case .convolution(let convolution) = node.operation, !convolution.padding.isZero else { continue }
            let value = node.inputs[0].index
            let border = convolution.borderValues.flatMap { weights[$0]?.values }
            if isDecided[value] && borders[value] != border { continue }
            isDecided[value] = true
            borders[value] = border
            layouts[value].border = layouts[value].border.union(neededBorder(of: node.inputs[0], for: convolution))
        }
    }

    private func suitsWinograd(_ convolution: Convolution, input: ValueID) -> Bool {
        usesWinograd && WinogradWeights.suits(convolution, input: graph.shape(of: input))
    }

    /// The border that a convolution's kernel reads.
    private func neededBorder(of value: ValueID, for convolution: Convolution) -> Padding {
        guard suitsWinograd(convolution, input: value) else { return convolution.padding }
        let (height, width) = graph.shape(of: value).extent
        return WinogradWeights.border(height: height, width: width)
    }

    /// The value with the border that a convolution needs: itself, or a copy.
    private mutating func bordered(_ value: ValueID, for convolution: Convolution) -> ValueID {
        let border = convolution.borderValues.flatMap { weights[$0]?.values }
        let layout = layouts[value.index]
        let needed = neededBorder(of: value, for: convolution)
        let isWideEnough = layout.border.union(needed) == layout.border
        if convolution.padding.isZero || (isWideEnough && borders[value.index] == border) { return value }
        var copied = layout
        copied.border = needed
        layouts.append(copied)
        borders.append(border)
        storedTypes.append(storedTypes[value.index])
        let copy = ValueID(layouts.count - 1)
        steps.append(
            CPUStep(
                name: "border",
                kernel: .copy,
                inputs: [value],
                output: copy,
                epilogue: CPUEpilogue(bias: AlignedFloats(count: 0)),
                weightBytes: 0
            )
        )
        return copy
    }

    // MARK: Steps

    private mutating func step(_ node: Node, output: ValueID) throws(InputError) -> CPUStep {
        switch node.operation {
        case .convolution(let convolution):
            return try step(node, convolution, output: output)
        case .linear(let linear):
            return try step(node, linear, output: output)
        default:
            return CPUStep(
                name: node.name,
                kernel: .generic(node.operation, parameters: parameters(of: node.operation)),
                inputs: node.inputs,
                output: output,
                epilogue: CPUEpilogue(bias: AlignedFloats(count: 0)),
                weightBytes: 0
            )
        }
    }

    private func parameters(of operation: Operation) -> [[Float]] {
        switch operation {
        case .channelAffine(let scale, let shift): [weights[scale]?.values ?? [], weights[shift]?.values ?? []]
        case .activation(.prelu(let slope)): [weights[slope]?.values ?? []]
        default: []
        }
    }

    private mutating func step(
        _ node: Node,
        _ convolution: Convolution,
        output: ValueID
    ) throws(InputError) -> CPUStep {
        let channels = graph.shape(of: node.inputs[0]).channels
        let kernel = convolution.kernel
        let perGroup = channels / convolution.groups
        let weight =
            try weights.tensor(
                convolution.weight,
                shape: [convolution.outChannels, perGroup, kernel.height, kernel.width]
            )
            .values
        let input = bordered(node.inputs[0], for: convolution)
        let inputs = [input] + node.inputs.dropFirst()
        let isDepthwise = perGroup == 1 && convolution.outChannels == channels
        // Vectors hold an even number of channels, and so does what is left of them: no pair straddles two loads.
        let isPaired = perGroup == 2 && convolution.outChannels == channels
        let kernelStep: CPUStep.Kernel
        if suitsWinograd(convolution, input: node.inputs[0]) {
            kernelStep = .winograd(
                WinogradWeights(weight, outChannels: convolution.outChannels, inChannels: channels)
            )
        } else if isDepthwise || isPaired {
            let usesPairs = storedTypes[input.index] == .bfloat16 && kernel == Extent(3)
            kernelStep = .depthwise(
                convolution,
                DepthwiseWeights(
                    taps: WeightPacking.perChannel(weight, channels: channels, kernel: kernel, isPaired: isPaired),
                    tapPairs: usesPairs
                        ? WeightPacking.tapPairs(weight, channels: channels, isPaired: isPaired) : nil,
                    isPaired: isPaired
                )
            )
        } else {
            kernelStep = try dense(convolution, weight: weight, input: input, perGroup: perGroup)
        }
        return CPUStep(
            name: node.name,
            kernel: kernelStep,
            inputs: inputs,
            output: output,
            epilogue: try epilogue(convolution, channels: 0..<convolution.outChannels),
            weightBytes: kernelStep.winogradBytes ?? weight.count * storedTypes[input.index].size
        )
    }

    private func dense(
        _ convolution: Convolution,
        weight: [Float],
        input: ValueID,
        perGroup: Int
    ) throws(InputError) -> CPUStep.Kernel {
        let layout = layouts[input.index]
        let kernel = convolution.kernel
        // Neighbouring taps of a row are one run where nothing lies between them.
        let joinsColumns = convolution.dilation.width == 1 && convolution.groups == 1
        var offsets: [Int32] = []
        for row in 0..<kernel.height {
            for column in 0..<(joinsColumns ? 1 : kernel.width) {
                let rowOffset = row * convolution.dilation.height * layout.rowPitch
                offsets.append(Int32(rowOffset + column * convolution.dilation.width * layout.channels))
            }
        }
        let runLength = joinsColumns ? kernel.width * perGroup : perGroup
        // Half-precision products take two inputs at a time: an odd run takes what lies behind it too, times zero.
        let isHalf = storedTypes[input.index] == .bfloat16
        let geometry = DenseGeometry(
            kernel: kernel,
            stride: convolution.stride,
            dilation: convolution.dilation,
            firstTap: layout.origin - convolution.padding.top * layout.rowPitch
                - convolution.padding.left * layout.channels,
            runOffsets: offsets,
            runLength: isHalf ? (runLength + 1) / 2 * 2 : runLength
        )
        let outPerGroup = convolution.outChannels / convolution.groups
        let groupSize = outPerGroup * perGroup * kernel.height * kernel.width
        var groups: [DenseGroup] = []
        for group in 0..<convolution.groups {
            groups.append(
                DenseGroup(
                    weights: WeightPacking.panels(
                        weight[group * groupSize..<(group + 1) * groupSize],
                        outChannels: outPerGroup,
                        inChannels: perGroup,
                        positions: kernel.height * kernel.width,
                        stored: storedTypes[input.index],
                        run: runLength
                    ),
                    firstInput: group * perGroup,
                    firstOutput: group * outPerGroup,
                    outChannels: outPerGroup,
                    epilogue: try epilogue(
                        convolution,
                        channels: group * outPerGroup..<(group + 1) * outPerGroup
                    )
                )
            )
        }
        return .dense(groups, geometry)
    }

    /// A fully connected layer: a convolution over all of its input.
    private func step(_ node: Node, _ linear: Linear, output: ValueID) throws(InputError) -> CPUStep {
        let count = graph.shape(of: node.inputs[0]).count
        let weight = try weights.tensor(linear.weight, shape: [linear.outFeatures, count]).values
        var source = node.inputs[0]
        var positions = 1
        // Reading through a flattening, its order goes into the weights.
        if source != .input, graph.nodes[source.index - 1].operation == .flatten {
            source = graph.nodes[source.index - 1].inputs[0]
            let shape = graph.shape(of: source)
            positions = shape.count / shape.channels
        }
        let layout = layouts[source.index]
        let isWhole = layout.isContiguous
        let geometry = DenseGeometry(
            kernel: Extent(layout.height, layout.width),
            stride: Extent(1),
            dilation: Extent(1),
            firstTap: layout.origin,
            runOffsets: isWhole ? [0] : (0..<layout.height).map { Int32($0 * layout.rowPitch) },
            runLength: isWhole ? count : layout.width * layout.channels
        )
        var bias = [Float](repeating: 0, count: linear.outFeatures)
        if let name = linear.bias { bias = try weights.tensor(name, shape: [linear.outFeatures]).values }
        let epilogue = CPUEpilogue(bias: WeightPacking.padded(bias[...]))
        let packed = WeightPacking.panels(
            weight[...],
            outChannels: linear.outFeatures,
            inChannels: count / positions,
            positions: positions,
            stored: storedTypes[source.index]
        )
        let group = DenseGroup(
            weights: packed,
            firstInput: 0,
            firstOutput: 0,
            outChannels: linear.outFeatures,
            epilogue: epilogue
        )
        return CPUStep(
            name: node.name,
            kernel: .dense([group], geometry),
            inputs: [source],
            output: output,
            epilogue: epilogue,
            weightBytes: weight.count * storedTypes[source.index].size
        )
    }

    private func epilogue(_ convolution: Convolution, channels: Range<Int>) throws(InputError) -> CPUEpilogue {
        let count = convolution.outChannels
        var bias = [Float](repeating: 0, count: count)
        if let name = convolution.bias { bias = try weights.tensor(name, shape: [count]).values }
        var result = CPUEpilogue(bias: WeightPacking.padded(bias[channels]))
        result.followsAddition = convolution.epilogue.activationFollowsAddition
        guard let activation = convolution.epilogue.activation else { return result }
        func prelu(_ slopes: [Float]) {
            result.activation = VF_ACT_PRELU.rawValue
            result.slope = WeightPacking.padded(slopes[channels])
        }
        switch activation {
        case .relu:
            (result.activation, result.low, result.high) = (VF_ACT_CLIP.rawValue, 0, .infinity)
        case .clip(let low, let high):
            (result.activation, result.low, result.high) = (VF_ACT_CLIP.rawValue, low, high)
        case .leakyRelu(let slope):
            prelu([Float](repeating: slope, count: count))
        case .prelu(let name):
            let slopes = weights[name]?.values ?? []
            prelu(slopes.count == 1 ? [Float](repeating: slopes[0], count: count) : slopes)
        case .sigmoid:
            throw InputError(.unsupported, "a sigmoid cannot be fused")
        }
        return result
    }
}

extension CPUStep.Kernel {
    fileprivate var winogradBytes: Int? {
        guard case .winograd(let weights) = self else { return nil }
        return weights.byteCount
    }
}

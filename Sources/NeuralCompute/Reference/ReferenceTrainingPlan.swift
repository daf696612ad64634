internal import ArtifactFiles
internal import NeuralGraph
internal import SeededRandom

/// A network forward and backward in double precision, node by node, straight from the definitions.
final class ReferenceTrainingPlan: TrainingPlan {
    let device: any Device
    let inputShape: ActivationShape
    let outputShape: ActivationShape
    let batchSize: Int
    let parameters: [NetworkParameter]
    private let graph: Graph
    private let taps: [ValueID]
    private let places: [String: Int]
    private var mode = ForwardMode.evaluation
    private var count = 0
    /// Of each value, the input first: `[count, shape.count]`, and its gradient.
    private var values: [[Double]] = []
    private var gradients: [[Double]] = []
    /// What each normalisation of the last pass used, by node.
    private var statistics: [Int: (means: [Double], variances: [Double])] = [:]

    init(graph: Graph, weights: Weights, options: TrainingOptions, device: ReferenceDevice) throws(InputError) {
        guard options.batchSize > 0 else {
            throw InputError(.malformed, "a training plan needs images", found: "a batch size of \(options.batchSize)")
        }
        var taps: [ValueID] = []
        for name in options.taps {
            guard let value = graph.value(named: name) else {
                throw .unknownName(name, kind: "tap", known: graph.nodes.map(\.name))
            }
            taps.append(value)
        }
        for node in graph.nodes {
            guard case .convolution(let convolution) = node.operation else { continue }
            guard convolution.epilogue == Epilogue(), convolution.borderValues == nil else {
                throw InputError(
                    .unsupported,
                    "a graph that was rewritten for inference cannot be trained",
                    place: "node '\(node.name)'"
                )
            }
        }
        self.device = device
        self.graph = graph
        self.taps = taps
        batchSize = options.batchSize
        inputShape = graph.inputShape
        outputShape = graph.shape(of: graph.output)
        parameters = graph.parameters.map { specification in
            var specification = specification
            let tensor = weights[specification.name]
            specification.shape = tensor?.shape ?? specification.shape
            let rows = specification.shape.count > 1 ? specification.shape[0] : 1
            let value = ReferenceTensor(rows: rows, columns: specification.shape.reduce(1, *) / max(1, rows))
            if let tensor { value.values = tensor.values.map { Double($0) } }
            let gradient = ReferenceTensor(rows: rows, columns: value.columns)
            return NetworkParameter(specification: specification, value: value, gradient: gradient)
        }
        places = Dictionary(uniqueKeysWithValues: parameters.enumerated().map { ($1.specification.name, $0) })
    }

    // MARK: Parameters

    private func parameter(_ name: String) -> [Double] {
        places[name].map { parameters[$0].value.onReference.values } ?? []
    }

    private func addGradient(_ terms: [Double], to name: String?) {
        guard let name, let place = places[name], parameters[place].specification.isTrainable else { return }
        let gradient = parameters[place].gradient.onReference
        for index in terms.indices { gradient.values[index] += terms[index] }
    }

    // MARK: Passes

    func forward(_ images: any ImageValues, range: Range<Int>, mode: ForwardMode) {
        precondition(!range.isEmpty && range.count <= batchSize, "\(range.count) images, room for \(batchSize)")
        self.mode = mode
        count = range.count
        let size = inputShape.count
        values = images.withUnsafeBufferPointer { images in
            [images[range.lowerBound * size..<range.upperBound * size].map { Double($0) }]
        }
        for index in graph.nodes.indices { values.append(forward(node: index)) }
    }

    func backward(outputGradient: DeviceTensor?, tapGradients: [Int: DeviceTensor]) {
        precondition(count > 0, "backward before forward")
        for parameter in parameters { device.fill(parameter.gradient, with: 0) }
        gradients = values.map { [Double](repeating: 0, count: $0.count) }
        func seed(_ gradient: DeviceTensor, _ value: ValueID) {
            for (index, term) in gradient.onReference.values.enumerated() { gradients[value.index][index] += term }
        }
        if let outputGradient { seed(outputGradient, graph.output) }
        for (tap, gradient) in tapGradients { seed(gradient, taps[tap]) }
        for index in graph.nodes.indices.reversed() { backward(node: index) }
    }

    var output: DeviceTensor { tensor(graph.output) }
    func features(at tap: Int) -> DeviceTensor { tensor(taps[tap]) }
    func tapShape(_ tap: Int) -> ActivationShape { graph.shape(of: taps[tap]) }

    private func tensor(_ value: ValueID) -> DeviceTensor {
        let tensor = ReferenceTensor(rows: count, columns: graph.shape(of: value).count)
        tensor.values = values[value.index]
        return tensor
    }

    func firstNonFiniteNode() -> String? {
        let index = values.firstIndex { !$0.allSatisfy(\.isFinite) }
        return index.map { $0 == 0 ? "input" : graph.nodes[$0 - 1].name }
    }

    // MARK: Nodes

    private func forward(node index: Int) -> [Double] {
        let node = graph.nodes[index]
        let inputs = node.inputs.map { values[$0.index] }
        let shape = graph.shapes[index + 1]
        let channels = shape.channels
        var output = [Double](repeating: 0, count: count * shape.count)
        switch node.operation {
        case .convolution(let convolution):
            let weight = parameter(convolution.weight)
            if let bias = convolution.bias.map(parameter) { output = output.indices.map { bias[$0 % channels] } }
            eachProduct(convolution, node, index) { output[$2] += inputs[0][$0] * weight[$1] }
        case .linear(let linear):
            let weight = parameter(linear.weight)
            if let bias = linear.bias.map(parameter) { output = output.indices.map { bias[$0 % shape.count] } }
            eachProduct(linear, node) { output[$2] += inputs[0][$0] * weight[$1] }
        case .batchNormalization(let norm):
            let (scale, shift) = (norm.scale.map(parameter), norm.shift.map(parameter))
            let used = measure(norm, inputs[0], channels)
            statistics[index] = used
            output = output.indices.map {
                unit(inputs[0][$0], $0 % channels, used, norm) * (scale?[$0 % channels] ?? 1)
                    + (shift?[$0 % channels] ?? 0)
            }
        case .channelAffine(let scale, let shift):
            let (factors, terms) = (parameter(scale), parameter(shift))
            output = output.indices.map { inputs[0][$0] * factors[$0 % channels] + terms[$0 % channels] }
        case .activation(let activation):
            output = output.indices.map { activate(activation, inputs[0][$0], $0 % channels).value }
        case .multiply:
            eachPair(node, index) { output[$2] = inputs[0][$0] * inputs[1][$1] }
        case .l2Normalize(let epsilon):
            for face in 0..<count {
                let range = face * shape.count..<(face + 1) * shape.count
                let norm = max(inputs[0][range].reduce(0) { $0 + $1 * $1 }.squareRoot(), Double(epsilon))
                for place in range { output[place] = inputs[0][place] / norm }
            }
        case .scalarAffine(_, let shift):
            output = output.map { _ in Double(shift) }
            eachTerm(node, index) { output[$2] += $3 * inputs[$0][$1] }
        case .pad(_, let value):
            var isCovered = [Bool](repeating: false, count: output.count)
            eachTerm(node, index) { (output[$2], isCovered[$2]) = ($3 * inputs[$0][$1], true) }
            for place in output.indices where !isCovered[place] { output[place] = Double(value) }
        case .add, .pool, .globalAveragePool, .flatten, .concatenate, .dropout, .identity:
            eachTerm(node, index) { output[$2] += $3 * inputs[$0][$1] }
        }
        return output
    }

    private func backward(node index: Int) {
        let node = graph.nodes[index]
        let inputs = node.inputs.map { values[$0.index] }
        let g = gradients[index + 1]
        let shape = graph.shapes[index + 1]
        let channels = shape.channels
        func sums(over length: Int, _ term: (Int) -> Double) -> [Double] {
            g.indices.reduce(into: [Double](repeating: 0, count: length)) { $0[$1 % length] += term($1) }
        }
        func add(_ operand: Int, _ place: Int, _ term: Double) { gradients[node.inputs[operand].index][place] += term }
        switch node.operation {
        case .convolution(let convolution):
            let weight = parameter(convolution.weight)
            var terms = [Double](repeating: 0, count: weight.count)
            eachProduct(convolution, node, index) {
                terms[$1] += g[$2] * inputs[0][$0]
                add(0, $0, g[$2] * weight[$1])
            }
            addGradient(terms, to: convolution.weight)
            addGradient(sums(over: channels) { g[$0] }, to: convolution.bias)
        case .linear(let linear):
            let weight = parameter(linear.weight)
            var terms = [Double](repeating: 0, count: weight.count)
            eachProduct(linear, node) {
                terms[$1] += g[$2] * inputs[0][$0]
                add(0, $0, g[$2] * weight[$1])
            }
            addGradient(terms, to: linear.weight)
            addGradient(sums(over: shape.count) { g[$0] }, to: linear.bias)
        case .batchNormalization(let norm): backward(norm, node, index, channels)
        case .channelAffine(let scale, let shift):
            let factors = parameter(scale)
            for place in g.indices { add(0, place, g[place] * factors[place % channels]) }
            addGradient(sums(over: channels) { g[$0] * inputs[0][$0] }, to: scale)
            addGradient(sums(over: channels) { g[$0] }, to: shift)
        case .activation(let activation):
            for place in g.indices {
                add(0, place, g[place] * activate(activation, inputs[0][place], place % channels).derivative)
            }
            if case .prelu(let slope) = activation {
                let length = parameter(slope).count
                let terms = sums(over: channels) { min(inputs[0][$0], 0) * g[$0] }
                addGradient(length == 1 ? [terms.reduce(0, +)] : terms, to: slope)
            }
        case .multiply:
            eachPair(node, index) {
                add(0, $0, g[$2] * inputs[1][$1])
                add(1, $1, g[$2] * inputs[0][$0])
            }
        case .l2Normalize(let epsilon):
            for face in 0..<count {
                let range = face * shape.count..<(face + 1) * shape.count
                let norm = inputs[0][range].reduce(0) { $0 + $1 * $1 }.squareRoot()
                let used = max(norm, Double(epsilon))
                let along = norm <= Double(epsilon) ? 0 : range.reduce(0) { $0 + g[$1] * inputs[0][$1] } / used
                for place in range { add(0, place, (g[place] - along * inputs[0][place] / used) / used) }
            }
        case .add, .scalarAffine, .pad, .pool, .globalAveragePool, .flatten, .concatenate, .dropout, .identity:
            eachTerm(node, index) { add($0, $1, $3 * g[$2]) }
        }
    }

    // MARK: Layers

    /// Visits every product of a convolution: offsets of the input, the weight and the output.
    private func eachProduct(
        _ convolution: Convolution,
        _ node: Node,
        _ index: Int,
        _ body: (_ input: Int, _ weight: Int, _ output: Int) -> Void
    ) {
        let (shape, result) = (graph.shape(of: node.inputs[0]), graph.shapes[index + 1])
        let (height, width) = shape.extent
        let (kernel, out) = (convolution.kernel, convolution.outChannels)
        let perGroup = shape.channels / convolution.groups
        for output in 0..<count * result.count {
            let (face, pixel, channel) = (output / result.count, output % result.count / out, output % out)
            for tap in 0..<kernel.height * kernel.width {
                let y =
                    pixel / result.extent.width * convolution.stride.height - convolution.padding.top
                    + tap / kernel.width * convolution.dilation.height
                let x =
                    pixel % result.extent.width * convolution.stride.width - convolution.padding.left
                    + tap % kernel.width * convolution.dilation.width
                guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
                let first =
                    face * shape.count + (y * width + x) * shape.channels
                    + channel / (out / convolution.groups) * perGroup
                for inner in 0..<perGroup {
                    let weight = (channel * perGroup + inner) * kernel.height * kernel.width + tap
                    body(first + inner, weight, output)
                }
            }
        }
    }

    /// Visits every product of a fully connected layer.
    private func eachProduct(
        _ linear: Linear,
        _ node: Node,
        _ body: (_ input: Int, _ weight: Int, _ output: Int) -> Void
    ) {
        let length = graph.shape(of: node.inputs[0]).count
        for output in 0..<count * linear.outFeatures {
            let (face, row) = (output / linear.outFeatures, output % linear.outFeatures)
            for column in 0..<length { body(face * length + column, row * length + column, output) }
        }
    }

    /// Visits offsets of two operands, either of which may be one number per channel, and of the result.
    private func eachPair(_ node: Node, _ index: Int, _ body: (_ first: Int, _ second: Int, _ output: Int) -> Void) {
        let size = graph.shapes[index + 1].count
        let sizes = node.inputs.map { graph.shape(of: $0).count }
        for output in 0..<count * size {
            let (face, place) = (output / size, output % size)
            body(face * sizes[0] + place % sizes[0], face * sizes[1] + place % sizes[1], output)
        }
    }

    /// Visits the terms of an operation that is linear in its operands: operand, its offset, the output's, the factor.
    private func eachTerm(
        _ node: Node,
        _ index: Int,
        _ body: (_ operand: Int, _ input: Int, _ output: Int, _ factor: Double) -> Void
    ) {
        let result = graph.shapes[index + 1]
        let shapes = node.inputs.map { graph.shape(of: $0) }
        let (shape, channels) = (shapes[0], shapes[0].channels)
        func eachElement(_ factor: (_ face: Int, _ place: Int) -> Double) {
            for face in 0..<count {
                for place in 0..<result.count {
                    body(0, face * result.count + place, face * result.count + place, factor(face, place))
                }
            }
        }
        switch node.operation {
        case .identity: eachElement { _, _ in 1 }
        case .scalarAffine(let scale, _): eachElement { _, _ in Double(scale) }
        case .dropout(let rate):
            guard case .training(let seed, let firstFace) = mode, rate > 0 else { return eachElement { _, _ in 1 } }
            // The same numbers on every device.
            for face in 0..<count {
                var random = SeededGenerator(seed: seed, stream: UInt64(index) << 32 | UInt64(firstFace + face))
                for place in face * result.count..<(face + 1) * result.count {
                    body(0, place, place, random.uniform() < Double(rate) ? 0 : 1 / (1 - Double(rate)))
                }
            }
        case .add:
            eachPair(node, index) {
                body(0, $0, $2, 1)
                body(1, $1, $2, 1)
            }
        case .flatten:
            let positions = shape.count / channels
            for output in 0..<count * result.count {
                let (face, place) = (output / result.count, output % result.count)
                body(0, face * shape.count + place % positions * channels + place / positions, output, 1)
            }
        case .concatenate:
            for face in 0..<count {
                for position in 0..<result.count / result.channels {
                    var output = face * result.count + position * result.channels
                    for (operand, shape) in shapes.enumerated() {
                        for channel in 0..<shape.channels {
                            body(operand, face * shape.count + position * shape.channels + channel, output, 1)
                            output += 1
                        }
                    }
                }
            }
        case .pad(let padding, _):
            for input in 0..<count * shape.count {
                let (face, pixel, channel) = (input / shape.count, input % shape.count / channels, input % channels)
                let y = pixel / shape.extent.width + padding.top
                let x = pixel % shape.extent.width + padding.left
                let output = face * result.count + (y * result.extent.width + x) * channels + channel
                body(0, input, output, 1)
            }
        case .globalAveragePool:
            let factor = Double(channels) / Double(shape.count)
            for input in 0..<count * shape.count {
                body(0, input, input / shape.count * channels + input % channels, factor)
            }
        case .pool(let pool): eachTerm(pool, values[node.inputs[0].index], shape, result) { body(0, $0, $1, $2) }
        default: preconditionFailure("not linear")
        }
    }

    private func eachTerm(
        _ pool: Pool,
        _ input: [Double],
        _ shape: ActivationShape,
        _ result: ActivationShape,
        _ body: (_ input: Int, _ output: Int, _ factor: Double) -> Void
    ) {
        let (height, width) = shape.extent
        let channels = shape.channels
        for output in 0..<count * result.count {
            let (face, pixel, channel) = (output / result.count, output % result.count / channels, output % channels)
            let top = pixel / result.extent.width * pool.stride.height - pool.padding.top
            let left = pixel % result.extent.width * pool.stride.width - pool.padding.left
            var seen: [Int] = []
            var covered = 0
            for y in top..<top + pool.kernel.height {
                for x in left..<left + pool.kernel.width {
                    let isInside = (0..<height).contains(y) && (0..<width).contains(x)
                    let isPadding =
                        (-pool.padding.top..<height + pool.padding.bottom).contains(y)
                        && (-pool.padding.left..<width + pool.padding.right).contains(x)
                    if isInside { seen.append(face * shape.count + (y * width + x) * channels + channel) }
                    if isInside || (isPadding && pool.countsPadding) { covered += 1 }
                }
            }
            if pool.kind == .average {
                for place in seen { body(place, output, 1 / Double(covered)) }
            } else if let first = seen.first {
                body(seen.dropFirst().reduce(first) { input[$1] > input[$0] ? $1 : $0 }, output, 1)
            }
        }
    }

    private func activate(_ activation: Activation, _ x: Double, _ channel: Int) -> (value: Double, derivative: Double)
    {
        switch activation {
        case .relu: return x > 0 ? (x, 1) : (x * 0, 0)
        case .clip(let low, let high):
            let (low, high) = (Double(low), Double(high))
            return x < low ? (low, 0) : x > high ? (high, 0) : (x, x > low && x < high ? 1 : 0)
        case .leakyRelu(let slope): return x > 0 ? (x, 1) : (x * Double(slope), Double(slope))
        case .prelu(let name):
            let slopes = parameter(name)
            let slope = slopes[channel % slopes.count]
            return x > 0 ? (x, 1) : (x * slope, slope)
        case .sigmoid:
            let y = 1 / (1 + exponential(-x))
            return (y, y * (1 - y))
        }
    }

    // MARK: Batch normalisation

    private func unit(
        _ x: Double,
        _ channel: Int,
        _ used: (means: [Double], variances: [Double]),
        _ norm: BatchNormalization
    ) -> Double {
        (x - used.means[channel]) / (used.variances[channel] + Double(norm.epsilon)).squareRoot()
    }

    /// The statistics to normalise by; in training those of the batch, towards which the running ones move.
    private func measure(
        _ norm: BatchNormalization,
        _ input: [Double],
        _ channels: Int
    ) -> (means: [Double], variances: [Double]) {
        guard mode != .evaluation else { return (parameter(norm.mean), parameter(norm.variance)) }
        let n = Double(input.count / channels)
        var (means, variances) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
        for (index, x) in input.enumerated() { means[index % channels] += x / n }
        for (index, x) in input.enumerated() {
            variances[index % channels] += (x - means[index % channels]) * (x - means[index % channels]) / n
        }
        func move(_ name: String, towards found: [Double]) {
            guard let running = places[name].map({ parameters[$0].value.onReference }) else { return }
            running.values = zip(running.values, found).map { 0.9 * $0 + 0.1 * $1 }
        }
        move(norm.mean, towards: means)
        move(norm.variance, towards: variances.map { n > 1 ? $0 * n / (n - 1) : $0 })
        return (means, variances)
    }

    private func backward(_ norm: BatchNormalization, _ node: Node, _ index: Int, _ channels: Int) {
        guard let used = statistics[index] else { return }
        let (x, g) = (values[node.inputs[0].index], gradients[index + 1])
        let n = Double(g.count / channels)
        var (sums, products) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
        for place in g.indices {
            sums[place % channels] += g[place]
            products[place % channels] += g[place] * unit(x[place], place % channels, used, norm)
        }
        let scale = norm.scale.map(parameter)
        for place in g.indices {
            let channel = place % channels
            let factor = (scale?[channel] ?? 1) / (used.variances[channel] + Double(norm.epsilon)).squareRoot()
            // Running statistics are constants: nothing flows through them.
            let through =
                mode == .evaluation
                ? 0 : (sums[channel] + unit(x[place], channel, used, norm) * products[channel]) / n
            gradients[node.inputs[0].index][place] += factor * (g[place] - through)
        }
        addGradient(products, to: norm.scale)
        addGradient(sums, to: norm.shift)
    }
}

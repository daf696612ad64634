internal import ArtifactFiles
internal import NeuralGraph
internal import SeededRandom
internal import Synchronization

/// A graph as calls of PyTorch's operators, forward and backward.
///
/// Spatial values are `[images, channels, height, width]` with channels last in memory, vectors `[images, length]`.
/// Parameters keep PyTorch's names and shapes, as everywhere.
final class TorchNetwork {
    let graph: Graph
    let device: TorchDevice
    /// Parameters and statistics in the graph's order, as matrices over the memory that operators read.
    let parameters: [NetworkParameter]
    /// The type in which convolutions and products are computed.
    var type: Int32
    private let handles: [String: TorchHandle]
    /// PReLUs with one slope for all channels.
    private let sharedSlopes: Set<String>
    private var convertedWeights: [String: TorchHandle] = [:]

    /// From the gradient of a node's value to those of its inputs; parameters' gradients go to the pass.
    typealias Pullback = (_ gradient: TorchHandle, _ pass: Pass) -> [TorchHandle]

    /// One pass over a batch.
    final class Pass {
        let count: Int
        let mode: ForwardMode
        fileprivate(set) var values: [TorchHandle]
        fileprivate var pullbacks: [Int: Pullback] = [:]
        fileprivate var gradients: [String: TorchHandle] = [:]

        fileprivate init(_ input: TorchHandle, count: Int, mode: ForwardMode) {
            values = [input]
            self.count = count
            self.mode = mode
        }

        func value(_ id: ValueID) -> TorchHandle { values[id.index] }
    }

    init(graph: Graph, weights: Weights, device: TorchDevice) throws(InputError) {
        self.graph = graph
        self.device = device
        type = device.library.float32
        for node in graph.nodes {
            if case .pool(let pool) = node.operation, pool.kind == .average, !pool.padding.isSymmetric {
                throw InputError(
                    .unsupported,
                    "PyTorch has no mean over windows with an uneven border",
                    place: "node '\(node.name)'"
                )
            }
        }
        var handles: [String: TorchHandle] = [:]
        parameters = graph.parameters.map { specification in
            var specification = specification
            let tensor = weights[specification.name]
            specification.shape = tensor?.shape ?? specification.shape
            let shape = specification.shape
            let handle = device.upload(tensor?.values ?? [], shape)
            handles[specification.name] = handle
            let rows = shape.count > 1 ? shape[0] : 1
            let columns = shape.reduce(1, *) / max(1, rows)
            return NetworkParameter(
                specification: specification,
                value: TorchTensor(device.reshape(handle, [rows, columns]), rows: rows, columns: columns),
                gradient: TorchTensor(device.zeros([rows, columns]), rows: rows, columns: columns, isFixed: false)
            )
        }
        self.handles = handles
        sharedSlopes = Set(
            parameters.map(\.specification).filter { $0.role == .preluSlope && $0.shape == [1] }.map(\.name)
        )
    }

    // MARK: Passes

    /// Runs the network on images `[count, height, width, channels]` in host memory.
    ///
    /// - Parameter records: Whether a backward pass follows.
    func forward(
        _ images: UnsafeBufferPointer<Float>,
        count: Int,
        mode: ForwardMode = .evaluation,
        records: Bool
    ) -> Pass {
        let library = device.library
        let input: TorchHandle
        if case .spatial(let height, let width, let channels) = graph.inputShape {
            let rows = device.upload(images, [count, height, width, channels], type: library.float32)
            input = device.permute(rows, [0, 3, 1, 2])
        } else {
            input = device.upload(images, [count, graph.inputShape.count], type: library.float32)
        }
        let pass = Pass(type == library.float32 ? input : device.converted(input, to: type), count: count, mode: mode)
        var lastReader: [Int: Int] = [:]
        if !records {
            for (index, node) in graph.nodes.enumerated() {
                for input in node.inputs { lastReader[input.index] = index }
            }
        }
        for (index, node) in graph.nodes.enumerated() {
            let (value, pullback) = run(node, index, pass)
            pass.values.append(value)
            if records {
                pass.pullbacks[index] = pullback
            } else {
                // What nobody reads any more gives its memory back.
                for input in node.inputs where lastReader[input.index] == index { pass.values[input.index] = value }
            }
        }
        return pass
    }

    /// The output of a pass in single precision, `[count, outputShape.count]`.
    func output(of pass: Pass) -> TorchTensor { rows(pass.value(graph.output), of: graph.output, count: pass.count) }

    /// A value as rows, channels last.
    func rows(_ value: TorchHandle, of id: ValueID, count: Int) -> TorchTensor {
        let shape = graph.shape(of: id)
        var value = type == device.library.float32 ? value : device.converted(value, to: device.library.float32)
        if case .spatial = shape { value = device.permute(value, [0, 2, 3, 1]) }
        return TorchTensor(device.reshape(value, [count, shape.count]), rows: count, columns: shape.count)
    }

    /// A gradient that came as rows, in the arrangement of the value.
    private func arranged(_ gradient: TorchHandle, of id: ValueID, count: Int) -> TorchHandle {
        guard case .spatial(let height, let width, let channels) = graph.shape(of: id) else { return gradient }
        return device.permute(device.reshape(gradient, [count, height, width, channels]), [0, 3, 1, 2])
    }

    /// Writes the gradients of all parameters.
    func backward(_ pass: Pass, seeds: [(value: ValueID, gradient: TorchHandle)]) {
        var gradients = [TorchHandle?](repeating: nil, count: pass.values.count)
        func add(_ term: TorchHandle, to index: Int) {
            gradients[index] = gradients[index].map { device.add($0, term) } ?? term
        }
        pass.gradients = [:]
        for seed in seeds { add(arranged(seed.gradient, of: seed.value, count: pass.count), to: seed.value.index) }
        for (index, node) in graph.nodes.enumerated().reversed() {
            guard let gradient = gradients[index + 1], let pullback = pass.pullbacks[index] else { continue }
            gradients[index + 1] = nil
            for (input, term) in zip(node.inputs, pullback(gradient, pass)) { add(term, to: input.index) }
        }
        for parameter in parameters {
            let target = parameter.gradient.onTorch
            let found = parameter.specification.isTrainable ? pass.gradients[parameter.specification.name] : nil
            target.handle =
                found.map { device.reshape($0, [target.rows, target.columns]) }
                ?? device.zeros([target.rows, target.columns])
        }
    }

    private func keep(_ gradient: TorchHandle, of name: String, in pass: Pass) {
        pass.gradients[name] = pass.gradients[name].map { device.add($0, gradient) } ?? gradient
    }

    private func parameter(_ name: String) -> TorchHandle {
        guard let handle = handles[name] else { preconditionFailure("no parameter \(name)") }
        return handle
    }

    /// A weight in the type of products; converted once where it does not change.
    private func weight(_ name: String) -> TorchHandle {
        guard type != device.library.float32 else { return parameter(name) }
        if let known = convertedWeights[name] { return known }
        let converted = device.converted(parameter(name), to: type)
        convertedWeights[name] = converted
        return converted
    }

    // MARK: Nodes

    private func run(_ node: Node, _ index: Int, _ pass: Pass) -> (TorchHandle, Pullback) {
        let d = device
        let inputs = node.inputs.map { pass.value($0) }
        let x = inputs[0]
        let shapes = node.inputs.map { graph.shape(of: $0) }
        let shape = graph.shapes[index + 1]
        switch node.operation {
        case .identity: return (x, { g, _ in [g] })
        case .convolution(let convolution):
            let (sums, pullback) = convolve(convolution, x, shapes[0])
            return (finished(sums, convolution.epilogue, inputs.dropFirst().first, shape), pullback)
        case .linear(let linear):
            let weight = weight(linear.weight)
            let product = d.product(x, d.transpose(weight))
            let y = linear.bias.map { d.add(product, self.weight($0)) } ?? product
            return (
                y,
                { [self] g, pass in
                    keep(d.product(d.transpose(g), x), of: linear.weight, in: pass)
                    if let bias = linear.bias { keep(d.sum(g, over: [0], keeps: false), of: bias, in: pass) }
                    return [d.product(g, weight)]
                }
            )
        case .batchNormalization(let norm): return normalize(norm, x, pass)
        case .channelAffine(let scale, let shift):
            let factor = perChannel(parameter(scale), shape)
            let y = d.add(d.multiply(x, factor), perChannel(parameter(shift), shape))
            return (
                y,
                { [self] g, pass in
                    keep(overImages(d.multiply(g, x), shape), of: scale, in: pass)
                    keep(overImages(g, shape), of: shift, in: pass)
                    return [d.multiply(g, factor)]
                }
            )
        case .scalarAffine(let scale, let shift):
            return (d.add(d.multiply(x, Double(scale)), Double(shift)), { g, _ in [d.multiply(g, Double(scale))] })
        case .activation(let activation): return activate(activation, x, shape)
        case .add, .multiply:
            let operands = zip(inputs, shapes).map { spread($0, $1, over: shape) }
            let isSum = node.operation == .add
            let y = isSum ? d.add(operands[0], operands[1]) : d.multiply(operands[0], operands[1])
            return (
                y,
                { [self] g, pass in
                    let terms = isSum ? [g, g] : [d.multiply(g, operands[1]), d.multiply(g, operands[0])]
                    return zip(terms, shapes).map { gathered($0, $1, from: shape, count: pass.count) }
                }
            )
        case .pool(let pool): return self.pool(pool, x, shapes[0])
        case .globalAveragePool:
            let (height, width) = shapes[0].extent
            let share = 1 / Double(height * width)
            return (
                d.mean(x, over: [2, 3], keeps: false),
                { g, pass in
                    let spread = d.reshape(d.multiply(g, share), [pass.count, shape.count, 1, 1])
                    return [d.expand(spread, [pass.count, shape.count, height, width])]
                }
            )
        case .flatten:
            let sizes = self.sizes(shapes[0], pass.count)
            return (d.reshape(x, [pass.count, shape.count]), { g, _ in [d.reshape(g, sizes)] })
        case .concatenate:
            return (
                d.concatenate(inputs, axis: 1),
                { g, _ in
                    var start = 0
                    return shapes.map { part in
                        defer { start += part.channels }
                        return d.narrow(g, axis: 1, from: start, count: part.channels)
                    }
                }
            )
        case .pad(let padding, let value):
            let (height, width) = shapes[0].extent
            let borders = [padding.left, padding.right, padding.top, padding.bottom]
            return (
                d.pad(x, borders, value: Double(value)),
                { [self] g, _ in [cropped(g, top: padding.top, left: padding.left, height, width)] }
            )
        case .dropout(let rate):
            guard let mask = dropoutMask(rate, index, shape, pass) else { return (x, { g, _ in [g] }) }
            return (d.multiply(x, mask), { g, _ in [d.multiply(g, mask)] })
        case .l2Normalize(let epsilon):
            let axes = shape.isSpatial ? [1, 2, 3] : [1]
            let norm = d.unary("sqrt", d.sum(d.multiply(x, x), over: axes))
            let divisor = d.maximum(norm, Double(epsilon))
            let y = d.divide(x, divisor)
            return (
                y,
                { g, _ in
                    let dot = d.sum(d.multiply(g, y), over: axes)
                    let along = d.choose(d.greater(norm, d.scalar(Double(epsilon))), dot, d.scalar(0))
                    return [d.divide(d.subtract(g, d.multiply(y, along)), divisor)]
                }
            )
        }
    }

    private func convolve(_ convolution: Convolution, _ x: TorchHandle, _ shape: ActivationShape) -> (
        TorchHandle, Pullback
    ) {
        let d = device
        let (padding, weight) = (convolution.padding, weight(convolution.weight))
        let isEven = padding.isSymmetric && convolution.borderValues == nil
        let padded = isEven ? x : padded(x, padding, convolution.borderValues, shape)
        let stride = [convolution.stride.height, convolution.stride.width]
        let borders = isEven ? [padding.top, padding.left] : [0, 0]
        let dilation = [convolution.dilation.height, convolution.dilation.width]
        let common: [TorchArgument] = [
            .ints(stride), .ints(borders), .ints(dilation), .bool(false), .ints([0, 0]), .int(convolution.groups),
        ]
        let bias = convolution.bias.map { self.weight($0) }
        let y = d.call("convolution", [.tensor(padded), .tensor(weight), .optionalTensor(bias)] + common)[0]
        let (height, width) = shape.extent
        return (
            y,
            { [self] g, pass in
                let found = d.call(
                    "convolution_backward",
                    [
                        .tensor(g), .tensor(padded), .tensor(weight),
                        bias == nil ? .none : .optionalInts([convolution.outChannels]),
                    ] + common + [.bools([true, true, bias != nil])],
                    results: 3
                )
                keep(found[1], of: convolution.weight, in: pass)
                if let name = convolution.bias { keep(found[2], of: name, in: pass) }
                return [isEven ? found[0] : cropped(found[0], top: padding.top, left: padding.left, height, width)]
            }
        )
    }

    /// A border of zeros, or of a number for each channel.
    private func padded(_ x: TorchHandle, _ padding: Padding, _ values: String?, _ shape: ActivationShape)
        -> TorchHandle
    {
        let d = device
        let borders = [padding.left, padding.right, padding.top, padding.bottom]
        guard let values else { return d.pad(x, borders) }
        let border = perChannel(weight(values), shape)
        return d.add(d.pad(d.subtract(x, border), borders), border)
    }

    /// What graphs that were rewritten for inference have behind a convolution; they are not trained.
    private func finished(_ sums: TorchHandle, _ epilogue: Epilogue, _ addend: TorchHandle?, _ shape: ActivationShape)
        -> TorchHandle
    {
        var y = sums
        if let activation = epilogue.activation, !epilogue.activationFollowsAddition {
            y = activate(activation, y, shape).0
        }
        if epilogue.addsSecondInput, let addend { y = device.add(y, addend) }
        if let activation = epilogue.activation, epilogue.activationFollowsAddition {
            y = activate(activation, y, shape).0
        }
        return y
    }

    private func normalize(_ norm: BatchNormalization, _ x: TorchHandle, _ pass: Pass) -> (TorchHandle, Pullback) {
        let d = device
        let trains = pass.mode != .evaluation
        let (scale, shift) = (norm.scale.map(parameter), norm.shift.map(parameter))
        let (mean, variance) = (parameter(norm.mean), parameter(norm.variance))
        let statistics: [TorchArgument] = [.optionalTensor(mean), .optionalTensor(variance)]
        let found = d.call(
            "native_batch_norm",
            [.tensor(x), .optionalTensor(scale), .optionalTensor(shift)] + statistics
                + [.bool(trains), .double(0.1), .double(Double(norm.epsilon))],
            results: 3
        )
        return (
            found[0],
            { [self] g, pass in
                let back = d.call(
                    "native_batch_norm_backward",
                    [.tensor(g), .tensor(x), .optionalTensor(scale)] + statistics
                        + [
                            .optionalTensor(found[1]), .optionalTensor(found[2]), .bool(trains),
                            .double(Double(norm.epsilon)), .bools([true, scale != nil, shift != nil]),
                        ],
                    results: 3
                )
                if let name = norm.scale { keep(back[1], of: name, in: pass) }
                if let name = norm.shift { keep(back[2], of: name, in: pass) }
                return [back[0]]
            }
        )
    }

    private func activate(_ activation: Activation, _ x: TorchHandle, _ shape: ActivationShape) -> (
        TorchHandle, Pullback
    ) {
        let d = device
        func positive() -> TorchHandle { d.greater(x, d.scalar(0)) }
        switch activation {
        case .relu: return (d.unary("relu", x), { g, _ in [d.choose(positive(), g, d.scalar(0))] })
        case .clip(let low, let high):
            return (
                d.clamp(x, Double(low), Double(high)),
                { g, _ in
                    let isInside =
                        d.call(
                            "logical_and",
                            [
                                .tensor(d.greater(x, d.scalar(Double(low)))),
                                .tensor(d.call("lt.Tensor", [.tensor(x), .tensor(d.scalar(Double(high)))])[0]),
                            ]
                        )[0]
                    return [d.choose(isInside, g, d.scalar(0))]
                }
            )
        case .leakyRelu(let slope):
            let (y, s) = (d.choose(positive(), x, d.multiply(x, Double(slope))), Double(slope))
            return (y, { g, _ in [d.choose(positive(), g, d.multiply(g, s))] })
        case .sigmoid:
            let y = d.unary("sigmoid", x)
            return (y, { g, _ in [d.multiply(g, d.multiply(y, d.add(d.multiply(y, -1), 1)))] })
        case .prelu(let name):
            let slopes = weight(name)
            let isShared = sharedSlopes.contains(name)
            let weight = isShared ? slopes : perChannel(slopes, shape)
            let y = d.call("_prelu_kernel", [.tensor(x), .tensor(weight)])[0]
            return (
                y,
                { [self] g, pass in
                    let back = d.call(
                        "_prelu_kernel_backward",
                        [.tensor(g), .tensor(x), .tensor(weight)],
                        results: 2
                    )
                    let perChannel = overImages(back[1], shape)
                    keep(isShared ? d.sum(perChannel, over: [0]) : perChannel, of: name, in: pass)
                    return [back[0]]
                }
            )
        }
    }

    private func pool(_ pool: Pool, _ x: TorchHandle, _ shape: ActivationShape) -> (TorchHandle, Pullback) {
        let d = device
        let kernel: TorchArgument = .ints([pool.kernel.height, pool.kernel.width])
        let stride: TorchArgument = .ints([pool.stride.height, pool.stride.width])
        let padding = pool.padding
        if pool.kind == .average {
            let options: [TorchArgument] = [
                kernel, stride, .ints([padding.top, padding.left]), .bool(pool.roundsUp), .bool(pool.countsPadding),
                .none,
            ]
            return (
                d.call("avg_pool2d", [.tensor(x)] + options)[0],
                { g, _ in [d.call("avg_pool2d_backward", [.tensor(g), .tensor(x)] + options)[0]] }
            )
        }
        let isEven = padding.isSymmetric
        let padded =
            isEven ? x : d.pad(x, [padding.left, padding.right, padding.top, padding.bottom], value: -Double.infinity)
        let options: [TorchArgument] = [
            kernel, stride, .ints(isEven ? [padding.top, padding.left] : [0, 0]), .ints([1, 1]), .bool(pool.roundsUp),
        ]
        let found = d.call("max_pool2d_with_indices", [.tensor(padded)] + options, results: 2)
        return (
            found[0],
            { [self] g, _ in
                let back =
                    d.call(
                        "max_pool2d_with_indices_backward",
                        [.tensor(g), .tensor(padded)] + options + [.tensor(found[1])]
                    )[0]
                guard !isEven else { return [back] }
                // The uneven border is cut off again: what it would get is nobody's.
                return [cropped(back, top: padding.top, left: padding.left, shape.extent.height, shape.extent.width)]
            }
        )
    }

    // MARK: Arrangement

    private func sizes(_ shape: ActivationShape, _ count: Int) -> [Int] {
        guard case .spatial(let height, let width, let channels) = shape else { return [count, shape.count] }
        return [count, channels, height, width]
    }

    /// `[channels]` where it meets values of a shape.
    private func perChannel(_ x: TorchHandle, _ shape: ActivationShape) -> TorchHandle {
        device.reshape(x, shape.isSpatial ? [1, shape.channels, 1, 1] : [1, shape.channels])
    }

    /// The sum over images and positions, `[channels]`.
    private func overImages(_ x: TorchHandle, _ shape: ActivationShape) -> TorchHandle {
        device.sum(x, over: shape.isSpatial ? [0, 2, 3] : [0], keeps: false)
    }

    /// An operand that is one number per channel, beside maps.
    private func spread(_ x: TorchHandle, _ own: ActivationShape, over shape: ActivationShape) -> TorchHandle {
        guard shape.isSpatial, !own.isSpatial else { return x }
        return device.reshape(x, [-1, own.count, 1, 1])
    }

    private func gathered(
        _ g: TorchHandle,
        _ own: ActivationShape,
        from shape: ActivationShape,
        count: Int
    ) -> TorchHandle {
        guard own != shape else { return g }
        if !own.isSpatial { return device.reshape(device.sum(g, over: [2, 3]), [count, own.count]) }
        var axes: [Int] = []
        if own.extent.height != shape.extent.height { axes.append(2) }
        if own.extent.width != shape.extent.width { axes.append(3) }
        return axes.isEmpty ? g : device.sum(g, over: axes)
    }

    private func cropped(_ x: TorchHandle, top: Int, left: Int, _ height: Int, _ width: Int) -> TorchHandle {
        device.narrow(device.narrow(x, axis: 2, from: top, count: height), axis: 3, from: left, count: width)
    }

    /// Factors of dropout: the same numbers as on every device.
    private func dropoutMask(_ rate: Float, _ index: Int, _ shape: ActivationShape, _ pass: Pass) -> TorchHandle? {
        guard case .training(let seed, let firstFace) = pass.mode, rate > 0 else { return nil }
        var factors: [Float] = []
        factors.reserveCapacity(pass.count * shape.count)
        for face in 0..<pass.count {
            var random = SeededGenerator(seed: seed, stream: UInt64(index) << 32 | UInt64(firstFace + face))
            for _ in 0..<shape.count { factors.append(random.uniform() < Double(rate) ? 0 : 1 / (1 - rate)) }
        }
        guard case .spatial(let height, let width, let channels) = shape else {
            return device.upload(factors, [pass.count, shape.count])
        }
        return device.permute(device.upload(factors, [pass.count, height, width, channels]), [0, 3, 1, 2])
    }
}

extension Padding {
    /// Whether opposite borders are alike.
    fileprivate var isSymmetric: Bool { top == bottom && left == right }
}

extension ActivationShape {
    fileprivate var isSpatial: Bool { if case .spatial = self { true } else { false } }
}

// MARK: - Executables

/// A network in training on a device of PyTorch's.
final class TorchTrainingPlan: TrainingPlan {
    let inputShape: ActivationShape
    let outputShape: ActivationShape
    let batchSize: Int
    private let network: TorchNetwork
    private let taps: [ValueID]
    private var pass: TorchNetwork.Pass?

    init(_ network: TorchNetwork, options: TrainingOptions) throws(InputError) {
        let graph = network.graph
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
        self.network = network
        self.taps = taps
        batchSize = options.batchSize
        inputShape = graph.inputShape
        outputShape = graph.shape(of: graph.output)
        if let failure = network.device.failure { throw failure }
    }

    var device: any Device { network.device }
    var parameters: [NetworkParameter] { network.parameters }

    func forward(_ images: any ImageValues, range: Range<Int>, mode: ForwardMode) {
        precondition(!range.isEmpty && range.count <= batchSize, "\(range.count) images, room for \(batchSize)")
        // The last pass's values make room for this one's.
        pass = nil
        let size = inputShape.count
        pass = images.withUnsafeBufferPointer { images in
            network.forward(
                UnsafeBufferPointer(rebasing: images[range.lowerBound * size..<range.upperBound * size]),
                count: range.count,
                mode: mode,
                records: true
            )
        }
    }

    private var current: TorchNetwork.Pass {
        guard let pass else { preconditionFailure("no forward pass yet") }
        return pass
    }

    var output: DeviceTensor { network.output(of: current) }
    func features(at tap: Int) -> DeviceTensor {
        network.rows(current.value(taps[tap]), of: taps[tap], count: current.count)
    }
    func tapShape(_ tap: Int) -> ActivationShape { network.graph.shape(of: taps[tap]) }

    func backward(outputGradient: DeviceTensor?, tapGradients: [Int: DeviceTensor]) {
        var seeds = tapGradients.sorted { $0.key < $1.key }.map { (taps[$0.key], $0.value.onTorch.handle) }
        if let outputGradient { seeds.append((network.graph.output, outputGradient.onTorch.handle)) }
        network.backward(current, seeds: seeds)
    }

    func firstNonFiniteNode() -> String? {
        let device = network.device
        for (index, value) in current.values.enumerated() {
            let finite = device.unary("all", device.unary("isfinite", value))
            let number = device.download(device.converted(finite, to: device.library.float32), count: 1)[0]
            if number == 0 { return index == 0 ? "input" : network.graph.nodes[index - 1].name }
        }
        return nil
    }
}

/// Whole batches whose outputs stay on the device.
final class TorchBatchInference: BatchInference {
    private let network: TorchNetwork

    init(_ network: TorchNetwork) { self.network = network }

    func output(of images: any ImageValues, count: Int) -> DeviceTensor {
        images.withUnsafeBufferPointer { images in
            network.output(of: network.forward(images, count: count, records: false))
        }
    }
}

/// Batches of several threads, one at a time through the network: while it computes, the others decode and align.
///
/// `@unchecked Sendable`: the network is used under the lock.
final class TorchInferencePlan: InferencePlan, @unchecked Sendable {
    let inputShape: ActivationShape
    let outputShape: ActivationShape
    let facesPerPass: Int
    private let network: TorchNetwork
    private let device: TorchDevice
    private let turn = Mutex<Void>(())

    init(network: TorchNetwork, device: TorchDevice, facesPerPass: Int) {
        self.network = network
        self.device = device
        self.facesPerPass = facesPerPass
        inputShape = network.graph.inputShape
        outputShape = network.graph.shape(of: network.graph.output)
    }

    var failure: InputError? { device.failure }

    func makeWorker() -> any InferenceWorker { Worker(plan: self) }

    private final class Worker: InferenceWorker {
        private let plan: TorchInferencePlan

        init(plan: TorchInferencePlan) { self.plan = plan }

        func run(_ faces: UnsafeBufferPointer<Float>, count: Int, output: UnsafeMutableBufferPointer<Float>) {
            let (size, length) = (plan.inputShape.count, plan.outputShape.count)
            for start in stride(from: 0, to: count, by: plan.facesPerPass) {
                let part = start..<min(count, start + plan.facesPerPass)
                let values = plan.turn.withLock { _ in
                    let pass = plan.network.forward(
                        UnsafeBufferPointer(rebasing: faces[part.lowerBound * size..<part.upperBound * size]),
                        count: part.count,
                        records: false
                    )
                    let rows = plan.network.output(of: pass)
                    return plan.device.download(rows.handle, count: rows.count)
                }
                for (index, value) in values.enumerated() { output[part.lowerBound * length + index] = value }
            }
        }
    }
}

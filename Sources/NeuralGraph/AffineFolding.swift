internal import ArtifactFiles

/// Rewrites a graph node by node so that per-channel affine maps disappear into the layers around them.
struct AffineFolding {
    private let graph: Graph
    private let readers: [Int]
    private var nodes: [Node] = []
    /// Old value → new value.
    private var newValue: [ValueID]
    /// New value → number of readers in the old graph; a value with one reader may be changed for that reader.
    private var newReaders: [Int]
    private(set) var weights: Weights

    init(graph: Graph, weights: Weights) {
        self.graph = graph
        self.weights = weights
        readers = graph.readerCounts
        newValue = [ValueID](repeating: .input, count: graph.shapes.count)
        newReaders = [readers[0]]
    }

    /// The rewritten graph; ``weights`` then holds its parameters besides the old ones.
    mutating func run() throws(InputError) -> Graph {
        for (index, node) in graph.nodes.enumerated() {
            var copy = node
            copy.inputs = node.inputs.map { newValue[$0.index] }
            newValue[index + 1] = try place(copy, old: ValueID(index + 1))
        }
        return try Graph(inputShape: graph.inputShape, nodes: nodes, output: newValue[graph.output.index])
    }

    private mutating func place(_ node: Node, old: ValueID) throws(InputError) -> ValueID {
        let channels = graph.shape(of: graph.nodes[old.index - 1].inputs.first ?? .input).channels
        switch node.operation {
        case .identity, .dropout:
            // The input's readers now include this value's: it may be changed only when it had no others.
            newReaders[node.inputs[0].index] += readers[old.index] - 1
            return node.inputs[0]
        case .batchNormalization(let norm):
            return try placeAffine(node, try affine(of: norm, channels: channels, node: node.name), old: old)
        case .scalarAffine(let scale, let shift):
            return try placeAffine(
                node,
                Affine(
                    scale: Array(repeating: scale, count: channels),
                    shift: Array(repeating: shift, count: channels)
                ),
                old: old
            )
        case .channelAffine(let scale, let shift):
            let affine = Affine(
                scale: try weights.tensor(scale, shape: [channels]).values,
                shift: try weights.tensor(shift, shape: [channels]).values
            )
            return try placeAffine(node, affine, old: old)
        case .convolution(let convolution):
            return append(try foldingInput(of: node, convolution), old: old)
        case .linear(let linear):
            return append(try foldingInput(of: node, linear), old: old)
        default:
            return append(node, old: old)
        }
    }

    private mutating func append(_ node: Node, old: ValueID) -> ValueID {
        nodes.append(node)
        newReaders.append(readers[old.index])
        return ValueID(nodes.count)
    }

    private func producer(of value: ValueID) -> Node? { value == .input ? nil : nodes[value.index - 1] }

    // MARK: An affine map behind a layer

    private mutating func placeAffine(_ node: Node, _ affine: Affine, old: ValueID) throws(InputError) -> ValueID {
        let input = node.inputs[0]
        if newReaders[input.index] == 1, let layer = producer(of: input) {
            switch layer.operation {
            case .convolution(var convolution) where convolution.epilogue == Epilogue():
                (convolution.weight, convolution.bias) = try scaledRows(
                    weight: convolution.weight,
                    bias: convolution.bias,
                    by: affine,
                    node: layer.name
                )
                return replace(input, with: .convolution(convolution), old: old)
            case .linear(var linear):
                (linear.weight, linear.bias) = try scaledRows(
                    weight: linear.weight,
                    bias: linear.bias,
                    by: affine,
                    node: layer.name
                )
                return replace(input, with: .linear(linear), old: old)
            case .channelAffine(let scale, let shift):
                let first = Affine(
                    scale: try weights.tensor(scale, shape: [affine.scale.count]).values,
                    shift: try weights.tensor(shift, shape: [affine.scale.count]).values
                )
                return replace(input, with: store(affine.after(first), node: layer.name), old: old)
            default:
                break
            }
        }
        var copy = node
        copy.operation = store(affine, node: node.name)
        return append(copy, old: old)
    }

    private mutating func replace(_ value: ValueID, with operation: Operation, old: ValueID) -> ValueID {
        nodes[value.index - 1].operation = operation
        newReaders[value.index] = readers[old.index]
        return value
    }

    private mutating func store(_ affine: Affine, node: String) -> Operation {
        let count = affine.scale.count
        weights["\(node)#scale"] = Tensor(shape: [count], values: affine.scale)
        weights["\(node)#shift"] = Tensor(shape: [count], values: affine.shift)
        return .channelAffine(scale: "\(node)#scale", shift: "\(node)#shift")
    }

    private mutating func scaledRows(
        weight name: String,
        bias biasName: String?,
        by affine: Affine,
        node: String
    ) throws(InputError) -> (weight: String, bias: String) {
        guard let weight = weights[name], weight.shape.first == affine.scale.count else {
            throw InputError(.mismatch, "the layer before this normalisation does not fit it", place: "node '\(node)'")
        }
        let rows = affine.scale.count
        let columns = weight.values.count / max(rows, 1)
        let bias = try biasName.map { name throws(InputError) in try weights.tensor(name, shape: [rows]).values }
        var values = weight.values
        var shifted = affine.shift
        for row in 0..<rows {
            let scale = Double(affine.scale[row])
            for column in row * columns..<(row + 1) * columns { values[column] = Float(Double(values[column]) * scale) }
            if let bias { shifted[row] = Float(Double(bias[row]) * scale + Double(affine.shift[row])) }
        }
        weights["\(node)#weight"] = Tensor(shape: weight.shape, values: values)
        weights["\(node)#bias"] = Tensor(shape: [rows], values: shifted)
        return ("\(node)#weight", "\(node)#bias")
    }

    // MARK: An affine map before a layer

    /// The affine map that alone feeds `value`, if one does.
    private func soleAffine(before value: ValueID) throws(InputError) -> (affine: Affine, input: ValueID)? {
        guard newReaders[value.index] == 1, let node = producer(of: value),
            case .channelAffine(let scale, let shift) = node.operation
        else { return nil }
        guard let scale = weights[scale], let shift = weights[shift] else { return nil }
        return (Affine(scale: scale.values, shift: shift.values), node.inputs[0])
    }

    private mutating func foldingInput(of node: Node, _ convolution: Convolution) throws(InputError) -> Node {
        guard convolution.borderValues == nil, let (affine, source) = try soleAffine(before: node.inputs[0]) else {
            return node
        }
        var folded = convolution
        if !convolution.padding.isZero {
            guard let border = affine.preimageOfZero else { return node }
            folded.borderValues = "\(node.name)#border"
            weights["\(node.name)#border"] = Tensor(shape: [border.count], values: border)
        }
        let perGroup = affine.scale.count / convolution.groups
        let outPerGroup = convolution.outChannels / convolution.groups
        (folded.weight, folded.bias) = try scaledColumns(
            weight: convolution.weight,
            shape: [
                convolution.outChannels, perGroup, convolution.kernel.height, convolution.kernel.width,
            ],
            bias: convolution.bias,
            node: node.name
        ) { row, inner in
            let channel = row / outPerGroup * perGroup + inner / (convolution.kernel.height * convolution.kernel.width)
            return (affine.scale[channel], affine.shift[channel])
        }
        return rewired(node, .convolution(folded), past: node.inputs[0], to: source)
    }

    private mutating func foldingInput(of node: Node, _ linear: Linear) throws(InputError) -> Node {
        var value = node.inputs[0]
        var positions = 1
        let flattened = producer(of: value)
        if newReaders[value.index] == 1, let flattened, flattened.operation == .flatten { value = flattened.inputs[0] }
        guard let (affine, source) = try soleAffine(before: value) else { return node }
        guard let weight = weights[linear.weight], weight.shape.count == 2, weight.shape[0] == linear.outFeatures else {
            return node
        }
        positions = weight.shape[1] / affine.scale.count
        var folded = linear
        (folded.weight, folded.bias) = try scaledColumns(
            weight: linear.weight,
            shape: weight.shape,
            bias: linear.bias,
            node: node.name
        ) { _, column in (affine.scale[column / positions], affine.shift[column / positions]) }
        if value == node.inputs[0] { return rewired(node, .linear(folded), past: value, to: source) }
        // Skip the affine map below the flattening, which stays.
        nodes[node.inputs[0].index - 1].inputs = [source]
        newReaders[source.index] = max(newReaders[source.index], 1)
        var copy = node
        copy.operation = .linear(folded)
        return copy
    }

    private mutating func rewired(_ node: Node, _ operation: Operation, past: ValueID, to source: ValueID) -> Node {
        newReaders[past.index] = 0
        var copy = node
        copy.operation = operation
        copy.inputs[0] = source
        return copy
    }

    private mutating func scaledColumns(
        weight name: String,
        shape: [Int],
        bias biasName: String?,
        node: String,
        affine: (_ row: Int, _ column: Int) -> (scale: Float, shift: Float)
    ) throws(InputError) -> (weight: String, bias: String) {
        let weight = try weights.tensor(name, shape: shape)
        let rows = shape[0]
        let columns = weight.values.count / rows
        var values = weight.values
        var bias = [Double](repeating: 0, count: rows)
        if let biasName { bias = try weights.tensor(biasName, shape: [rows]).values.map(Double.init) }
        for row in 0..<rows {
            for column in 0..<columns {
                let (scale, shift) = affine(row, column)
                let value = Double(values[row * columns + column])
                bias[row] += value * Double(shift)
                values[row * columns + column] = Float(value * Double(scale))
            }
        }
        weights["\(node)#weight"] = Tensor(shape: shape, values: values)
        weights["\(node)#bias"] = Tensor(shape: [rows], values: bias.map { Float($0) })
        return ("\(node)#weight", "\(node)#bias")
    }

    private func affine(
        of norm: BatchNormalization,
        channels: Int,
        node: String
    ) throws(InputError) -> Affine {
        let mean = try weights.tensor(norm.mean, shape: [channels]).values
        let variance = try weights.tensor(norm.variance, shape: [channels]).values
        var scale = [Float](repeating: 1, count: channels)
        var shift = [Float](repeating: 0, count: channels)
        if let name = norm.scale { scale = try weights.tensor(name, shape: [channels]).values }
        if let name = norm.shift { shift = try weights.tensor(name, shape: [channels]).values }
        for channel in 0..<channels {
            let spread = (Double(variance[channel]) + Double(norm.epsilon)).squareRoot()
            let factor = Double(scale[channel]) / spread
            shift[channel] = Float(Double(shift[channel]) - Double(mean[channel]) * factor)
            scale[channel] = Float(factor)
        }
        return Affine(scale: scale, shift: shift)
    }
}

/// `x · scale + shift` per channel.
private struct Affine {
    var scale: [Float]
    var shift: [Float]

    /// This map applied to the result of another.
    func after(_ first: Affine) -> Affine {
        var both = self
        for channel in scale.indices {
            both.scale[channel] = Float(Double(first.scale[channel]) * Double(scale[channel]))
            both.shift[channel] = Float(
                Double(first.shift[channel]) * Double(scale[channel]) + Double(shift[channel])
            )
        }
        return both
    }

    /// What this map takes to 0, or nil where a scale is too small for that value to stay accurate.
    var preimageOfZero: [Float]? {
        var values: [Float] = []
        for (scale, shift) in zip(scale, shift) {
            let value = -Double(shift) / Double(scale)
            guard value.isFinite, abs(value) < 1e6 else { return nil }
            values.append(Float(value))
        }
        return values
    }
}

internal import ArtifactFiles

/// Moves non-linearities and additions into the convolution before them.
struct EpilogueFusion {
    private let graph: Graph
    private let readers: [Int]
    private var nodes: [Node] = []
    private var newValue: [ValueID]
    private var newReaders: [Int]

    init(graph: Graph) {
        self.graph = graph
        readers = graph.readerCounts
        newValue = [ValueID](repeating: .input, count: graph.shapes.count)
        newReaders = [readers[0]]
    }

    func run() throws(InputError) -> Graph {
        var copy = self
        return try copy.rewrite()
    }

    private mutating func rewrite() throws(InputError) -> Graph {
        for (index, node) in graph.nodes.enumerated() {
            var copy = node
            copy.inputs = node.inputs.map { newValue[$0.index] }
            let value = fused(copy) ?? appended(copy)
            newReaders[value.index] = readers[index + 1]
            newValue[index + 1] = value
        }
        return try Graph(inputShape: graph.inputShape, nodes: nodes, output: newValue[graph.output.index])
    }

    private mutating func appended(_ node: Node) -> ValueID {
        nodes.append(node)
        newReaders.append(0)
        return ValueID(nodes.count)
    }

    /// The convolution's value when `node` could be moved into it.
    private mutating func fused(_ node: Node) -> ValueID? {
        switch node.operation {
        case .activation(.sigmoid):
            // No kernel computes it in an epilogue.
            return nil
        case .activation(let activation):
            guard var convolution = openConvolution(node.inputs[0]), convolution.epilogue.activation == nil else {
                return nil
            }
            convolution.epilogue.activation = activation
            convolution.epilogue.activationFollowsAddition = convolution.epilogue.addsSecondInput
            nodes[node.inputs[0].index - 1].operation = .convolution(convolution)
            return node.inputs[0]
        case .add:
            // The later operand takes the earlier one in, so that the order of computation stays.
            guard let last = node.inputs.max(), let first = node.inputs.min(), first != last,
                var convolution = openConvolution(last), !convolution.epilogue.addsSecondInput,
                shape(of: first) == shape(of: last)
            else { return nil }
            convolution.epilogue.addsSecondInput = true
            nodes[last.index - 1].operation = .convolution(convolution)
            nodes[last.index - 1].inputs.append(first)
            return last
        default:
            return nil
        }
    }

    private func openConvolution(_ value: ValueID) -> Convolution? {
        guard value != .input, newReaders[value.index] == 1,
            case .convolution(let convolution) = nodes[value.index - 1].operation
        else { return nil }
        return convolution
    }

    private func shape(of value: ValueID) -> ActivationShape? {
        newValue.indices.first { newValue[$0] == value && ($0 == 0) == (value == .input) }
            .map { graph.shapes[$0] }
    }
}

internal import ArtifactFiles
internal import NeuralGraph

/// Drops nodes that the result does not need.
struct DeadCode {
    let inputShape: ActivationShape
    let nodes: [Node]
    let output: ValueID

    /// The graph of what is left.
    func graph() throws(InputError) -> Graph {
        guard output != .input else { throw InputError(.unsupported, "the output is the input") }
        var isNeeded = [Bool](repeating: false, count: nodes.count + 1)
        isNeeded[output.index] = true
        for index in nodes.indices.reversed() where isNeeded[index + 1] {
            for input in nodes[index].inputs { isNeeded[input.index] = true }
        }
        var places: [ValueID: ValueID] = [.input: .input]
        var kept: [Node] = []
        for (index, node) in nodes.enumerated() where isNeeded[index + 1] {
            var copy = node
            copy.inputs = node.inputs.compactMap { places[$0] }
            kept.append(copy)
            places[ValueID(index + 1)] = ValueID(kept.count)
        }
        return try Graph(inputShape: inputShape, nodes: kept, output: places[output])
    }
}

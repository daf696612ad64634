public import ArtifactFiles

extension Graph {
    /// The same function in fewer steps, for inference only.
    ///
    /// Dropout and identities go; normalisations become per-channel affine maps and are folded into the convolution or
    /// fully connected layer before or behind them; non-linearities and additions become a convolution's epilogue.
    /// A normalisation *before* a padded convolution leaves ``Convolution/borderValues`` behind.
    ///
    /// - Parameter weights: The parameters of this graph.
    /// - Returns: The rewritten graph and its parameters.
    /// - Throws: ``InputError`` that names a missing or misshapen parameter.
    public func rewrittenForInference(_ weights: Weights) throws(InputError) -> (graph: Graph, weights: Weights) {
        var folding = AffineFolding(graph: self, weights: weights)
        let folded = try folding.run()
        let fused = try EpilogueFusion(graph: folded).run()
        return (try fused.withoutDeadNodes(), folding.weights)
    }

    /// The graph without nodes whose values nobody reads.
    package func withoutDeadNodes() throws(InputError) -> Graph {
        var isLive = [Bool](repeating: false, count: shapes.count)
        isLive[output.index] = true
        for index in nodes.indices.reversed() where isLive[index + 1] {
            for input in nodes[index].inputs { isLive[input.index] = true }
        }
        var newValue = [ValueID](repeating: .input, count: shapes.count)
        var kept: [Node] = []
        for (index, node) in nodes.enumerated() where isLive[index + 1] {
            var copy = node
            copy.inputs = node.inputs.map { newValue[$0.index] }
            kept.append(copy)
            newValue[index + 1] = ValueID(kept.count)
        }
        return try Graph(inputShape: inputShape, nodes: kept, output: newValue[output.index])
    }
}

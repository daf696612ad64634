internal import ArtifactFiles
internal import Backbones
internal import NeuralGraph

/// Reads the tensors that a selection names, and says what it left out.
struct SelectedParameters {
    private(set) var weights = Weights()
    private(set) var notes: [String] = []

    /// Reads.
    ///
    /// - Parameters:
    ///   - names: Every tensor's full name, in the file's order.
    ///   - selection: Which of them are the network.
    ///   - read: Gives the values of the tensor at an index of `names`.
    init(
        names: [String],
        selection: ParameterSelection,
        read: (Int) throws(InputError) -> Tensor
    ) throws(InputError) {
        let needed = selection.match.map { Set($0.graph.parameters.map(\.name)) }
        var leftovers = 0
        for (index, name) in names.enumerated() where name.hasPrefix(selection.prefix) {
            let stripped = String(name.dropFirst(selection.prefix.count))
            if TrainingLeftover.matches(stripped) {
                leftovers += 1
            } else if needed?.contains(stripped) ?? true {
                weights[stripped] = try read(index)
            }
        }
        if !selection.prefix.isEmpty {
            notes.append("stripped the prefix '\(selection.prefix)' from \(weights.names.count) names")
        }
        if leftovers > 0 { notes.append("ignored \(leftovers) counters (num_batches_tracked and the like)") }
        let outside = names.count { !$0.hasPrefix(selection.prefix) }
        if outside > 0 { notes.append("ignored \(outside) tensors outside '\(selection.prefix)'") }
        if let unrelated = selection.match?.comparison.unrelated, !unrelated.isEmpty {
            notes.append("ignored \(unrelated.count) unrelated: \(ParameterComparison.list(unrelated))")
        }
        for alternative in selection.alternatives {
            notes.append("a network of this kind is also below '\(alternative)'; it was not read")
        }
    }
}

internal import ArtifactFiles
internal import Backbones
internal import NeuralGraph

/// Reads the tensors that a selection names, and says what it left out.
struct SelectedParameters {
    private(set) var weights = Weights()
    private(set) var companions = Weights()
    private(set) var notes: [String] = []

    /// Reads.
    ///
    /// - Parameters:
    ///   - names: Every tensor's full name, in the file's order.
    ///   - selection: Which of them are the network.
    ///   - wanted: Names below the same prefix that are read too, though the network does not need them.
    ///   - read: Gives the values of the tensor at an index of `names`.
    init(
        names: [String],
        selection: ParameterSelection,
        companions wanted: Set<String>,
        read: (Int) throws(InputError) -> Tensor
    ) throws(InputError) {
        let needed = selection.match.map { Set($0.graph.parameters.map(\.name)) }
        var leftovers = 0
        var outside = 0
        for (index, name) in names.enumerated() {
            // By bytes: a prefix's last dot and a combining mark behind it are one character.
            guard name.utf8.starts(with: selection.prefix.utf8),
                let stripped = String(name.utf8.dropFirst(selection.prefix.utf8.count))
            else {
                outside += 1
                continue
            }
            if TrainingLeftover.matches(stripped) {
                leftovers += 1
            } else if needed?.contains(stripped) ?? true {
                weights[stripped] = try read(index)
            } else if wanted.contains(stripped) {
                companions[stripped] = try read(index)
            }
        }
        if !selection.prefix.isEmpty {
            notes.append("stripped the prefix '\(selection.prefix)' from \(weights.names.count) names")
        }
        if leftovers > 0 { notes.append("ignored \(leftovers) counters (num_batches_tracked and the like)") }
        if outside > 0 { notes.append("ignored \(outside) tensors outside '\(selection.prefix)'") }
        let unrelated = selection.match?.comparison.unrelated.filter { companions[$0.name] == nil } ?? []
        if !unrelated.isEmpty {
            notes.append("ignored \(unrelated.count) unrelated: \(ParameterComparison.list(unrelated))")
        }
        for alternative in selection.alternatives {
            notes.append("a network of this kind is also below '\(alternative)'; it was not read")
        }
    }
}

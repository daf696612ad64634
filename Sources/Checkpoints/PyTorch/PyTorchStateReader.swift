internal import ArtifactFiles
internal import Backbones
internal import NeuralGraph

/// From an unpickled value to a checkpoint; both PyTorch formats end here.
struct PyTorchStateReader {
    let content: CheckpointContent
    let format: String

    /// Chooses the network among the tensors and reads it.
    func read(
        _ torch: TorchPickle,
        storage: @escaping (StorageReference) throws(InputError) -> UnsafeRawBufferPointer
    ) throws(InputError) -> Checkpoint {
        let state = try StateDictionary(torch)
        let selection = ParameterSelection(
            found: state.tensors.map { ($0.name, $0.tensor.shape) },
            architecture: try content.architecture.map(BackboneCatalogue.backbone(named:))
        )
        var reader = StorageReader(fileSize: content.bytes.count, storage: storage)
        var metadata = CheckpointMetadata(format: format, digest: ContentDigest(of: content.bytes))
        metadata.strings = state.plainValues
        let selected = try SelectedParameters(
            names: state.tensors.map(\.name),
            selection: selection,
            companions: content.companions
        ) { index throws(InputError) in
            let (name, tensor) = state.tensors[index]
            metadata.elementTypes[tensor.elementType, default: 0] += 1
            return try reader.values(of: tensor, named: name)
        }
        var checkpoint = Checkpoint(weights: selected.weights, metadata: metadata, notes: state.notes + selected.notes)
        checkpoint.companions = selected.companions
        return checkpoint
    }
}

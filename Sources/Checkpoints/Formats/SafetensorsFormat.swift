internal import ArtifactFiles
internal import Backbones
internal import NeuralGraph

/// Hugging Face's safetensors: a length, a JSON header, raw numbers.
///
/// The project's own format, with what is needed to rebuild the network in its metadata.
struct SafetensorsFormat: CheckpointFormat {
    var name: String { "safetensors" }
    var summary: String { "safetensors, the project's own format; also written by many others" }

    func recognises(_ content: CheckpointContent) -> Bool {
        guard content.bytes.count >= 9, content.bytes[8] == UInt8(ascii: "{") else { return false }
        let length = UInt64(littleEndian: content.bytes.loadUnaligned(as: UInt64.self))
        return length <= UInt64(SafetensorsHeader.longestHeader)
    }

    func read(_ content: CheckpointContent) throws(InputError) -> Checkpoint {
        let header = try SafetensorsHeader(content.bytes)
        let data = UnsafeRawBufferPointer(rebasing: content.bytes[header.dataOffset...])
        try Self.checkDigest(header.metadata, data)
        var metadata = CheckpointMetadata(format: name, digest: ContentDigest(of: content.bytes))
        try VerifarMetadata.apply(header.metadata, to: &metadata)
        let graph = try VerifarMetadata.graph(in: header.metadata)
        let names = header.entries.map(\.name)
        var elementTypes: [ElementType: Int] = [:]
        let read = { (index: Int) throws(InputError) -> Tensor in
            let entry = header.entries[index]
            elementTypes[entry.elementType, default: 0] += 1
            let bytes = UnsafeRawBufferPointer(rebasing: data[entry.range])
            return Tensor(shape: entry.shape, values: entry.elementType.floats(bytes))
        }
        var weights = Weights()
        var companions = Weights()
        var notes: [String] = []
        if graph != nil || metadata.configuration != nil {
            // Written by this project: names are as the network needs them.
            for index in names.indices { weights[names[index]] = try read(index) }
        } else {
            let selection = ParameterSelection(
                found: header.entries.map { ($0.name, $0.shape) },
                architecture: try (content.architecture ?? metadata.architecture)
                    .map(BackboneCatalogue.backbone(named:))
            )
            let selected = try SelectedParameters(
                names: names,
                selection: selection,
                companions: content.companions,
                read: read
            )
            weights = selected.weights
            companions = selected.companions
            notes = selected.notes
        }
        metadata.elementTypes = elementTypes
        var checkpoint = Checkpoint(graph: graph, weights: weights, metadata: metadata, notes: notes)
        checkpoint.companions = companions
        return checkpoint
    }

    static func checkDigest(
        _ metadata: [String: String],
        _ data: UnsafeRawBufferPointer
    ) throws(InputError) {
        guard let expected = metadata[VerifarMetadata.dataDigest] else { return }
        let found = ContentDigest(of: data).description
        guard expected == found else {
            throw InputError(
                .mismatch,
                "the file is damaged: its data have another digest than its header says",
                expected: expected,
                found: found
            )
        }
    }
}

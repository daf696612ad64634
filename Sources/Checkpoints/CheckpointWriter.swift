public import ArtifactFiles
internal import NeuralGraph

/// What a checkpoint can be written as; one line each.
public enum CheckpointOutputFormat: String, CaseIterable, Sendable {
    /// The project's own: parameters, architecture and preprocessing in one file.
    case safetensors
    /// For other runtimes: operator set 13, any batch size.
    case onnx

    /// The format of a name.
    ///
    /// - Throws: ``InputError`` (`unknownName`) that lists the known ones.
    public init(named name: String) throws(InputError) {
        guard let format = Self(rawValue: name) else {
            throw .unknownName(name, kind: "checkpoint format to write", known: Self.allCases.map(\.rawValue))
        }
        self = format
    }

    /// The format that a path's extension names.
    ///
    /// - Throws: ``InputError`` (`usage`) for another extension.
    public init(forPath path: String) throws(InputError) {
        let name = FileSystem.lastComponent(path)
        guard let format = Self.allCases.first(where: { name.lowercased().hasSuffix("." + $0.rawValue) }) else {
            throw InputError(
                .usage,
                "the extension does not say in which format to write",
                file: path,
                expected: Self.allCases.map { ".\($0.rawValue)" }.joined(separator: " or ")
            )
        }
        self = format
    }
}

/// Writes checkpoints: `checkpoint convert`, and what training saves.
public enum CheckpointWriter {
    /// Writes a checkpoint, whole or not at all; the same checkpoint gives the same bytes.
    ///
    /// - Parameters:
    ///   - checkpoint: The network.
    ///   - path: The destination; its folder must exist.
    ///   - format: The format.
    ///   - precision: `.float32`; safetensors also `.float16`, for tensors of two axes and more.
    /// - Throws: ``InputError``: not writable, a value that does not fit the precision, a network that the format
    ///   cannot hold.
    public static func write(
        _ checkpoint: ResolvedCheckpoint,
        to path: String,
        as format: CheckpointOutputFormat,
        precision: ElementType = .float32
    ) throws(InputError) {
        do throws(InputError) {
            let supported: [ElementType] = format == .safetensors ? [.float32, .float16] : [.float32]
            guard supported.contains(precision) else {
                throw InputError(
                    .usage,
                    "\(format.rawValue) is not written in this precision",
                    expected: supported.map(\.rawValue).joined(separator: " or "),
                    found: precision.rawValue
                )
            }
            let metadata = try VerifarMetadata.strings(for: checkpoint)
            switch format {
            case .safetensors:
                // `format: pt` is what Hugging Face's readers look for: names and layouts are PyTorch's.
                try SafetensorsWriter(
                    weights: try checkpoint.weightsAndCompanions(),
                    metadata: metadata.merging(["format": "pt"]) { $1 },
                    precision: precision
                )
                .write(to: path)
            case .onnx:
                var exporter = ONNXExporter(graph: checkpoint.graph, weights: checkpoint.weights)
                // The graph is the file's content already.
                let strings = metadata.filter { $0.key != VerifarMetadata.graph }
                try AtomicFile.write(try exporter.bytes(metadata: strings), to: path)
            }
        } catch {
            throw error.inFile(path)
        }
    }
}

extension ResolvedCheckpoint {
    /// All tensors of a file.
    fileprivate func weightsAndCompanions() throws(InputError) -> Weights {
        var all = weights
        let modules = Set(weights.names.map { $0.prefix { $0 != "." } })
        for name in companions.names {
            // Below a module of the network it would be taken for a parameter that should not be there.
            guard !modules.contains(name.prefix { $0 != "." }) else {
                throw InputError(.usage, "a tensor beside the network has the name of one of its modules", found: name)
            }
            all[name] = companions[name]
        }
        return all
    }
}

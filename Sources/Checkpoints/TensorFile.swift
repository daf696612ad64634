public import ArtifactFiles
public import NeuralGraph

/// Named tensors and text in one safetensors file: what is no checkpoint of a network, such as a run's state or a
/// classifier.
public struct TensorFile: Hashable, Sendable {
    /// The tensors, in order.
    public var tensors: Weights
    /// Text by key.
    public var strings: [String: String]

    /// Wraps content.
    public init(tensors: Weights, strings: [String: String] = [:]) {
        self.tensors = tensors
        self.strings = strings
    }

    /// Reads a file that ``write(to:)`` wrote, or any safetensors file.
    ///
    /// - Throws: `InputError` for a file that is malformed or, by its own digest, damaged.
    public init(path: String) throws(InputError) {
        let file = try MappedFile(path: path)
        do throws(InputError) {
            self = try file.withBytes { bytes throws(InputError) in try TensorFile(bytes) }
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads bytes.
    init(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        let header = try SafetensorsHeader(bytes)
        let data = UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...])
        try SafetensorsFormat.checkDigest(header.metadata, data)
        tensors = Weights()
        for entry in header.entries {
            let values = entry.elementType.floats(UnsafeRawBufferPointer(rebasing: data[entry.range]))
            tensors[entry.name] = Tensor(shape: entry.shape, values: values)
        }
        strings = header.metadata
        strings[VerifarMetadata.dataDigest] = nil
    }

    /// Writes the file, whole or not at all; the same content gives the same bytes.
    ///
    /// - Throws: `InputError` (`unwritable`).
    public func write(to path: String) throws(InputError) {
        do throws(InputError) {
            try SafetensorsWriter(weights: tensors, metadata: strings, precision: .float32).write(to: path)
        } catch {
            throw error.inFile(path)
        }
    }
}

public import ArtifactFiles
public import NeuralGraph

/// The bytes of a checkpoint, and what the caller said about it.
public struct CheckpointContent {
    /// The file.
    public let path: String
    /// All of its bytes; valid while the format's method runs, which must not keep them.
    public let bytes: UnsafeRawBufferPointer
    /// The architecture that the caller stated; nil: recognise it.
    public var architecture: String?
    /// Rows and columns of a face, for networks that accept several; nil: the usual 112 × 112.
    public var inputSize: Extent?
    /// Names of tensors that are wanted beside the network: a classifier.
    public var companions: Set<String>

    /// Wraps bytes.
    public init(
        path: String,
        bytes: UnsafeRawBufferPointer,
        architecture: String? = nil,
        inputSize: Extent? = nil,
        companions: Set<String> = []
    ) {
        self.path = path
        self.companions = companions
        self.bytes = bytes
        self.architecture = architecture
        self.inputSize = inputSize
    }

    /// Whether the file begins with these bytes.
    public func hasPrefix(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
}

/// A checkpoint format: one type per file below `Formats/`, one line in ``CheckpointFormats/all``.
///
/// A format never executes anything it reads, never allocates more than a small multiple of the file's size, and
/// answers any bytes with a checkpoint or an ``InputError``.
public protocol CheckpointFormat: Sendable {
    /// The name in reports and messages.
    var name: String { get }
    /// One line: what it is and where it comes from.
    var summary: String { get }

    /// Whether the content (not the file's name) is of this format. Cheap; damaged files of the format count.
    func recognises(_ content: CheckpointContent) -> Bool

    /// Reads a file that ``recognises(_:)`` accepted.
    ///
    /// - Throws: ``InputError`` that names the place.
    func read(_ content: CheckpointContent) throws(InputError) -> Checkpoint
}

/// The formats that exist.
public enum CheckpointFormats {
    /// One line each; the first that recognises a file reads it.
    public static let all: [any CheckpointFormat] = [
        SafetensorsFormat(),
        PyTorchZipFormat(),
        PyTorchLegacyFormat(),
        ONNXFormat(),
        MXNetFormat(),
    ]

    /// The format of a file's content.
    ///
    /// - Throws: ``InputError`` (`unsupported`) that says what the file looks like and lists the known formats.
    public static func format(of content: CheckpointContent) throws(InputError) -> any CheckpointFormat {
        guard !content.bytes.isEmpty else { throw InputError(.truncated, "the file is empty", file: content.path) }
        if let format = all.first(where: { $0.recognises(content) }) { return format }
        throw InputError(
            .unsupported,
            "not a checkpoint of a known format",
            file: content.path,
            expected: "one of " + all.map(\.name).joined(separator: ", "),
            found: ForeignFormat.description(of: content)
        )
    }
}

/// Names for files that are something else, so that an error can say what.
private enum ForeignFormat {
    private static let magics: [(offset: Int, bytes: [UInt8], name: String)] = [
        (0, [0x89, 0x48, 0x44, 0x46], "an HDF5 file (Keras?)"),
        (0, [0x1f, 0x8b], "a gzip file"),
        (0, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], "a NumPy array"),
        (0, [0x47, 0x47, 0x55, 0x46], "a GGUF file"),
        (0, [0xff, 0xd8, 0xff], "a JPEG picture"),
        (0, [0x89, 0x50, 0x4e, 0x47], "a PNG picture"),
        (4, [0x54, 0x46, 0x4c, 0x33], "a TensorFlow Lite model"),
        (257, [0x75, 0x73, 0x74, 0x61, 0x72], "a tar archive (PyTorch before 0.1.10?)"),
        (0, Array("version https://git-lfs".utf8), "a Git LFS pointer, not the file itself"),
        (0, Array("7767517".utf8), "an ncnn .param file"),
        (0, Array("<!DOCTYPE".utf8), "an HTML page (a failed download?)"),
        (0, Array("<html".utf8), "an HTML page (a failed download?)"),
        (0, Array("<?xml".utf8), "an XML file (OpenVINO?)"),
    ]

    static func description(of content: CheckpointContent) -> String {
        let known = magics.first { magic in
            content.bytes.count >= magic.offset + magic.bytes.count
                && content.bytes[magic.offset...].starts(with: magic.bytes)
        }
        if let known { return known.name }
        if content.path.hasSuffix("-symbol.json") {
            return "the symbol file of an MXNet model: give the .params file beside it"
        }
        let digits = content.bytes.prefix(8)
            .map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }
        return "bytes " + digits.joined(separator: " ")
    }
}

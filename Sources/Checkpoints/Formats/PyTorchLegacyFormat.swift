internal import ArtifactFiles
internal import NeuralGraph
internal import Pickles

/// What `torch.save` wrote before PyTorch 1.6: four pickles, a list of storage keys, raw storages.
struct PyTorchLegacyFormat: CheckpointFormat {
    var name: String { "pytorch-legacy" }
    var summary: String { "a state_dict as torch.save wrote it before PyTorch 1.6" }

    /// Pickled 0x1950a86a20f9469cfc6c.
    private static let magic: [UInt8] = [
        0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]

    func recognises(_ content: CheckpointContent) -> Bool {
        content.bytes.count >= 2 && content.bytes[0] == 0x80 && (2...5).contains(content.bytes[1])
    }

    func read(_ content: CheckpointContent) throws(InputError) -> Checkpoint {
        guard Self.hasMagic(content.bytes) else { throw Self.notTorch(content.bytes) }
        let magic = try TorchPickle(content.bytes, at: 0, part: "magic number")
        let version = try TorchPickle(content.bytes, at: magic.pickle.end, part: "protocol version")
        guard version.pickle.root == .int(1001) else {
            throw InputError(.unsupported, "unknown version of the format", place: "protocol version", expected: "1001")
        }
        let system = try TorchPickle(content.bytes, at: version.pickle.end, part: "system information")
        try Self.checkByteOrder(system.pickle)
        let object = try TorchPickle(content.bytes, at: system.pickle.end, part: "pickle")
        let keys = try TorchPickle(content.bytes, at: object.pickle.end, part: "storage keys")
        guard let list = keys.pickle.items(keys.pickle.root, .list) else {
            throw InputError(.malformed, "no list", place: "storage keys")
        }
        let storages = try LegacyStorages(
            content.bytes,
            offset: keys.pickle.end,
            keys: list.compactMap(keys.pickle.string),
            references: object.storages
        )
        return try PyTorchStateReader(content: content, format: name)
            .read(object) { storage throws(InputError) in try storages.bytes(of: storage) }
    }

    private static func hasMagic(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Protocols 4 and 5 put a frame (nine bytes) between the version and the number.
        let start = bytes.count > 2 && bytes[2] == 0x95 ? 11 : 2
        return bytes.dropFirst(start).starts(with: magic.prefix(max(1, bytes.count - start)))
    }

    /// A forbidden global in the first pickle is the more telling error.
    private static func notTorch(_ bytes: UnsafeRawBufferPointer) -> InputError {
        do throws(InputError) { _ = try TorchPickle(bytes, at: 0, part: "pickle") } catch
            where error.code == .forbidden
        {
            return error
        } catch {}
        return InputError(
            .unsupported,
            "a pickle, but not one that torch.save wrote",
            expected: "a state_dict written by torch.save, or safetensors, or ONNX"
        )
    }

    private static func checkByteOrder(_ system: Pickle) throws(InputError) {
        guard let items = system.items(system.root, .dictionary) else {
            throw InputError(.malformed, "no dictionary", place: "system information")
        }
        let isBig = stride(from: 0, to: items.count - 1, by: 2)
            .contains { system.string(items[$0]) == "little_endian" && items[$0 + 1] == .bool(false) }
        if isBig { throw InputError(.unsupported, "byte order", expected: "little", found: "big") }
    }
}

/// Where the raw storages of a legacy file lie.
private struct LegacyStorages {
    private let bytes: UnsafeRawBufferPointer
    private var ranges: [String: Range<Int>] = [:]

    init(
        _ bytes: UnsafeRawBufferPointer,
        offset: Int,
        keys: [String],
        references: [StorageReference]
    ) throws(InputError) {
        self.bytes = bytes
        var sizes: [String: Int] = [:]
        for storage in references { sizes[storage.key] = storage.elementType?.byteCount ?? 1 }
        var reader = ByteReader(bytes, part: "storages", offset: offset)
        for key in keys {
            guard let size = sizes[key] else {
                throw InputError(.malformed, "a storage that no tensor uses", place: "storage '\(key)'")
            }
            let count = Int(clamping: try reader.integer(UInt64.self))
            let (length, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow else { throw InputError(.truncated, "ends too early", place: "storage '\(key)'") }
            let start = reader.offset
            _ = try reader.take(length)
            guard ranges.updateValue(start..<start + length, forKey: key) == nil else {
                throw InputError(.malformed, "two storages have this key", place: "storage '\(key)'")
            }
        }
    }

    func bytes(of storage: StorageReference) throws(InputError) -> UnsafeRawBufferPointer {
        guard let range = ranges[storage.key] else {
            throw InputError(.missing, "the storage is missing", place: "storage '\(storage.key)'")
        }
        return UnsafeRawBufferPointer(rebasing: bytes[range])
    }
}

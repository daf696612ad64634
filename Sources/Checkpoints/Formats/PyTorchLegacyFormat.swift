internal import ArtifactFiles
internal import NeuralGraph

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
        let (_, afterMagic) = try Self.pickle(content.bytes, at: 0, part: "magic number")
        let (version, afterVersion) = try Self.pickle(content.bytes, at: afterMagic, part: "protocol version")
        guard case .int(1001) = version.value else {
            throw InputError(.unsupported, "unknown version of the format", place: "protocol version", expected: "1001")
        }
        let (system, afterSystem) = try Self.pickle(content.bytes, at: afterVersion, part: "system information")
        try Self.checkByteOrder(system)
        let (object, afterObject) = try Self.pickle(content.bytes, at: afterSystem, part: "pickle")
        let (keys, afterKeys) = try Self.pickle(content.bytes, at: afterObject, part: "storage keys")
        let storages = try LegacyStorages(
            content.bytes,
            offset: afterKeys,
            keys: try Self.strings(keys),
            heap: object.heap
        )
        return try PyTorchStateReader(content: content, format: name)
            .read(object.value, heap: object.heap) { storage throws(InputError) in try storages.bytes(of: storage) }
    }

    private typealias Unpickled = (value: PickleValue, heap: [PickleObject])

    private static func pickle(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int,
        part: String
    ) throws(InputError) -> (Unpickled, Int) {
        var machine = PickleMachine(ByteReader(bytes, part: part, offset: offset))
        let (value, end) = try machine.run()
        return ((value, machine.heap), end)
    }

    private static func hasMagic(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Protocols 4 and 5 put a frame (nine bytes) between the version and the number.
        let start = bytes.count > 2 && bytes[2] == 0x95 ? 11 : 2
        return bytes.dropFirst(start).starts(with: magic.prefix(max(1, bytes.count - start)))
    }

    /// A forbidden global in the first pickle is the more telling error.
    private static func notTorch(_ bytes: UnsafeRawBufferPointer) -> InputError {
        do throws(InputError) { _ = try pickle(bytes, at: 0, part: "pickle") } catch  where error.code == .forbidden {
            return error
        } catch {}
        return InputError(
            .unsupported,
            "a pickle, but not one that torch.save wrote",
            expected: "a state_dict written by torch.save, or safetensors, or ONNX"
        )
    }

    private static func checkByteOrder(_ system: Unpickled) throws(InputError) {
        guard case .object(let index) = system.value, case .dictionary = system.heap[index].kind else {
            throw InputError(.malformed, "no dictionary", place: "system information")
        }
        let items = system.heap[index].items
        let isBig = stride(from: 0, to: items.count - 1, by: 2)
            .contains { items[$0] == .string("little_endian") && items[$0 + 1] == .bool(false) }
        if isBig { throw InputError(.unsupported, "byte order", expected: "little", found: "big") }
    }

    private static func strings(_ unpickled: Unpickled) throws(InputError) -> [String] {
        guard case .object(let index) = unpickled.value, case .list = unpickled.heap[index].kind else {
            throw InputError(.malformed, "no list", place: "storage keys")
        }
        var keys: [String] = []
        for case .string(let key) in unpickled.heap[index].items { keys.append(key) }
        return keys
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
        heap: [PickleObject]
    ) throws(InputError) {
        self.bytes = bytes
        var sizes: [String: Int] = [:]
        for object in heap {
            guard case .storage(let storage) = object.kind else { continue }
            sizes[storage.key] = storage.elementType?.byteCount ?? 1
        }
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

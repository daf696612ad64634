internal import ArtifactFiles
internal import NeuralGraph

/// Writes tensors and text as a safetensors file; the same input gives the same bytes.
struct SafetensorsWriter {
    /// How a tensor is stored.
    private struct Item {
        var name: String
        var tensor: Tensor
        var elementType: ElementType
        var byteCount: Int { tensor.values.count * elementType.byteCount }
    }

    private let items: [Item]
    private let metadata: [String: String]

    /// - Parameters:
    ///   - weights: Written in their order.
    ///   - metadata: Text by key.
    ///   - precision: `.float32`, or `.float16` for tensors of two axes and more: biases, slopes and the statistics of
    ///     normalisations, whose range halves do not have, stay single.
    /// - Throws: ``InputError`` (`unsupported`) when a value does not fit the precision.
    init(weights: Weights, metadata: [String: String], precision: ElementType) throws(InputError) {
        var items: [Item] = []
        for name in weights.names {
            guard let tensor = weights[name] else { continue }
            let isHalf = precision == .float16 && tensor.shape.count >= 2
            if isHalf, let value = tensor.values.first(where: { $0.magnitude > HalfPrecision.greatestFinite }) {
                throw InputError(
                    .unsupported,
                    "a value does not fit half precision",
                    place: "parameter '\(name)'",
                    found: "\(value)"
                )
            }
            items.append(Item(name: name, tensor: tensor, elementType: isHalf ? .float16 : .float32))
        }
        self.items = items
        self.metadata = metadata
    }

    /// Writes the whole file, or leaves the destination as it was.
    func write(to path: String) throws(InputError) {
        var metadata = metadata
        metadata[VerifarMetadata.dataDigest] = ContentDigest(ofPieces: items.lazy.map(Self.bytes)).description
        var file = try AtomicFile(path: path)
        let header = header(metadata)
        try file.write(withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) })
        try file.write(header)
        for item in items { try file.write(Self.bytes(item)) }
        try file.commit()
    }

    /// The JSON, padded with spaces so that the data begins at a multiple of 8.
    private func header(_ metadata: [String: String]) -> String {
        var offset = 0
        var members = [
            StrictJSON.literal(SafetensorsHeader.metadataKey) + ":{"
                + metadata.sorted { $0.key < $1.key }
                .map { StrictJSON.literal($0.key) + ":" + StrictJSON.literal($0.value) }
                .joined(separator: ",") + "}"
        ]
        for item in items {
            let shape = item.tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                StrictJSON.literal(item.name)
                    + ":{\"dtype\":\"\(item.elementType.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(offset + item.byteCount)]}"
            )
            offset += item.byteCount
        }
        let json = "{" + members.joined(separator: ",") + "}"
        return json + String(repeating: " ", count: (8 - json.utf8.count % 8) % 8)
    }

    private static func bytes(_ item: Item) -> [UInt8] {
        switch item.elementType {
        case .float16:
            item.tensor.values.map(HalfPrecision.bits).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        default:
            LittleEndian.bytes(item.tensor.values)
        }
    }
}

/// Numbers as bytes in files.
enum LittleEndian {
    /// The bytes of single-precision numbers.
    static func bytes(_ values: [Float]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: values.count * 4) { buffer, initialized in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (index, value) in values.enumerated() {
                raw.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: index &* 4, as: UInt32.self)
            }
            initialized = values.count * 4
        }
    }
}

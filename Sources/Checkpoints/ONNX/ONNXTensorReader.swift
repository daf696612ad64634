internal import ArtifactFiles
internal import Foundation
internal import NeuralGraph

/// Reads ONNX tensors: raw bytes, typed fields, or files beside the checkpoint.
struct ONNXTensorReader {
    private let external: ONNXExternalData
    private(set) var elementTypes: [ElementType: Int] = [:]

    init(external: ONNXExternalData) { self.external = external }

    /// ONNX `TensorProto.DataType`.
    private static let types: [Int32: ElementType] = [
        1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16,
        11: .float64, 12: .uint32, 13: .uint64, 16: .bfloat16,
    ]

    /// The precisions of activations that are computed in single precision here.
    static func isFloatingPoint(_ dataType: Int) -> Bool { [1, 10, 11, 16].contains(dataType) }

    /// The tensor's values.
    ///
    /// - Throws: ``InputError`` that names the tensor: an unsupported type, a count that does not fit the shape, an
    ///   external file that is missing, too short or outside the checkpoint's folder.
    mutating func constant(_ tensor: ONNXTensor) throws(InputError) -> ONNXConstant {
        do {
            return try read(tensor)
        } catch {
            throw error.within("tensor '\(tensor.name)'")
        }
    }

    private mutating func read(_ tensor: ONNXTensor) throws(InputError) -> ONNXConstant {
        guard let type = Self.types[tensor.dataType] else {
            throw InputError(.unsupported, "the data type is not supported", found: "type \(tensor.dataType)")
        }
        let shape = tensor.dims.map { Int($0) }
        guard let count = elementCount(shape) else {
            throw InputError(.malformed, "the shape is out of bounds", found: "\(shape)")
        }
        elementTypes[type, default: 0] += 1
        let payload: ONNXConstant.Payload
        if tensor.dataLocation == .external {
            payload = try external.read(tensor, byteCount: count * type.byteCount) { Self.payload($0, type) }
        } else if !tensor.rawData.isEmpty {
            payload = tensor.rawData.withUnsafeBytes { Self.payload($0, type) }
        } else {
            payload = Self.typedPayload(tensor, type)
        }
        let found =
            switch payload {
            case .floats(let values): values.count
            case .integers(let values): values.count
            }
        guard found == count else {
            throw InputError(.mismatch, "the values do not fill the shape", expected: "\(count)", found: "\(found)")
        }
        return ONNXConstant(shape: shape, payload: payload)
    }

    private static func payload(_ bytes: UnsafeRawBufferPointer, _ type: ElementType) -> ONNXConstant.Payload {
        switch type {
        case .float32, .float16, .bfloat16, .float64: .floats(type.floats(bytes))
        case .int64: .integers(integers(bytes, Int64.self))
        case .int32: .integers(integers(bytes, Int32.self))
        case .int16: .integers(integers(bytes, Int16.self))
        case .int8: .integers(integers(bytes, Int8.self))
        case .uint64: .integers(integers(bytes, UInt64.self))
        case .uint32: .integers(integers(bytes, UInt32.self))
        case .uint16: .integers(integers(bytes, UInt16.self))
        case .uint8, .bool: .integers(integers(bytes, UInt8.self))
        }
    }

    private static func integers<Value: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer,
        _ type: Value.Type
    ) -> [SymbolicInteger] {
        let size = MemoryLayout<Value>.size
        return (0..<bytes.count / size)
            .map { index in
                let stored = bytes.loadUnaligned(fromByteOffset: index * size, as: Value.self)
                return SymbolicInteger(coefficient: Int(clamping: Value(littleEndian: stored)))
            }
    }

    /// The typed fields; halves are bit patterns in `int32_data`.
    private static func typedPayload(_ tensor: ONNXTensor, _ type: ElementType) -> ONNXConstant.Payload {
        switch type {
        case .float32: .floats(tensor.floatData)
        case .float64: .floats(tensor.doubleData.map { Float($0) })
        case .float16: .floats(tensor.int32Data.map { HalfPrecision.float(UInt16(truncatingIfNeeded: $0)) })
        case .bfloat16: .floats(tensor.int32Data.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
        case .int64: .integers(tensor.int64Data.map { SymbolicInteger(coefficient: Int($0)) })
        case .uint32, .uint64: .integers(tensor.uint64Data.map { SymbolicInteger(coefficient: Int(clamping: $0)) })
        default: .integers(tensor.int32Data.map { SymbolicInteger(coefficient: Int($0)) })
        }
    }
}

/// Files beside the checkpoint that hold tensors' bytes.
///
/// A class, so that each file is mapped once however many tensors it holds; used by one reader on one thread.
final class ONNXExternalData {
    private final class Mapping {
        let file: MappedFile
        init(_ path: String) throws(InputError) { file = try MappedFile(path: path) }
    }

    private let folder: String
    private var mappings: [String: Mapping] = [:]

    /// - Parameter checkpointPath: The model; locations are relative to its folder and stay inside it.
    init(checkpointPath: String) {
        folder = URL(fileURLWithPath: checkpointPath).deletingLastPathComponent().path
    }

    /// The digests of the files that were read, by location.
    var digests: [String: ContentDigest] {
        mappings.mapValues { $0.file.withBytes { ContentDigest(of: $0) } }
    }

    /// Lends the bytes that a tensor names.
    func read<Result>(
        _ tensor: ONNXTensor,
        byteCount: Int,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(InputError) -> Result {
        var entries: [String: String] = [:]
        for pair in tensor.externalData { entries[pair.key] = pair.value }
        guard let location = entries["location"] else { throw InputError(.malformed, "no external location") }
        guard let offset = Int(entries["offset"] ?? "0"), offset >= 0 else {
            throw InputError(.malformed, "the external offset is no length", found: entries["offset"])
        }
        guard Int(entries["length"] ?? "\(byteCount)") == byteCount else {
            throw InputError(
                .mismatch,
                "the external range does not fit the shape",
                expected: "\(byteCount) bytes",
                found: entries["length"]
            )
        }
        let mapping = try mapping(location)
        let place = "external file '\(location)'"
        return try mapping.file.withBytes { bytes throws(InputError) in
            body(try slice(bytes, from: offset, count: byteCount, place: place))
        }
    }

    private func mapping(_ location: String) throws(InputError) -> Mapping {
        if let known = mappings[location] { return known }
        let components = location.split(separator: "/", omittingEmptySubsequences: false)
        let isInside =
            !location.isEmpty && !location.contains("\0") && !components.contains("..") && components[0] != ""
        guard isInside else { throw outside(location) }
        let path = FileSystem.join(folder, location)
        guard FileSystem.exists(path) else {
            throw InputError(.missing, "the external file is missing", expected: path)
        }
        // A symbolic link must not lead out either.
        let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard target.hasPrefix(root == "/" ? root : root + "/") else { throw outside(location) }
        let mapping = try Mapping(path)
        mappings[location] = mapping
        return mapping
    }

    private func outside(_ location: String) -> InputError {
        InputError(
            .forbidden,
            "an external file outside the checkpoint's folder",
            expected: "a path below \(folder)",
            found: location
        )
    }
}

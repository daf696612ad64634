internal import ArtifactFiles
internal import NeuralGraph

/// The arrays of an MXNet `.params` file by name, without their `arg:` and `aux:`.
///
/// Layout (`src/ndarray/ndarray.cc`): magic and a reserved word, a count, the arrays, a count, the names. Arrays come in
/// four versions: the first word is a magic number or, in the oldest, the number of axes.
struct MXNetParameters {
    private(set) var weights = Weights()
    private(set) var elementTypes: [ElementType: Int] = [:]

    static let magic: [UInt8] = [0x12, 0x01, 0, 0, 0, 0, 0, 0]
    private static let versionOne: UInt32 = 0xf993_fac8
    private static let versionTwo: UInt32 = 0xf993_fac9
    private static let versionThree: UInt32 = 0xf993_faca

    /// mshadow's type numbers.
    private static let types: [Int32: ElementType] = [
        0: .float32, 1: .float64, 2: .float16, 3: .uint8, 4: .int32, 5: .int8, 6: .int64, 7: .bool, 12: .bfloat16,
    ]

    /// Reads the file.
    init(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        var reader = ByteReader(bytes, part: "parameters")
        _ = try reader.take(16)
        let count = try Self.count(&reader)
        var tensors: [Tensor] = []
        for _ in 0..<count { tensors.append(try array(&reader)) }
        guard try Self.count(&reader) == count else {
            throw InputError(.malformed, "not as many names as arrays", place: reader.place, expected: "\(count)")
        }
        for tensor in tensors {
            let name = try reader.text(Int(clamping: try reader.integer(UInt64.self)))
            let bare = ["arg:", "aux:"].first { name.hasPrefix($0) }.map { String(name.dropFirst($0.count)) } ?? name
            guard !weights.contains(bare) else {
                throw InputError(.malformed, "two arrays have this name", place: "parameter '\(bare)'")
            }
            weights[bare] = tensor
        }
        guard reader.remaining == 0 else {
            throw InputError(.malformed, "something follows the names", place: reader.place)
        }
    }

    /// A count that the rest of the file can hold: an array or a name takes at least eight bytes.
    private static func count(_ reader: inout ByteReader) throws(InputError) -> Int {
        let count = Int(clamping: try reader.integer(UInt64.self))
        guard count <= reader.remaining / 8 else {
            throw InputError(.truncated, "ends too early", place: reader.place, expected: "\(count) entries")
        }
        return count
    }

    private mutating func array(_ reader: inout ByteReader) throws(InputError) -> Tensor {
        let start = reader.place
        let first = try reader.integer(UInt32.self)
        var shape: [Int] = []
        switch first {
        case Self.versionTwo, Self.versionThree:
            let storage = try reader.integer(Int32.self)
            guard storage == 0 || storage == -1 else {
                throw InputError(.unsupported, "sparse arrays are not supported", place: start)
            }
            shape = try Self.axes(&reader, count: reader.integer(UInt32.self), Int64.self)
        case Self.versionOne:
            shape = try Self.axes(&reader, count: reader.integer(UInt32.self), Int64.self)
        default:
            shape = try Self.axes(&reader, count: first, UInt32.self)
        }
        guard !shape.isEmpty else { return Tensor(shape: [0], values: []) }
        _ = try reader.take(8)
        let number = try reader.integer(Int32.self)
        guard let type = Self.types[number] else {
            throw InputError(.unsupported, "the data type is not supported", place: start, found: "type \(number)")
        }
        guard let count = elementCount(shape) else {
            throw InputError(.malformed, "the shape is out of bounds", place: start, found: "\(shape)")
        }
        elementTypes[type, default: 0] += 1
        return Tensor(shape: shape, values: type.floats(try reader.take(count * type.byteCount)))
    }

    private static func axes<Length: FixedWidthInteger>(
        _ reader: inout ByteReader,
        count: UInt32,
        _ type: Length.Type
    ) throws(InputError) -> [Int] {
        guard count <= 32 else {
            throw InputError(.malformed, "an array has too many axes", place: reader.place, found: "\(count)")
        }
        var shape: [Int] = []
        for _ in 0..<count { shape.append(Int(clamping: try reader.integer(Length.self))) }
        return shape
    }
}

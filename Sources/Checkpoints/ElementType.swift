/// How a file stores a number.
///
/// Everything becomes `Float` when it is read.
public enum ElementType: String, Hashable, Sendable, Codable, CaseIterable {
    /// IEEE 754 single precision.
    case float32 = "F32"
    /// IEEE 754 half precision.
    case float16 = "F16"
    /// The upper half of single precision.
    case bfloat16 = "BF16"
    /// IEEE 754 double precision.
    case float64 = "F64"
    /// Signed byte.
    case int8 = "I8"
    /// Signed, two bytes.
    case int16 = "I16"
    /// Signed, four bytes.
    case int32 = "I32"
    /// Signed, eight bytes.
    case int64 = "I64"
    /// Unsigned byte.
    case uint8 = "U8"
    /// Unsigned, two bytes.
    case uint16 = "U16"
    /// Unsigned, four bytes.
    case uint32 = "U32"
    /// Unsigned, eight bytes.
    case uint64 = "U64"
    /// A byte: 0 or not.
    case bool = "BOOL"

    /// Bytes per number.
    public var byteCount: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }
}

extension ElementType {
    /// Little-endian numbers as single precision, rounded to nearest where they do not fit.
    ///
    /// - Parameter bytes: A whole number of elements; a rest is ignored.
    func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        switch self {
        case .float32: Self.convert(bytes, UInt32.self) { Float(bitPattern: $0) }
        case .float16: Self.convert(bytes, UInt16.self, HalfPrecision.float)
        case .bfloat16: Self.convert(bytes, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .float64: Self.convert(bytes, UInt64.self) { Float(Double(bitPattern: $0)) }
        case .int8: Self.convert(bytes, Int8.self) { Float($0) }
        case .int16: Self.convert(bytes, Int16.self) { Float($0) }
        case .int32: Self.convert(bytes, Int32.self) { Float($0) }
        case .int64: Self.convert(bytes, Int64.self) { Float($0) }
        case .uint8: Self.convert(bytes, UInt8.self) { Float($0) }
        case .uint16: Self.convert(bytes, UInt16.self) { Float($0) }
        case .uint32: Self.convert(bytes, UInt32.self) { Float($0) }
        case .uint64: Self.convert(bytes, UInt64.self) { Float($0) }
        case .bool: Self.convert(bytes, UInt8.self) { $0 == 0 ? 0 : 1 }
        }
    }

    @inline(__always)
    private static func convert<Stored: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer,
        _ type: Stored.Type,
        _ value: (Stored) -> Float
    ) -> [Float] {
        let size = MemoryLayout<Stored>.size
        let count = bytes.count / size
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count {
                // In bounds: index < count, and count · size ≤ bytes.count.
                let stored = bytes.loadUnaligned(fromByteOffset: index &* size, as: Stored.self)
                buffer.initializeElement(at: index, to: value(Stored(littleEndian: stored)))
            }
            initialized = count
        }
    }
}

/// IEEE 754 half precision by bit arithmetic, so that every machine gives the same bits.
enum HalfPrecision {
    /// The largest finite half.
    static let greatestFinite: Float = 65504

    /// The value of a half; exact.
    @inline(__always)
    static func float(_ half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10) & 0x1f
        let fraction = UInt32(half) & 0x3ff
        if exponent == 0 {
            let magnitude = Float(fraction) * 0x1p-24
            return Float(bitPattern: magnitude.bitPattern | sign)
        }
        let biased = exponent == 31 ? 0xff : exponent + 112
        return Float(bitPattern: sign | biased << 23 | fraction << 13)
    }

    /// The nearest half, ties to even; too large becomes infinity.
    static func bits(_ value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = value.magnitude
        if magnitude.isNaN { return sign | 0x7e00 }
        if magnitude >= 65520 { return sign | 0x7c00 }
        if magnitude < 0x1p-14 {
            // Subnormal: a multiple of 2⁻²⁴, rounded by the addition of a number whose last place that is.
            return sign | UInt16(truncatingIfNeeded: (magnitude + 0.5).bitPattern &- Float(0.5).bitPattern)
        }
        let rounded = magnitude.bitPattern &+ 0xfff &+ (magnitude.bitPattern >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded &- (112 << 23)) >> 13)
    }
}

/// An array in NumPy's `.npy` format, versions 1 to 3, in C order and little-endian.
///
/// Source: NumPy's `numpy.lib.format`. The header is parsed strictly and never evaluated; a file whose length is not
/// what its header says is refused before anything is allocated.
public struct NPYFile: ~Copyable, Sendable {
    /// What the elements are.
    public enum ElementType: String, Hashable, Sendable, CaseIterable {
        /// Half precision.
        case float16 = "f2"
        /// Single precision.
        case float32 = "f4"
        /// Double precision.
        case float64 = "f8"
        /// 8-bit integer.
        case int8 = "i1"
        /// 16-bit integer.
        case int16 = "i2"
        /// 32-bit integer.
        case int32 = "i4"
        /// 64-bit integer.
        case int64 = "i8"
        /// 8-bit natural number.
        case uint8 = "u1"
        /// 16-bit natural number.
        case uint16 = "u2"
        /// 32-bit natural number.
        case uint32 = "u4"
        /// 64-bit natural number.
        case uint64 = "u8"
        /// True or false, a byte each.
        case bool = "b1"

        /// Bytes per element.
        public var size: Int { rawValue.last?.wholeNumberValue ?? 1 }
        /// Whether single precision holds every value.
        public var isSinglePrecision: Bool { self == .float16 || self == .float32 }
    }

    /// Axis lengths, outermost first.
    public let shape: [Int]
    /// What the elements are.
    public let elementType: ElementType
    private let file: MappedFile
    private let dataOffset: Int

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// Opens an array.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``InputError`` that names the file and what is wrong with the header or the length.
    public init(path: String) throws(InputError) {
        let file = try MappedFile(path: path)
        let header: NPYHeader
        do throws(InputError) {
            header = try file.withBytes { bytes throws(InputError) in try NPYHeader(bytes) }
        } catch {
            throw error.inFile(path)
        }
        shape = header.shape
        elementType = header.elementType
        dataOffset = header.dataOffset
        self.file = file
    }

    /// All elements in single precision.
    ///
    /// - Throws: ``InputError`` (`unsupported`) for elements that single precision cannot hold.
    public func floats() throws(InputError) -> [Float] {
        switch elementType {
        case .float16: values { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
        case .float32: values { (bits: UInt32) in Float(bitPattern: bits) }
        default: throw wrongType("f2 or f4")
        }
    }

    /// All elements in double precision.
    ///
    /// - Throws: ``InputError`` (`unsupported`) for integers that double precision cannot hold.
    public func doubles() throws(InputError) -> [Double] {
        switch elementType {
        case .float16: values { (bits: UInt16) in Double(Float16(bitPattern: bits)) }
        case .float32: values { (bits: UInt32) in Double(Float(bitPattern: bits)) }
        case .float64: values { (bits: UInt64) in Double(bitPattern: bits) }
        default: try integers().map { Double($0) }
        }
    }

    /// All elements as integers.
    ///
    /// - Throws: ``InputError`` (`unsupported`) for floating point, or for a number above 2⁶³ − 1.
    public func integers() throws(InputError) -> [Int] {
        switch elementType {
        case .int8: return values { (bits: UInt8) in Int(Int8(bitPattern: bits)) }
        case .int16: return values { (bits: UInt16) in Int(Int16(bitPattern: bits)) }
        case .int32: return values { (bits: UInt32) in Int(Int32(bitPattern: bits)) }
        case .int64: return values { (bits: UInt64) in Int(Int64(bitPattern: bits)) }
        case .uint8, .bool: return values { (bits: UInt8) in Int(bits) }
        case .uint16: return values { (bits: UInt16) in Int(bits) }
        case .uint32: return values { (bits: UInt32) in Int(bits) }
        case .uint64:
            let bits = values { (bits: UInt64) in bits }
            guard bits.allSatisfy({ $0 <= UInt64(Int.max) }) else { throw wrongType("integers below 2^63") }
            return bits.map { Int($0) }
        default: throw wrongType("an integer type")
        }
    }

    private func wrongType(_ expected: String) -> InputError {
        InputError(
            .unsupported,
            "wrong element type",
            file: file.path,
            expected: expected,
            found: elementType.rawValue
        )
    }

    private func values<Bits: FixedWidthInteger, Value>(_ convert: (Bits) -> Value) -> [Value] {
        let count = count
        return file.withBytes { bytes in
            [Value](unsafeUninitializedCapacity: count) { target, initialized in
                for index in 0..<count {
                    let bits = bytes.loadUnaligned(
                        fromByteOffset: dataOffset + index * MemoryLayout<Bits>.size,
                        as: Bits.self
                    )
                    target.initializeElement(at: index, to: convert(Bits(littleEndian: bits)))
                }
                initialized = count
            }
        }
    }
}

// MARK: Writing

/// A number that `.npy` files hold as it lies in memory.
public protocol NPYElement: BitwiseCopyable, Sendable {
    /// Its type in the file.
    static var npyType: NPYFile.ElementType { get }
}

extension Float: NPYElement {
    /// Single precision.
    public static var npyType: NPYFile.ElementType { .float32 }
}

extension Double: NPYElement {
    /// Double precision.
    public static var npyType: NPYFile.ElementType { .float64 }
}

extension UInt8: NPYElement {
    /// 8-bit natural number.
    public static var npyType: NPYFile.ElementType { .uint8 }
}

extension UInt32: NPYElement {
    /// 32-bit natural number.
    public static var npyType: NPYFile.ElementType { .uint32 }
}

extension Int64: NPYElement {
    /// 64-bit integer.
    public static var npyType: NPYFile.ElementType { .int64 }
}

extension NPYFile {
    /// Writes an array, whole or not at all.
    ///
    /// - Parameters:
    ///   - values: The elements in C order.
    ///   - shape: Axis lengths; one axis when nil.
    ///   - path: The destination.
    /// - Throws: ``InputError`` (`unwritable`).
    public static func write<Element: NPYElement>(
        _ values: [Element],
        shape: [Int]? = nil,
        to path: String
    ) throws(InputError) {
        let shape = shape ?? [values.count]
        precondition(shape.reduce(1, *) == values.count, "the shape does not hold as many elements")
        var file = try AtomicFile(path: path)
        try file.write(NPYHeader.bytes(Element.npyType, shape: shape))
        // Little-endian machines only: what Swift runs on.
        var failure: InputError?
        values.withUnsafeBytes { raw in
            do throws(InputError) { try file.write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
        try file.commit()
    }
}

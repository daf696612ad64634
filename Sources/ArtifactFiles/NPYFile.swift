/// An array in NumPy's `.npy` format, versions 1 to 3, in C order, of either byte order.
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
    private let isBigEndian: Bool
    private let file: SharedFile
    private let dataOffset: Int

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// Opens an array.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``InputError`` that names the file and what is wrong with the header or the length.
    public init(path: String) throws(InputError) { try self.init(SharedFile(try MappedFile(path: path))) }

    /// Opens an array in a file that is open already.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - entry: The name of the array's entry in the zip archive that the file then is (`.npz`), such as `scores.npy`.
    /// - Throws: ``InputError`` that names the file and what is wrong with the archive, the header or the length.
    package init(_ file: SharedFile, entry: String? = nil) throws(InputError) {
        let header: NPYHeader
        let offset: Int
        do throws(InputError) {
            (header, offset) = try file.withBytes { bytes throws(InputError) in try Self.header(bytes, entry: entry) }
        } catch {
            throw error.inFile(file.path)
        }
        shape = header.shape
        elementType = header.elementType
        isBigEndian = header.isBigEndian
        dataOffset = offset + header.dataOffset
        self.file = file
    }

    /// The header and where the array's file begins.
    private static func header(
        _ bytes: UnsafeRawBufferPointer,
        entry: String?
    ) throws(InputError) -> (NPYHeader, offset: Int) {
        guard let entry else { return (try NPYHeader(bytes), 0) }
        let content = try ZipArchive(bytes).content(entry)
        do throws(InputError) {
            let start = content.baseAddress.flatMap { start in bytes.baseAddress.map { start - $0 } }
            return (try NPYHeader(content), start ?? 0)
        } catch {
            throw error.within("zip entry '\(entry)'")
        }
    }

    /// All elements in single precision.
    ///
    /// - Throws: ``InputError`` (`unsupported`) for elements that single precision cannot hold.
    public func floats() throws(InputError) -> [Float] { try floats(0..<count) }

    /// Some elements in single precision; see ``floats()``.
    public func floats(_ range: Range<Int>) throws(InputError) -> [Float] {
        switch elementType {
        case .float16: values(range) { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
        case .float32: values(range) { (bits: UInt32) in Float(bitPattern: bits) }
        default: throw wrongType("f2 or f4")
        }
    }

    /// Lends all elements in single precision: for a large float32 file the mapped bytes themselves, without a copy.
    ///
    /// - Parameter body: Receives ``count`` elements in C order.
    /// - Returns: What `body` returns.
    /// - Throws: ``InputError`` (`unsupported`) for elements that single precision cannot hold, or what `body` throws.
    public func withFloats<Value>(
        _ body: (UnsafeBufferPointer<Float>) throws(InputError) -> Value
    ) throws(InputError) -> Value {
        let count = count
        let offset = dataOffset
        // A header of an odd length leaves the data unaligned.
        guard elementType == .float32, !isBigEndian, offset.isMultiple(of: MemoryLayout<Float>.alignment) else {
            let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            defer { copy.deallocate() }
            _ = copy.initialize(from: try floats())
            return try body(UnsafeBufferPointer(copy))
        }
        return try file.withBytes { bytes throws(InputError) in
            let data = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 4 * count])
            return try body(data.bindMemory(to: Float.self))
        }
    }

    /// All elements in double precision.
    ///
    /// - Throws: ``InputError`` (`unsupported`) for integers that double precision cannot hold.
    public func doubles() throws(InputError) -> [Double] { try doubles(0..<count) }

    /// Some elements in double precision; see ``doubles()``.
    public func doubles(_ range: Range<Int>) throws(InputError) -> [Double] {
        switch elementType {
        case .float16: values(range) { (bits: UInt16) in Double(Float16(bitPattern: bits)) }
        case .float32: values(range) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
        case .float64: values(range) { (bits: UInt64) in Double(bitPattern: bits) }
        default: try wholeNumbers(range)
        }
    }

    /// All elements as integers.
    ///
    /// - Throws: ``InputError`` (`unsupported`) for floating point, or for a number above 2⁶³ − 1.
    public func integers() throws(InputError) -> [Int] { try integers(0..<count) }

    /// Some elements as integers; see ``integers()``.
    public func integers(_ range: Range<Int>) throws(InputError) -> [Int] {
        switch elementType {
        case .int8: return values(range) { (bits: UInt8) in Int(Int8(bitPattern: bits)) }
        case .int16: return values(range) { (bits: UInt16) in Int(Int16(bitPattern: bits)) }
        case .int32: return values(range) { (bits: UInt32) in Int(Int32(bitPattern: bits)) }
        case .int64: return values(range) { (bits: UInt64) in Int(Int64(bitPattern: bits)) }
        case .uint8: return values(range) { (bits: UInt8) in Int(bits) }
        case .bool: return values(range) { (bits: UInt8) in bits == 0 ? 0 : 1 }
        case .uint16: return values(range) { (bits: UInt16) in Int(bits) }
        case .uint32: return values(range) { (bits: UInt32) in Int(bits) }
        case .uint64:
            let bits = values(range) { (bits: UInt64) in bits }
            if let index = bits.firstIndex(where: { $0 > UInt64(Int.max) }) {
                throw elementFailure(
                    range.lowerBound + index,
                    expected: "an integer below 2^63",
                    found: "\(bits[index])"
                )
            }
            return bits.map { Int($0) }
        default: throw wrongType("an integer type")
        }
    }

    /// Integers in double precision; one that it cannot hold is refused.
    private func wholeNumbers(_ range: Range<Int>) throws(InputError) -> [Double] {
        let integers = try integers(range)
        guard elementType.size == 8 else { return integers.map { Double($0) } }
        var numbers: [Double] = []
        numbers.reserveCapacity(integers.count)
        for (index, integer) in integers.enumerated() {
            guard let number = Double(exactly: integer) else {
                throw elementFailure(
                    range.lowerBound + index,
                    expected: "an integer that double precision holds",
                    found: "\(integer)"
                )
            }
            numbers.append(number)
        }
        return numbers
    }

    /// All elements, converted some at a time, so that what is between file and result takes little memory.
    ///
    /// - Parameter convert: The elements in a range.
    /// - Throws: What `convert` throws.
    package func inPieces<Element>(
        _ convert: (Range<Int>) throws(InputError) -> [Element]
    ) throws(InputError) -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: Self.pieceLength) {
            elements += try convert(start..<min(start + Self.pieceLength, count))
        }
        return elements
    }

    package static let pieceLength = 1 << 20

    private func elementFailure(_ index: Int, expected: String, found: String) -> InputError {
        InputError(
            .unsupported,
            "a number that is out of range",
            file: file.path,
            place: "element \(index), byte \(dataOffset + index * elementType.size)",
            expected: expected,
            found: found
        )
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

    private func values<Bits: FixedWidthInteger, Value>(
        _ range: Range<Int>,
        _ convert: (Bits) -> Value
    ) -> [Value] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements of the array")
        return file.withBytes { bytes in
            [Value](unsafeUninitializedCapacity: range.count) { target, initialized in
                for index in 0..<range.count {
                    let bits = bytes.loadUnaligned(
                        fromByteOffset: dataOffset + (range.lowerBound + index) * MemoryLayout<Bits>.size,
                        as: Bits.self
                    )
                    target.initializeElement(
                        at: index,
                        to: convert(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
                    )
                }
                initialized = range.count
            }
        }
    }
}

/// The header of a `.npy` file.
struct NPYHeader {
    var elementType: NPYFile.ElementType
    var isBigEndian: Bool
    var shape: [Int]
    var dataOffset: Int

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// Far above what a dictionary of three short values needs.
    private static let longestHeader = 1 << 16

    /// Reads and checks the header, and that the file has as many bytes as it says.
    init(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        guard bytes.count >= 10, bytes[..<6].elementsEqual(Self.magic) else {
            throw InputError(.malformed, "not a .npy file", place: "byte 0")
        }
        let version = bytes[6]
        guard (1...3).contains(version) else {
            throw InputError(
                .unsupported,
                "unknown .npy version",
                place: "byte 6",
                expected: "1 to 3",
                found: "\(version)"
            )
        }
        let start = version == 1 ? 10 : 12
        guard bytes.count >= start else { throw InputError(.truncated, "the header is cut off", place: "byte 8") }
        let length =
            version == 1
            ? Int(bytes[8]) | Int(bytes[9]) << 8
            : Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
        guard length <= Self.longestHeader else {
            throw InputError(.limitExceeded, "the header is too long", place: "byte 8", found: "\(length) bytes")
        }
        guard bytes.count >= start + length else {
            throw InputError(.truncated, "the header is cut off", place: "byte \(bytes.count)")
        }
        var parser = NPYHeaderParser(Array(bytes[start..<start + length]), offset: start)
        let fields = try parser.parse()
        (elementType, isBigEndian) = fields.elementType
        shape = fields.shape
        dataOffset = start + length
        try checkSize(bytes.count)
    }

    private func checkSize(_ fileSize: Int) throws(InputError) {
        var size = elementType.size
        for length in shape {
            let product = size.multipliedReportingOverflow(by: length)
            guard !product.overflow, product.partialValue <= 1 << 46 else {
                throw InputError(.limitExceeded, "the array is too large", place: "header", found: "shape \(shape)")
            }
            size = product.partialValue
        }
        guard fileSize == dataOffset + size else {
            throw InputError(
                fileSize < dataOffset + size ? .truncated : .malformed,
                "the file's length is not what its header says",
                place: "byte \(min(fileSize, dataOffset + size))",
                expected: "\(dataOffset + size) bytes",
                found: "\(fileSize)"
            )
        }
    }

    /// A version 1 header, padded so that the data are aligned to 64 bytes.
    static func bytes(_ type: NPYFile.ElementType, shape: [Int]) -> [UInt8] {
        let axes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let order = type.size == 1 ? "|" : "<"
        var text = "{'descr': '\(order)\(type.rawValue)', 'fortran_order': False, 'shape': (\(axes)), }"
        let unpadded = 10 + text.utf8.count + 1
        text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        let length = text.utf8.count
        return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
    }
}

/// Parses the Python dictionary of a header: exactly the three known keys, literals only.
private struct NPYHeaderParser {
    private let bytes: [UInt8]
    private let offset: Int
    private var position = 0

    init(_ bytes: [UInt8], offset: Int) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func parse() throws(InputError) -> (
        elementType: (NPYFile.ElementType, isBigEndian: Bool), shape: [Int]
    ) {
        var type: (NPYFile.ElementType, isBigEndian: Bool)?
        var shape: [Int]?
        var isFortranOrder: Bool?
        try expect("{")
        while !take("}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr" where type == nil: type = try elementType()
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try bool()
            case "shape" where shape == nil: shape = try tuple()
            default: throw failure("an unexpected or repeated key '\(key)'")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == bytes.count else { throw failure("something behind the dictionary") }
        guard let type, let shape, let isFortranOrder else { throw failure("a key is missing") }
        // The orders differ only where two axes are longer than 1.
        guard !isFortranOrder || shape.count(where: { $0 != 1 }) < 2 else {
            throw InputError(.unsupported, "the array is in Fortran order", place: "header", expected: "C order")
        }
        return (type, shape)
    }

    private mutating func elementType() throws(InputError) -> (NPYFile.ElementType, isBigEndian: Bool) {
        let text = try string()
        guard let type = NPYFile.ElementType(rawValue: String(text.dropFirst())),
            text.hasPrefix("<") || text.hasPrefix(">") || type.size == 1 && (text.hasPrefix("|") || text.hasPrefix("="))
        else {
            throw InputError(
                .unsupported,
                "unsupported element type",
                place: "header",
                expected: "a number of 1 to 8 bytes",
                found: text
            )
        }
        return (type, text.hasPrefix(">"))
    }

    private mutating func string() throws(InputError) -> String {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\"")
        else { throw failure("no string") }
        let quote = bytes[position]
        let start = position + 1
        guard let end = bytes[start...].prefix(40).firstIndex(of: quote) else {
            throw failure("a string that is too long or has no end")
        }
        position = end + 1
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private mutating func bool() throws(InputError) -> Bool {
        if take("True") { return true }
        if take("False") { return false }
        throw failure("neither True nor False")
    }

    private mutating func tuple() throws(InputError) -> [Int] {
        try expect("(")
        var axes: [Int] = []
        while !take(")") {
            axes.append(try number())
            guard axes.count <= 32 else { throw failure("too many axes") }
            if !take(",") {
                try expect(")")
                break
            }
        }
        return axes
    }

    private mutating func number() throws(InputError) -> Int {
        skipSpace()
        let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let value = Int(String(decoding: digits, as: UTF8.self)) else { throw failure("no axis length") }
        position += digits.count
        // Python 2 wrote long integers as 10L.
        if position < bytes.count && bytes[position] == UInt8(ascii: "L") { position += 1 }
        return value
    }

    private mutating func expect(_ text: String) throws(InputError) {
        guard take(text) else { throw failure("no '\(text)'") }
    }

    private mutating func take(_ text: String) -> Bool {
        skipSpace()
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\n") {
            position += 1
        }
    }

    private func failure(_ what: String) -> InputError {
        InputError(.malformed, "malformed header: \(what)", place: "byte \(offset + position)")
    }
}

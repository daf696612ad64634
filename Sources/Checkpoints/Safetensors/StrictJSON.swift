internal import ArtifactFiles

/// A JSON value whose objects keep their order.
enum StrictJSON: Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([StrictJSON])
    case object([Member])

    /// A key and its value.
    struct Member: Hashable {
        var key: String
        var value: StrictJSON
    }

    /// The members of an object.
    var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The value of a key.
    subscript(key: String) -> StrictJSON? { members?.first { $0.key == key }?.value }

    /// A list of whole numbers.
    var integers: [Int]? {
        guard case .array(let items) = self else { return nil }
        var result: [Int] = []
        for item in items {
            guard case .integer(let value) = item else { return nil }
            result.append(value)
        }
        return result
    }

    /// The text of a string.
    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

/// Reads JSON (RFC 8259) and refuses what general readers let pass: duplicate keys, anything behind the value,
/// nesting without bound.
struct StrictJSONParser {
    private var reader: ByteReader
    private var depth = 0
    private static let deepest = 32

    init(_ bytes: UnsafeRawBufferPointer, part: String) { reader = ByteReader(bytes, part: part) }

    /// The one value that the bytes hold.
    mutating func parse() throws(InputError) -> StrictJSON {
        let value = try self.value()
        skipSpace()
        guard reader.remaining == 0 else { throw malformed("something follows the JSON value") }
        return value
    }

    private func malformed(_ problem: String) -> InputError { InputError(.malformed, problem, place: reader.place) }

    private var next: UInt8? { reader.remaining > 0 ? reader.bytes[reader.offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { _ = try? reader.byte() }
    }

    private mutating func expect(_ byte: UInt8) throws(InputError) {
        skipSpace()
        guard next == byte else { throw malformed("JSON lacks a '\(Character(Unicode.Scalar(byte)))'") }
        _ = try reader.byte()
    }

    private mutating func value() throws(InputError) -> StrictJSON {
        skipSpace()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw malformed("the JSON is nested too deeply") }
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: StrictJSON) throws(InputError) -> StrictJSON {
        guard reader.remaining >= word.utf8.count, try reader.take(word.utf8.count).elementsEqual(word.utf8) else {
            throw malformed("no JSON value")
        }
        return value
    }

    private mutating func object() throws(InputError) -> StrictJSON {
        try expect(UInt8(ascii: "{"))
        var members: [StrictJSON.Member] = []
        var keys = Set<String>()
        skipSpace()
        if next == UInt8(ascii: "}") {
            _ = try reader.byte()
            return .object([])
        }
        while true {
            skipSpace()
            let key = try string()
            guard keys.insert(key).inserted else { throw malformed("the key '\(key)' occurs twice") }
            try expect(UInt8(ascii: ":"))
            members.append(StrictJSON.Member(key: key, value: try value()))
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            _ = try reader.byte()
        }
        try expect(UInt8(ascii: "}"))
        return .object(members)
    }

    private mutating func array() throws(InputError) -> StrictJSON {
        try expect(UInt8(ascii: "["))
        var items: [StrictJSON] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            _ = try reader.byte()
            return .array([])
        }
        while true {
            items.append(try value())
            skipSpace()
            guard next == UInt8(ascii: ",") else { break }
            _ = try reader.byte()
        }
        try expect(UInt8(ascii: "]"))
        return .array(items)
    }

    private mutating func number() throws(InputError) -> StrictJSON {
        let start = reader.offset
        while let byte = next, "+-.eE0123456789".utf8.contains(byte) { _ = try reader.byte() }
        let text = String(decoding: reader.bytes[start..<reader.offset], as: UTF8.self)
        if let integer = Int(text), !text.hasPrefix("+"), text == "\(integer)" { return .integer(integer) }
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
            let number = Double(text), number.isFinite
        else { throw malformed("no JSON value") }
        return .number(number)
    }

    private mutating func string() throws(InputError) -> String {
        try expect(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while true {
            let byte = try reader.byte()
            switch byte {
            case UInt8(ascii: "\""):
                guard let valid = String(validating: text, as: UTF8.self) else { throw malformed("text is not UTF-8") }
                return valid
            case UInt8(ascii: "\\"):
                text += try escape()
            case 0..<0x20:
                throw malformed("a control character in a JSON text")
            default:
                text.append(byte)
            }
        }
    }

    private mutating func escape() throws(InputError) -> [UInt8] {
        let code = try reader.byte()
        switch code {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [code]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw malformed("an unknown escape in a JSON text")
        }
    }

    private mutating func unicodeEscape() throws(InputError) -> [UInt8] {
        var units = [try hexadecimal()]
        if units[0] & 0xfc00 == 0xd800 {
            guard try reader.byte() == UInt8(ascii: "\\"), try reader.byte() == UInt8(ascii: "u") else {
                throw malformed("half a surrogate pair")
            }
            units.append(try hexadecimal())
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw malformed("half a surrogate pair") }
        return Array(text.utf8)
    }

    private mutating func hexadecimal() throws(InputError) -> UInt16 {
        let digits = try reader.take(4)
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw malformed("an unknown escape in a JSON text") }
        return unit
    }
}

extension StrictJSON {
    /// A JSON string literal: quotes, backslashes and control characters escaped, everything else as it is.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}

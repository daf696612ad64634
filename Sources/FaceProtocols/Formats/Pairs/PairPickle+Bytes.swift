internal import ArtifactFiles

extension PairPickle {
    mutating func take(_ count: Int) throws(InputError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - position else {
            throw InputError(
                .truncated,
                "ends too early",
                expected: "\(count) more bytes",
                found: "\(bytes.count - position)"
            )
        }
        defer { position += count }
        return position..<position + count
    }

    mutating func byte() throws(InputError) -> UInt8 { bytes[try take(1).lowerBound] }

    /// A little-endian unsigned number; one above Int.max is refused by whoever takes as many bytes.
    mutating func integer(_ count: Int) throws(InputError) -> Int {
        var value: UInt64 = 0
        for (index, place) in try take(count).enumerated() { value |= UInt64(bytes[place]) << (8 * UInt64(index)) }
        return Int(clamping: value)
    }

    mutating func long(_ count: Int) throws(InputError) -> Value {
        let range = try take(count)
        guard count <= 8 else { return allocate(.opaque) }
        var value: UInt64 = range.last.map { bytes[$0] & 0x80 != 0 ? .max : 0 } ?? 0
        for place in range.reversed() { value = value << 8 | UInt64(bytes[place]) }
        return .int(Int(Int64(bitPattern: value)))
    }

    /// Up to the next line feed, which is stepped over.
    mutating func line() throws(InputError) -> Range<Int> {
        var end = position
        while end < bytes.count, bytes[end] != 0x0a { end += 1 }
        guard end < bytes.count else { throw InputError(.truncated, "a line does not end") }
        defer { position = end + 1 }
        return position..<end
    }

    func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    mutating func decimalLine() throws(InputError) -> Int {
        let text = string(try line())
        guard let value = Int(text), value >= 0 else {
            throw InputError(.malformed, "not a number of the memo", found: "'\(text.prefix(20))'")
        }
        return value
    }

    /// Protocol 0's INT, in which 00 and 01 are truth values, and LONG.
    func decimal(_ range: Range<Int>) throws(InputError) -> Value {
        var text = string(range)
        if text == "00" || text == "01" { return .bool(text == "01") }
        if text.hasSuffix("L") { text.removeLast() }
        guard let value = Int(text) else {
            throw InputError(.malformed, "not an integer", found: "'\(text.prefix(20))'")
        }
        return .int(value)
    }

    /// Protocol 0's byte string: Python's repr of it.
    mutating func quoted(_ range: Range<Int>) throws(InputError) -> Value {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard raw.count >= 2, let mark = raw.first, mark == 0x27 || mark == 0x22, raw.last == mark else {
            throw InputError(.malformed, "a byte string without quotation marks")
        }
        let escapes: [UInt8: UInt8] = [
            0x6e: 0x0a, 0x72: 0x0d, 0x74: 0x09, 0x5c: 0x5c, 0x27: 0x27, 0x22: 0x22, 0x61: 7, 0x62: 8, 0x66: 12,
            0x76: 11,
        ]
        var text: [UInt8] = []
        text.reserveCapacity(raw.count / 2)
        var index = 1
        while index < raw.count - 1 {
            guard raw[index] == 0x5c else {
                text.append(raw[index])
                index += 1
                continue
            }
            let code = raw[index + 1]
            if code == 0x78, index + 3 < raw.count - 1,
                let value = UInt8(String(decoding: raw[index + 2...index + 3], as: UTF8.self), radix: 16)
            {
                text.append(value)
                index += 4
            } else if let value = escapes[code], index + 1 < raw.count - 1 {
                text.append(value)
                index += 2
            } else {
                throw InputError(.malformed, "a byte string with an unknown escape")
            }
        }
        return try copied(text)
    }

    mutating func copied(_ text: [UInt8]) throws(InputError) -> Value {
        copiedBytes += text.count
        guard copiedBytes <= Self.copyLimit else { throw Self.tooManyCopies }
        return .bytes(.bytes(text))
    }

    /// Protocol 0's text: Latin-1 with `\uXXXX` escapes.
    mutating func rawUnicode(_ range: Range<Int>) throws(InputError) -> Value {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            guard raw[index] == 0x5c, index + 5 < raw.count, raw[index + 1] == UInt8(ascii: "u") else {
                text.append(raw[index])
                index += 1
                continue
            }
            guard let value = UInt8(String(decoding: raw[index + 2...index + 5], as: UTF8.self), radix: 16) else {
                throw InputError(.unsupported, "text with characters above 255")
            }
            text.append(value)
            index += 6
        }
        copiedBytes += text.count
        guard copiedBytes <= Self.copyLimit else { throw Self.tooManyCopies }
        return .characters(text)
    }

    static let tooManyCopies = InputError(.limitExceeded, "too many bytes that are not stored as they are")

    /// A short text, such as the name of a codec or type.
    func word(_ value: Value) throws(InputError) -> String {
        switch value {
        case .text(let range), .bytes(.range(let range)): return string(range)
        case .characters(let bytes), .bytes(.bytes(let bytes)): return String(decoding: bytes, as: UTF8.self)
        default: throw InputError(.malformed, "a name is no text")
        }
    }
}

/// A checked, forward-moving view of foreign bytes: every read that would leave them throws.
///
/// The pointer comes from a ``MappedFile`` or an array and is used only while that lends it; readers
/// never outlive the call that made them.
package struct ByteReader {
    package let bytes: UnsafeRawBufferPointer
    package private(set) var offset: Int
    /// What the bytes belong to, for messages: `data.pkl`, `header`.
    package let part: String

    package init(_ bytes: UnsafeRawBufferPointer, part: String, offset: Int = 0) {
        self.bytes = bytes
        self.part = part
        self.offset = offset
    }

    /// How many bytes are left.
    package var remaining: Int { bytes.count - offset }

    /// Where the reader stands, for messages.
    package var place: String { "\(part) byte \(offset)" }

    /// The next bytes.
    package mutating func take(_ count: Int) throws(InputError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw InputError(
                .truncated,
                "ends too early",
                place: place,
                expected: "\(count) more bytes",
                found: "\(remaining)"
            )
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// As many bytes as an unsigned length that was itself read from the file.
    package mutating func take(_ count: UInt64) throws(InputError) -> UnsafeRawBufferPointer {
        try take(Int(clamping: count))
    }

    /// A little-endian integer.
    package mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(InputError) -> Value
    {
        let raw = try take(MemoryLayout<Value>.size)
        return Value(littleEndian: raw.loadUnaligned(as: Value.self))
    }

    /// The next byte.
    package mutating func byte() throws(InputError) -> UInt8 { try integer() }

    /// UTF-8 text of a length in bytes.
    package mutating func text(_ count: Int) throws(InputError) -> String {
        let start = place
        guard let text = String(validating: try take(count), as: UTF8.self) else {
            throw InputError(.malformed, "the text is not UTF-8", place: start)
        }
        return text
    }

    /// The text up to the next line feed, which is consumed.
    package mutating func line(limit: Int = 4096) throws(InputError) -> String {
        let window = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + min(limit, remaining)])
        guard let length = window.firstIndex(of: 0x0a) else {
            throw InputError(.truncated, "a line does not end", place: place)
        }
        let line = try text(length)
        offset += 1
        return line
    }
}

/// The part of `bytes` from `offset`, checked.
///
/// - Throws: ``InputError`` (`truncated`) when it is not all there.
package func slice(
    _ bytes: UnsafeRawBufferPointer,
    from offset: Int,
    count: Int,
    place: String
) throws(InputError) -> UnsafeRawBufferPointer {
    guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
        throw InputError(
            .truncated,
            "lies outside the file",
            place: place,
            expected: "\(count) bytes at \(offset)",
            found: "\(bytes.count) bytes"
        )
    }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
}

/// The longest axis that any reader accepts: times the limit of ``elementCount(_:limit:)`` it does not overflow.
package let longestAxis = 1 << 22

/// The product of axis lengths, or nil when one is out of bounds or the product is over `limit`.
package func elementCount(_ shape: [Int], limit: Int = 1 << 40) -> Int? {
    // Axes of length 0 count as 1 against the limit, so that partial products stay in bounds too.
    var product = 1
    for length in shape {
        guard (0...longestAxis).contains(length) else { return nil }
        product *= max(1, length)
        guard product <= limit else { return nil }
    }
    return shape.contains(0) ? 0 : product
}

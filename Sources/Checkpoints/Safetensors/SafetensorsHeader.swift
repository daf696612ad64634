internal import ArtifactFiles

/// The header of a safetensors file, checked against the file's size.
struct SafetensorsHeader {
    /// One tensor: where it lies in the data that follows the header.
    struct Entry {
        var name: String
        var elementType: ElementType
        var shape: [Int]
        var range: Range<Int>
    }

    /// The tensors in the header's order.
    private(set) var entries: [Entry] = []
    /// `__metadata__`: text by key.
    private(set) var metadata: [String: String] = [:]
    /// Where the data begins in the file.
    let dataOffset: Int

    /// The format's own bound on the header.
    static let longestHeader = 100_000_000
    static let metadataKey = "__metadata__"

    /// Reads and checks.
    ///
    /// - Throws: ``InputError`` for a header that is too long, no strict JSON, or whose tensors overlap, leave gaps,
    ///   leave the file or do not fit their shapes.
    init(_ bytes: UnsafeRawBufferPointer) throws(InputError) {
        var reader = ByteReader(bytes, part: "header")
        let length = Int(clamping: try reader.integer(UInt64.self))
        guard length <= Self.longestHeader else {
            throw InputError(.limitExceeded, "the header is too long", place: "header", found: "\(length) bytes")
        }
        let text = try reader.take(length)
        dataOffset = reader.offset
        guard text.first == UInt8(ascii: "{") else {
            throw InputError(.malformed, "the header is no JSON object", place: "header")
        }
        var parser = StrictJSONParser(text, part: "header")
        for member in try parser.parse().members ?? [] {
            if member.key == Self.metadataKey {
                metadata = try Self.metadata(member.value)
            } else {
                entries.append(try Self.entry(member))
            }
        }
        try checkTiling(bytes.count - dataOffset)
    }

    private static func metadata(_ value: StrictJSON) throws(InputError) -> [String: String] {
        var result: [String: String] = [:]
        guard let members = value.members else {
            throw InputError(.malformed, "no object", place: "header, \(metadataKey)")
        }
        for member in members {
            guard let text = member.value.text else {
                throw InputError(.malformed, "the value is no text", place: "header, \(metadataKey) '\(member.key)'")
            }
            result[member.key] = text
        }
        return result
    }

    private static func entry(_ member: StrictJSON.Member) throws(InputError) -> Entry {
        let place = "parameter '\(member.key)'"
        guard let members = member.value.members, members.count == 3, let dtype = member.value["dtype"]?.text,
            let shape = member.value["shape"]?.integers, let offsets = member.value["data_offsets"]?.integers
        else { throw InputError(.malformed, "no dtype, shape and data_offsets", place: place) }
        guard let elementType = ElementType(rawValue: dtype) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw InputError(.unsupported, "the dtype is not supported", place: place, expected: known, found: dtype)
        }
        guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], shape.count <= 32,
            let count = elementCount(shape), offsets[1] - offsets[0] == count * elementType.byteCount
        else {
            throw InputError(
                .malformed,
                "shape and data_offsets do not fit",
                place: place,
                found: "\(shape), \(offsets)"
            )
        }
        return Entry(name: member.key, elementType: elementType, shape: shape, range: offsets[0]..<offsets[1])
    }

    /// The tensors must cover the data without gap or overlap.
    private func checkTiling(_ dataSize: Int) throws(InputError) {
        var end = 0
        let ordered = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        for entry in ordered {
            guard entry.range.lowerBound == end else {
                throw InputError(
                    .malformed,
                    entry.range.lowerBound < end ? "the tensor overlaps another" : "there is a gap before the tensor",
                    place: "parameter '\(entry.name)'",
                    expected: "offset \(end)",
                    found: "\(entry.range.lowerBound)"
                )
            }
            end = entry.range.upperBound
        }
        guard end == dataSize else {
            throw InputError(
                end > dataSize ? .truncated : .malformed,
                "the tensors do not fill the file",
                expected: "\(end) bytes of data",
                found: "\(dataSize)"
            )
        }
    }
}

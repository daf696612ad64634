internal import ArtifactFiles
internal import LargeArrays
internal import VerificationMetrics

/// The lists that come with scores, of this program's runs or of any other system: `.npy` arrays, or text.
///
/// A text holds a number on each line, without blank lines but at its end: a missing row would shift all that follow.
enum ScoreLists {
    /// Reads scores: single precision where the array has it or less, double precision otherwise.
    static func scores(_ path: String) throws(InputError) -> ScoreValues {
        guard isArray(path) else {
            return .double(
                try numbers(path, "not a score", expected: "a number below infinity") { text in
                    Double(text).flatMap { $0 < .infinity ? $0 : nil }
                }
            )
        }
        let array = try list(path)
        if array.elementType.isSinglePrecision {
            return .single(
                try array.largeArray { range throws(InputError) in
                    try checked(try array.floats(range), range, path)
                }
            )
        }
        return .double(
            try array.largeArray { range throws(InputError) in
                try checked(try array.doubles(range), range, path)
            }
        )
    }

    private static func checked<Score: BinaryFloatingPoint>(
        _ scores: [Score],
        _ range: Range<Int>,
        _ path: String
    ) throws(InputError) -> [Score] {
        guard let place = scores.firstIndex(where: { !($0 < .infinity) }) else { return scores }
        throw InputError(
            .malformed,
            "not a score",
            file: path,
            place: "row \(range.lowerBound + place)",
            expected: "a number below infinity",
            found: "\(scores[place])"
        )
    }

    /// Reads labels, each 0 or 1.
    static func labels(_ path: String) throws(InputError) -> LargeArray<UInt8> {
        guard isArray(path) else {
            return try numbers(path, "a label is neither 0 nor 1", expected: "0 or 1") { text in
                switch Double(text) {
                case 0: 0
                case 1: 1
                default: nil
                }
            }
        }
        let array = try list(path)
        return try array.largeArray { range throws(InputError) in
            var labels: [UInt8] = []
            labels.reserveCapacity(range.count)
            for (row, value) in zip(range, try array.doubles(range)) {
                guard value == 0 || value == 1 else {
                    throw InputError(
                        .malformed,
                        "a label is neither 0 nor 1",
                        file: path,
                        place: "row \(row)",
                        found: value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
                    )
                }
                labels.append(UInt8(value))
            }
            return labels
        }
    }

    /// Reads the ids of the templates that each comparison compares, two by two.
    static func templates(_ path: String) throws(InputError) -> LargeArray<UInt32> {
        let array = try NPYFile(path: path)
        guard array.shape.count == 2, array.shape[1] == 2 else {
            throw InputError(.mismatch, "not pairs", file: path, expected: "[comparisons, 2]", found: "\(array.shape)")
        }
        return try array.largeArray { range throws(InputError) in
            var ids: [UInt32] = []
            ids.reserveCapacity(range.count)
            for (place, value) in zip(range, try array.integers(range)) {
                guard let id = UInt32(exactly: value) else {
                    throw InputError(
                        .malformed,
                        "a template id is out of range",
                        file: path,
                        place: "row \(place / 2)",
                        found: "\(value)"
                    )
                }
                ids.append(id)
            }
            return ids
        }
    }

    /// Reads `template,subject` lines, with a heading or without.
    static func subjects(_ path: String) throws(InputError) -> [UInt32: String] {
        let bytes = try MappedFile(path: path).withBytes { Array($0) }
        guard let text = String(validating: bytes, as: UTF8.self), let rows = CSVText.rows(text) else {
            throw InputError(.malformed, "not CSV in UTF-8", file: path)
        }
        var names: [UInt32: String] = [:]
        for (line, fields) in rows where !(line == 1 && fields.first == "template") {
            guard fields.count == 2, let template = UInt32(fields[0]) else {
                throw InputError(
                    .malformed,
                    "not a subject line",
                    file: path,
                    place: "line \(line)",
                    expected: "template,subject",
                    found: "'\(fields.joined(separator: ",").prefix(40))'"
                )
            }
            guard names.updateValue(fields[1], forKey: template) == nil else {
                throw InputError(.malformed, "template \(template) occurs twice", file: path, place: "line \(line)")
            }
        }
        return names
    }

    /// Opens an array of one axis.
    private static func list(_ path: String) throws(InputError) -> NPYFile {
        let array = try NPYFile(path: path)
        guard array.shape.count == 1 else {
            throw InputError(.mismatch, "not a list", file: path, expected: "one axis", found: "\(array.shape)")
        }
        return array
    }

    private static func isArray(_ path: String) -> Bool { path.hasSuffix(".npy") }

    private static func numbers<Number>(
        _ path: String,
        _ problem: String,
        expected: String,
        _ parse: (String) -> Number?
    ) throws(InputError) -> LargeArray<Number> {
        try MappedFile(path: path)
            .withBytes { bytes throws(InputError) in
                let lines = NumberLines(bytes)
                let builder = LargeArrayBuilder<Number>(count: lines.count)
                var place = 0
                for line in lines {
                    // Longer than any number is, but for one padded with zeros beyond reason. A byte of zero would end
                    // the number for the parser.
                    let text = String(decoding: UnsafeRawBufferPointer(rebasing: line.prefix(400)), as: UTF8.self)
                    guard line.count <= 400, !line.contains(0), let number = parse(text) else {
                        throw InputError(
                            .malformed,
                            line.isEmpty ? "a blank line" : problem,
                            file: path,
                            place: "line \(place + 1)",
                            expected: expected,
                            found: "'\(text.prefix(40))'"
                        )
                    }
                    builder.elements.initializeElement(at: place, to: number)
                    place += 1
                }
                return builder.finish()
            }
    }
}

/// The lines of a text without its byte-order mark and the blank lines at its end, each without the blanks around it.
private struct NumberLines: Sequence, IteratorProtocol {
    private var rest: Slice<UnsafeRawBufferPointer>
    /// How many there are.
    let count: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
        while let last = rest.last, Self.isBlank(last) { rest.removeLast() }
        count = rest.isEmpty ? 0 : 1 + rest.reduce(0) { $1 == 0x0a ? $0 + 1 : $0 }
        isAtEnd = rest.isEmpty
    }

    private var isAtEnd: Bool

    mutating func next() -> Slice<UnsafeRawBufferPointer>? {
        guard !isAtEnd else { return nil }
        let end = rest.firstIndex(of: 0x0a) ?? rest.endIndex
        var line = rest[..<end]
        isAtEnd = end == rest.endIndex
        rest = isAtEnd ? rest[end...] : rest[(end + 1)...]
        while let last = line.last, Self.isBlank(last) { line.removeLast() }
        while let first = line.first, Self.isBlank(first) { line.removeFirst() }
        return line
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }
}

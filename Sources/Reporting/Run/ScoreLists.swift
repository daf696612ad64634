internal import ArtifactFiles
internal import VerificationMetrics

/// The lists that come with scores, of this program's runs or of any other system: `.npy` arrays, entries of an `.npz`, or
/// text.
///
/// A text holds a number on each line, without blank lines but at its end: a missing row would shift all that follow. Or it
/// is a table with a heading, of which one column is named; fields are separated by commas, semicolons or tabs.
struct ScoreList {
    let file: SharedFile
    /// What the list is: `score`, `label`.
    let role: String
    /// A table's column, or an archive's entry; nil for a list alone.
    let column: String?

    /// Reads scores: single precision where the array has it or less, double precision otherwise.
    ///
    /// - Parameter areDistances: Whether less is more alike: their signs are changed, and +∞ is a failure to enrol.
    func scores(areDistances: Bool) throws(InputError) -> ScoreValues {
        let sign = areDistances ? -1.0 : 1
        let expected = areDistances ? "a distance above -infinity" : "a number below infinity"
        guard let array = try array() else {
            return .double(
                try numbers("not a score", expected: expected) { text in
                    Double(text).flatMap { $0 * sign < .infinity ? $0 * sign : nil }
                }
            )
        }
        func checked<Score: BinaryFloatingPoint>(_ scores: [Score], _ range: Range<Int>) throws(InputError) -> [Score] {
            let signed = areDistances ? scores.map { -$0 } : scores
            guard let place = signed.firstIndex(where: { !($0 < .infinity) }) else { return signed }
            throw refusal("not a score", row: range.lowerBound + place, expected, found: "\(scores[place])")
        }
        if array.elementType.isSinglePrecision {
            return .single(
                try array.inPieces { range throws(InputError) in try checked(try array.floats(range), range) }
            )
        }
        return .double(
            try array.inPieces { range throws(InputError) in try checked(try array.doubles(range), range) }
        )
    }

    /// Reads labels, each 0 or 1, or each -1 or 1.
    func labels() throws(InputError) -> [UInt8] {
        let problem = "a label is neither 0 nor 1"
        let expected = "0 or 1 (or -1 and 1 throughout)"
        var impostor: Double?
        func label(_ value: Double) -> UInt8? {
            if value == 1 { return 1 }
            guard value == 0 || value == -1, impostor == nil || impostor == value else { return nil }
            impostor = value
            return 0
        }
        guard let array = try array() else {
            return try numbers(problem, expected: expected) { text in
                switch text.lowercased() {
                case "true": 1
                case "false": 0
                default: Double(text).flatMap(label)
                }
            }
        }
        return try array.inPieces { range throws(InputError) in
            var labels: [UInt8] = []
            labels.reserveCapacity(range.count)
            for (row, value) in zip(range, try array.doubles(range)) {
                guard let label = label(value) else {
                    throw refusal(problem, row: row, expected, found: NumberText.shortest(value))
                }
                labels.append(label)
            }
            return labels
        }
    }

    private func refusal(_ problem: String, row: Int, _ expected: String, found: String) -> InputError {
        InputError(.malformed, problem, file: file.path, place: "row \(row)", expected: expected, found: found)
    }

    /// Opens an array of one axis that is longer than 1; nil where the file is text.
    private func array() throws(InputError) -> NPYFile? {
        let start = file.withBytes { Array($0.prefix(4)) }
        let isArchive = file.path.hasSuffix(".npz") || start == [0x50, 0x4b, 3, 4]
        guard isArchive || file.path.hasSuffix(".npy") || start == [0x93] + Array("NUM".utf8) else { return nil }
        if let column, !isArchive {
            throw InputError(
                .usage,
                "an array has no column names",
                file: file.path,
                expected: "a table or an .npz for the column '\(column)'"
            )
        }
        let array = try NPYFile(file, entry: isArchive ? try entry() : nil)
        guard !array.shape.isEmpty, array.shape.count(where: { $0 != 1 }) < 2 else {
            throw InputError(
                .mismatch,
                "not a list",
                file: file.path,
                expected: "one axis that is longer than 1",
                found: "\(array.shape)"
            )
        }
        return array
    }

    /// The entry that the column names, the one of the list's own name, or the only one.
    private func entry() throws(InputError) -> String {
        let names: [String]
        do throws(InputError) {
            names = try file.withBytes { bytes throws(InputError) in try ZipArchive(bytes).names }
        } catch {
            throw error.inFile(file.path)
        }
        let wanted = column.map { [$0, $0 + ".npy"] } ?? [role + "s.npy", role + ".npy"]
        if let name = names.first(where: { wanted.contains($0) }) { return name }
        if names.count == 1, column == nil { return names[0] }
        throw InputError(
            .missing,
            "no \(role)s in the archive; name them with --\(role)-column",
            file: file.path,
            expected: wanted.joined(separator: " or "),
            found: names.joined(separator: ", ")
        )
    }

    private func numbers<Number>(
        _ problem: String,
        expected: String,
        _ parse: (String) -> Number?
    ) throws(InputError) -> [Number] {
        try file.withBytes { bytes throws(InputError) in
            var lines = NumberLines(bytes)
            let table = try column.map { name throws(InputError) in
                try TableColumn(name, heading: lines.next(), file: file.path)
            }
            let skipped = table == nil ? 0 : 1
            var numbers: [Number] = []
            numbers.reserveCapacity(max(0, lines.count - skipped))
            for line in lines {
                let field = table.map { $0.field(of: line) } ?? line
                // Longer than any number is, but for one padded with zeros beyond reason. A byte of zero would end
                // the number for the parser.
                let text = String(decoding: UnsafeRawBufferPointer(rebasing: field.prefix(400)), as: UTF8.self)
                guard field.count <= 400, !field.contains(0), let number = parse(text) else {
                    throw InputError(
                        .malformed,
                        line.isEmpty ? "a blank line" : problem + hint(line, isFirst: numbers.isEmpty && table == nil),
                        file: file.path,
                        place: "line \(numbers.count + skipped + 1)",
                        expected: expected,
                        found: "'\(text.prefix(40))'"
                    )
                }
                numbers.append(number)
            }
            return numbers
        }
    }

    /// What to do about a table.
    private func hint(_ line: Slice<UnsafeRawBufferPointer>, isFirst: Bool) -> String {
        let isTable = isFirst && line.contains { TableColumn.separators.contains($0) }
        return isTable ? "; a table's column is named with --\(role)-column" : ""
    }
}

/// A named column of a table.
private struct TableColumn {
    static let separators = [UInt8(ascii: ","), UInt8(ascii: "\t"), UInt8(ascii: ";")]
    private let index: Int
    private let separator: UInt8

    /// Finds a column by its name, under whichever separator the heading has it.
    init(_ name: String, heading: Slice<UnsafeRawBufferPointer>?, file: String) throws(InputError) {
        let heading = heading ?? Slice(base: UnsafeRawBufferPointer(start: nil, count: 0), bounds: 0..<0)
        for separator in Self.separators {
            let names = Self.fields(heading, separator).map { String(decoding: $0, as: UTF8.self) }
            let places = names.indices.filter { names[$0] == name }
            guard places.count < 2 else {
                throw InputError(.malformed, "two columns have the name '\(name)'", file: file, place: "line 1")
            }
            if let place = places.first {
                index = place
                self.separator = separator
                return
            }
        }
        throw InputError(
            .missing,
            "no column has the name '\(name)'",
            file: file,
            place: "line 1",
            found: "'\(String(decoding: heading.prefix(200), as: UTF8.self))'"
        )
    }

    /// The column's field of a line, without quotes and blanks around it; empty where the line is too short.
    func field(of line: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        let fields = Self.fields(line, separator)
        return index < fields.count ? fields[index] : line[line.endIndex...]
    }

    private static func fields(
        _ line: Slice<UnsafeRawBufferPointer>,
        _ separator: UInt8
    ) -> [Slice<UnsafeRawBufferPointer>] {
        let quote = UInt8(ascii: "\"")
        var fields: [Slice<UnsafeRawBufferPointer>] = []
        var start = line.startIndex
        var isQuoted = false
        func add(_ end: Int) {
            var field = line[start..<end]
            while let byte = field.first, byte == 0x20 || byte == 0x09 { field.removeFirst() }
            while let byte = field.last, byte == 0x20 || byte == 0x09 { field.removeLast() }
            if field.count >= 2, field.first == quote, field.last == quote { field = field.dropFirst().dropLast() }
            fields.append(field)
        }
        for index in line.indices {
            if line[index] == quote { isQuoted.toggle() }
            if line[index] == separator, !isQuoted {
                add(index)
                start = index + 1
            }
        }
        add(line.endIndex)
        return fields
    }
}

/// The template ids and subjects that come with scores.
enum TemplateLists {
    /// Reads the ids of the templates that each comparison compares, two by two.
    static func templates(_ path: String) throws(InputError) -> [UInt32] {
        let array = try NPYFile(path: path)
        guard array.shape.count == 2, array.shape[1] == 2 else {
            throw InputError(.mismatch, "not pairs", file: path, expected: "[comparisons, 2]", found: "\(array.shape)")
        }
        return try array.inPieces { range throws(InputError) in
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

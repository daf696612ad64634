#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The rows of a text file: its bytes without a byte-order mark and without blank lines at the end.
///
/// Row i is line i + 1, always: a blank line elsewhere is an error of its own. Lines end in LF or CR LF; the last one
/// may end with the file. Fields are separated by any number of spaces and tabs.
package struct TextRows {
    /// Ends right after the last row's line feed, or with the last row where the file has no final line feed.
    package let bytes: UnsafeBufferPointer<UInt8>
    /// What findings call the file.
    package let file: String

    /// Looks at the ends of a file.
    ///
    /// - Parameters:
    ///   - raw: The file's bytes.
    ///   - file: What findings call it.
    ///   - findings: Receives what is odd.
    /// - Returns: nil, with a finding, for a UTF-16 file.
    package init?(_ raw: UnsafeRawBufferPointer, file: String, findings: inout FindingList) {
        self.file = file
        var rows = raw.bindMemory(to: UInt8.self)
        let first = ProtocolFinding.Place(file, 1)
        if rows.starts(with: [0xff, 0xfe]) || rows.starts(with: [0xfe, 0xff]) {
            findings.add(.notUTF8, at: first, "not UTF-8 text", found: "a UTF-16 byte-order mark")
            return nil
        }
        if rows.starts(with: [0xef, 0xbb, 0xbf]) {
            findings.add(.byteOrderMark, at: first, "the file starts with a byte-order mark; it is ignored")
            rows = UnsafeBufferPointer(rebasing: rows[3...])
        }
        let trimmed = Self.lengthWithoutTrailingBlankLines(rows)
        if trimmed < rows.count {
            findings.add(.trailingBlankLines, at: .init(file), "blank lines at the end of the file; they are ignored")
        }
        bytes = UnsafeBufferPointer(rebasing: rows[..<trimmed])
    }

    /// Where a row stands, for findings.
    func place(_ row: Int) -> ProtocolFinding.Place { .init(file, row + 1) }

    /// Visits all rows in order, then says once that lines end in CR LF where some do.
    ///
    /// - Parameters:
    ///   - first: The first row to visit; the earlier ones are counted all the same.
    ///   - body: Takes the row's content, without its end, and its place.
    func forEach(
        from first: Int = 0,
        findings: inout FindingList,
        _ body: (UnsafeBufferPointer<UInt8>, ProtocolFinding.Place, inout FindingList) -> Void
    ) {
        var reader = LineReader(bytes, range: 0..<bytes.count)
        var row = 0
        while let line = reader.next() {
            if row >= first { body(line, place(row), &findings) }
            row += 1
        }
        findings.addCarriageReturns(reader.carriageReturnCount, of: row, file: file)
    }

    /// The first row; nil where there is none.
    var firstRow: UnsafeBufferPointer<UInt8>? {
        var reader = LineReader(bytes, range: 0..<bytes.count)
        return reader.next()
    }

    private static func lengthWithoutTrailingBlankLines(_ rows: UnsafeBufferPointer<UInt8>) -> Int {
        var end = rows.count
        while end > 0, isSeparator(rows[end - 1]) || rows[end - 1] == newline || rows[end - 1] == carriageReturn {
            end -= 1
        }
        guard end > 0 else { return 0 }
        while end < rows.count {
            end += 1
            if rows[end - 1] == newline { break }
        }
        return end
    }

    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")

    static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

/// The lines of a range of a file, without their ends.
struct LineReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position: Int
    private let end: Int
    /// How many of the lines read so far ended in CR LF.
    private(set) var carriageReturnCount = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        guard position < end, let base = bytes.baseAddress else { return nil }
        let start = base + position
        var length = end - position
        position = end
        if let found = memchr(start, Int32(TextRows.newline), length) {
            length = UnsafeRawPointer(found) - UnsafeRawPointer(start)
            position = base.distance(to: start) + length + 1
            if length > 0, start[length - 1] == TextRows.carriageReturn {
                length -= 1
                carriageReturnCount += 1
            }
        }
        return UnsafeBufferPointer(start: start, count: length)
    }
}

/// One line without its end, read field by field.
struct RowFields {
    private var rest: UnsafeBufferPointer<UInt8>

    init(_ line: UnsafeBufferPointer<UInt8>) { rest = line }

    /// The next run of bytes that are neither spaces nor tabs; nil at the end of the line.
    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        var start = 0
        while start < rest.count, TextRows.isSeparator(rest[start]) { start += 1 }
        var end = start
        while end < rest.count, !TextRows.isSeparator(rest[end]) { end += 1 }
        guard end > start else { return nil }
        let field = UnsafeBufferPointer(rebasing: rest[start..<end])
        rest = UnsafeBufferPointer(rebasing: rest[end...])
        return field
    }

    /// How many fields the line has from here on.
    func count() -> Int {
        var copy = self
        var count = 0
        while copy.next() != nil { count += 1 }
        return count
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes as a quotation for a message: repaired where they are not UTF-8, cut where they are long.
    var quoted: String {
        let text = String(decoding: prefix(60), as: UTF8.self)
        return count > 60 ? "'\(text)…' (\(count) bytes)" : "'\(text)'"
    }
}

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
        if rows.starts(with: [0xff, 0xfe]) || rows.starts(with: [0xfe, 0xff]) {
            findings.add(.notUTF8, file: file, line: 1, "not UTF-8 text", found: "a UTF-16 byte-order mark")
            return nil
        }
        if rows.starts(with: [0xef, 0xbb, 0xbf]) {
            findings.add(.byteOrderMark, file: file, line: 1, "the file starts with a byte-order mark; it is ignored")
            rows = UnsafeBufferPointer(rebasing: rows[3...])
        }
        let trimmed = Self.lengthWithoutTrailingBlankLines(rows)
        if trimmed < rows.count {
            findings.add(.trailingBlankLines, file: file, "blank lines at the end of the file; they are ignored")
        }
        bytes = UnsafeBufferPointer(rebasing: rows[..<trimmed])
    }

    private static func lengthWithoutTrailingBlankLines(_ rows: UnsafeBufferPointer<UInt8>) -> Int {
        var end = rows.count
        while end > 0, isBlank(rows[end - 1]) { end -= 1 }
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

    private static func isBlank(_ byte: UInt8) -> Bool {
        isSeparator(byte) || byte == newline || byte == carriageReturn
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

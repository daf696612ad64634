/// CSV after RFC 4180, with line feeds.
package enum CSVText {
    /// A line of fields with its end.
    package static func line(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") + "\n" }

    /// A field, quoted where it must be.
    package static func field(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
                || byte == UInt8(ascii: "\r")
        }
        guard needsQuotes else { return text }
        // By bytes: a quotation mark under an accent is another character, but ends the field all the same.
        let quote = UInt8(ascii: "\"")
        let doubled = text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
        return String(decoding: [quote] + doubled + [quote], as: UTF8.self)
    }

    /// The rows of a text with the number of the line that each begins in; nil if a quote is never closed.
    static func rows(_ text: String) -> [(line: Int, fields: [String])]? {
        var rows: [(line: Int, fields: [String])] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var (line, start) = (1, 1)
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
        func endField() {
            fields.append(String(decoding: field, as: UTF8.self))
            field = []
        }
        func endRow() {
            if !fields.isEmpty || !field.isEmpty {
                endField()
                rows.append((start, fields))
            }
            fields = []
            start = line
        }
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && bytes.first == byte:
                field.append(byte)
                bytes = bytes.dropFirst()
            case UInt8(ascii: "\"") where isQuoted || field.isEmpty: isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: endField()
            case UInt8(ascii: "\n") where !isQuoted: endRow()
            // A line may end in CR LF.
            case UInt8(ascii: "\r") where !isQuoted && (bytes.isEmpty || bytes.first == UInt8(ascii: "\n")): break
            default: field.append(byte)
            }
        }
        endRow()
        return isQuoted ? nil : rows
    }
}

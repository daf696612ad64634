extension ProtocolDescriptor {
    /// The descriptor as a `protocol.yml`, which ``init(path:)`` reads back.
    public var yaml: String {
        var lines = ["name: \(name)", "title: \(Self.quoted(title))", "format: \(format)"]
        Self.append("files", files.sorted { $0.key < $1.key }.map { ($0.key, Self.quoted($0.value)) }, to: &lines)
        Self.append("counts", counts.all.map { ($0.key, "\($0.value)") }, to: &lines)
        Self.append("digests", digests.sorted { $0.key < $1.key }.map { (Self.quoted($0.key), $0.value) }, to: &lines)
        for (key, text) in [("obtain", obtain), ("licence", licence), ("citation", citation)] {
            if let text { lines.append("\(key): \(Self.quoted(text))") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func append(_ key: String, _ pairs: [(String, String)], to lines: inout [String]) {
        guard !pairs.isEmpty else { return }
        lines.append("\(key):")
        lines += pairs.map { "  \($0.0): \($0.1)" }
    }

    /// A double-quoted YAML text.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

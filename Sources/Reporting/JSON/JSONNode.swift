/// A JSON value under construction; objects keep the order in which their keys were written.
final class JSONNode {
    enum Kind {
        case null
        case scalar(String)
        case list
        case object
    }

    var kind: Kind = .null
    private(set) var keys: [String] = []
    private(set) var children: [JSONNode] = []

    /// The value of a key, new or anew.
    func member(_ key: String) -> JSONNode {
        let child = JSONNode()
        kind = .object
        if let place = keys.firstIndex(of: key) {
            children[place] = child
        } else {
            keys.append(key)
            children.append(child)
        }
        return child
    }

    /// A new value at the end of a list.
    func element() -> JSONNode {
        let child = JSONNode()
        kind = .list
        children.append(child)
        return child
    }
}

extension JSONNode {
    private static let lineWidth = 118

    /// The text: what fits on a line stands on one, lists of numbers always do.
    var text: String {
        var output = ""
        write(to: &output, indentation: 0, column: 0)
        return output + "\n"
    }

    private func write(to output: inout String, indentation: Int, column: Int) {
        if let flat = flatText(limit: Self.lineWidth - column) {
            output += flat
            return
        }
        let isList = keys.isEmpty
        let inner = indentation + 2
        output += isList ? "[" : "{"
        for (index, child) in children.enumerated() {
            let key = isList ? "" : JSONText.quoted(keys[index]) + ": "
            output += (index == 0 ? "\n" : ",\n") + String(repeating: " ", count: inner) + key
            child.write(to: &output, indentation: inner, column: inner + key.utf8.count)
        }
        output += "\n" + String(repeating: " ", count: indentation) + (isList ? "]" : "}")
    }

    /// The value on one line, if it is short enough or a list of numbers.
    private func flatText(limit: Int) -> String? {
        switch kind {
        case .null: return "null"
        case .scalar(let text): return text
        case .list, .object: break
        }
        let isNumbers = keys.isEmpty && children.allSatisfy(\.isNumeric)
        var rest = isNumbers ? Int.max : limit - 2
        var parts: [String] = []
        for (index, child) in children.enumerated() {
            let key = keys.isEmpty ? "" : JSONText.quoted(keys[index]) + ": "
            guard let value = child.flatText(limit: rest - key.utf8.count) else { return nil }
            parts.append(key + value)
            rest -= key.utf8.count + value.utf8.count + (index == 0 ? 0 : 2)
            if rest < 0 { return nil }
        }
        let content = parts.joined(separator: ", ")
        if case .object = kind { return "{\(content)}" }
        return "[\(content)]"
    }

    private var isNumeric: Bool {
        switch kind {
        case .scalar(let text): !text.hasPrefix("\"")
        case .null: true
        case .list, .object: false
        }
    }
}

/// JSON's spelling of texts and numbers.
enum JSONText {
    /// A text in quotes.
    ///
    /// `<`, `>` and `&` are escaped too, so that the JSON may stand inside an HTML script element.
    static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\t": output += "\\t"
            case "<", ">", "&", "\u{2028}", "\u{2029}": output += escape(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: output += escape(scalar)
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }

    /// The shortest decimal that reads back as the same number.
    static func number(_ value: Double) -> String { "\(value)" }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}

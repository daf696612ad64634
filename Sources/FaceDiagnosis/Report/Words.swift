internal import Foundation
internal import Reporting

/// Numbers in sentences.
enum Words {
    static func number(_ value: Double?, _ decimals: Int = 2) -> String {
        guard let value, value.isFinite else { return "undefined" }
        return String(format: "%.\(decimals)f", value)
    }

    static func percent(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "undefined" }
        return String(format: "%.1f %%", value * 100)
    }

    static func count(_ value: Int, _ noun: String) -> String { value == 1 ? "1 \(noun)" : "\(value) \(noun)s" }

    /// Text from files on one line: control characters are spelled out.
    static func visible(_ text: String) -> String { VisibleText.line(text) }

    /// A few names.
    static func list(_ names: [String], most: Int = 3) -> String {
        let shown = names.prefix(most).map { visible($0) }.joined(separator: ", ")
        return names.count > most ? shown + ", …" : shown
    }
}

/// Foreign text made safe to show: what could not be seen, or could reorder what is around it, is spelled out.
///
/// Every reporter passes names of files, templates and subjects through here before its own escaping.
enum VisibleText {
    /// One line in which control characters, line separators and direction marks stand as `\u{202E}`.
    static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        var output = ""
        for scalar in text.unicodeScalars {
            if isHidden(scalar) {
                output += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    /// A line of at most so many characters, cut in the middle, where names differ least.
    static func line(_ text: String, limit: Int) -> String {
        let visible = line(text)
        guard visible.count > limit, limit > 4 else { return visible }
        let tail = limit / 2
        return visible.prefix(limit - tail - 1) + "…" + visible.suffix(tail)
    }

    /// What follows the last slash.
    static func lastComponent(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}

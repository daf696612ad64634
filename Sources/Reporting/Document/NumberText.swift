/// Numbers as tables show them.
package enum NumberText {
    /// A fraction in percent with two decimals, without the sign: `97.43`.
    package static func percent(_ fraction: Double) -> String { fixed(fraction * 100, decimals: 2) }

    /// A small rate in percent with three significant digits.
    static func smallPercent(_ rate: Double) -> String {
        switch rate {
        case 0, 0.01...: percent(rate)
        case 0.001...: fixed(rate * 100, decimals: 3)
        case 0.0001...: fixed(rate * 100, decimals: 4)
        default: self.rate(rate * 100)
        }
    }

    /// A difference of fractions in points, with its sign: `+0.42`, `−0.42`.
    static func points(_ difference: Double) -> String {
        let text = fixed(abs(difference) * 100, decimals: 2)
        if text == "0.00" { return text }
        return (difference < 0 ? "−" : "+") + text
    }

    /// A p-value.
    static func probability(_ value: Double) -> String {
        value < 0.001 ? "< 0.001" : fixed(value, decimals: value < 0.1 ? 3 : 2)
    }

    /// A number with so many decimals, rounded half away from zero.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let digits = String(Int(scaled))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "−" : ""
        guard decimals > 0 else { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// The same without zeros at the end.
    private static func trimmed(_ value: Double, decimals: Int) -> String {
        var text = fixed(value, decimals: decimals)
        while text.contains("."), text.last == "0" || text.last == "." { text.removeLast() }
        return text
    }

    /// A whole number with its thousands apart: `688,788`.
    static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var end = ""
        while digits.count > 3 {
            end = "," + digits.suffix(3) + end
            digits.removeLast(3)
        }
        return (value < 0 ? "−" : "") + digits + end
    }

    /// A rate in scientific form with at most three digits: `9.87e-5`, `1e-4`, `0`.
    static func rate(_ value: Double) -> String {
        guard value > 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
        if value >= 1 { return fixed(value, decimals: 0) }
        let (digits, exponent) = scientific(value)
        return digits + "e\(exponent)"
    }

    /// The digits (at most three) and decimal exponent of a positive number.
    static func scientific(_ value: Double) -> (digits: String, exponent: Int) {
        var exponent = 0
        // Through the shortest decimal, so that 1e-6 is 1 times 10⁻⁶ exactly and not 0.999….
        let parts = "\(value)".split(separator: "e")
        var mantissa = parts.first.flatMap { Double($0) } ?? value
        if parts.count == 2 { exponent = Int(parts[1]) ?? 0 }
        while mantissa >= 10 {
            mantissa /= 10
            exponent += 1
        }
        while mantissa < 1 {
            mantissa *= 10
            exponent -= 1
        }
        if (mantissa * 100).rounded() >= 1000 { (mantissa, exponent) = (1, exponent + 1) }
        return (trimmed(mantissa, decimals: 2), exponent)
    }

    /// The shortest decimal, without `.0` behind a whole number: `127.5`, `127`.
    static func shortest(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// A threshold or score: four decimals.
    static func score(_ value: Double) -> String { fixed(value, decimals: 4) }

    /// A large count in short: `0.99 M`, `437.5 M`, `12.6 G`.
    static func magnitude(_ value: Int) -> String {
        let number = Double(value)
        return switch value.magnitude {
        case 10_000_000_000...: trimmed(number / 1e9, decimals: 1) + " G"
        case 1_000_000_000...: trimmed(number / 1e9, decimals: 2) + " G"
        case 10_000_000...: trimmed(number / 1e6, decimals: 1) + " M"
        case 100_000...: trimmed(number / 1e6, decimals: 2) + " M"
        default: count(value)
        }
    }

    /// A duration: `0.42 s`, `3 min 12 s`, `2 h 5 min`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "\(seconds) s" }
        if seconds < 100 { return fixed(seconds, decimals: seconds < 10 ? 2 : 1) + " s" }
        let whole = Int(seconds.rounded())
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    /// Bytes: `312 MB`, `1.4 GB` (powers of ten).
    static func bytes(_ value: Int) -> String {
        if value >= 1_000_000_000 { return fixed(Double(value) / 1e9, decimals: 1) + " GB" }
        return value >= 1_000_000 ? fixed(Double(value) / 1e6, decimals: 0) + " MB" : count(value) + " bytes"
    }
}

/// Foreign text made safe to show: what could not be seen, or could reorder what is around it, is spelled out.
///
/// Every form passes all text through here before its own escaping.
package enum VisibleText {
    /// One line in which control characters, line separators and direction marks stand as `\u{202E}`.
    package static func line(_ text: String) -> String {
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

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}

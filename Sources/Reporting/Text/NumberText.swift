/// Numbers as tables show them.
enum NumberText {
    /// A fraction in percent with two decimals, without the sign: `97.43`.
    static func percent(_ fraction: Double) -> String { fixed(fraction * 100, decimals: 2) }

    /// A difference of fractions in points, with its sign: `+0.42`, `−0.42`.
    static func points(_ difference: Double) -> String {
        let text = fixed(abs(difference) * 100, decimals: 2)
        if text == "0.00" { return text }
        return (difference < 0 ? "−" : "+") + text
    }

    /// A number with so many decimals, rounded half away from zero.
    static func fixed(_ value: Double, decimals: Int) -> String {
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

    /// A whole number with its thousands apart: `688,788`.
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var groups: [Substring] = []
        var rest = digits[...]
        while !rest.isEmpty {
            groups.insert(rest.suffix(3), at: 0)
            rest = rest.dropLast(3)
        }
        return (value < 0 ? "−" : "") + groups.joined(separator: ",")
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
        var hundredths = Int((mantissa * 100).rounded())
        if hundredths >= 1000 {
            hundredths = 100
            exponent += 1
        }
        var digits = fixed(Double(hundredths) / 100, decimals: 2)
        while digits.hasSuffix("0") { digits.removeLast() }
        if digits.hasSuffix(".") { digits.removeLast() }
        return (digits, exponent)
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
        switch value.magnitude {
        case 10_000_000_000...: return trimmed(number / 1e9, decimals: 1) + " G"
        case 1_000_000_000...: return trimmed(number / 1e9, decimals: 2) + " G"
        case 10_000_000...: return trimmed(number / 1e6, decimals: 1) + " M"
        case 100_000...: return trimmed(number / 1e6, decimals: 2) + " M"
        default: return count(value)
        }
    }

    /// At most so many decimals, without zeros at the end.
    private static func trimmed(_ value: Double, decimals: Int) -> String {
        var text = fixed(value, decimals: decimals)
        while text.hasSuffix("0") && text.contains(".") { text.removeLast() }
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    /// A duration: `0.42 s`, `3 min 12 s`, `2 h 5 min`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "\(seconds) s" }
        if seconds < 10 { return fixed(seconds, decimals: 2) + " s" }
        if seconds < 100 { return fixed(seconds, decimals: 1) + " s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    /// Bytes: `312 MB`, `1.4 GB` (powers of ten).
    static func bytes(_ value: Int) -> String {
        let number = Double(value)
        if value >= 1_000_000_000 { return fixed(number / 1e9, decimals: 1) + " GB" }
        if value >= 1_000_000 { return fixed(number / 1e6, decimals: 0) + " MB" }
        return count(value) + " bytes"
    }
}

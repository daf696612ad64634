/// A false-accept rate asked for, in (0, 1], kept as the decimal that was written.
///
/// How many impostors a target allows is then exact: 1e-3 of 688,788 comparisons is 688, whatever the nearest
/// binary fraction to 0.001 would say.
public struct FARTarget: Hashable, Sendable {
    /// The digits as a whole number, without trailing zeros: 25 in 2.5e-4.
    public let significand: UInt64
    /// How many decimal places the significand is shifted: 5 in 2.5e-4.
    public let decimalPlaces: Int

    private static let digitLimit = 18
    private static let placeLimit = 400

    /// Parses a decimal.
    ///
    /// - Parameter text: `1e-4`, `0.001`, `1E-06`; at most 18 significant digits.
    /// - Throws: ``MetricsError`` (`invalidFARTarget`) for anything else, for 0 and for more than 1.
    public init(_ text: String) throws(MetricsError) {
        guard let decimal = Self.parse(text) else {
            throw MetricsError(
                .invalidFARTarget,
                "FAR target '\(text.prefix(40))' is not a decimal number with at most \(Self.digitLimit) digits"
            )
        }
        guard decimal.significand > 0, Self.isAtMostOne(decimal.significand, places: decimal.places) else {
            throw MetricsError(.invalidFARTarget, "FAR target '\(text.prefix(40))' is not above 0 and at most 1")
        }
        significand = decimal.significand
        decimalPlaces = decimal.places
    }

    /// The target that a number's shortest decimal names: `1e-3` is one thousandth exactly.
    ///
    /// - Parameter value: In (0, 1].
    /// - Throws: ``MetricsError`` (`invalidFARTarget`).
    public init(_ value: Double) throws(MetricsError) { try self.init("\(value)") }

    private init(powerOfTen places: Int) {
        significand = 1
        decimalPlaces = places
    }

    /// 1e-6, 1e-5, … 1e-1: the columns of an IJB-C table.
    public static let standard: [FARTarget] = (1...6).reversed().map(FARTarget.init(powerOfTen:))

    /// ⌊target × count⌋, exactly.
    ///
    /// - Parameter impostorCount: 0 or more.
    /// - Returns: How many false accepts the target allows, at most `impostorCount`.
    public func allowedImpostors(of impostorCount: Int) -> Int {
        // 18 digits times 63 bits stay far below the 128 bits, and dividing in steps floors alike.
        var product = UInt64(impostorCount).multipliedFullWidth(by: significand)
        var places = decimalPlaces
        while places > 0 && (product.high, product.low) != (0, 0) {
            let step = min(places, 19)
            let divisor = Self.powerOfTen(step)
            let high = product.high.quotientAndRemainder(dividingBy: divisor)
            let low = divisor.dividingFullWidth((high.remainder, product.low))
            product = (high.quotient, low.quotient)
            places -= step
        }
        return Int(product.low)
    }

    /// Whether a file that holds ``value`` names this target: always up to 15 digits, and not below 1e-307.
    public var isNamedByValue: Bool { (try? FARTarget(value)) == self }

    /// The nearest binary number.
    public var value: Double { Double("\(significand)e-\(decimalPlaces)") ?? 0 }
}

extension FARTarget: CustomStringConvertible, Comparable {
    /// The decimal in scientific form: `1e-4`, `2.5e-4`, `1`.
    public var description: String {
        let digits = "\(significand)"
        let exponent = digits.utf8.count - 1 - decimalPlaces
        let mantissa = digits.utf8.count == 1 ? digits : "\(digits.prefix(1)).\(digits.dropFirst())"
        return exponent == 0 ? mantissa : "\(mantissa)e\(exponent)"
    }

    /// Whether the first decimal is smaller, exactly.
    public static func < (first: FARTarget, second: FARTarget) -> Bool {
        // Compare decimal exponents first; then both significands, padded to the same number of digits, fit in 64 bits.
        let firstDigits = "\(first.significand)".utf8.count
        let secondDigits = "\(second.significand)".utf8.count
        let firstExponent = firstDigits - first.decimalPlaces
        let secondExponent = secondDigits - second.decimalPlaces
        guard firstExponent == secondExponent else { return firstExponent < secondExponent }
        let width = max(firstDigits, secondDigits)
        return first.significand * powerOfTen(width - firstDigits)
            < second.significand * powerOfTen(width - secondDigits)
    }

    private static func powerOfTen(_ exponent: Int) -> UInt64 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

    private static func isAtMostOne(_ significand: UInt64, places: Int) -> Bool {
        // Without trailing zeros, a decimal with places is at most one exactly when it is below one.
        let digits = "\(significand)".utf8.count
        return places >= digits || (significand == 1 && places == 0)
    }

    /// The digits and places of `12.5e-3`, normalised to no trailing zero; nil if the text is no such number.
    private static func parse(_ text: String) -> (significand: UInt64, places: Int)? {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        guard let mantissa = parts.first, parts.count <= 2 else { return nil }
        var places = 0
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard digits.count <= 5, let exponent = Int(parts[1]) else { return nil }
            places = -exponent
        }
        var significand: UInt64 = 0
        var digitCount = 0
        var seenPoint = false
        for character in mantissa.utf8 {
            if character == UInt8(ascii: ".") && !seenPoint {
                seenPoint = true
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) else { return nil }
            guard significand < powerOfTen(digitLimit - 1) else { return nil }
            significand = significand * 10 + UInt64(character - UInt8(ascii: "0"))
            digitCount += 1
            if seenPoint { places += 1 }
        }
        guard digitCount > 0 else { return nil }
        return normalized(significand, places: places)
    }

    private static func normalized(_ digits: UInt64, places: Int) -> (significand: UInt64, places: Int)? {
        guard digits > 0 else { return (0, 0) }
        var significand = digits
        var places = places
        while significand.isMultiple(of: 10) {
            significand /= 10
            places -= 1
        }
        while places < 0 {
            guard significand < powerOfTen(digitLimit - 1) else { return nil }
            significand *= 10
            places += 1
        }
        return places <= placeLimit ? (significand, places) : nil
    }
}

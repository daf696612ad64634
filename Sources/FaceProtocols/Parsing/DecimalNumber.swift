/// Decimal numbers as landmark files hold them, rounded correctly to Double.
package enum DecimalNumber {
    /// Reads a field.
    ///
    /// A decimal with at most 19 significant digits whose digits fit 53 bits, times or over a power of ten up to 10²²,
    /// needs one exactly rounded operation (Clinger, *How to Read Floating Point Numbers Accurately*, 1990); the rest
    /// goes to the standard library. A number too large for Double is infinite, as in C and Python.
    ///
    /// - Parameter field: Without spaces.
    /// - Returns: The number, NaN or an infinity where the words `nan`, `inf`, `infinity` stand; nil for anything else.
    package static func parse(_ field: UnsafeBufferPointer<UInt8>) -> Double? {
        var index = 0
        let isNegative = field.first == UInt8(ascii: "-")
        if isNegative || field.first == UInt8(ascii: "+") { index = 1 }
        let unsigned = index
        var digits = Digits()
        digits.scan(field, from: &index, isFraction: false)
        if index < field.count, field[index] == UInt8(ascii: ".") {
            index += 1
            digits.scan(field, from: &index, isFraction: true)
        }
        guard digits.any else {
            return word(UnsafeBufferPointer(rebasing: field[unsigned...])).map { isNegative ? -$0 : $0 }
        }
        if index < field.count {
            guard let exponent = scanExponent(field, from: &index), index == field.count else { return nil }
            digits.exponent += exponent
        }
        if digits.isExact, digits.significand <= 1 << 53, -22...22 ~= digits.exponent {
            let significand = Double(digits.significand)
            let value =
                digits.exponent < 0
                ? significand / powersOfTen[-digits.exponent]
                : significand * powersOfTen[digits.exponent]
            return isNegative ? -value : value
        }
        // The field has only digits, signs, a point and an exponent here.
        return Double(String(decoding: field, as: UTF8.self))
    }

    /// The digits before the exponent.
    private struct Digits {
        var significand: UInt64 = 0
        var exponent = 0
        var any = false
        var isExact = true

        @inline(__always)
        mutating func scan(_ field: UnsafeBufferPointer<UInt8>, from index: inout Int, isFraction: Bool) {
            let start = index
            while index < field.count {
                let digit = UInt64(field[index]) &- 48
                guard digit <= 9 else { break }
                if significand < 1_000_000_000_000_000_000 {
                    significand = significand &* 10 &+ digit
                    if isFraction { exponent -= 1 }
                } else {
                    isExact = false
                }
                index += 1
            }
            any = any || index > start
        }
    }

    private static func scanExponent(_ field: UnsafeBufferPointer<UInt8>, from index: inout Int) -> Int? {
        guard field[index] | 0x20 == UInt8(ascii: "e") else { return nil }
        index += 1
        guard index < field.count else { return nil }
        let isNegative = field[index] == UInt8(ascii: "-")
        if isNegative || field[index] == UInt8(ascii: "+") { index += 1 }
        let start = index
        var exponent = 0
        while index < field.count, 48...57 ~= field[index] {
            exponent = min(exponent * 10 + Int(field[index]) - 48, 1_000_000)
            index += 1
        }
        return index > start ? (isNegative ? -exponent : exponent) : nil
    }

    private static func word(_ field: UnsafeBufferPointer<UInt8>) -> Double? {
        switch String(decoding: field.prefix(9), as: UTF8.self).lowercased() {
        case "nan": .nan
        case "inf", "infinity": .infinity
        default: nil
        }
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}

/// Non-negative decimal integers as ids are written: digits, nothing else.
enum DecimalInteger {
    /// What a field holds.
    enum Outcome {
        case value(Int)
        case notAnInteger
        case overflow
    }

    static func parse(_ field: UnsafeBufferPointer<UInt8>) -> Outcome {
        guard !field.isEmpty else { return .notAnInteger }
        var value = 0
        var overflows = false
        for byte in field {
            let digit = Int(byte) - 48
            guard 0...9 ~= digit else { return .notAnInteger }
            let (product, productOverflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflows) = product.addingReportingOverflow(digit)
            overflows = overflows || productOverflows || sumOverflows
            value = sum
        }
        return overflows ? .overflow : .value(value)
    }
}

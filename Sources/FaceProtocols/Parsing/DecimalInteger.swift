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

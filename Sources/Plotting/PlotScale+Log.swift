#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension PlotScale {
    /// A logarithmic axis: decades labelled as powers of ten, with minor ticks at 2 … 9 times each.
    ///
    /// - Parameters:
    ///   - low: The value at its start, above 0.
    ///   - high: The value at its end, above `low`.
    ///   - labelLimit: At most so many decades are labelled; of more, every second or third.
    public static func log(from low: Double, to high: Double, labelLimit: Int = 8) -> PlotScale {
        precondition(low > 0 && high > low && high.isFinite, "a logarithmic axis runs from above 0 to more")
        let first = Int(log10(low).rounded(.down))
        let last = Int(log10(high).rounded(.up))
        let stride = max(1, (last - first + labelLimit) / max(labelLimit, 1))
        var ticks: [PlotTick] = []
        for exponent in first...last {
            for digit in 1...9 {
                let value = decimal(digit, exponent)
                guard value >= low * (1 - 1e-12), value <= high * (1 + 1e-12) else { continue }
                let isLabelled = digit == 1 && exponent.isMultiple(of: stride)
                ticks.append(PlotTick(value: value, label: isLabelled ? power(exponent) : nil))
            }
        }
        return PlotScale(kind: .log, low: low, high: high, ticks: ticks) { $0 > 0 ? log10($0) : nil }
    }

    /// `10⁻⁴`, and plain digits for 0.1, 1 and 10.
    static func power(_ exponent: Int) -> String {
        switch exponent {
        case -1: return "0.1"
        case 0: return "1"
        case 1: return "10"
        default: break
        }
        let superscripts = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        let digits = String(exponent.magnitude).compactMap { $0.wholeNumberValue.map { superscripts[$0] } }
        return "10" + (exponent < 0 ? "⁻" : "") + String(digits)
    }

    private static func decimal(_ digit: Int, _ exponent: Int) -> Double { Double("\(digit)e\(exponent)") ?? 0 }
}

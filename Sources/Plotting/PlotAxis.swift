#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An axis: what it measures, how values are spread along it, and where its ticks stand.
public struct PlotAxis: Sendable {
    /// The names by which scripts in a page know how to place values.
    public enum Kind: String, Hashable, Sendable {
        case linear
        case log
        /// Equal differences of the normal deviate are equal lengths.
        case probit
    }

    public struct Tick: Hashable, Sendable {
        public let value: Double
        /// What is written there; nil for a minor tick.
        public let label: String?
    }

    /// What is measured, with its unit.
    public let title: String
    public let kind: Kind
    /// The value at the start of the axis.
    public let low: Double
    /// The value at its end.
    public let high: Double
    /// Inside the axis, in ascending order.
    public let ticks: [Tick]
    private let transform: @Sendable (Double) -> Double?
    private let start: Double
    private let length: Double

    private init(
        _ kind: Kind,
        _ low: Double,
        _ high: Double,
        _ title: String,
        ticks: [Tick],
        transform: @escaping @Sendable (Double) -> Double?
    ) {
        self.kind = kind
        self.low = low
        self.high = high
        self.title = title
        self.ticks = ticks
        self.transform = transform
        let start = transform(low) ?? 0
        self.start = start
        length = (transform(high) ?? 1) - start
    }

    /// Where a value lies: 0 at ``low``, 1 at ``high``, outside [0, 1] beyond them.
    ///
    /// - Returns: Nil for a value that the axis has no place for, such as 0 on a logarithmic one.
    public func position(of value: Double) -> Double? {
        guard value.isFinite, length > 0, let place = transform(value) else { return nil }
        return (place - start) / length
    }

    /// The same, the ends of the axis standing in for what is beyond them.
    public func clampedPosition(of value: Double) -> Double? { position(of: value).map { min(max($0, 0), 1) } }
}

// MARK: Kinds

extension PlotAxis {
    /// An axis of equal steps.
    ///
    /// - Parameters:
    ///   - low: The value at its start.
    ///   - high: The value at its end; if not above `low`, the axis is widened around it.
    ///   - title: What is measured.
    ///   - tickCount: About how many ticks.
    public static func linear(
        from low: Double,
        to high: Double,
        title: String = "",
        tickCount: Int = 5
    ) -> PlotAxis {
        let (low, high) = widened(low, high)
        let step = DecimalStep(length: high - low, count: tickCount)
        let last = (high / step.value + 1e-9).rounded(.down)
        var ticks: [Tick] = []
        var index = (low / step.value - 1e-9).rounded(.up)
        while index <= last && ticks.count < 1000 {
            ticks.append(Tick(value: step.multiple(index), label: step.label(index)))
            index += 1
        }
        return PlotAxis(.linear, low, high, title, ticks: ticks) { $0 }
    }

    /// The same axis with its ends moved outward to ticks.
    public static func roundedLinear(from low: Double, to high: Double, title: String = "") -> PlotAxis {
        let (low, high) = widened(low, high)
        let step = DecimalStep(length: high - low, count: 5)
        return linear(
            from: step.multiple((low / step.value + 1e-9).rounded(.down)),
            to: step.multiple((high / step.value - 1e-9).rounded(.up)),
            title: title
        )
    }

    private static func widened(_ low: Double, _ high: Double) -> (Double, Double) {
        guard low.isFinite, high.isFinite else { return (0, 1) }
        if high - low > abs(low) * 1e-12 { return (low, high) }
        let reach = low == 0 ? 1 : abs(low) * 0.1
        return (low - reach, low + reach)
    }

    /// A logarithmic axis: decades labelled as powers of ten, with minor ticks at 2 … 9 times each.
    ///
    /// - Parameters:
    ///   - low: The value at its start, above 0.
    ///   - high: The value at its end, above `low`.
    ///   - title: What is measured.
    ///   - labelLimit: At most so many decades are labelled; of more, every second or third.
    public static func log(from low: Double, to high: Double, title: String = "", labelLimit: Int = 8) -> PlotAxis {
        precondition(low > 0 && high > low && high.isFinite, "a logarithmic axis runs from above 0 to more")
        let first = Int(log10(low).rounded(.down))
        let last = Int(log10(high).rounded(.up))
        let stride = max(1, (last - first + labelLimit) / max(labelLimit, 1))
        var ticks: [Tick] = []
        for exponent in first...last {
            for digit in 1...9 {
                let value = Double("\(digit)e\(exponent)") ?? 0
                guard value >= low * (1 - 1e-12), value <= high * (1 + 1e-12) else { continue }
                let isLabelled = digit == 1 && exponent.isMultiple(of: stride)
                ticks.append(Tick(value: value, label: isLabelled ? power(exponent) : nil))
            }
        }
        return PlotAxis(.log, low, high, title, ticks: ticks) { $0 > 0 ? log10($0) : nil }
    }

    /// `10⁻⁴`, and plain digits for 0.1, 1 and 10.
    private static func power(_ exponent: Int) -> String {
        if let plain = [-1: "0.1", 0: "1", 1: "10"][exponent] { return plain }
        let superscripts = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        let digits = String(exponent.magnitude).compactMap { $0.wholeNumberValue.map { superscripts[$0] } }
        return "10" + (exponent < 0 ? "⁻" : "") + String(digits)
    }

    /// A normal-deviate axis for error rates, labelled in percent; the axes of a DET plot.
    ///
    /// - Parameters:
    ///   - low: The rate at its start, in (0, 1).
    ///   - high: The rate at its end, in (0, 1) and above `low`.
    ///   - title: What is measured.
    ///   - deviate: The normal deviate of a rate, or nil outside (0, 1).
    public static func probit(
        from low: Double,
        to high: Double,
        title: String = "",
        deviate: @escaping @Sendable (Double) -> Double?
    ) -> PlotAxis {
        precondition(low > 0 && low < high && high < 1, "a probit axis runs between rates inside (0, 1)")
        let ticks = probitTicks.filter { $0.value >= low * (1 - 1e-12) && $0.value <= high * (1 + 1e-12) }
        return PlotAxis(.probit, low, high, title, ticks: ticks, transform: deviate)
    }

    /// Rates as people name them.
    private static let probitTicks: [Tick] =
        [
            ("1e-8", "10⁻⁶"), ("1e-7", "10⁻⁵"), ("1e-6", "10⁻⁴"), ("1e-5", "10⁻³"), ("1e-4", "0.01"),
            ("1e-3", "0.1"), ("0.002", nil), ("0.005", nil), ("1e-2", "1"), ("0.02", nil), ("0.05", "5"),
            ("0.1", "10"), ("0.2", "20"), ("0.3", nil), ("0.4", "40"), ("0.5", nil), ("0.6", "60"), ("0.7", nil),
            ("0.8", "80"), ("0.9", nil), ("0.95", "95"), ("0.99", "99"),
        ]
        .map { (value: String, label: String?) in Tick(value: Double(value) ?? 0.5, label: label) }
}

/// 1, 2 or 5 times a power of ten: the distance of ticks that people can count with.
private struct DecimalStep {
    let digit: Double
    let exponent: Int

    /// The step that divides a length into about so many parts.
    init(length: Double, count: Int) {
        var exponent = 0
        var rest = length / Double(max(count, 1))
        while rest >= 10 {
            rest /= 10
            exponent += 1
        }
        while rest < 1 {
            rest *= 10
            exponent -= 1
        }
        switch rest {
        case ..<1.5: (digit, self.exponent) = (1, exponent)
        case ..<3.5: (digit, self.exponent) = (2, exponent)
        case ..<7.5: (digit, self.exponent) = (5, exponent)
        default: (digit, self.exponent) = (1, exponent + 1)
        }
    }

    var value: Double { multiple(1) }

    /// `index` steps, as the nearest number to the decimal: 0.3 and not 0.1 + 0.2.
    func multiple(_ index: Double) -> Double {
        let power = (0..<abs(exponent)).reduce(1.0) { product, _ in product * 10 }
        return exponent < 0 ? index * digit / power : index * digit * power
    }

    /// The decimal with as many places as the step has.
    func label(_ index: Double) -> String {
        let places = max(0, -exponent)
        let scaled = abs(index) * digit * (exponent > 0 ? multiple(1) / digit : 1)
        guard scaled < 1e15 else { return "\(multiple(index))" }
        let digits = String(Int(scaled.rounded()))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = index < 0 ? "−" : ""
        guard places > 0 else { return sign + padded }
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }
}

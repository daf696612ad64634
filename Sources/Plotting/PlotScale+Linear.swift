extension PlotScale {
    /// An axis of equal steps.
    ///
    /// - Parameters:
    ///   - low: The value at its start.
    ///   - high: The value at its end; if not above `low`, the axis is widened around it.
    ///   - tickCount: About how many labelled ticks.
    public static func linear(from low: Double, to high: Double, tickCount: Int = 5) -> PlotScale {
        let (low, high) = widened(low, high)
        let step = DecimalStep(length: high - low, count: tickCount)
        let first = (low / step.value - 1e-9).rounded(.up)
        let last = (high / step.value + 1e-9).rounded(.down)
        var ticks: [PlotTick] = []
        var index = first
        while index <= last && ticks.count < 1000 {
            ticks.append(PlotTick(value: step.multiple(index), label: step.label(index)))
            index += 1
        }
        return PlotScale(kind: .linear, low: low, high: high, ticks: ticks) { $0 }
    }

    /// The same axis with its ends moved outward to ticks.
    public static func roundedLinear(from low: Double, to high: Double, tickCount: Int = 5) -> PlotScale {
        let (low, high) = widened(low, high)
        let step = DecimalStep(length: high - low, count: tickCount)
        return linear(
            from: step.multiple((low / step.value + 1e-9).rounded(.down)),
            to: step.multiple((high / step.value - 1e-9).rounded(.up)),
            tickCount: tickCount
        )
    }

    private static func widened(_ low: Double, _ high: Double) -> (Double, Double) {
        guard low.isFinite, high.isFinite else { return (0, 1) }
        if high - low > abs(low) * 1e-12 { return (low, high) }
        let reach = low == 0 ? 1 : abs(low) * 0.1
        return (low - reach, low + reach)
    }
}

/// 1, 2 or 5 times a power of ten: the distance of ticks that people can count with.
struct DecimalStep {
    let digit: Double
    let exponent: Int

    /// The step that divides a length into about so many parts.
    init(length: Double, count: Int) {
        let wanted = length / Double(max(count, 1))
        var exponent = 0
        var rest = wanted
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

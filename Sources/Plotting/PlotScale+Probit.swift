extension PlotScale {
    /// A normal-deviate axis for error rates, labelled in percent; the axes of a DET plot.
    ///
    /// - Parameters:
    ///   - low: The rate at its start, in (0, 1).
    ///   - high: The rate at its end, in (0, 1) and above `low`.
    ///   - deviate: The normal deviate of a rate, or nil outside (0, 1).
    public static func probit(
        from low: Double,
        to high: Double,
        deviate: @escaping @Sendable (Double) -> Double?
    ) -> PlotScale {
        precondition(low > 0 && low < high && high < 1, "a probit axis runs between rates inside (0, 1)")
        let ticks = probitTicks.filter { $0.value >= low * (1 - 1e-12) && $0.value <= high * (1 + 1e-12) }
        return PlotScale(kind: .probit, low: low, high: high, ticks: ticks, transform: deviate)
    }

    /// Rates as people name them; labels are percent.
    private static let probitTicks: [PlotTick] =
        [
            ("1e-8", "10⁻⁶"), ("1e-7", "10⁻⁵"), ("1e-6", "10⁻⁴"), ("1e-5", "10⁻³"), ("1e-4", "0.01"),
            ("1e-3", "0.1"), ("1e-2", "1"), ("0.05", "5"), ("0.2", "20"), ("0.4", "40"), ("0.6", "60"),
            ("0.8", "80"), ("0.95", "95"), ("0.99", "99"),
            ("0.002", nil), ("0.005", nil), ("0.02", nil), ("0.1", "10"), ("0.3", nil), ("0.5", nil), ("0.7", nil),
            ("0.9", nil),
        ]
        .map { (value: String, label: String?) in PlotTick(value: Double(value) ?? 0.5, label: label) }
        .sorted { $0.value < $1.value }
}

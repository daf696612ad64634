/// How the values of an axis are spread along it.
public struct PlotScale: Sendable {
    /// The names by which scripts in a page know how to place values.
    public enum Kind: String, Hashable, Sendable {
        /// Equal differences are equal lengths.
        case linear
        /// Equal ratios are equal lengths.
        case log
        /// Equal differences of the normal deviate are equal lengths.
        case probit
    }

    /// How values are spread.
    public let kind: Kind
    /// The value at the start of the axis.
    public let low: Double
    /// The value at its end.
    public let high: Double
    /// Ticks inside the axis, in ascending order.
    public let ticks: [PlotTick]
    private let transform: @Sendable (Double) -> Double?
    private let start: Double
    private let length: Double

    init(
        kind: Kind,
        low: Double,
        high: Double,
        ticks: [PlotTick],
        transform: @escaping @Sendable (Double) -> Double?
    ) {
        self.kind = kind
        self.low = low
        self.high = high
        self.ticks = ticks
        self.transform = transform
        let start = transform(low) ?? 0
        self.start = start
        length = (transform(high) ?? 1) - start
    }

    /// Where a value lies: 0 at ``low``, 1 at ``high``, outside [0, 1] beyond them.
    ///
    /// - Returns: Nil for a value that the scale has no place for, such as 0 on a logarithmic one.
    public func position(of value: Double) -> Double? {
        guard value.isFinite, length > 0, let place = transform(value) else { return nil }
        return (place - start) / length
    }

    /// Where a value lies, the ends of the axis standing in for what is beyond them; nil as in ``position(of:)``.
    public func clampedPosition(of value: Double) -> Double? {
        position(of: value).map { min(max($0, 0), 1) }
    }
}

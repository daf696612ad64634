/// The rectangle that data are drawn in, and the way from values to places in it.
public struct PlotFrame: Sendable {
    /// Distance of the left edge from the picture's.
    public let left: Double
    /// Distance of the top edge from the picture's.
    public let top: Double
    /// Width in the picture's units.
    public let width: Double
    /// Height in the picture's units.
    public let height: Double
    let horizontal: PlotScale
    let vertical: PlotScale

    /// The place of a horizontal value; beyond the axis it is the axis's end.
    func x(_ value: Double) -> Double? { horizontal.clampedPosition(of: value).map { left + $0 * width } }

    /// The place of a vertical value; beyond the axis it is the axis's end.
    func y(_ value: Double) -> Double? { vertical.clampedPosition(of: value).map { top + (1 - $0) * height } }

    func point(_ point: PlotPoint) -> (x: Double, y: Double)? {
        guard let x = x(point.x), let y = y(point.y) else { return nil }
        return (x, y)
    }
}

/// A pair of values.
public struct PlotPoint: Hashable, Sendable {
    /// Along the horizontal axis.
    public var x: Double
    /// Along the vertical axis.
    public var y: Double

    /// Wraps two values.
    public init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }
}

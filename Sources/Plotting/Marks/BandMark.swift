/// The area between a lower and an upper line.
public struct BandMark: PlotMark {
    /// The lower line.
    public let lower: [PlotPoint]
    /// The upper line, at the same horizontal values.
    public let upper: [PlotPoint]
    /// Its colour, drawn lightly.
    public let ink: PlotInk

    /// Draws an area between two lines.
    public init(lower: [PlotPoint], upper: [PlotPoint], ink: PlotInk = .primary) {
        self.lower = lower
        self.upper = upper
        self.ink = ink
    }

    /// Draws the area.
    public func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        let outline = lower.compactMap { frame.point($0) } + upper.reversed().compactMap { frame.point($0) }
        canvas.area(ink, around: outline, opacity: 0.18)
    }
}

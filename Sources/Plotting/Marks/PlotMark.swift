/// Something drawn in a plot.
public protocol PlotMark: Sendable {
    /// Draws what is cut off at the frame's edge.
    func draw(in frame: PlotFrame, on canvas: inout SVGCanvas)

    /// Writes what may stand beyond the frame's edge; over all marks.
    func drawLabels(in frame: PlotFrame, on canvas: inout SVGCanvas)
}

extension PlotMark {
    /// Nothing.
    public func drawLabels(in frame: PlotFrame, on canvas: inout SVGCanvas) {}
}

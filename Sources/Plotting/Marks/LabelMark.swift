/// A text beside the data it names.
public struct LabelMark: PlotMark {
    /// What is written.
    public let text: String
    /// Where it stands.
    public let point: PlotPoint
    /// What of the text stands there.
    public let anchor: SVGCanvas.Anchor
    /// Its colour: that of what it names.
    public let ink: PlotInk

    /// Writes a text.
    public init(_ text: String, at point: PlotPoint, anchor: SVGCanvas.Anchor = .start, ink: PlotInk = .ink) {
        self.text = text
        self.point = point
        self.anchor = anchor
        self.ink = ink
    }

    /// Nothing.
    public func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {}

    /// Writes the text.
    public func drawLabels(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        guard let place = frame.point(point) else { return }
        canvas.text(text, ink, x: place.x, y: place.y - 6, anchor: anchor, isBold: true, hasHalo: true)
    }
}

/// A straight line across the frame at one value, with a label at its end.
public struct RuleMark: PlotMark {
    /// Which way it runs.
    public enum Direction: Hashable, Sendable {
        /// Upright, at a horizontal value.
        case vertical
        /// Level, at a vertical value.
        case horizontal
    }

    /// Where it stands on its axis.
    public let value: Double
    /// Which way it runs.
    public let direction: Direction
    /// What is written at its end.
    public let label: String?
    /// Its colour.
    public let ink: PlotInk

    /// Draws a line across.
    public init(at value: Double, _ direction: Direction, label: String? = nil, ink: PlotInk = .muted) {
        self.value = value
        self.direction = direction
        self.label = label
        self.ink = ink
    }

    /// Draws the line.
    public func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        switch direction {
        case .vertical:
            guard let x = frame.x(value) else { return }
            canvas.line(ink, from: (x, frame.top), to: (x, frame.top + frame.height), isDashed: true)
        case .horizontal:
            guard let y = frame.y(value) else { return }
            canvas.line(ink, from: (frame.left, y), to: (frame.left + frame.width, y), isDashed: true)
        }
    }

    /// Writes the label.
    public func drawLabels(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        guard let label else { return }
        switch direction {
        case .vertical:
            guard let x = frame.x(value) else { return }
            let isNearEnd = x > frame.left + frame.width * 0.6
            let shift = isNearEnd ? -5.0 : 5.0
            canvas.text(
                label,
                .muted,
                x: x + shift,
                y: frame.top + 13,
                anchor: isNearEnd ? .end : .start,
                size: 12,
                hasHalo: true
            )
        case .horizontal:
            guard let y = frame.y(value) else { return }
            canvas.text(label, .muted, x: frame.left + 5, y: y - 5, anchor: .start, size: 12, hasHalo: true)
        }
    }
}

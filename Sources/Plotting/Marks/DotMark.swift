/// A dot, with a whisker for its interval and a label beside it.
public struct DotMark: PlotMark {
    /// How high a label stands.
    public enum Level: Hashable, Sendable {
        /// Above the dot.
        case above
        /// On its height.
        case beside
        /// Below it.
        case below
    }

    /// Where it is.
    public let point: PlotPoint
    /// The ends of its interval along the vertical axis.
    public let interval: ClosedRange<Double>?
    /// What is written beside it.
    public let label: String?
    /// On which side of the dot the label stands: it begins, is centred or ends there.
    public let anchor: SVGCanvas.Anchor
    /// Whether the label stands above, beside or below the dot.
    public let level: Level
    /// Its colour.
    public let ink: PlotInk
    /// Whether only its outline is drawn.
    public let isHollow: Bool

    /// Draws a dot.
    public init(
        _ point: PlotPoint,
        interval: ClosedRange<Double>? = nil,
        label: String? = nil,
        anchor: SVGCanvas.Anchor = .start,
        level: Level = .below,
        ink: PlotInk = .primary,
        isHollow: Bool = false
    ) {
        self.point = point
        self.interval = interval
        self.label = label
        self.anchor = anchor
        self.level = level
        self.ink = ink
        self.isHollow = isHollow
    }

    /// Draws dot and whisker.
    public func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        guard let place = frame.point(point) else { return }
        if let interval, let low = frame.y(interval.lowerBound), let high = frame.y(interval.upperBound) {
            canvas.line(ink, from: (place.x, low), to: (place.x, high), width: 1.2)
            for end in [low, high] { canvas.line(ink, from: (place.x - 3, end), to: (place.x + 3, end), width: 1.2) }
        }
        let size = [("cx", SVGCanvas.number(place.x)), ("cy", SVGCanvas.number(place.y)), ("r", "3.2")]
        if isHollow {
            canvas.element("circle", size + ink.strokeAttributes + [("fill", "none"), ("stroke-width", "1.5")])
        } else {
            canvas.element("circle", size + ink.fillAttributes)
        }
    }

    /// Writes the label.
    public func drawLabels(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        guard let label, let place = frame.point(point) else { return }
        let shift =
            switch anchor {
            case .start: 7.0
            case .middle: 0.0
            case .end: -7.0
            }
        let drop =
            switch level {
            case .above: -8.0
            case .beside: 4.2
            case .below: 16.0
            }
        canvas.text(label, .ink, x: place.x + shift, y: place.y + drop, anchor: anchor, size: 12, hasHalo: true)
    }
}

/// An axis: its scale and what it measures.
public struct PlotAxis: Sendable {
    /// How values are spread.
    public let scale: PlotScale
    /// What is measured, with its unit.
    public let title: String

    /// Names a scale.
    public init(_ scale: PlotScale, title: String) {
        self.scale = scale
        self.title = title
    }
}

/// A figure with two axes, written as SVG that stands alone or inside a page.
public struct Plot: Sendable {
    /// Its name in the page: letters, digits and `-`.
    public let id: String
    /// What it shows, in a few words; read out by screen readers.
    public let title: String
    /// What can be seen in it, in a sentence; read out by screen readers.
    public let summary: String
    /// Along the bottom.
    public let horizontal: PlotAxis
    /// Along the left side.
    public let vertical: PlotAxis
    /// What is drawn, the hindmost first.
    public let marks: [any PlotMark]
    /// Width in units of about a pixel on a telephone.
    public let width: Double
    /// Height in the same units.
    public let height: Double

    /// Size of the letters on the axes.
    static let letterSize = 13.0

    /// Describes a figure.
    public init(
        id: String,
        title: String,
        summary: String,
        horizontal: PlotAxis,
        vertical: PlotAxis,
        marks: [any PlotMark],
        width: Double = 460,
        height: Double = 340
    ) {
        self.id = id
        self.title = title
        self.summary = summary
        self.horizontal = horizontal
        self.vertical = vertical
        self.marks = marks
        self.width = width
        self.height = height
    }

    /// Where the data are drawn.
    public var frame: PlotFrame {
        let widest = vertical.scale.ticks.compactMap(\.label).map(\.count).max() ?? 0
        let left = 30 + 7 * Double(max(widest, 2))
        return PlotFrame(
            left: left,
            top: 14,
            width: width - left - 16,
            height: height - 14 - 46,
            horizontal: horizontal.scale,
            vertical: vertical.scale
        )
    }

    /// The figure as an `svg` element.
    ///
    /// - Parameter standsAlone: Whether it is to be a file of its own, with a white background and its namespace.
    public func svg(standsAlone: Bool = false) -> String {
        let frame = frame
        var canvas = SVGCanvas()
        if standsAlone { canvas.element("rect", [("width", "100%"), ("height", "100%"), ("fill", "#fff")]) }
        drawGrid(frame, on: &canvas)
        canvas.open("g", [("clip-path", "url(#\(id)-clip)")])
        for mark in marks { mark.draw(in: frame, on: &canvas) }
        canvas.close("g")
        drawAxes(frame, on: &canvas)
        for mark in marks { mark.drawLabels(in: frame, on: &canvas) }
        return head(frame, standsAlone: standsAlone) + canvas.body + "</svg>"
    }

    private func head(_ frame: PlotFrame, standsAlone: Bool) -> String {
        var canvas = SVGCanvas()
        func axis(_ scale: PlotScale) -> String { "\(scale.kind.rawValue) \(scale.low) \(scale.high)" }
        let numbers = [frame.left, frame.top, frame.width, frame.height].map(SVGCanvas.number)
        canvas.open(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("id", id), ("class", "vp"), ("role", "img"),
                ("viewBox", "0 0 \(SVGCanvas.number(width)) \(SVGCanvas.number(height))"),
                ("aria-labelledby", "\(id)-title \(id)-summary"),
                ("font-family", "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"),
                ("font-size", SVGCanvas.number(Self.letterSize)),
                ("data-frame", numbers.joined(separator: " ")), ("data-x", axis(horizontal.scale)),
                ("data-y", axis(vertical.scale)),
            ]
                + (standsAlone
                    ? [("width", SVGCanvas.number(width)), ("height", SVGCanvas.number(height))] : [])
        )
        canvas.element("title", [("id", "\(id)-title")], text: title)
        canvas.element("desc", [("id", "\(id)-summary")], text: summary)
        canvas.open("clipPath", [("id", "\(id)-clip")])
        // A little larger than the frame, so that lines on its edge keep their width and dots their shape.
        canvas.element(
            "rect",
            [
                ("x", SVGCanvas.number(frame.left - 4)), ("y", SVGCanvas.number(frame.top - 4)),
                ("width", SVGCanvas.number(frame.width + 8)), ("height", SVGCanvas.number(frame.height + 8)),
            ]
        )
        canvas.close("clipPath")
        return canvas.body
    }
}

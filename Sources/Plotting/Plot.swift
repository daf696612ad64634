/// A figure with two axes, written as SVG that stands alone or inside a page.
public struct Plot: Sendable {
    /// Its name in the page and of its file: letters, digits and `-`.
    public let id: String
    /// What it shows, in a few words; read out by screen readers.
    public let title: String
    /// What can be seen in it, in a sentence; read out by screen readers.
    public let summary: String
    public let horizontal: PlotAxis
    public let vertical: PlotAxis
    /// What is drawn, the hindmost first.
    public let marks: [PlotMark]
    /// In units of about a pixel on a telephone.
    public let height: Double
    private let width = 460.0
    private static let letterSize = 13.0

    public init(
        id: String,
        title: String,
        summary: String,
        horizontal: PlotAxis,
        vertical: PlotAxis,
        marks: [PlotMark],
        height: Double = 340
    ) {
        self.id = id
        self.title = title
        self.summary = summary
        self.horizontal = horizontal
        self.vertical = vertical
        self.marks = marks
        self.height = height
    }

    /// Where the data are drawn.
    public var frame: PlotFrame {
        let widest = vertical.ticks.compactMap(\.label).map(\.count).max() ?? 0
        let left = 30 + 7 * Double(max(widest, 2))
        return PlotFrame(
            left: left,
            top: 14,
            width: width - left - 16,
            height: height - 14 - 46,
            horizontal: horizontal,
            vertical: vertical
        )
    }

    /// The figure as an `svg` element.
    ///
    /// - Parameter standsAlone: Whether it is to be a file of its own, with a size and a white background.
    public func svg(standsAlone: Bool = false) -> String {
        let frame = frame
        var canvas = SVGCanvas()
        openRoot(frame, standsAlone, on: &canvas)
        if standsAlone { canvas.element("rect", [("width", "100%"), ("height", "100%"), ("fill", "#fff")]) }
        drawGrid(frame, on: &canvas)
        canvas.open("g", [("clip-path", "url(#\(id)-clip)")])
        for mark in marks { mark.draw(in: frame, on: &canvas) }
        canvas.close("g")
        drawAxes(frame, on: &canvas)
        for mark in marks { mark.drawLabels(in: frame, on: &canvas) }
        return canvas.body + "</svg>"
    }

    private func openRoot(_ frame: PlotFrame, _ standsAlone: Bool, on canvas: inout SVGCanvas) {
        func axis(_ axis: PlotAxis) -> String { "\(axis.kind.rawValue) \(axis.low) \(axis.high)" }
        let numbers = [frame.left, frame.top, frame.width, frame.height].map(SVGCanvas.number)
        let (width, height) = (SVGCanvas.number(width), SVGCanvas.number(height))
        canvas.open(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("id", id), ("class", "vp"), ("role", "img"),
                ("viewBox", "0 0 \(width) \(height)"), ("aria-labelledby", "\(id)-title \(id)-summary"),
                ("font-family", "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"),
                ("font-size", SVGCanvas.number(Self.letterSize)), ("data-frame", numbers.joined(separator: " ")),
                ("data-x", axis(horizontal)), ("data-y", axis(vertical)),
            ] + (standsAlone ? [("width", width), ("height", height)] : [])
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
    }

    private func drawGrid(_ frame: PlotFrame, on canvas: inout SVGCanvas) {
        for tick in horizontal.ticks where tick.label != nil {
            guard let x = frame.x(tick.value) else { continue }
            canvas.line(.grid, from: (x, frame.top), to: (x, frame.bottom))
        }
        for tick in vertical.ticks where tick.label != nil {
            guard let y = frame.y(tick.value) else { continue }
            canvas.line(.grid, from: (frame.left, y), to: (frame.right, y))
        }
    }

    private func drawAxes(_ frame: PlotFrame, on canvas: inout SVGCanvas) {
        canvas.line(.ink, from: (frame.left, frame.bottom), to: (frame.right, frame.bottom))
        canvas.line(.ink, from: (frame.left, frame.top), to: (frame.left, frame.bottom))
        // Labels that would touch the one before are left out.
        var end = -Double.infinity
        for tick in horizontal.ticks {
            guard let x = frame.x(tick.value) else { continue }
            canvas.line(.ink, from: (x, frame.bottom), to: (x, frame.bottom + (tick.label == nil ? 3 : 5)))
            guard let label = tick.label else { continue }
            // Superscripts are narrow.
            let reach = label.reduce(0) { $0 + ("⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains($1) ? 4.6 : 7.2) } / 2
            guard x - reach > end + 4 else { continue }
            canvas.text(label, .ink, x: x, y: frame.bottom + 18, anchor: .middle)
            end = x + reach
        }
        var top = Double.infinity
        for tick in vertical.ticks {
            guard let y = frame.y(tick.value) else { continue }
            canvas.line(.ink, from: (frame.left - (tick.label == nil ? 3 : 5), y), to: (frame.left, y))
            guard let label = tick.label, y + Self.letterSize / 2 < top else { continue }
            canvas.text(label, .ink, x: frame.left - 8, y: y + 4.5, anchor: .end)
            top = y - Self.letterSize / 2
        }
        let (centre, middle) = (frame.left + frame.width / 2, frame.top + frame.height / 2)
        canvas.text(horizontal.title, .ink, x: centre, y: height - 8, anchor: .middle)
        canvas.text(vertical.title, .ink, x: 14, y: middle, anchor: .middle, turned: -90)
    }
}

/// The rectangle that data are drawn in, and the way from values to places in it.
public struct PlotFrame: Sendable {
    public let left: Double
    public let top: Double
    public let width: Double
    public let height: Double
    let horizontal: PlotAxis
    let vertical: PlotAxis

    var right: Double { left + width }
    var bottom: Double { top + height }

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
    public var x: Double
    public var y: Double

    public init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }
}

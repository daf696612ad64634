#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Something drawn in a plot.
public enum PlotMark: Hashable, Sendable {
    /// A line through points; stepped: level up to the next point, then straight up or down, as counts really go.
    case curve([PlotPoint], ink: PlotInk = .primary, isStepped: Bool = false, isDashed: Bool = false)
    /// The light area between two lines with the same horizontal values.
    case band(lower: [PlotPoint], upper: [PlotPoint])
    /// The outline of bins over a light area; there is one edge more than there are values.
    case histogram(edges: [Double], values: [Double], ink: PlotInk)
    /// A grid over the whole frame, row by row from the bottom left, the darker the more points a square holds.
    case density(counts: [Int], columns: Int, ink: PlotInk)
    /// A dot, with a whisker for its interval and a label whose start, middle or end is beside it.
    case dot(
        PlotPoint,
        interval: ClosedRange<Double>? = nil,
        label: String,
        anchor: TextAnchor = .start,
        level: LabelLevel = .below
    )
    /// A broken line across the frame at a horizontal value.
    case verticalRule(at: Double, label: String? = nil, ink: PlotInk = .muted)
    /// A broken line across the frame at a vertical value.
    case horizontalRule(at: Double, label: String? = nil, ink: PlotInk = .muted)
    /// A shaded part of the frame between two horizontal values, with an upright text.
    case region(from: Double, to: Double, label: String)
    /// A text above the place that it names, in the colour of what it names.
    case label(String, at: PlotPoint, anchor: TextAnchor, ink: PlotInk)

    /// How high a dot's label stands.
    public enum LabelLevel: Double, Hashable, Sendable {
        case above = -8
        case beside = 4.2
        case below = 16
    }
}

extension PlotMark {
    /// Draws what is cut off at the frame's edge.
    func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        switch self {
        case .curve(let points, let ink, let isStepped, let isDashed):
            var places: [(x: Double, y: Double)] = []
            for place in points.compactMap({ frame.point($0) }) {
                if isStepped, let last = places.last, last.y != place.y, last.x != place.x {
                    places.append((place.x, last.y))
                }
                places.append(place)
            }
            canvas.path(ink, through: places, width: 1.8, isDashed: isDashed)
        case .band(let lower, let upper):
            let outline = lower.compactMap { frame.point($0) } + upper.reversed().compactMap { frame.point($0) }
            canvas.area(.primary, around: outline, opacity: 0.18)
        case .histogram(let edges, let values, let ink):
            Self.drawHistogram(edges, values, ink, in: frame, on: &canvas)
        case .density(let counts, let columns, let ink):
            Self.drawDensity(counts, columns, ink, in: frame, on: &canvas)
        case .dot(let point, let interval, _, _, _):
            guard let place = frame.point(point) else { return }
            if let interval, let low = frame.y(interval.lowerBound), let high = frame.y(interval.upperBound) {
                canvas.line(.primary, from: (place.x, low), to: (place.x, high), width: 1.2)
                for end in [low, high] {
                    canvas.line(.primary, from: (place.x - 3, end), to: (place.x + 3, end), width: 1.2)
                }
            }
            let centre = [("cx", SVGCanvas.number(place.x)), ("cy", SVGCanvas.number(place.y))]
            canvas.element("circle", centre + [("r", "3.2")] + PlotInk.primary.fillAttributes)
        case .verticalRule(let value, _, let ink):
            guard let x = frame.x(value) else { return }
            canvas.line(ink, from: (x, frame.top), to: (x, frame.bottom), isDashed: true)
        case .horizontalRule(let value, _, let ink):
            guard let y = frame.y(value) else { return }
            canvas.line(ink, from: (frame.left, y), to: (frame.right, y), isDashed: true)
        case .region(let start, let end, _):
            guard let left = frame.x(start), let right = frame.x(end), right > left else { return }
            canvas.rectangle(.muted, x: left, y: frame.top, width: right - left, height: frame.height, opacity: 0.12)
        case .label: return
        }
    }

    /// From the first to the last bin that is not empty.
    private static func drawHistogram(
        _ edges: [Double],
        _ values: [Double],
        _ ink: PlotInk,
        in frame: PlotFrame,
        on canvas: inout SVGCanvas
    ) {
        guard edges.count == values.count + 1, let first = values.firstIndex(where: { $0 > 0 }),
            let last = values.lastIndex(where: { $0 > 0 }), let floor = frame.y(frame.vertical.low)
        else { return }
        var places: [(x: Double, y: Double)] = []
        for bin in first...last {
            guard let left = frame.x(edges[bin]), let right = frame.x(edges[bin + 1]), let top = frame.y(values[bin])
            else { continue }
            places += [(left, top), (right, top)]
        }
        guard let start = places.first, let end = places.last else { return }
        let outline = [(start.x, floor)] + places + [(end.x, floor)]
        canvas.area(ink, around: outline, opacity: 0.22)
        canvas.path(ink, through: outline, width: 1.5)
    }

    private static func drawDensity(
        _ counts: [Int],
        _ columns: Int,
        _ ink: PlotInk,
        in frame: PlotFrame,
        on canvas: inout SVGCanvas
    ) {
        precondition(columns > 0 && counts.count.isMultiple(of: columns), "a grid has whole rows")
        guard let most = counts.max(), most > 0 else { return }
        let width = frame.width / Double(columns)
        let height = frame.height / Double(counts.count / columns)
        // Without smoothing, neighbours neither overlap nor leave seams.
        canvas.open("g", [("shape-rendering", "crispEdges")])
        for (index, count) in counts.enumerated() where count > 0 {
            // On a logarithmic ramp, on which the faintest square is still visible: single points matter most here.
            let share = most == 1 ? 1 : log(Double(count)) / log(Double(most))
            canvas.rectangle(
                ink,
                x: frame.left + Double(index % columns) * width,
                y: frame.bottom - Double(index / columns + 1) * height,
                width: width,
                height: height,
                opacity: 0.25 + 0.75 * share
            )
        }
        canvas.close("g")
    }

    /// Writes what may stand beyond the frame's edge; over all marks.
    func drawLabels(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        switch self {
        case .dot(let point, _, let label, let anchor, let level):
            guard let place = frame.point(point) else { return }
            let shift = anchor == .start ? 7.0 : anchor == .end ? -7 : 0
            let y = place.y + level.rawValue
            canvas.text(label, .ink, x: place.x + shift, y: y, anchor: anchor, size: 12, hasHalo: true)
        case .verticalRule(let value, let label?, _):
            guard let x = frame.x(value) else { return }
            let isNearEnd = x > frame.left + frame.width * 0.6
            let (start, anchor) = isNearEnd ? (x - 5, TextAnchor.end) : (x + 5, .start)
            canvas.text(label, .muted, x: start, y: frame.top + 13, anchor: anchor, size: 12, hasHalo: true)
        case .horizontalRule(let value, let label?, _):
            guard let y = frame.y(value) else { return }
            canvas.text(label, .muted, x: frame.left + 5, y: y - 5, anchor: .start, size: 12, hasHalo: true)
        case .region(let start, let end, let label):
            guard let left = frame.x(start), let right = frame.x(end), right > left + 18 else { return }
            canvas.text(label, .muted, x: left + 14, y: frame.bottom - 8, anchor: .start, size: 12, turned: -90)
        case .label(let text, let point, let anchor, let ink):
            guard let place = frame.point(point) else { return }
            canvas.text(text, ink, x: place.x, y: place.y - 6, anchor: anchor, isBold: true, hasHalo: true)
        case .curve, .band, .histogram, .density, .verticalRule, .horizontalRule: return
        }
    }
}

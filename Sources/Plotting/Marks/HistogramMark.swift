/// The outline of a histogram over a light area.
public struct HistogramMark: PlotMark {
    /// The bins' edges: one more than there are values.
    public let edges: [Double]
    /// The height of each bin.
    public let values: [Double]
    /// Its colour.
    public let ink: PlotInk
    /// Whether the outline is broken, to be told apart on grey paper.
    public let isDashed: Bool

    /// Draws bins.
    public init(edges: [Double], values: [Double], ink: PlotInk, isDashed: Bool = false) {
        self.edges = edges
        self.values = values
        self.ink = ink
        self.isDashed = isDashed
    }

    /// Draws area and outline, from the first to the last bin that is not empty.
    public func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {
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
        canvas.path(ink, through: outline, width: 1.5, isDashed: isDashed)
    }
}

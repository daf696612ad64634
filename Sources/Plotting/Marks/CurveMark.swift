/// A line through points.
public struct CurveMark: PlotMark {
    /// How neighbouring points are joined.
    public enum Joint: Hashable, Sendable {
        /// Straight.
        case straight
        /// Level up to the next point, then straight up or down: how counts really go.
        case stepped
    }

    /// The points in order.
    public let points: [PlotPoint]
    /// Its colour.
    public let ink: PlotInk
    /// How points are joined.
    public let joint: Joint
    /// Whether it is broken.
    public let isDashed: Bool

    /// Draws a line.
    public init(_ points: [PlotPoint], ink: PlotInk = .primary, joint: Joint = .straight, isDashed: Bool = false) {
        self.points = points
        self.ink = ink
        self.joint = joint
        self.isDashed = isDashed
    }

    /// Draws the line; points that an axis has no place for are left out.
    public func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        var places: [(x: Double, y: Double)] = []
        for place in points.compactMap({ frame.point($0) }) {
            if joint == .stepped, let last = places.last, last.y != place.y, last.x != place.x {
                places.append((place.x, last.y))
            }
            places.append(place)
        }
        canvas.path(ink, through: places, width: 1.8, isDashed: isDashed)
    }
}

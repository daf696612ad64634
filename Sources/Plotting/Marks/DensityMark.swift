#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Many points as a grid of squares, the darker the more points it holds, on a logarithmic ramp.
public struct DensityMark: PlotMark {
    /// How many points each square holds, row by row from the bottom left.
    public let counts: [Int]
    /// Squares in a row.
    public let columns: Int
    /// Its colour.
    public let ink: PlotInk

    /// Draws squares over the whole frame.
    ///
    /// - Parameters:
    ///   - counts: How many points each square holds, row by row from the bottom left.
    ///   - columns: Squares in a row.
    ///   - ink: The colour.
    public init(counts: [Int], columns: Int, ink: PlotInk) {
        precondition(columns > 0 && counts.count.isMultiple(of: columns), "a grid has whole rows")
        self.counts = counts
        self.columns = columns
        self.ink = ink
    }

    /// Draws the squares that are not empty.
    public func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        guard let most = counts.max(), most > 0 else { return }
        let rows = counts.count / columns
        let width = frame.width / Double(columns)
        let height = frame.height / Double(rows)
        // Without smoothing, neighbours neither overlap nor leave seams.
        canvas.open("g", [("shape-rendering", "crispEdges")])
        for (index, count) in counts.enumerated() where count > 0 {
            // The faintest square is still visible: single points matter most here.
            let share = most == 1 ? 1 : log(Double(count)) / log(Double(most))
            canvas.rectangle(
                ink,
                x: frame.left + Double(index % columns) * width,
                y: frame.top + frame.height - Double(index / columns + 1) * height,
                width: width,
                height: height,
                opacity: 0.25 + 0.75 * share
            )
        }
        canvas.close("g")
    }
}

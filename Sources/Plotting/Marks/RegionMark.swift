/// A shaded part of the frame between two horizontal values.
public struct RegionMark: PlotMark {
    /// From where.
    public let start: Double
    /// To where.
    public let end: Double
    /// What is written in it, a line each.
    public let lines: [String]

    /// Shades a part of the frame.
    public init(from start: Double, to end: Double, lines: [String] = []) {
        self.start = start
        self.end = end
        self.lines = lines
    }

    /// Shades it.
    public func draw(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        guard let left = frame.x(start), let right = frame.x(end), right > left else { return }
        canvas.rectangle(.muted, x: left, y: frame.top, width: right - left, height: frame.height, opacity: 0.12)
    }

    /// Writes its lines upright from the bottom, as many as there is room for.
    public func drawLabels(in frame: PlotFrame, on canvas: inout SVGCanvas) {
        guard let left = frame.x(start), let right = frame.x(end), right > left + 18 else { return }
        for (index, line) in lines.enumerated() {
            let x = left + 14 + 15 * Double(index)
            guard x < right || index == 0 else { return }
            canvas.text(line, .muted, x: x, y: frame.top + frame.height - 8, anchor: .start, size: 12, turned: -90)
        }
    }
}

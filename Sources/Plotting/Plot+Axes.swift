extension Plot {
    private static let tickLength = 5.0
    private static let minorTickLength = 3.0

    func drawGrid(_ frame: PlotFrame, on canvas: inout SVGCanvas) {
        for tick in horizontal.scale.ticks where tick.label != nil {
            guard let x = frame.x(tick.value) else { continue }
            canvas.line(.grid, from: (x, frame.top), to: (x, frame.top + frame.height))
        }
        for tick in vertical.scale.ticks where tick.label != nil {
            guard let y = frame.y(tick.value) else { continue }
            canvas.line(.grid, from: (frame.left, y), to: (frame.left + frame.width, y))
        }
    }

    func drawAxes(_ frame: PlotFrame, on canvas: inout SVGCanvas) {
        let bottom = frame.top + frame.height
        canvas.line(.ink, from: (frame.left, bottom), to: (frame.left + frame.width, bottom))
        canvas.line(.ink, from: (frame.left, frame.top), to: (frame.left, bottom))
        drawHorizontalTicks(frame, bottom, on: &canvas)
        drawVerticalTicks(frame, on: &canvas)
        canvas.text(horizontal.title, .ink, x: frame.left + frame.width / 2, y: height - 8, anchor: .middle)
        canvas.text(
            vertical.title,
            .ink,
            x: 14,
            y: frame.top + frame.height / 2,
            anchor: .middle,
            turned: -90
        )
    }

    private func drawHorizontalTicks(_ frame: PlotFrame, _ bottom: Double, on canvas: inout SVGCanvas) {
        var occupied = -Double.infinity
        for tick in horizontal.scale.ticks {
            guard let x = frame.x(tick.value) else { continue }
            let length = tick.label == nil ? Self.minorTickLength : Self.tickLength
            canvas.line(.ink, from: (x, bottom), to: (x, bottom + length))
            guard let label = tick.label else { continue }
            let reach = Self.width(of: label) / 2
            guard x - reach > occupied + 4 else { continue }
            canvas.text(label, .ink, x: x, y: bottom + 18, anchor: .middle)
            occupied = x + reach
        }
    }

    private func drawVerticalTicks(_ frame: PlotFrame, on canvas: inout SVGCanvas) {
        var occupied = Double.infinity
        for tick in vertical.scale.ticks {
            guard let y = frame.y(tick.value) else { continue }
            let length = tick.label == nil ? Self.minorTickLength : Self.tickLength
            canvas.line(.ink, from: (frame.left - length, y), to: (frame.left, y))
            guard let label = tick.label, y + Self.letterSize / 2 < occupied else { continue }
            canvas.text(label, .ink, x: frame.left - 8, y: y + 4.5, anchor: .end)
            occupied = y - Self.letterSize / 2
        }
    }

    /// About how wide a text is; superscripts are narrow.
    static func width(of text: String) -> Double {
        text.reduce(0) { sum, character in sum + ("⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(character) ? 4.6 : 7.2) }
    }
}

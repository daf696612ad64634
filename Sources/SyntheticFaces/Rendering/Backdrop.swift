import SeededRandom

/// What lies behind the person: a gradient with blurred shapes.
struct Backdrop {
    private static let cells = 40
    private let grid: [Vector]

    init(seed: UInt64, gain: Float) {
        var generator = SeededGenerator(seed: seed, stream: 5)
        func uniform(_ low: Double, _ high: Double) -> Float { Float(generator.uniform(low, high)) }
        func color() -> Vector {
            let value = uniform(0, 1)
            let tint = Vector(uniform(0, 1), uniform(0, 1), uniform(0, 1), 0)
            let grey = Vector(repeating: 0.03 + 0.7 * value * value)
            return mix(grey, tint * tint * 0.6, uniform(0, 0.7) * uniform(0, 1)) * gain
        }
        let top = color()
        let bottom = mix(color(), top, 0.5)
        var grid = (0..<(Self.cells * Self.cells))
            .map { index in
                mix(top, bottom, Float(index / Self.cells) / Float(Self.cells - 1))
            }
        for _ in 0..<generator.index(below: 9) {
            let centre = SIMD2(uniform(0, 1), uniform(0, 1))
            let size = SIMD2(uniform(0.05, 0.5), uniform(0.05, 0.5))
            let paint = color()
            let boxy = generator.uniform() < 0.5
            let cover = uniform(0.3, 1)
            for index in grid.indices {
                let x = (Float(index % Self.cells) / Float(Self.cells) - centre.x) / size.x
                let y = (Float(index / Self.cells) / Float(Self.cells) - centre.y) / size.y
                let inside = boxy ? smoothstep(1.1, 0.8, max(abs(x), abs(y))) : smoothstep(1.1, 0.5, x * x + y * y)
                grid[index] = mix(grid[index], paint, inside * cover)
            }
        }
        self.grid = grid
    }

    /// Fills a canvas.
    func fill(_ canvas: SampleCanvas) {
        let step = Float(Self.cells - 1) / Float(canvas.side)
        var line = [Vector](repeating: .zero, count: Self.cells)
        for row in 0..<canvas.side {
            let y = Float(row) * step
            let top = Int(Int32(y))
            for cell in 0..<Self.cells {
                let above = top * Self.cells + cell
                line[cell] = mix(grid[above], grid[above + Self.cells], y - Float(top))
            }
            let colors = canvas.colors + row * canvas.side
            line.withUnsafeBufferPointer { line in
                for column in 0..<canvas.side {
                    let x = Float(column) * step
                    let left = Int(Int32(x))
                    colors[column] = mix(line[left], line[left + 1], x - Float(left))
                }
            }
        }
    }
}

/// Colours a visible sample of a surface.
protocol FragmentShader {
    /// Blends the surface into `color`; returns whether the sample now hides what lies behind.
    func shade(_ attributes: SIMD8<Float>, into color: inout Vector) -> Bool
    /// Whether a vertex and everything near it is invisible.
    func isBlank(_ attributes: SIMD8<Float>) -> Bool
}

extension FragmentShader {
    @inline(__always)
    func isBlank(_ attributes: SIMD8<Float>) -> Bool { false }
}

/// A canvas of linear-light samples with depths.
final class SampleCanvas {
    let side: Int
    let colors: UnsafeMutablePointer<Vector>
    let depths: UnsafeMutablePointer<Float>

    init(side: Int) {
        self.side = side
        colors = .allocate(capacity: side * side)
        depths = .allocate(capacity: side * side)
        colors.initialize(repeating: .zero, count: side * side)
        depths.initialize(repeating: 0, count: side * side)
    }

    deinit {
        colors.deallocate()
        depths.deallocate()
    }

    func clearDepths() { depths.update(repeating: -1e9, count: side * side) }

    /// Draws a mesh.
    ///
    /// - Parameters:
    ///   - mesh: Posed and lit.
    ///   - shader: Gives the colour.
    ///   - bothSides: Whether surfaces that face away are drawn, too.
    func draw<Shader: FragmentShader>(_ mesh: GridMesh, with shader: Shader, bothSides: Bool = false) {
        for row in 0..<(mesh.rows - 1) {
            for column in 0..<(mesh.columns - 1) {
                let a = row * mesh.columns + column
                let c = a + mesh.columns
                if shader.isBlank(mesh.attributes[a]) && shader.isBlank(mesh.attributes[a + 1])
                    && shader.isBlank(mesh.attributes[c]) && shader.isBlank(mesh.attributes[c + 1])
                {
                    continue
                }
                fill(mesh, a, c, a + 1, shader, bothSides)
                fill(mesh, a + 1, c, c + 1, shader, bothSides)
            }
        }
    }

    @inline(__always)
    private func fill<Shader: FragmentShader>(
        _ mesh: GridMesh,
        _ ia: Int,
        _ ib: Int,
        _ ic: Int,
        _ shader: Shader,
        _ bothSides: Bool
    ) {
        let a = mesh.screen[ia]
        let b = mesh.screen[ib]
        let c = mesh.screen[ic]
        let ab = b - a
        let ac = c - a
        let area = ac.x * ab.y - ab.x * ac.y
        guard area > 1e-7 || (bothSides && area < -1e-7) else { return }
        // Rows and columns whose sample centres, at n + ½, lie in the bounding box.
        let limit = Float(side) - 0.5
        let minX = max(0.4999, min(a.x, min(b.x, c.x)))
        let maxX = min(limit, max(a.x, max(b.x, c.x)))
        let minY = max(0.4999, min(a.y, min(b.y, c.y)))
        let maxY = min(limit, max(a.y, max(b.y, c.y)))
        let firstColumn = Int(Int32(minX + 0.4999))
        let lastColumn = Int(Int32(maxX + 0.5001)) - 1
        let firstRow = Int(Int32(minY + 0.4999))
        let lastRow = Int(Int32(maxY + 0.5001)) - 1
        guard firstColumn <= lastColumn && firstRow <= lastRow else { return }
        let inverse = 1 / area
        let weightX = SIMD2(-ac.y, ab.y) * inverse
        let weightY = SIMD2(ac.x, -ab.x) * inverse
        let ramp = Vector(0, 1, 2, 3)
        let start = mesh.attributes[ia]
        let slopeB = mesh.attributes[ib] - start
        let slopeC = mesh.attributes[ic] - start
        for row in firstRow...lastRow {
            let py = Float(row) + 0.5 - a.y
            var column = firstColumn
            while column <= lastColumn {
                let px = Vector(repeating: Float(column) + 0.5 - a.x) + ramp
                let wb = px * weightX.x + py * weightY.x
                let wc = px * weightX.y + py * weightY.y
                let least = wb.min(wc, 1 - wb - wc)
                let run = min(4, lastColumn - column + 1)
                for lane in 0..<run where least[lane] >= -1e-4 {
                    let index = row * side + column + lane
                    let depth = a.z + ab.z * wb[lane] + ac.z * wc[lane]
                    guard depth > depths[index] else { continue }
                    let mixed = start + slopeB * wb[lane] + slopeC * wc[lane]
                    if shader.shade(mixed, into: &colors[index]) { depths[index] = depth }
                }
                column += 4
            }
        }
    }
}

extension SIMD4 where Scalar == Float {
    /// The least of three numbers in each lane.
    @inline(__always)
    fileprivate func min(_ second: Self, _ third: Self) -> Self {
        let smaller = replacing(with: second, where: second .< self)
        return smaller.replacing(with: third, where: third .< smaller)
    }
}

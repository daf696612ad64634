/// A rectangular grid of vertices and what is computed for each; buffers are allocated once.
///
/// Owned by one renderer and used from one thread at a time.
final class GridMesh {
    let rows: Int
    let columns: Int
    /// Whether the last column coincides with the first.
    let wraps: Bool
    /// In the head's coordinates; the fourth lane is the share of the body's pose instead of the head's.
    let model: UnsafeMutablePointer<Vector>
    /// In the camera's orientation.
    let view: UnsafeMutablePointer<Vector>
    let normal: UnsafeMutablePointer<Vector>
    /// Column and row in samples, depth (larger is nearer).
    let screen: UnsafeMutablePointer<Vector>
    /// Texture column, texture row, highlight, free, light red, green, blue, free.
    let attributes: UnsafeMutablePointer<SIMD8<Float>>

    var count: Int { rows * columns }

    init(rows: Int, columns: Int, wraps: Bool = false) {
        self.rows = rows
        self.columns = columns
        self.wraps = wraps
        let count = rows * columns
        model = .allocate(capacity: count)
        view = .allocate(capacity: count)
        normal = .allocate(capacity: count)
        screen = .allocate(capacity: count)
        attributes = .allocate(capacity: count)
        model.initialize(repeating: .zero, count: count)
        view.initialize(repeating: .zero, count: count)
        normal.initialize(repeating: .zero, count: count)
        screen.initialize(repeating: .zero, count: count)
        attributes.initialize(repeating: .zero, count: count)
    }

    deinit {
        model.deallocate()
        view.deallocate()
        normal.deallocate()
        screen.deallocate()
        attributes.deallocate()
    }

    /// Turns and projects every vertex.
    func pose(_ pose: Pose, camera: Camera) {
        for index in 0..<count {
            let turned = pose.apply(model[index])
            view[index] = turned
            screen[index] = camera.project(turned)
        }
    }

    /// Normals from the differences to the neighbours; `flip` turns them around.
    func computeNormals(flip: Bool = false) {
        let sign: Float = flip ? -1 : 1
        for row in 0..<rows {
            let above = max(0, row - 1) * columns
            let below = min(rows - 1, row + 1) * columns
            let here = row * columns
            for column in 0..<columns {
                let (left, right) = neighbours(column, by: 1)
                let across = view[here + right] - view[here + left]
                let down = view[below + column] - view[above + column]
                normal[here + column] = normalized(cross(down, across)) * sign
            }
        }
    }

    /// Lights every vertex.
    ///
    /// - Parameters:
    ///   - rig: The lights.
    ///   - shadow: The shadow map, or nil.
    ///   - reach: Grid steps over which hollows are found; 0 for none.
    func light(_ rig: LightRig, shadow: ShadowMap?, reach: Int) {
        for row in 0..<rows {
            for column in 0..<columns {
                let index = row * columns + column
                let open = reach > 0 ? openness(row: row, column: column, reach: reach) : 1
                let lit = shadow?.share(at: view[index] + normal[index] * 0.45) ?? 1
                let irradiance = rig.irradiance(normal: normal[index], openness: open, shadow: lit)
                attributes[index].highHalf = irradiance
                attributes[index][2] = rig.highlight(normal: normal[index], shadow: lit) * open
            }
        }
    }

    /// 1 where the surface is flat or bulges, less in hollows.
    @inline(__always)
    private func openness(row: Int, column: Int, reach: Int) -> Float {
        let index = row * columns + column
        let above = max(0, row - reach) * columns + column
        let below = min(rows - 1, row + reach) * columns + column
        let (left, right) = neighbours(column, by: reach)
        let base = row * columns
        let mean = (view[above] + view[below] + view[base + left] + view[base + right]) * 0.25
        let hollow = dot(mean - view[index], normal[index])
        return hollow > 0 ? 1 / (1 + 2.2 * hollow) : 1
    }

    @inline(__always)
    private func neighbours(_ column: Int, by reach: Int) -> (left: Int, right: Int) {
        var left = column - reach
        var right = column + reach
        if wraps {
            if left < 0 { left += columns - 1 }
            if right >= columns { right -= columns - 1 }
        } else {
            left = max(0, left)
            right = min(columns - 1, right)
        }
        return (left, right)
    }
}

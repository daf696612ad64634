internal import NeuralCompute
internal import NeuralGraph
internal import NeuralTraining

extension FeatureMaps {
    /// Averaged down to an extent as PyTorch's `adaptive_avg_pool2d`: output i covers ⌊i·n/m⌋ ..< ⌈(i+1)·n/m⌉.
    func averaged(to extent: (height: Int, width: Int)) -> TapeValue {
        let own = shape.extent
        guard own != extent else { return value }
        let channels = shape.channels
        let rows = Self.spans(own.height, extent.height)
        let columns = Self.spans(own.width, extent.width)
        var parts: [TapeValue] = []
        for row in rows {
            for column in columns {
                let window = row.flatMap { y in column.map { y * own.width + $0 } }
                let gathered = value.gatheringPositions([window], channels: channels)
                // [batch, window × channels] → the mean over the window for each channel.
                let average = Matrix(
                    rows: window.count * channels,
                    columns: channels,
                    elements: (0..<window.count * channels * channels)
                        .map { $0 / channels % channels == $0 % channels ? 1 / Float(window.count) : 0 }
                )
                parts.append(gathered.times(value.tape.constant(average)))
            }
        }
        return parts.dropFirst().reduce(parts[0]) { $0.beside($1) }
    }

    private static func spans(_ from: Int, _ to: Int) -> [Range<Int>] {
        (0..<to).map { $0 * from / to..<(($0 + 1) * from + to - 1) / to }
    }
}

/// A convolution that brings a feature map to another's extent and channels.
struct RegressorGeometry: Hashable {
    let kernelHeight: Int
    let kernelWidth: Int
    /// Positions under each output position, −1 for a border or a gap.
    let windows: [[Int]]
    /// Whether it is a transposed convolution.
    let isTransposed: Bool

    /// The convolution between two extents: stride 2 where the student's is twice the teacher's, transposed with stride 2
    /// where it is half, and otherwise unpadded with a kernel as large as the difference asks for.
    ///
    /// - Returns: nil where none of these fits.
    init?(student: (height: Int, width: Int), teacher: (height: Int, width: Int)) {
        if student.height == 2 * teacher.height && student.width == 2 * teacher.width {
            (kernelHeight, kernelWidth) = (3, 3)
            isTransposed = false
            windows = Self.windows(from: student, to: teacher, kernel: (3, 3)) { 2 * $0 - 1 + $1 }
        } else if 2 * student.height == teacher.height && 2 * student.width == teacher.width {
            (kernelHeight, kernelWidth) = (4, 4)
            isTransposed = true
            // y = 2x − 1 + k for input x and tap k, so tap k of output y reads (y + 1 − k) / 2 where that is whole.
            windows = Self.windows(from: student, to: teacher, kernel: (4, 4)) { position, tap in
                let twice = position + 1 - tap
                return twice.isMultiple(of: 2) ? twice / 2 : -1
            }
        } else if student.height >= teacher.height && student.width >= teacher.width {
            let kernel = (1 + student.height - teacher.height, 1 + student.width - teacher.width)
            (kernelHeight, kernelWidth) = kernel
            isTransposed = false
            windows = Self.windows(from: student, to: teacher, kernel: kernel) { $0 + $1 }
        } else {
            return nil
        }
    }

    private static func windows(
        from input: (height: Int, width: Int),
        to output: (height: Int, width: Int),
        kernel: (Int, Int),
        _ place: (_ position: Int, _ tap: Int) -> Int
    ) -> [[Int]] {
        (0..<output.height * output.width)
            .map { position in
                (0..<kernel.0 * kernel.1)
                    .map { tap in
                        let y = place(position / output.width, tap / kernel.1)
                        let x = place(position % output.width, tap % kernel.1)
                        let isInside = (0..<input.height).contains(y) && (0..<input.width).contains(x)
                        return isInside ? y * input.width + x : -1
                    }
            }
    }
}

extension TapeValue {
    /// The same numbers in other rows and columns.
    public func reshaped(rows newRows: Int, columns newColumns: Int) -> TapeValue {
        precondition(newRows * newColumns == rows * columns, "\(rows) × \(columns) as \(newRows) × \(newColumns)")
        let (input, threads) = (node, tape.threads)
        let result = TapeStorage(rows: newRows, columns: newColumns)
        result.base.update(from: input.value.base, count: input.value.count)
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            input.accumulate(upstream.base, threads: threads)
        }
    }

    /// Rows by their numbers, in the order given; a row may come more than once.
    public func rows(_ indices: [Int]) -> TapeValue {
        let input = node
        let (count, columns) = (rows, columns)
        precondition(indices.allSatisfy { $0 >= 0 && $0 < count }, "a row outside 0 ..< \(count)")
        let result = TapeStorage(rows: indices.count, columns: columns)
        for (target, source) in indices.enumerated() {
            (result.base + target * columns).update(from: input.value.base + source * columns, count: columns)
        }
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            input.accumulate { gradient, holdsSum in
                if !holdsSum { gradient.update(repeating: 0, count: count * columns) }
                for (source, target) in indices.enumerated() {
                    for column in 0..<columns {
                        gradient[target * columns + column] += upstream.base[source * columns + column]
                    }
                }
            }
        }
    }

    /// Elements by row and column, as a column `[indices.count, 1]`.
    public func elements(at indices: [(row: Int, column: Int)]) -> TapeValue {
        let columns = columns
        precondition(indices.allSatisfy { $0.row >= 0 && $0.row < rows && $0.column >= 0 && $0.column < columns })
        return reshaped(rows: rows * columns, columns: 1).rows(indices.map { $0.row * columns + $0.column })
    }

    /// One element of each row, as a column `[m, 1]`: the label's logit.
    public func elements(inColumns indices: [Int]) -> TapeValue {
        precondition(indices.count == rows, "\(indices.count) columns for \(rows) rows")
        return elements(at: indices.enumerated().map { (row: $0.offset, column: $0.element) })
    }

    /// Gathers positions of feature maps: the arrangement behind convolutions and poolings.
    ///
    /// Rows are feature maps `[positions, channels]`, channels last. The result's rows are
    /// `[windows, window length, channels]`.
    ///
    /// - Parameters:
    ///   - windows: For each window its positions; −1 stands for a border of zeros. All of one length.
    ///   - channels: The number of channels.
    public func gatheringPositions(_ windows: [[Int]], channels: Int) -> TapeValue {
        let input = node
        let (maps, size) = (rows, columns)
        let length = windows.first?.count ?? 0
        precondition(windows.allSatisfy { $0.count == length && $0.allSatisfy { $0 >= -1 && $0 < size / channels } })
        let flat = windows.flatMap { $0 }
        let result = TapeStorage(rows: maps, columns: flat.count * channels)
        for map in 0..<maps {
            let (source, target) = (input.value.base + map * size, result.base + map * flat.count * channels)
            for (index, position) in flat.enumerated() {
                if position < 0 {
                    (target + index * channels).update(repeating: 0, count: channels)
                } else {
                    (target + index * channels).update(from: source + position * channels, count: channels)
                }
            }
        }
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            input.accumulate { gradient, holdsSum in
                if !holdsSum { gradient.update(repeating: 0, count: maps * size) }
                for map in 0..<maps {
                    let (source, target) = (upstream.base + map * flat.count * channels, gradient + map * size)
                    for (index, position) in flat.enumerated() where position >= 0 {
                        for channel in 0..<channels {
                            target[position * channels + channel] += source[index * channels + channel]
                        }
                    }
                }
            }
        }
    }
}

extension TapeValue {
    /// The columns of this value and then those of another, `[m, n₁ + n₂]`.
    public func beside(_ other: TapeValue) -> TapeValue {
        precondition(rows == other.rows, "\(rows) rows beside \(other.rows)")
        let (first, second, threads) = (node, other.node, tape.threads)
        let (n, width) = (columns, columns + other.columns)
        let result = TapeStorage(rows: rows, columns: width)
        for row in 0..<rows {
            let target = result.base + row * width
            target.update(from: first.value.base + row * n, count: n)
            (target + n).update(from: second.value.base + row * (width - n), count: width - n)
        }
        return tape.record(result, tracksGradient: first.tracksGradient || second.tracksGradient) { upstream in
            let g = upstream.base
            first.accumulate(threads: threads) { g[$0 / n * width + $0 % n] }
            second.accumulate(threads: threads) { g[$0 / (width - n) * width + n + $0 % (width - n)] }
        }
    }
}

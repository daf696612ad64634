extension TapeValue {
    /// The sum of each row, `[m, 1]`; added in Double.
    public var rowSums: TapeValue {
        let (input, threads) = (node, tape.threads)
        let (rows, columns) = (rows, columns)
        let result = TapeStorage(rows: rows, columns: 1)
        let (x, y) = (input.value.base, result.base)
        inRows(rows, length: columns, threads: threads) { range in
            for row in range {
                var sum = 0.0
                for column in 0..<columns { sum += Double(x[row * columns + column]) }
                y[row] = Float(sum)
            }
        }
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let g = upstream.base
            input.accumulate(threads: threads) { g[$0 / columns] }
        }
    }

    /// The sum of each column, `[1, n]`; added in Double.
    public var columnSums: TapeValue {
        let (input, threads) = (node, tape.threads)
        let (rows, columns) = (rows, columns)
        let result = TapeStorage(rows: 1, columns: columns)
        var sums = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
            for column in 0..<columns { sums[column] += Double(input.value.base[row * columns + column]) }
        }
        for column in 0..<columns { result.base[column] = Float(sums[column]) }
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let g = upstream.base
            input.accumulate(threads: threads) { g[$0 % columns] }
        }
    }

    /// The sum of all, `[1, 1]`; added in Double, row by row.
    public var sum: TapeValue {
        let (input, threads) = (node, tape.threads)
        let result = TapeStorage(rows: 1, columns: 1)
        var total = 0.0
        for row in 0..<rows {
            var sum = 0.0
            for column in 0..<columns { sum += Double(input.value.base[row * columns + column]) }
            total += sum
        }
        result.base[0] = Float(total)
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let g = upstream.base[0]
            input.accumulate(threads: threads) { _ in g }
        }
    }

    /// The mean of all, `[1, 1]`.
    public var mean: TapeValue { sum / Float(rows * columns) }

    /// Rows divided by their Euclidean norms.
    ///
    /// - Parameter leastNorm: What a smaller norm is replaced by: 1e-12 as PyTorch's `normalize`. A row of zeros stays
    ///   one, with gradient upstream / leastNorm.
    public func normalizedRows(leastNorm: Float = 1e-12) -> TapeValue {
        let (input, threads) = (node, tape.threads)
        let (rows, columns) = (rows, columns)
        let result = TapeStorage(rows: rows, columns: columns)
        let norms = rowNorms
        let (x, y) = (input.value.base, result.base)
        inRows(rows, length: columns, threads: threads) { range in
            for row in range {
                let factor = 1 / max(norms[row], leastNorm)
                for index in row * columns..<(row + 1) * columns { y[index] = x[index] * factor }
            }
        }
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let (g, y) = (upstream.base, result.base)
            input.accumulate { gradient, holdsSum in
                inRows(rows, length: columns, threads: threads) { range in
                    for row in range {
                        let start = row * columns
                        let isClamped = norms[row] <= leastNorm
                        var dot = 0.0
                        for index in start..<start + columns { dot += Double(g[index]) * Double(y[index]) }
                        let along = isClamped ? 0 : Float(dot)
                        let factor = 1 / max(norms[row], leastNorm)
                        for index in start..<start + columns {
                            let term = (g[index] - along * y[index]) * factor
                            gradient[index] = holdsSum ? gradient[index] + term : term
                        }
                    }
                }
            }
        }
    }

    /// Euclidean norms of the rows, summed in Double.
    var rowNorms: [Float] {
        let columns = columns
        let x = node.value.base
        return (0..<rows)
            .map { row in
                var sum = 0.0
                for index in row * columns..<(row + 1) * columns { sum += Double(x[index]) * Double(x[index]) }
                return Float(sum.squareRoot())
            }
    }
}

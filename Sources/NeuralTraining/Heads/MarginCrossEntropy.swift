extension TapeValue {
    /// The mean over rows of −ln softmax(s·c) at the label after the label's entry was changed, `[1, 1]`.
    ///
    /// The seam of every classification loss here. Nothing of the size of the cosines is stored besides their gradient:
    /// the way back computes the probabilities again from one number per row.
    ///
    /// - Parameters:
    ///   - labels: One column number per row.
    ///   - scale: s.
    ///   - transform: From the label's entry and the row's number to what takes its place, and the derivative of that.
    func marginCrossEntropy(
        labels: [Int],
        scale: Float,
        transform: (_ entry: Float, _ row: Int) -> (value: Float, derivative: Float)
    ) -> TapeValue {
        let (rows, columns) = (rows, columns)
        precondition(labels.count == rows, "\(labels.count) labels for \(rows) rows")
        precondition(labels.allSatisfy { $0 >= 0 && $0 < columns }, "a label outside 0 ..< \(columns)")
        let (input, threads) = (node, tape.threads)
        let x = input.value.base
        let targets = labels.indices.map { transform(x[$0 * columns + labels[$0]], $0) }
        var totals = [Float](repeating: 0, count: rows)
        totals.withUnsafeMutableBufferPointer { totals in
            // Each row's total is written by the one thread that has the row.
            nonisolated(unsafe) let totals = totals
            inRows(rows, length: columns, threads: threads) { range in
                for row in range {
                    totals[row] = Self.logSumExp(
                        x + row * columns,
                        count: columns,
                        scale: scale,
                        label: labels[row],
                        target: targets[row].value
                    )
                }
            }
        }
        var loss = 0.0
        for row in 0..<rows { loss += Double(totals[row]) - Double(scale * targets[row].value) }
        let result = TapeStorage(Matrix(rows: 1, columns: 1, repeating: Float(loss / Double(rows))))
        let rowTotals = totals
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let weight = upstream.base[0] * scale / Float(rows)
            input.accumulate { gradient, holdsSum in
                inRows(rows, length: columns, threads: threads) { range in
                    for row in range {
                        let start = row * columns
                        let atLabel = start + labels[row]
                        let before = holdsSum ? gradient[atLabel] : 0
                        VectorExponential.write(
                            input.value.base + start,
                            count: columns,
                            factor: scale,
                            offset: rowTotals[row],
                            weight: weight,
                            into: gradient + start,
                            accumulating: holdsSum
                        )
                        let target = targets[row]
                        let share = VectorExponential.value(scale * target.value - rowTotals[row])
                        gradient[atLabel] = before + weight * (share - 1) * target.derivative
                    }
                }
            }
        }
    }

    /// ln Σ e^(s·c) of a row whose label entry is replaced.
    @inline(__always)
    private static func logSumExp(
        _ x: UnsafePointer<Float>,
        count: Int,
        scale: Float,
        label: Int,
        target: Float
    ) -> Float {
        var largest = scale * target
        let (before, after) = (label, count - label - 1)
        if before > 0 { largest = Swift.max(largest, scale * maximum(x, count: before)) }
        if after > 0 { largest = Swift.max(largest, scale * maximum(x + label + 1, count: after)) }
        var sum = Double(VectorExponential.value(scale * target - largest))
        sum += VectorExponential.sum(x, count: before, factor: scale, offset: largest)
        sum += VectorExponential.sum(x + label + 1, count: after, factor: scale, offset: largest)
        return largest + naturalLogarithm(sum)
    }
}

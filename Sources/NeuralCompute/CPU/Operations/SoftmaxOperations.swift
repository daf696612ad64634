#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension CPUDevice {
    func logSoftmax(_ input: CPUTensor) -> OperationResult {
        let (rows, columns) = (input.rows, input.columns)
        let result = CPUTensor(rows: rows, columns: columns)
        let (x, y) = (input.base, result.base)
        inRows(rows, length: columns, threads: threads) { range in
            for row in range {
                let start = row * columns
                let total = logSumExp(x + start, count: columns, factor: 1)
                for index in start..<start + columns { y[index] = x[index] - total }
            }
        }
        return OperationResult(result) { [self] upstream, slots in
            let (g, y) = (upstream.onCPU.base, result.base)
            accumulate(slots[0], like: input) { gradient, holdsSum in
                inRows(rows, length: columns, threads: threads) { range in
                    for row in range {
                        let start = row * columns
                        var total = 0.0
                        for index in start..<start + columns { total += Double(g[index]) }
                        for index in start..<start + columns {
                            let term = g[index] - VectorExponential.value(y[index]) * Float(total)
                            gradient[index] = holdsSum ? gradient[index] + term : term
                        }
                    }
                }
            }
        }
    }

    func klDivergence(_ input: CPUTensor, _ target: CPUTensor, temperature: Float) -> OperationResult {
        let (rows, columns) = (input.rows, input.columns)
        let factor = 1 / temperature
        let (x, t) = (input.base, target.base)
        var divergences = [Double](repeating: 0, count: rows)
        var studentTotals = [Float](repeating: 0, count: rows)
        var teacherTotals = studentTotals
        divergences.withUnsafeMutableBufferPointer { divergences in
            studentTotals.withUnsafeMutableBufferPointer { studentTotals in
                teacherTotals.withUnsafeMutableBufferPointer { teacherTotals in
                    // Each row's results are written by the one thread that has the row.
                    nonisolated(unsafe) let (d, s, u) = (divergences, studentTotals, teacherTotals)
                    inRows(rows, length: columns, threads: threads) { range in
                        for row in range {
                            let (a, b) = (x + row * columns, t + row * columns)
                            s[row] = logSumExp(a, count: columns, factor: factor)
                            u[row] = logSumExp(b, count: columns, factor: factor)
                            d[row] = Self.divergence(a, b, count: columns, factor: factor, s[row], u[row])
                        }
                    }
                }
            }
        }
        let value = divergences.reduce(0, +) * Double(temperature) * Double(temperature) / Double(rows)
        let (student, reference) = (studentTotals, teacherTotals)
        return OperationResult(CPUTensor(scalar: Float(value))) { [self] upstream, slots in
            let weight = upstream.onCPU.base[0] * temperature / Float(rows)
            accumulate(slots[0], like: input) { gradient, holdsSum in
                inRows(rows, length: columns, threads: threads) { range in
                    for row in range {
                        let (a, b) = (input.base + row * columns, target.base + row * columns)
                        let g = gradient + row * columns
                        VectorExponential.write(
                            a,
                            count: columns,
                            factor: factor,
                            offset: student[row],
                            weight: weight,
                            into: g,
                            accumulating: holdsSum
                        )
                        VectorExponential.write(
                            b,
                            count: columns,
                            factor: factor,
                            offset: reference[row],
                            weight: -weight,
                            into: g,
                            accumulating: true
                        )
                    }
                }
            }
        }
    }

    /// Σ p_t (ln p_t − ln p_s) of one row.
    @inline(__always)
    private static func divergence(
        _ student: UnsafePointer<Float>,
        _ teacher: UnsafePointer<Float>,
        count: Int,
        factor: Float,
        _ studentTotal: Float,
        _ teacherTotal: Float
    ) -> Double {
        var total = 0.0
        for index in 0..<count {
            let logTeacher = teacher[index] * factor - teacherTotal
            let logStudent = student[index] * factor - studentTotal
            let p = VectorExponential.value(logTeacher)
            // A class of no weight adds nothing, however unlikely the student finds it.
            if p != 0 { total += Double(p) * Double(logTeacher - logStudent) }
        }
        return total
    }
}

// MARK: - Cross entropy

extension CPUDevice {
    func crossEntropy(_ input: CPUTensor, _ loss: MarginCrossEntropy) -> OperationResult {
        let (rows, columns, labels, scale) = (input.rows, input.columns, loss.labels, loss.scale)
        let x = input.base
        let targets = labels.indices.map { loss.target(x[$0 * columns + labels[$0]], row: $0) }
        var totals = [Float](repeating: 0, count: rows)
        totals.withUnsafeMutableBufferPointer { totals in
            // Each row's total is written by the one thread that has the row.
            nonisolated(unsafe) let totals = totals
            inRows(rows, length: columns, threads: threads) { range in
                for row in range {
                    totals[row] = Self.logSumExpWithTarget(
                        x + row * columns,
                        count: columns,
                        scale: scale,
                        label: labels[row],
                        target: targets[row].value
                    )
                }
            }
        }
        var sum = 0.0
        for row in 0..<rows { sum += Double(totals[row]) - Double(scale * targets[row].value) }
        let rowTotals = totals
        return OperationResult(CPUTensor(scalar: Float(sum / Double(rows)))) { [self] upstream, slots in
            let weight = upstream.onCPU.base[0] * scale / Float(rows)
            accumulate(slots[0], like: input) { gradient, holdsSum in
                inRows(rows, length: columns, threads: threads) { range in
                    for row in range {
                        let start = row * columns
                        let atLabel = start + labels[row]
                        let before = holdsSum ? gradient[atLabel] : 0
                        VectorExponential.write(
                            input.base + start,
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
    private static func logSumExpWithTarget(
        _ x: UnsafePointer<Float>,
        count: Int,
        scale: Float,
        label: Int,
        target: Float
    ) -> Float {
        var largest = scale * target
        let (before, after) = (label, count - label - 1)
        if before > 0 { largest = max(largest, scale * maximum(x, count: before)) }
        if after > 0 { largest = max(largest, scale * maximum(x + label + 1, count: after)) }
        var sum = Double(VectorExponential.value(scale * target - largest))
        sum += VectorExponential.sum(x, count: before, factor: scale, offset: largest)
        sum += VectorExponential.sum(x + label + 1, count: after, factor: scale, offset: largest)
        return largest + Float(log(sum))
    }
}

extension MarginCrossEntropy {
    /// What takes the place of the label's entry, and the derivative of that.
    fileprivate func target(_ entry: Float, row: Int) -> (value: Float, derivative: Float) {
        switch margin {
        case .none: (entry, 1)
        case .additive: (entry - margins[row], 1)
        case .angular(let gradient, let beyondPi): Self.angular(entry, margin: margins[row], gradient, beyondPi)
        }
    }

    /// cos(θ + m) and its derivative by cosθ.
    private static func angular(
        _ entry: Float,
        margin: Float,
        _ gradient: AngularGradient,
        _ beyondPi: BeyondPi
    ) -> (value: Float, derivative: Float) {
        // Rounding may take a cosine past ±1. Comparisons let NaN through, so that the loss shows it.
        let cosine = entry > 1 ? 1 : entry < -1 ? -1 : entry
        let sine = ((1 - cosine) * (1 + cosine)).squareRoot()
        if beyondPi == .linear && cosine <= -cos(margin) && margin > 0 { return (cosine - margin * sin(margin), 1) }
        let value = cosine * cos(margin) - sine * sin(margin)
        guard gradient == .exact else { return (value, 1) }
        // d cos(θ+m) / d cosθ = sin(θ+m) / sinθ
        let sineOfSum = sine * cos(margin) + cosine * sin(margin)
        return (value, sineOfSum / max(sine, leastSine))
    }
}

// MARK: - Rows

/// ln Σⱼ e^(factor·xⱼ) of a row, without overflow.
///
/// - Returns: NaN if the row holds NaN; +∞ or NaN if it holds +∞: callers look at their loss.
@inline(__always)
func logSumExp(_ x: UnsafePointer<Float>, count: Int, factor: Float) -> Float {
    let largest = maximum(x, count: count) * factor
    return largest + Float(log(VectorExponential.sum(x, count: count, factor: factor, offset: largest)))
}

/// The largest of a row; NaN only if it comes first, otherwise comparisons skip it (sums then show it).
@inline(__always)
func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var vector = SIMD8<Float>(repeating: x[0])
    var index = 0
    while index &+ 8 <= count {
        let next = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD8<Float>.self)
        vector = vector.replacing(with: next, where: next .> vector)
        index &+= 8
    }
    var largest = vector[0]
    for lane in 1..<8 where vector[lane] > largest { largest = vector[lane] }
    while index < count {
        if x[index] > largest { largest = x[index] }
        index &+= 1
    }
    return largest
}

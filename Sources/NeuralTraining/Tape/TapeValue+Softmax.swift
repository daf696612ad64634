#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension TapeValue {
    /// ln softmax of each row.
    public var logSoftmax: TapeValue {
        let (input, threads) = (node, tape.threads)
        let (rows, columns) = (rows, columns)
        let result = TapeStorage(rows: rows, columns: columns)
        let (x, y) = (input.value.base, result.base)
        inRows(rows, length: columns, threads: threads) { range in
            for row in range {
                let start = row * columns
                let total = logSumExp(x + start, count: columns, factor: 1)
                for index in start..<start + columns { y[index] = x[index] - total }
            }
        }
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let (g, y) = (upstream.base, result.base)
            input.accumulate { gradient, holdsSum in
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

    /// The mean over rows of −ln softmax at the label, `[1, 1]`.
    ///
    /// Nothing of the size of the logits is stored: the way back computes the probabilities again.
    ///
    /// - Parameter labels: One column number per row.
    public func crossEntropy(labels: [Int]) -> TapeValue {
        marginCrossEntropy(labels: labels, scale: 1) { cosine, _ in (cosine, 1) }
    }

    /// T² / B · Σ over rows and columns of p_t ln(p_t / p_s), with p = softmax(z / T), `[1, 1]`.
    ///
    /// Hinton et al., arXiv 1503.02531; summed over classes and divided by the rows B, which PyTorch calls `batchmean`.
    /// The derivative by z_s is (T/B)(p_s − p_t). The teacher gets no gradient.
    ///
    /// - Parameters:
    ///   - teacher: The teacher's logits, of the same shape.
    ///   - temperature: T, above 0.
    public func klDivergence(fromTeacher teacher: TapeValue, temperature: Float) -> TapeValue {
        precondition(rows == teacher.rows && columns == teacher.columns, "logits of two shapes")
        precondition(temperature > 0, "a temperature above 0")
        let (input, target, threads) = (node, teacher.node, tape.threads)
        let (rows, columns) = (rows, columns)
        let factor = 1 / temperature
        let (x, t) = (input.value.base, target.value.base)
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
        let result = TapeStorage(Matrix(rows: 1, columns: 1, repeating: Float(value)))
        let (student, reference) = (studentTotals, teacherTotals)
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let weight = upstream.base[0] * temperature / Float(rows)
            input.accumulate { gradient, holdsSum in
                inRows(rows, length: columns, threads: threads) { range in
                    for row in range {
                        let (a, b) = (input.value.base + row * columns, target.value.base + row * columns)
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

internal import NeuralCompute

extension TapeValue {
    /// Cosines of every row with every row of a second matrix, `[m, n]`: embeddings and class weights.
    ///
    /// As `normalizedRows().times(transposed: other.normalizedRows())`, but the second matrix, which may have a hundred
    /// thousand rows, is neither copied nor are its normalised rows stored: the product is scaled by the norms, and the
    /// gradient is projected in its own memory. ∂cosθⱼ/∂f = (ŵⱼ − cosθⱼ f̂) / ‖f‖ and likewise for w.
    ///
    /// - Parameters:
    ///   - other: `[n, k]`.
    ///   - leastNorm: What a smaller norm of either is replaced by, as in ``normalizedRows(leastNorm:)``.
    public func cosines(with other: TapeValue, leastNorm: Float = 1e-12) -> TapeValue {
        normalizedRows(leastNorm: leastNorm).timesNormalizedRows(of: other, leastNorm: leastNorm)
    }

    /// self · ŵᵀ.
    private func timesNormalizedRows(of other: TapeValue, leastNorm: Float) -> TapeValue {
        precondition(columns == other.columns, "\(columns) numbers beside \(other.columns)")
        let (a, b, products) = (node, other.node, tape.products)
        let (m, k, n) = (rows, columns, other.rows)
        let inverse = other.inverseRowNorms(leastNorm: leastNorm)
        let result = TapeStorage(rows: m, columns: n)
        products.multiply(a.value.base, transposed: b.value.base, rows: m, columns: n, depth: k, output: result.base)
        scaleColumns(result.base, rows: m, columns: n, by: inverse, threads: products.threads)
        return tape.record(result, tracksGradient: a.tracksGradient || b.tracksGradient) { upstream in
            let g = upstream.base
            b.accumulate { gradient, holdsSum in
                pullBackToWeights(
                    WeightPullback(
                        upstream: g,
                        cosines: result,
                        left: a.value.base,
                        weights: b.value,
                        inverse: inverse
                    ),
                    gradient,
                    holdsSum,
                    products
                )
            }
            // The upstream gradient is used up here, so its memory serves for the scaled one.
            scaleColumns(g, rows: m, columns: n, by: inverse, threads: products.threads)
            a.accumulate {
                products.multiply(g, b.value.base, rows: m, columns: k, depth: n, output: $0, accumulating: $1)
            }
        }
    }

    /// 1 / max(‖row‖, leastNorm).
    private func inverseRowNorms(leastNorm: Float) -> [Float] {
        let (columns, x) = (columns, node.value.base)
        var result = [Float](repeating: 0, count: rows)
        result.withUnsafeMutableBufferPointer { buffer in
            // Each norm is written by the one thread that has the row.
            nonisolated(unsafe) let norms = buffer
            inRows(rows, length: columns, threads: tape.threads) { range in
                for row in range {
                    let line = x + row * columns
                    norms[row] = 1 / max(Float(dotProduct(line, line, columns).squareRoot()), leastNorm)
                }
            }
        }
        return result
    }
}

/// Σ aᵢ bᵢ in Double, eight lanes.
@inline(__always)
func dotProduct(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Double {
    var lanes = SIMD8<Double>.zero
    var index = 0
    while index &+ 8 <= count {
        let x = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Float>.self)
        let y = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Float>.self)
        lanes += SIMD8<Double>(x) * SIMD8<Double>(y)
        index &+= 8
    }
    var sum = lanes.sum()
    while index < count {
        sum += Double(a[index]) * Double(b[index])
        index &+= 1
    }
    return sum
}

private func scaleColumns(
    _ matrix: UnsafeMutablePointer<Float>,
    rows: Int,
    columns: Int,
    by factors: [Float],
    threads: Int
) {
    factors.withUnsafeBufferPointer { factors in
        inRows(rows, length: columns, threads: threads) { range in
            for row in range {
                let line = matrix + row * columns
                for column in 0..<columns { line[column] *= factors[column] }
            }
        }
    }
}

/// What the gradient of class weights is made of.
private struct WeightPullback {
    let upstream: UnsafePointer<Float>
    let cosines: TapeStorage
    let left: UnsafePointer<Float>
    let weights: TapeStorage
    let inverse: [Float]

    init(
        upstream: UnsafeMutablePointer<Float>,
        cosines: TapeStorage,
        left: UnsafeMutablePointer<Float>,
        weights: TapeStorage,
        inverse: [Float]
    ) {
        self.upstream = UnsafePointer(upstream)
        self.cosines = cosines
        self.left = UnsafePointer(left)
        self.weights = weights
        self.inverse = inverse
    }

    /// Σᵢ gᵢⱼ cosᵢⱼ of each class.
    var radial: [Float] {
        var sums = [Double](repeating: 0, count: cosines.columns)
        for row in 0..<cosines.rows {
            let start = row * cosines.columns
            for column in 0..<cosines.columns {
                sums[column] += Double(upstream[start + column]) * Double(cosines.base[start + column])
            }
        }
        return sums.map { Float($0) }
    }
}

/// ∂/∂wⱼ = (Σᵢ gᵢⱼ f̂ᵢ − (Σᵢ gᵢⱼ cosᵢⱼ) ŵⱼ) / ‖wⱼ‖, with the product written straight into the gradient.
private func pullBackToWeights(
    _ terms: WeightPullback,
    _ gradient: UnsafeMutablePointer<Float>,
    _ holdsSum: Bool,
    _ products: MatrixProducts
) {
    let (n, k) = (terms.weights.rows, terms.weights.columns)
    let scratch = holdsSum ? TapeStorage(rows: n, columns: k) : nil
    let target = scratch?.base ?? gradient
    products.multiply(
        transposed: terms.upstream,
        terms.left,
        rows: n,
        columns: k,
        depth: terms.cosines.rows,
        output: target
    )
    let radial = terms.radial
    let weights = terms.weights.base
    inRows(n, length: k, threads: products.threads) { range in
        for row in range {
            let inverse = terms.inverse[row]
            let along = radial[row] * inverse
            for index in row * k..<(row + 1) * k {
                let term = (target[index] - along * weights[index]) * inverse
                gradient[index] = holdsSum ? gradient[index] + term : term
            }
        }
    }
}

extension CPUDevice {
    /// A · B.
    func product(_ a: CPUTensor, _ b: CPUTensor) -> OperationResult {
        let (m, k, n) = (a.rows, a.columns, b.columns)
        let result = CPUTensor(rows: m, columns: n)
        products.multiply(a.base, b.base, rows: m, columns: n, depth: k, output: result.base)
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulate(slots[0], like: a) {
                products.multiply(g, transposed: b.base, rows: m, columns: k, depth: n, output: $0, accumulating: $1)
            }
            accumulate(slots[1], like: b) {
                products.multiply(transposed: a.base, g, rows: k, columns: n, depth: m, output: $0, accumulating: $1)
            }
        }
    }

    /// A · Bᵀ.
    func productTransposed(_ a: CPUTensor, _ b: CPUTensor) -> OperationResult {
        let (m, k, n) = (a.rows, a.columns, b.rows)
        let result = CPUTensor(rows: m, columns: n)
        products.multiply(a.base, transposed: b.base, rows: m, columns: n, depth: k, output: result.base)
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulate(slots[0], like: a) {
                products.multiply(g, b.base, rows: m, columns: k, depth: n, output: $0, accumulating: $1)
            }
            accumulate(slots[1], like: b) {
                products.multiply(transposed: g, a.base, rows: n, columns: k, depth: m, output: $0, accumulating: $1)
            }
        }
    }

    func transpose(_ input: CPUTensor) -> OperationResult {
        let (rows, columns) = (input.rows, input.columns)
        let result = CPUTensor(rows: columns, columns: rows)
        for row in 0..<rows {
            for column in 0..<columns { result.base[column * rows + row] = input.base[row * columns + column] }
        }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulateEach(slots[0], like: input) { g[$0 % columns * rows + $0 / columns] }
        }
    }

    // MARK: Cosines

    /// A · B̂ᵀ; B is neither copied nor are its normalised rows stored.
    func productWithNormalizedRows(_ a: CPUTensor, _ b: CPUTensor, leastNorm: Float) -> OperationResult {
        let (m, k, n) = (a.rows, a.columns, b.rows)
        let inverse = inverseRowNorms(b, leastNorm: leastNorm)
        let result = CPUTensor(rows: m, columns: n)
        products.multiply(a.base, transposed: b.base, rows: m, columns: n, depth: k, output: result.base)
        scaleColumns(result, by: inverse)
        return OperationResult(result) { [self] upstream, slots in
            let upstream = upstream.onCPU
            accumulate(slots[1], like: b) { gradient, holdsSum in
                pullBackToRows(upstream, cosines: result, a, b, inverse, gradient, holdsSum)
            }
            // The upstream gradient is used up here, so its memory serves for the scaled one.
            scaleColumns(upstream, by: inverse)
            accumulate(slots[0], like: a) {
                products.multiply(upstream.base, b.base, rows: m, columns: k, depth: n, output: $0, accumulating: $1)
            }
        }
    }

    /// 1 / max(‖row‖, leastNorm).
    private func inverseRowNorms(_ tensor: CPUTensor, leastNorm: Float) -> [Float] {
        let (columns, x) = (tensor.columns, tensor.base)
        var result = [Float](repeating: 0, count: tensor.rows)
        result.withUnsafeMutableBufferPointer { buffer in
            // Each norm is written by the one thread that has the row.
            nonisolated(unsafe) let norms = buffer
            inRows(tensor.rows, length: columns, threads: threads) { range in
                for row in range {
                    let line = x + row * columns
                    norms[row] = 1 / max(Float(dotProduct(line, line, columns).squareRoot()), leastNorm)
                }
            }
        }
        return result
    }

    private func scaleColumns(_ matrix: CPUTensor, by factors: [Float]) {
        let (base, columns) = (matrix.base, matrix.columns)
        factors.withUnsafeBufferPointer { factors in
            inRows(matrix.rows, length: columns, threads: threads) { range in
                for row in range {
                    let line = base + row * columns
                    for column in 0..<columns { line[column] *= factors[column] }
                }
            }
        }
    }

    /// ∂/∂bⱼ = (Σᵢ gᵢⱼ aᵢ − (Σᵢ gᵢⱼ cᵢⱼ) b̂ⱼ) / ‖bⱼ‖, with the product written straight into the gradient.
    private func pullBackToRows(
        _ upstream: CPUTensor,
        cosines: CPUTensor,
        _ a: CPUTensor,
        _ b: CPUTensor,
        _ inverse: [Float],
        _ gradient: UnsafeMutablePointer<Float>,
        _ holdsSum: Bool
    ) {
        let (m, n, k) = (a.rows, b.rows, b.columns)
        let scratch = holdsSum ? CPUTensor(rows: n, columns: k) : nil
        let target = scratch?.base ?? gradient
        products.multiply(transposed: upstream.base, a.base, rows: n, columns: k, depth: m, output: target)
        var radial = [Double](repeating: 0, count: n)
        for row in 0..<m {
            for column in 0..<n {
                radial[column] += Double(upstream.base[row * n + column]) * Double(cosines.base[row * n + column])
            }
        }
        let values = b.base
        inRows(n, length: k, threads: threads) { range in
            for row in range {
                let along = Float(radial[row]) * inverse[row]
                for index in row * k..<(row + 1) * k {
                    let term = (target[index] - along * values[index]) * inverse[row]
                    gradient[index] = holdsSum ? gradient[index] + term : term
                }
            }
        }
    }

    // MARK: Rows of a memory

    /// Row i of A with rows of B of its own.
    func candidateProducts(_ a: CPUTensor, _ memory: CPUTensor, _ candidates: [Int]) -> OperationResult {
        let (m, k) = (a.rows, a.columns)
        let count = candidates.count / max(1, m)
        let result = CPUTensor(rows: m, columns: count)
        eachCandidate(memory, candidates, rows: m) { row, column, candidate in
            result.base[row * count + column] = singleDotProduct(a.base + row * k, candidate, k)
        }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulate(slots[0], like: a) { gradient, holdsSum in
                let sum = holdsSum ? CPUTensor(rows: m, columns: k) : nil
                let target = sum?.base ?? gradient
                target.update(repeating: 0, count: m * k)
                eachCandidate(memory, candidates, rows: m) { row, column, candidate in
                    let factor = g[row * count + column]
                    let start = row * k
                    for index in 0..<k { target[start &+ index] += factor * candidate[index] }
                }
                if holdsSum { for index in 0..<m * k { gradient[index] += target[index] } }
            }
        }
    }

    /// Visits the candidates of each row; a row belongs to one thread.
    @inline(__always)
    private func eachCandidate(
        _ memory: CPUTensor,
        _ candidates: [Int],
        rows: Int,
        _ body: (_ row: Int, _ column: Int, _ candidate: UnsafePointer<Float>) -> Void
    ) {
        let (k, count, base) = (memory.columns, candidates.count / max(1, rows), memory.base)
        candidates.withUnsafeBufferPointer { candidates in
            inRows(rows, length: count * k, threads: threads) { range in
                for row in range {
                    for column in 0..<count {
                        body(row, column, UnsafePointer(base + candidates[row &* count &+ column] &* k))
                    }
                }
            }
        }
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

/// Σ aᵢ bᵢ in single precision, eight lanes.
@inline(__always)
private func singleDotProduct(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var lanes = SIMD8<Float>.zero
    var index = 0
    while index &+ 8 <= count {
        lanes +=
            UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Float>.self)
            * UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Float>.self)
        index &+= 8
    }
    var sum = lanes.sum()
    while index < count {
        sum += a[index] * b[index]
        index &+= 1
    }
    return sum
}

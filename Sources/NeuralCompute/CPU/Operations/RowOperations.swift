extension CPUDevice {
    func rowSums(_ input: CPUTensor) -> OperationResult {
        let (rows, columns) = (input.rows, input.columns)
        let result = CPUTensor(rows: rows, columns: 1)
        let (x, y) = (input.base, result.base)
        inRows(rows, length: columns, threads: threads) { range in
            for row in range {
                var sum = 0.0
                for column in 0..<columns { sum += Double(x[row * columns + column]) }
                y[row] = Float(sum)
            }
        }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulateEach(slots[0], like: input) { g[$0 / columns] }
        }
    }

    func columnSums(_ input: CPUTensor) -> OperationResult {
        let (rows, columns) = (input.rows, input.columns)
        let result = CPUTensor(rows: 1, columns: columns)
        var sums = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
            for column in 0..<columns { sums[column] += Double(input.base[row * columns + column]) }
        }
        for column in 0..<columns { result.base[column] = Float(sums[column]) }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onCPU.base
            accumulateEach(slots[0], like: input) { g[$0 % columns] }
        }
    }

    func sum(_ input: CPUTensor) -> OperationResult {
        var total = 0.0
        for row in 0..<input.rows {
            var sum = 0.0
            for column in 0..<input.columns { sum += Double(input.base[row * input.columns + column]) }
            total += sum
        }
        return OperationResult(CPUTensor(scalar: Float(total))) { [self] upstream, slots in
            let g = upstream.onCPU.base[0]
            accumulateEach(slots[0], like: input) { _ in g }
        }
    }

    func normalizeRows(_ input: CPUTensor, leastNorm: Float) -> OperationResult {
        let (rows, columns) = (input.rows, input.columns)
        let result = CPUTensor(rows: rows, columns: columns)
        let (x, y) = (input.base, result.base)
        let norms = (0..<rows)
            .map { row in
                var sum = 0.0
                for index in row * columns..<(row + 1) * columns { sum += Double(x[index]) * Double(x[index]) }
                return Float(sum.squareRoot())
            }
        inRows(rows, length: columns, threads: threads) { range in
            for row in range {
                let factor = 1 / max(norms[row], leastNorm)
                for index in row * columns..<(row + 1) * columns { y[index] = x[index] * factor }
            }
        }
        return OperationResult(result) { [self] upstream, slots in
            let (g, y) = (upstream.onCPU.base, result.base)
            accumulate(slots[0], like: input) { gradient, holdsSum in
                inRows(rows, length: columns, threads: threads) { range in
                    for row in range {
                        let start = row * columns
                        var dot = 0.0
                        for index in start..<start + columns { dot += Double(g[index]) * Double(y[index]) }
                        let along = norms[row] <= leastNorm ? 0 : Float(dot)
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
}

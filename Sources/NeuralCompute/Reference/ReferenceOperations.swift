#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

extension ReferenceDevice {
    /// Computes an operation; see ``Device``.
    public func apply(_ operation: TensorOperation, to inputs: [DeviceTensor]) -> OperationResult {
        let operands = inputs.map(\.onReference)
        let a = operands[0]
        switch operation {
        case .map(let function):
            return map(a) {
                function.value($0)
            } derivative: {
                function.derivative($0)
            }
        case .combine(let combination): return combine(combination, a, operands[1])
        case .product: return product(a, operands[1], isTransposed: false)
        case .productTransposed: return product(a, operands[1], isTransposed: true)
        case .productWithNormalizedRows(let leastNorm): return cosines(a, operands[1], Double(leastNorm))
        case .normalizeRows(let leastNorm): return normalizeRows(a, Double(leastNorm))
        case .transpose: return gather(a, rows: a.columns, columns: a.rows) { $1 * a.columns + $0 }
        case .rowSums: return sums(a, rows: a.rows, columns: 1) { row, _ in row }
        case .columnSums: return sums(a, rows: 1, columns: a.columns) { _, column in column }
        case .sum: return sums(a, rows: 1, columns: 1) { _, _ in 0 }
        case .logSoftmax: return logSoftmax(a)
        case .crossEntropy(let loss): return crossEntropy(a, loss)
        case .klDivergence(let temperature): return divergence(a, operands[1], Double(temperature))
        case .reshape(let rows, let columns): return gather(a, rows: rows, columns: columns) { $0 * columns + $1 }
        case .gatherRows(let indices):
            return gather(a, rows: indices.count, columns: a.columns) { indices[$0] * a.columns + $1 }
        case .gatherPositions(let positions, let channels):
            return gather(a, rows: a.rows, columns: positions.count * channels) { row, column in
                let position = positions[column / channels]
                return position < 0 ? nil : row * a.columns + position * channels + column % channels
            }
        case .concatenateColumns: return concatenate(a, operands[1])
        case .candidateProducts(let candidates): return candidateProducts(a, operands[1], candidates)
        }
    }

    /// Adds `term(index)` to every element of a gradient, if anybody wants it.
    private func accumulate(_ slot: GradientSlot?, like value: ReferenceTensor, _ term: (Int) -> Double) {
        guard let slot else { return }
        let (gradient, holdsSum) = slot.next { ReferenceTensor(rows: value.rows, columns: value.columns) }
        let sum = gradient.onReference
        for index in sum.values.indices { sum.values[index] = (holdsSum ? sum.values[index] : 0) + term(index) }
    }

    private func accumulate(_ slot: GradientSlot?, like value: ReferenceTensor, _ terms: [Double]) {
        accumulate(slot, like: value) { terms[$0] }
    }

    // MARK: Elements

    private func map(
        _ x: ReferenceTensor,
        _ function: (Double) -> Double,
        derivative: @escaping (Double) -> Double
    ) -> OperationResult {
        let y = ReferenceTensor(rows: x.rows, columns: x.columns)
        y.values = x.values.map(function)
        return OperationResult(y) { [self] upstream, slots in
            let g = upstream.onReference.values
            accumulate(slots[0], like: x) { g[$0] * derivative(x.values[$0]) }
        }
    }

    private func combine(_ combination: ElementCombination, _ a: ReferenceTensor, _ b: ReferenceTensor)
        -> OperationResult
    {
        let (rows, columns) = (max(a.rows, b.rows), max(a.columns, b.columns))
        func offset(_ x: ReferenceTensor, _ row: Int, _ column: Int) -> Int {
            (x.rows == 1 ? 0 : row) * x.columns + (x.columns == 1 ? 0 : column)
        }
        let result = ReferenceTensor(rows: rows, columns: columns) {
            combination.value(a.values[offset(a, $0, $1)], b.values[offset(b, $0, $1)])
        }
        return OperationResult(result) { [self] upstream, slots in
            var terms = [[Double](repeating: 0, count: a.count), [Double](repeating: 0, count: b.count)]
            for row in 0..<rows {
                for column in 0..<columns {
                    let (p, q) = (offset(a, row, column), offset(b, row, column))
                    let partials = combination.partials(a.values[p], b.values[q])
                    terms[0][p] += upstream.onReference[row, column] * partials.0
                    terms[1][q] += upstream.onReference[row, column] * partials.1
                }
            }
            accumulate(slots[0], like: a, terms[0])
            accumulate(slots[1], like: b, terms[1])
        }
    }

    /// Elements by their offsets in the input; nil gives 0.
    private func gather(
        _ x: ReferenceTensor,
        rows: Int,
        columns: Int,
        _ source: @escaping (_ row: Int, _ column: Int) -> Int?
    ) -> OperationResult {
        let result = ReferenceTensor(rows: rows, columns: columns) { source($0, $1).map { x.values[$0] } ?? 0 }
        return OperationResult(result) { [self] upstream, slots in
            var terms = [Double](repeating: 0, count: x.count)
            for row in 0..<rows {
                for column in 0..<columns {
                    if let offset = source(row, column) { terms[offset] += upstream.onReference[row, column] }
                }
            }
            accumulate(slots[0], like: x, terms)
        }
    }

    /// Sums over the elements that go to the same offset of the result.
    private func sums(
        _ x: ReferenceTensor,
        rows: Int,
        columns: Int,
        _ target: @escaping (_ row: Int, _ column: Int) -> Int
    ) -> OperationResult {
        let result = ReferenceTensor(rows: rows, columns: columns)
        for index in x.values.indices { result.values[target(index / x.columns, index % x.columns)] += x.values[index] }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onReference.values
            accumulate(slots[0], like: x) { g[target($0 / x.columns, $0 % x.columns)] }
        }
    }

    private func concatenate(_ a: ReferenceTensor, _ b: ReferenceTensor) -> OperationResult {
        let n = a.columns
        let result = ReferenceTensor(rows: a.rows, columns: n + b.columns) { $1 < n ? a[$0, $1] : b[$0, $1 - n] }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onReference
            accumulate(slots[0], like: a) { g[$0 / n, $0 % n] }
            accumulate(slots[1], like: b) { g[$0 / b.columns, n + $0 % b.columns] }
        }
    }

    // MARK: Products

    private func product(_ a: ReferenceTensor, _ b: ReferenceTensor, isTransposed: Bool) -> OperationResult {
        let (k, n) = (a.columns, isTransposed ? b.rows : b.columns)
        func right(_ inner: Int, _ column: Int) -> Double { isTransposed ? b[column, inner] : b[inner, column] }
        let result = ReferenceTensor(rows: a.rows, columns: n) { row, column in
            (0..<k).reduce(0) { $0 + a[row, $1] * right($1, column) }
        }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onReference
            accumulate(slots[0], like: a) { index in
                (0..<n).reduce(0) { $0 + g[index / k, $1] * right(index % k, $1) }
            }
            accumulate(slots[1], like: b) { index in
                let (row, column) = (index / b.columns, index % b.columns)
                let (inner, outer) = isTransposed ? (column, row) : (row, column)
                return (0..<a.rows).reduce(0) { $0 + a[$1, inner] * g[$1, outer] }
            }
        }
    }

    private func norms(_ x: ReferenceTensor) -> [Double] {
        (0..<x.rows).map { row in (0..<x.columns).reduce(0) { $0 + x[row, $1] * x[row, $1] }.squareRoot() }
    }

    private func normalizeRows(_ x: ReferenceTensor, _ leastNorm: Double) -> OperationResult {
        let norms = norms(x)
        let y = ReferenceTensor(rows: x.rows, columns: x.columns) { x[$0, $1] / max(norms[$0], leastNorm) }
        return OperationResult(y) { [self] upstream, slots in
            let g = upstream.onReference
            accumulate(slots[0], like: x) { index in
                let (row, column) = (index / x.columns, index % x.columns)
                let along = norms[row] <= leastNorm ? 0 : (0..<x.columns).reduce(0) { $0 + g[row, $1] * y[row, $1] }
                return (g[row, column] - along * y[row, column]) / max(norms[row], leastNorm)
            }
        }
    }

    /// A · B̂ᵀ, as a normalisation and a product.
    private func cosines(_ a: ReferenceTensor, _ b: ReferenceTensor, _ leastNorm: Double) -> OperationResult {
        let unit = normalizeRows(b, leastNorm)
        let result = product(a, unit.value.onReference, isTransposed: true)
        return OperationResult(result.value) { upstream, slots in
            let middle = GradientSlot(of: unit.value)
            result.pullback(upstream, [slots[0], slots[1] == nil ? nil : middle])
            if let gradient = middle.tensor { unit.pullback(gradient, [slots[1]]) }
        }
    }

    private func candidateProducts(_ a: ReferenceTensor, _ memory: ReferenceTensor, _ candidates: [Int])
        -> OperationResult
    {
        let count = candidates.count / max(1, a.rows)
        let result = ReferenceTensor(rows: a.rows, columns: count) { row, column in
            (0..<a.columns).reduce(0) { $0 + a[row, $1] * memory[candidates[row * count + column], $1] }
        }
        return OperationResult(result) { [self] upstream, slots in
            let g = upstream.onReference
            accumulate(slots[0], like: a) { index in
                let row = index / a.columns
                return (0..<count)
                    .reduce(0) { $0 + g[row, $1] * memory[candidates[row * count + $1], index % a.columns] }
            }
        }
    }

    // MARK: Softmax

    /// ln Σ e^x without overflow.
    private func logSumExp(_ x: some Collection<Double>) -> Double {
        let largest = x.max() ?? 0
        return largest + log(x.reduce(0) { $0 + exp($1 - largest) })
    }

    private func row(_ x: ReferenceTensor, _ row: Int) -> ArraySlice<Double> {
        x.values[row * x.columns..<(row + 1) * x.columns]
    }

    private func logSoftmax(_ x: ReferenceTensor) -> OperationResult {
        let totals = (0..<x.rows).map { logSumExp(row(x, $0)) }
        let y = ReferenceTensor(rows: x.rows, columns: x.columns) { x[$0, $1] - totals[$0] }
        return OperationResult(y) { [self] upstream, slots in
            let g = upstream.onReference
            let sums = (0..<x.rows).map { row(g, $0).reduce(0, +) }
            accumulate(slots[0], like: x) { g.values[$0] - exp(y.values[$0]) * sums[$0 / x.columns] }
        }
    }

    private func crossEntropy(_ x: ReferenceTensor, _ loss: MarginCrossEntropy) -> OperationResult {
        let scale = Double(loss.scale)
        let targets = (0..<x.rows).map { loss.reference(x[$0, loss.labels[$0]], row: $0) }
        let logits = ReferenceTensor(rows: x.rows, columns: x.columns) {
            scale * ($1 == loss.labels[$0] ? targets[$0].value : x[$0, $1])
        }
        let totals = (0..<x.rows).map { logSumExp(row(logits, $0)) }
        let result = ReferenceTensor(rows: 1, columns: 1) { _, _ in
            (0..<x.rows).reduce(0) { $0 + totals[$1] - logits[$1, loss.labels[$1]] } / Double(x.rows)
        }
        return OperationResult(result) { [self] upstream, slots in
            let factor = upstream.onReference.values[0] * scale / Double(x.rows)
            accumulate(slots[0], like: x) { index in
                let (row, column) = (index / x.columns, index % x.columns)
                let share = exp(logits.values[index] - totals[row])
                return factor * (column == loss.labels[row] ? (share - 1) * targets[row].derivative : share)
            }
        }
    }

    private func divergence(_ x: ReferenceTensor, _ target: ReferenceTensor, _ t: Double) -> OperationResult {
        func logarithms(_ x: ReferenceTensor) -> ReferenceTensor {
            let totals = (0..<x.rows).map { logSumExp(row(x, $0).map { $0 / t }) }
            return ReferenceTensor(rows: x.rows, columns: x.columns) { x[$0, $1] / t - totals[$0] }
        }
        let (student, teacher) = (logarithms(x), logarithms(target))
        let result = ReferenceTensor(rows: 1, columns: 1) { _, _ in
            let sum = zip(student.values, teacher.values)
                // A class of no weight adds nothing, however unlikely the student finds it.
                .reduce(0) { exp($1.1) == 0 ? $0 : $0 + exp($1.1) * ($1.1 - $1.0) }
            return sum * t * t / Double(x.rows)
        }
        return OperationResult(result) { [self] upstream, slots in
            let factor = upstream.onReference.values[0] * t / Double(x.rows)
            accumulate(slots[0], like: x) { factor * (exp(student.values[$0]) - exp(teacher.values[$0])) }
        }
    }
}

extension ElementFunction {
    fileprivate func value(_ x: Double) -> Double {
        switch self {
        case .squared: x * x
        case .squareRoot: x.squareRoot()
        case .exponential: exp(x)
        case .logarithm: log(x)
        case .rectified: x > 0 ? x : 0 * x
        case .magnitude: abs(x)
        case .sigmoid: x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
        case .smoothAbsolute: abs(x) < 1 ? x * x / 2 : abs(x) - 0.5
        case .clamped(let low, let high): x < Double(low) ? Double(low) : x > Double(high) ? Double(high) : x
        case .affine(let factor, let offset): Double(factor) * x + Double(offset)
        }
    }

    fileprivate func derivative(_ x: Double) -> Double {
        switch self {
        case .squared: 2 * x
        case .squareRoot: x > 0 ? 0.5 / x.squareRoot() : 0
        case .exponential: exp(x)
        case .logarithm: 1 / x
        case .rectified: x > 0 ? 1 : 0
        case .magnitude: x > 0 ? 1 : x < 0 ? -1 : 0
        case .sigmoid: value(x) * (1 - value(x))
        case .smoothAbsolute: min(max(x, -1), 1)
        case .clamped(let low, let high): x < Double(low) || x > Double(high) ? 0 : 1
        case .affine(let factor, _): Double(factor)
        }
    }
}

extension ElementCombination {
    fileprivate func value(_ a: Double, _ b: Double) -> Double {
        switch self {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        }
    }

    fileprivate func partials(_ a: Double, _ b: Double) -> (Double, Double) {
        switch self {
        case .add: (1, 1)
        case .subtract: (1, -1)
        case .multiply: (b, a)
        case .divide: (1 / b, -a / (b * b))
        }
    }
}

extension MarginCrossEntropy {
    /// What takes the place of the label's entry, and the derivative of that.
    fileprivate func reference(_ entry: Double, row: Int) -> (value: Double, derivative: Double) {
        switch margin {
        case .none: return (entry, 1)
        case .additive: return (entry - Double(margins[row]), 1)
        case .angular(let gradient, let beyondPi):
            let m = Double(margins[row])
            let cosine = entry > 1 ? 1 : entry < -1 ? -1 : entry
            if beyondPi == .linear, m > 0, cosine <= -cos(m) { return (cosine - m * sin(m), 1) }
            let angle = acos(cosine)
            let factor = gradient == .exact ? sin(angle + m) / max(sin(angle), Double(Self.leastSine)) : 1
            return (cos(angle + m), factor)
        }
    }
}

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension CPUDevice {
    /// Adds to a gradient, if anybody wants it.
    ///
    /// - Parameter body: Receives the gradient's memory and whether it holds something to add to; where it does not,
    ///   every element has to be written.
    @inline(__always)
    func accumulate(
        _ slot: GradientSlot?,
        like value: CPUTensor,
        _ body: (_ gradient: UnsafeMutablePointer<Float>, _ holdsSum: Bool) -> Void
    ) {
        guard let slot else { return }
        let (gradient, holdsSum) = slot.next { CPUTensor(rows: value.rows, columns: value.columns) }
        body(gradient.onCPU.base, holdsSum)
    }

    /// Adds `term(index)` to every element of a gradient.
    @inline(__always)
    func accumulateEach(_ slot: GradientSlot?, like value: CPUTensor, _ term: (Int) -> Float) {
        accumulate(slot, like: value) { gradient, holdsSum in
            inChunks(of: value.count, threads: threads) { range in
                if holdsSum {
                    for index in range { gradient[index] += term(index) }
                } else {
                    for index in range { gradient[index] = term(index) }
                }
            }
        }
    }

    // MARK: Functions of one number

    func map(_ function: ElementFunction, _ input: CPUTensor) -> OperationResult {
        switch function {
        case .squared: map(input, { $0 * $0 }, derivative: { x, _ in 2 * x })
        case .squareRoot: map(input, { $0.squareRoot() }, derivative: { _, y in y > 0 ? 0.5 / y : 0 })
        case .exponential: map(input, { exp($0) }, derivative: { _, y in y })
        case .logarithm: map(input, { log($0) }, derivative: { x, _ in 1 / x })
        case .rectified: map(input, { $0 > 0 ? $0 : 0 * $0 }, derivative: { x, _ in x > 0 ? 1 : 0 })
        case .magnitude: map(input, { abs($0) }, derivative: { x, _ in x > 0 ? 1 : x < 0 ? -1 : 0 })
        case .sigmoid:
            map(
                input,
                { $0 >= 0 ? 1 / (1 + exp(-$0)) : exp($0) / (1 + exp($0)) },
                derivative: { _, y in y * (1 - y) }
            )
        case .smoothAbsolute:
            map(
                input,
                { abs($0) < 1 ? 0.5 * $0 * $0 : abs($0) - 0.5 },
                derivative: { x, _ in x > 1 ? 1 : x < -1 ? -1 : x }
            )
        case .clamped(let low, let high):
            map(
                input,
                { $0 < low ? low : $0 > high ? high : $0 },
                derivative: { x, _ in x < low || x > high ? 0 : 1 }
            )
        case .affine(let factor, let offset): map(input, { factor * $0 + offset }, derivative: { _, _ in factor })
        }
    }

    @inline(__always)
    private func map(
        _ input: CPUTensor,
        _ function: (Float) -> Float,
        derivative: @escaping (_ x: Float, _ y: Float) -> Float
    ) -> OperationResult {
        let result = CPUTensor(rows: input.rows, columns: input.columns)
        let (x, y) = (input.base, result.base)
        inChunks(of: input.count, threads: threads) { range in
            for index in range { y[index] = function(x[index]) }
        }
        return OperationResult(result) { [self] upstream, slots in
            let (x, y, g) = (input.base, result.base, upstream.onCPU.base)
            accumulateEach(slots[0], like: input) { g[$0] * derivative(x[$0], y[$0]) }
        }
    }

    // MARK: Functions of two numbers

    func combine(_ combination: ElementCombination, _ a: CPUTensor, _ b: CPUTensor) -> OperationResult {
        switch combination {
        case .add: combine(a, b, { $0 + $1 }, partials: { _, _ in (1, 1) })
        case .subtract: combine(a, b, { $0 - $1 }, partials: { _, _ in (1, -1) })
        case .multiply: combine(a, b, { $0 * $1 }, partials: { ($1, $0) })
        case .divide: combine(a, b, { $0 / $1 }, partials: { (1 / $1, -$0 / ($1 * $1)) })
        }
    }

    @inline(__always)
    private func combine(
        _ a: CPUTensor,
        _ b: CPUTensor,
        _ function: (Float, Float) -> Float,
        partials: @escaping (Float, Float) -> (Float, Float)
    ) -> OperationResult {
        let pair = BroadcastPair(a, b)
        let result = CPUTensor(rows: pair.rows, columns: pair.columns)
        let (x, y, z) = (a.base, b.base, result.base)
        inRows(pair.rows, length: pair.columns, threads: threads) { rows in
            for row in rows {
                let (p, q, r) = (x + row * pair.a.rowStep, y + row * pair.b.rowStep, z + row * pair.columns)
                for column in 0..<pair.columns {
                    r[column] = function(p[column * pair.a.columnStep], q[column * pair.b.columnStep])
                }
            }
        }
        return OperationResult(result) { [self] upstream, slots in
            let (x, y) = (a.base, b.base)
            pullBack(upstream.onCPU, pair, to: slots[0], a, pair.a) {
                partials(x[pair.a.index($0, $1)], y[pair.b.index($0, $1)]).0
            }
            pullBack(upstream.onCPU, pair, to: slots[1], b, pair.b) {
                partials(x[pair.a.index($0, $1)], y[pair.b.index($0, $1)]).1
            }
        }
    }

    /// Adds upstream · partial to an operand's gradient, summed in Double over what it was broadcast over.
    @inline(__always)
    private func pullBack(
        _ upstream: CPUTensor,
        _ pair: BroadcastPair,
        to slot: GradientSlot?,
        _ operand: CPUTensor,
        _ steps: BroadcastPair.Steps,
        _ partial: (_ row: Int, _ column: Int) -> Float
    ) {
        guard slot != nil else { return }
        let (g, columns) = (upstream.base, pair.columns)
        if steps.isWhole {
            accumulate(slot, like: operand) { gradient, holdsSum in
                inRows(pair.rows, length: columns, threads: threads) { range in
                    for row in range {
                        for column in 0..<columns {
                            let index = row * columns + column
                            let term = g[index] * partial(row, column)
                            gradient[index] = holdsSum ? gradient[index] + term : term
                        }
                    }
                }
            }
            return
        }
        var sums = [Double](repeating: 0, count: operand.count)
        for row in 0..<pair.rows {
            for column in 0..<columns {
                sums[steps.index(row, column)] += Double(g[row * columns + column]) * Double(partial(row, column))
            }
        }
        accumulateEach(slot, like: operand) { Float(sums[$0]) }
    }
}

/// How two operands lie under a result.
private struct BroadcastPair {
    struct Steps {
        let rowStep: Int
        let columnStep: Int
        let isWhole: Bool

        init(_ operand: CPUTensor, rows: Int, columns: Int) {
            rowStep = operand.rows == rows ? operand.columns : 0
            columnStep = operand.columns == columns ? 1 : 0
            isWhole = operand.rows == rows && operand.columns == columns
        }

        /// The operand's offset under an element of the result.
        @inline(__always)
        func index(_ row: Int, _ column: Int) -> Int { row * rowStep + column * columnStep }
    }

    let rows: Int
    let columns: Int
    let a: Steps
    let b: Steps

    init(_ a: CPUTensor, _ b: CPUTensor) {
        rows = a.rows == 1 ? b.rows : a.rows
        columns = a.columns == 1 ? b.columns : a.columns
        self.a = Steps(a, rows: rows, columns: columns)
        self.b = Steps(b, rows: rows, columns: columns)
    }
}

extension TapeValue {
    /// a + b.
    public static func + (a: TapeValue, b: TapeValue) -> TapeValue {
        combine(a, b) {
            $0 + $1
        } partials: { _, _ in
            (1, 1)
        }
    }

    /// a − b.
    public static func - (a: TapeValue, b: TapeValue) -> TapeValue {
        combine(a, b) {
            $0 - $1
        } partials: { _, _ in
            (1, -1)
        }
    }

    /// a · b, element by element.
    public static func * (a: TapeValue, b: TapeValue) -> TapeValue {
        combine(a, b) {
            $0 * $1
        } partials: {
            ($1, $0)
        }
    }

    /// a / b, element by element.
    public static func / (a: TapeValue, b: TapeValue) -> TapeValue {
        combine(a, b) {
            $0 / $1
        } partials: {
            (1 / $1, -$0 / ($1 * $1))
        }
    }

    /// Elementwise function of two values, either of which may be a row, a column or a scalar.
    @inline(__always)
    private static func combine(
        _ a: TapeValue,
        _ b: TapeValue,
        _ function: (Float, Float) -> Float,
        partials: @escaping (Float, Float) -> (Float, Float)
    ) -> TapeValue {
        precondition(a.tape === b.tape, "values of two tapes")
        let tape = a.tape
        let pair = BroadcastPair(a.node.value, b.node.value)
        let result = TapeStorage(rows: pair.rows, columns: pair.columns)
        let (x, y, z) = (a.node.value.base, b.node.value.base, result.base)
        inRows(pair.rows, length: pair.columns, threads: tape.threads) { rows in
            for row in rows {
                let (p, q, r) = (x + row * pair.a.rowStep, y + row * pair.b.rowStep, z + row * pair.columns)
                for column in 0..<pair.columns {
                    r[column] = function(p[column * pair.a.columnStep], q[column * pair.b.columnStep])
                }
            }
        }
        let (first, second, threads) = (a.node, b.node, tape.threads)
        return tape.record(result, tracksGradient: first.tracksGradient || second.tracksGradient) { upstream in
            let (x, y) = (first.value.base, second.value.base)
            pair.pullBack(upstream, to: first, pair.a, threads: threads) {
                partials(x[pair.a.index($0, $1)], y[pair.b.index($0, $1)]).0
            }
            pair.pullBack(upstream, to: second, pair.b, threads: threads) {
                partials(x[pair.a.index($0, $1)], y[pair.b.index($0, $1)]).1
            }
        }
    }
}

/// How two operands lie under a result.
private struct BroadcastPair {
    struct Steps {
        let rowStep: Int
        let columnStep: Int
        let isWhole: Bool

        init(_ operand: TapeStorage, rows: Int, columns: Int) {
            precondition(
                (operand.rows == rows || operand.rows == 1) && (operand.columns == columns || operand.columns == 1),
                "\(operand.rows) × \(operand.columns) does not spread over \(rows) × \(columns)"
            )
            rowStep = operand.rows == rows ? operand.columns : 0
            columnStep = operand.columns == columns ? 1 : 0
            isWhole = operand.rows == rows && operand.columns == columns
        }

        /// Where the operand lies under a place of the result.
        @inline(__always)
        func index(_ row: Int, _ column: Int) -> Int { row * rowStep + column * columnStep }
    }

    let rows: Int
    let columns: Int
    let a: Steps
    let b: Steps

    init(_ a: TapeStorage, _ b: TapeStorage) {
        rows = a.rows == 1 ? b.rows : a.rows
        columns = a.columns == 1 ? b.columns : a.columns
        self.a = Steps(a, rows: rows, columns: columns)
        self.b = Steps(b, rows: rows, columns: columns)
    }

    /// Adds upstream · partial to an operand's gradient, summed in Double over what it was spread over.
    @inline(__always)
    func pullBack(
        _ upstream: TapeStorage,
        to node: TapeNode,
        _ steps: Steps,
        threads: Int,
        _ partial: (_ row: Int, _ column: Int) -> Float
    ) {
        guard node.tracksGradient else { return }
        let g = upstream.base
        if steps.isWhole {
            node.accumulate { gradient, holdsSum in
                inRows(rows, length: columns, threads: threads) { range in
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
        var sums = [Double](repeating: 0, count: node.value.count)
        for row in 0..<rows {
            for column in 0..<columns {
                sums[row * steps.rowStep + column * steps.columnStep] +=
                    Double(g[row * columns + column]) * Double(partial(row, column))
            }
        }
        node.accumulate(threads: 1) { Float(sums[$0]) }
    }
}

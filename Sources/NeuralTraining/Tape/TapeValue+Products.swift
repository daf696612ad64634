internal import NeuralCompute

extension TapeValue {
    /// The matrix product self · other, `[m, k] · [k, n]`.
    public func times(_ other: TapeValue) -> TapeValue {
        precondition(columns == other.rows, "\(rows) × \(columns) times \(other.rows) × \(other.columns)")
        let (a, b, products) = (node, other.node, tape.products)
        let (m, k, n) = (rows, columns, other.columns)
        let result = TapeStorage(rows: m, columns: n)
        products.multiply(a.value.base, b.value.base, rows: m, columns: n, depth: k, output: result.base)
        return tape.record(result, tracksGradient: a.tracksGradient || b.tracksGradient) { upstream in
            let g = upstream.base
            a.accumulate {
                products.multiply(
                    g,
                    transposed: b.value.base,
                    rows: m,
                    columns: k,
                    depth: n,
                    output: $0,
                    accumulating: $1
                )
            }
            b.accumulate {
                products.multiply(
                    transposed: a.value.base,
                    g,
                    rows: k,
                    columns: n,
                    depth: m,
                    output: $0,
                    accumulating: $1
                )
            }
        }
    }

    /// The matrix product self · otherᵀ, `[m, k] · [n, k]ᵀ`: embeddings with class weights.
    public func times(transposed other: TapeValue) -> TapeValue {
        precondition(columns == other.columns, "\(rows) × \(columns) times (\(other.rows) × \(other.columns))ᵀ")
        let (a, b, products) = (node, other.node, tape.products)
        let (m, k, n) = (rows, columns, other.rows)
        let result = TapeStorage(rows: m, columns: n)
        products.multiply(a.value.base, transposed: b.value.base, rows: m, columns: n, depth: k, output: result.base)
        return tape.record(result, tracksGradient: a.tracksGradient || b.tracksGradient) { upstream in
            let g = upstream.base
            a.accumulate {
                products.multiply(g, b.value.base, rows: m, columns: k, depth: n, output: $0, accumulating: $1)
            }
            b.accumulate {
                products.multiply(
                    transposed: g,
                    a.value.base,
                    rows: n,
                    columns: k,
                    depth: m,
                    output: $0,
                    accumulating: $1
                )
            }
        }
    }

    /// Rows and columns exchanged.
    public var transposed: TapeValue {
        let input = node
        let (rows, columns) = (rows, columns)
        let result = TapeStorage(rows: columns, columns: rows)
        for row in 0..<rows {
            for column in 0..<columns {
                result.base[column * rows + row] = input.value.base[row * columns + column]
            }
        }
        return tape.record(result, tracksGradient: input.tracksGradient) { upstream in
            let g = upstream.base
            input.accumulate(threads: 1) { g[$0 % columns * rows + $0 / columns] }
        }
    }
}

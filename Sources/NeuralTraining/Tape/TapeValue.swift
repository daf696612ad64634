/// A matrix on a tape: the operand and result of differentiable expressions.
///
/// Elementwise operations broadcast a row `[1, n]`, a column `[m, 1]` or a scalar `[1, 1]` over the other operand.
public struct TapeValue {
    /// Where it is recorded.
    public let tape: Tape
    let node: TapeNode

    /// The number of rows.
    public var rows: Int { node.value.rows }
    /// The number of columns.
    public var columns: Int { node.value.columns }
    /// A copy of the value.
    public var matrix: Matrix { node.value.matrix }
    /// Whether a gradient reaches a leaf through it.
    public var isDifferentiated: Bool { node.tracksGradient }

    /// The number of a `[1, 1]` value.
    public var scalar: Float {
        precondition(rows == 1 && columns == 1, "\(rows) × \(columns) is no scalar")
        return node.value.base[0]
    }

    /// Lends the value without a copy.
    public func withElements<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: node.value.base, count: node.value.count))
    }

    /// The same numbers as a constant: no gradient goes back through it.
    public var detached: TapeValue { tape.record(node.value, tracksGradient: false) }
}

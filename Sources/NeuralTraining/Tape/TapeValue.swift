public import NeuralCompute

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
    /// Where the numbers are.
    public var tensor: DeviceTensor { node.value }
    /// A copy of the value in the host's memory.
    public var matrix: Matrix { tape.device.matrix(of: node.value) }
    /// Whether a gradient reaches a leaf through it.
    public var isDifferentiated: Bool { node.slot != nil }

    /// The number of a `[1, 1]` value.
    public var scalar: Float {
        precondition(rows == 1 && columns == 1, "\(rows) × \(columns) is no scalar")
        return matrix.elements[0]
    }

    /// The same numbers as a constant: no gradient goes back through it.
    public var detached: TapeValue { tape.constant(node.value) }
}

// MARK: - Elements

extension TapeValue {
    private func map(_ function: ElementFunction) -> TapeValue { tape.apply(.map(function), self) }

    /// x².
    public var squared: TapeValue { map(.squared) }
    /// √x; the derivative at 0 is taken as 0.
    public var squareRoot: TapeValue { map(.squareRoot) }
    /// eˣ.
    public var exponential: TapeValue { map(.exponential) }
    /// ln x.
    public var logarithm: TapeValue { map(.logarithm) }
    /// max(x, 0), with derivative 0 at 0.
    public var rectified: TapeValue { map(.rectified) }
    /// |x|, with derivative 0 at 0.
    public var magnitude: TapeValue { map(.magnitude) }
    /// The logistic function 1 / (1 + e⁻ˣ); no overflow at either end.
    public var sigmoid: TapeValue { map(.sigmoid) }
    /// Huber's function with threshold 1: x²/2 up to |x| = 1, |x| − ½ beyond (PyTorch's smooth L1).
    public var smoothAbsolute: TapeValue { map(.smoothAbsolute) }

    /// The nearest number of a range.
    ///
    /// The derivative is 1 within, ends included, and 0 outside. NaN stays NaN.
    public func clamped(to range: ClosedRange<Float>) -> TapeValue {
        map(.clamped(low: range.lowerBound, high: range.upperBound))
    }

    private func affine(_ factor: Float, _ offset: Float) -> TapeValue {
        map(.affine(factor: factor, offset: offset))
    }

    /// −x.
    public static prefix func - (value: TapeValue) -> TapeValue { value.affine(-1, 0) }
    /// x + c.
    public static func + (value: TapeValue, constant: Float) -> TapeValue { value.affine(1, constant) }
    /// c + x.
    public static func + (constant: Float, value: TapeValue) -> TapeValue { value.affine(1, constant) }
    /// x − c.
    public static func - (value: TapeValue, constant: Float) -> TapeValue { value.affine(1, -constant) }
    /// c − x.
    public static func - (constant: Float, value: TapeValue) -> TapeValue { value.affine(-1, constant) }
    /// c · x.
    public static func * (constant: Float, value: TapeValue) -> TapeValue { value.affine(constant, 0) }
    /// x · c.
    public static func * (value: TapeValue, constant: Float) -> TapeValue { value.affine(constant, 0) }
    /// x / c.
    public static func / (value: TapeValue, constant: Float) -> TapeValue { value.affine(1 / constant, 0) }

    /// a + b.
    public static func + (a: TapeValue, b: TapeValue) -> TapeValue { combine(.add, a, b) }
    /// a − b.
    public static func - (a: TapeValue, b: TapeValue) -> TapeValue { combine(.subtract, a, b) }
    /// a · b, element by element.
    public static func * (a: TapeValue, b: TapeValue) -> TapeValue { combine(.multiply, a, b) }
    /// a / b, element by element.
    public static func / (a: TapeValue, b: TapeValue) -> TapeValue { combine(.divide, a, b) }

    private static func combine(_ combination: ElementCombination, _ a: TapeValue, _ b: TapeValue) -> TapeValue {
        func spreads(_ x: Int, _ y: Int) -> Bool { x == y || x == 1 || y == 1 }
        precondition(
            spreads(a.rows, b.rows) && spreads(a.columns, b.columns),
            "\(a.rows) × \(a.columns) with \(b.rows) × \(b.columns)"
        )
        return a.tape.apply(.combine(combination), a, b)
    }
}

// MARK: - Products

extension TapeValue {
    /// The matrix product self · other, `[m, k] · [k, n]`.
    public func times(_ other: TapeValue) -> TapeValue {
        precondition(columns == other.rows, "\(rows) × \(columns) times \(other.rows) × \(other.columns)")
        return tape.apply(.product, self, other)
    }

    /// The matrix product self · otherᵀ, `[m, k] · [n, k]ᵀ`: embeddings with class weights.
    public func times(transposed other: TapeValue) -> TapeValue {
        precondition(columns == other.columns, "\(rows) × \(columns) times (\(other.rows) × \(other.columns))ᵀ")
        return tape.apply(.productTransposed, self, other)
    }

    /// Rows and columns exchanged.
    public var transposed: TapeValue { tape.apply(.transpose, self) }

    /// Cosines of every row with every row of a second matrix, `[m, n]`: embeddings and class weights.
    ///
    /// As `normalizedRows().times(transposed: other.normalizedRows())`, but the second matrix, which may have a hundred
    /// thousand rows, is not copied.
    ///
    /// - Parameters:
    ///   - other: `[n, k]`.
    ///   - leastNorm: What a smaller norm of either is replaced by, as in ``normalizedRows(leastNorm:)``.
    public func cosines(with other: TapeValue, leastNorm: Float = 1e-12) -> TapeValue {
        precondition(columns == other.columns, "\(columns) numbers beside \(other.columns)")
        return tape.apply(
            .productWithNormalizedRows(leastNorm: leastNorm),
            normalizedRows(leastNorm: leastNorm),
            other
        )
    }

    /// Inner products of every row with rows of a memory of its own, `[m, candidates / m]`; the memory gets no gradient.
    ///
    /// - Parameters:
    ///   - candidates: Row indices of the memory, those of this value's first row first.
    ///   - memory: `[any, k]`; must not change before the backward pass.
    public func products(withRows candidates: [Int], of memory: DeviceTensor) -> TapeValue {
        precondition(columns == memory.columns && candidates.count.isMultiple(of: max(1, rows)))
        return tape.apply(.candidateProducts(candidates), self, tape.constant(memory))
    }
}

// MARK: - Rows and columns

extension TapeValue {
    /// The sum of each row, `[m, 1]`; added in double precision.
    public var rowSums: TapeValue { tape.apply(.rowSums, self) }
    /// The sum of each column, `[1, n]`; added in double precision.
    public var columnSums: TapeValue { tape.apply(.columnSums, self) }
    /// The sum of all, `[1, 1]`; added in double precision, row by row.
    public var sum: TapeValue { tape.apply(.sum, self) }
    /// The mean of all, `[1, 1]`.
    public var mean: TapeValue { sum / Float(rows * columns) }

    /// Rows divided by their Euclidean norms.
    ///
    /// - Parameter leastNorm: What a smaller norm is replaced by: 1e-12 as PyTorch's `normalize`. A row of zeros stays
    ///   one, with gradient upstream / leastNorm.
    public func normalizedRows(leastNorm: Float = 1e-12) -> TapeValue {
        tape.apply(.normalizeRows(leastNorm: leastNorm), self)
    }

    /// The same numbers in other rows and columns.
    public func reshaped(rows newRows: Int, columns newColumns: Int) -> TapeValue {
        precondition(newRows * newColumns == rows * columns, "\(rows) × \(columns) as \(newRows) × \(newColumns)")
        return tape.apply(.reshape(rows: newRows, columns: newColumns), self)
    }

    /// Rows by their indices, in the order given; a row may come more than once.
    public func rows(_ indices: [Int]) -> TapeValue {
        let count = rows
        precondition(indices.allSatisfy { $0 >= 0 && $0 < count }, "a row outside 0 ..< \(count)")
        return tape.apply(.gatherRows(indices), self)
    }

    /// Elements by row and column, as a column `[indices.count, 1]`.
    public func elements(at indices: [(row: Int, column: Int)]) -> TapeValue {
        let columns = columns
        precondition(indices.allSatisfy { $0.row >= 0 && $0.row < rows && $0.column >= 0 && $0.column < columns })
        return reshaped(rows: rows * columns, columns: 1).rows(indices.map { $0.row * columns + $0.column })
    }

    /// One element of each row, as a column `[m, 1]`: the label's logit.
    public func elements(inColumns indices: [Int]) -> TapeValue {
        precondition(indices.count == rows, "\(indices.count) columns for \(rows) rows")
        return elements(at: indices.enumerated().map { (row: $0.offset, column: $0.element) })
    }

    /// The columns of this value and then those of another, `[m, n₁ + n₂]`.
    public func beside(_ other: TapeValue) -> TapeValue {
        precondition(rows == other.rows, "\(rows) rows beside \(other.rows)")
        return tape.apply(.concatenateColumns, self, other)
    }

    /// Gathers positions of feature maps: the arrangement behind convolutions and poolings.
    ///
    /// Rows are feature maps `[positions, channels]`, channels last. The result's rows are
    /// `[windows, window length, channels]`.
    ///
    /// - Parameters:
    ///   - windows: For each window its positions; −1 stands for a border of zeros. All of one length.
    ///   - channels: The number of channels.
    public func gatheringPositions(_ windows: [[Int]], channels: Int) -> TapeValue {
        let (length, positions) = (windows.first?.count ?? 0, columns / channels)
        precondition(windows.allSatisfy { $0.count == length && $0.allSatisfy { $0 >= -1 && $0 < positions } })
        return tape.apply(.gatherPositions(windows.flatMap { $0 }, channels: channels), self)
    }
}

// MARK: - Losses

extension TapeValue {
    /// ln softmax of each row.
    public var logSoftmax: TapeValue { tape.apply(.logSoftmax, self) }

    /// The mean over rows of −ln softmax at the label, `[1, 1]`.
    ///
    /// - Parameter labels: One column index per row.
    public func crossEntropy(labels: [Int]) -> TapeValue { crossEntropy(MarginCrossEntropy(labels: labels)) }

    /// The mean over rows of −ln softmax(s·c) at the label after a margin changed the label's entry, `[1, 1]`.
    ///
    /// Every classification loss here goes through it.
    public func crossEntropy(_ loss: MarginCrossEntropy) -> TapeValue {
        let columns = columns
        precondition(loss.labels.count == rows, "\(loss.labels.count) labels for \(rows) rows")
        precondition(loss.labels.allSatisfy { $0 >= 0 && $0 < columns }, "a label outside 0 ..< \(columns)")
        return tape.apply(.crossEntropy(loss), self)
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
        return tape.apply(.klDivergence(temperature: temperature), self, teacher.detached)
    }
}

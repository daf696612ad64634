public import NeuralCompute

/// Reverse-mode differentiation over matrices, for losses.
///
/// Operations are written as expressions of ``TapeValue``; ``backward(from:)`` then gives the derivatives of one scalar.
/// A tape serves one step and is thrown away. It belongs to one thread at a time; large operations use more inside.
///
/// The same inputs give the same bytes for any number of threads.
public final class Tape {
    /// Matrix products, and through them the number of threads of every operation.
    public let products: MatrixProducts
    var nodes: [TapeNode] = []

    /// An empty tape.
    ///
    /// - Parameter threads: How many threads large operations use.
    public init(threads: Int = 1) { products = MatrixProducts(threads: threads) }

    /// How many threads large operations use.
    public var threads: Int { products.threads }

    /// A value whose gradient is wanted.
    public func leaf(_ matrix: Matrix) -> TapeValue { record(TapeStorage(matrix), tracksGradient: true) }

    /// A value whose gradient is wanted, in memory of the caller.
    ///
    /// - Parameters:
    ///   - values: `[rows, columns]`; must stay alive and unchanged while the tape is in use.
    ///   - gradient: Receives the gradient, written and not accumulated; zeros where the loss does not depend on it.
    ///   - rows: The number of rows.
    ///   - columns: The number of columns.
    ///   - keeper: An object that owns the memory, kept as long as the tape is.
    public func leaf(
        borrowing values: UnsafeMutableBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>,
        rows: Int,
        columns: Int,
        keeper: AnyObject? = nil
    ) -> TapeValue {
        record(
            borrow(UnsafeBufferPointer(values), rows, columns, keeper),
            tracksGradient: true,
            gradientMemory: borrow(UnsafeBufferPointer(gradient), rows, columns, keeper)
        )
    }

    /// A value without a gradient.
    public func constant(_ matrix: Matrix) -> TapeValue { record(TapeStorage(matrix), tracksGradient: false) }

    /// A value without a gradient, in memory of the caller.
    ///
    /// - Parameters:
    ///   - values: `[rows, columns]`; must stay alive and unchanged while the tape is in use.
    ///   - rows: The number of rows.
    ///   - columns: The number of columns.
    ///   - keeper: An object that owns the memory, kept as long as the tape is.
    public func constant(
        borrowing values: UnsafeBufferPointer<Float>,
        rows: Int,
        columns: Int,
        keeper: AnyObject? = nil
    ) -> TapeValue {
        record(borrow(values, rows, columns, keeper), tracksGradient: false)
    }

    /// Computes the gradients of all leaves.
    ///
    /// - Parameter scalar: What is differentiated, `[1, 1]`.
    public func backward(from scalar: TapeValue) {
        precondition(scalar.tape === self && scalar.rows == 1 && scalar.columns == 1, "a loss is one number")
        for node in nodes { node.clearGradient() }
        scalar.node.accumulate { gradient, _ in gradient[0] = 1 }
        for node in nodes.reversed() {
            guard let pullback = node.pullback, let gradient = node.gradient else { continue }
            pullback(gradient)
            node.clearGradient()
        }
        for node in nodes where node.gradientMemory != nil && node.gradient == nil {
            node.accumulate { gradient, _ in gradient.update(repeating: 0, count: node.value.count) }
        }
    }

    /// The gradient of a leaf after ``backward(from:)``: zeros where the loss does not depend on it.
    public func gradient(of leaf: TapeValue) -> Matrix {
        leaf.node.gradient?.matrix ?? Matrix(rows: leaf.rows, columns: leaf.columns)
    }

    private func borrow(
        _ memory: UnsafeBufferPointer<Float>,
        _ rows: Int,
        _ columns: Int,
        _ keeper: AnyObject?
    ) -> TapeStorage {
        precondition(memory.count >= rows * columns, "memory for \(memory.count) numbers, \(rows) × \(columns) asked")
        guard let base = memory.baseAddress else { return TapeStorage(rows: rows, columns: columns) }
        return TapeStorage(
            borrowing: UnsafeMutablePointer(mutating: base),
            rows: rows,
            columns: columns,
            keeper: keeper
        )
    }

    func record(
        _ value: TapeStorage,
        tracksGradient: Bool,
        gradientMemory: TapeStorage? = nil,
        pullback: ((TapeStorage) -> Void)? = nil
    ) -> TapeValue {
        let node = TapeNode(
            value: value,
            tracksGradient: tracksGradient,
            gradientMemory: gradientMemory,
            pullback: tracksGradient ? pullback : nil
        )
        nodes.append(node)
        return TapeValue(tape: self, node: node)
    }
}

extension Tape {
    /// Records an operation of the caller's own.
    ///
    /// - Parameters:
    ///   - inputs: What it was computed from.
    ///   - value: Its value.
    ///   - pullback: From the gradient of the value to the gradients of the inputs, in order; nil for an input that has
    ///     none. Called only if an input wants one.
    /// - Returns: The value on the tape.
    public func custom(
        _ inputs: [TapeValue],
        value: Matrix,
        pullback: @escaping (_ upstream: Matrix) -> [Matrix?]
    ) -> TapeValue {
        let parents = inputs.map(\.node)
        let threads = threads
        return record(TapeStorage(value), tracksGradient: parents.contains(where: \.tracksGradient)) { upstream in
            for (parent, gradient) in zip(parents, pullback(upstream.matrix)) {
                guard let gradient, parent.tracksGradient else { continue }
                precondition(gradient.rows == parent.value.rows && gradient.columns == parent.value.columns)
                gradient.elements.withUnsafeBufferPointer { buffer in
                    guard let base = buffer.baseAddress else { return }
                    parent.accumulate(base, threads: threads)
                }
            }
        }
    }
}

public import NeuralCompute

/// Reverse-mode differentiation over matrices on a device, for losses.
///
/// Operations are written as expressions of ``TapeValue``; ``backward(from:)`` then gives the derivatives of one scalar.
/// A tape serves one step and is thrown away. It belongs to one thread at a time.
public final class Tape {
    /// Where everything is computed.
    public let device: any Device
    private var nodes: [TapeNode] = []

    /// An empty tape.
    public init(device: any Device) { self.device = device }

    /// A value whose gradient is wanted.
    public func leaf(_ matrix: Matrix) -> TapeValue { leaf(device.tensor(matrix)) }

    /// A value whose gradient is wanted.
    ///
    /// - Parameters:
    ///   - tensor: Must stay unchanged while the tape is in use.
    ///   - gradient: Receives the gradient, written and not accumulated; zeros where the loss does not depend on it. The
    ///     tape makes memory of its own where there is none.
    public func leaf(_ tensor: DeviceTensor, gradient: DeviceTensor? = nil) -> TapeValue {
        record(TapeNode(tensor, slot: GradientSlot(of: tensor, lent: gradient), lent: gradient))
    }

    /// A value without a gradient.
    public func constant(_ matrix: Matrix) -> TapeValue { constant(device.tensor(matrix)) }

    /// A value without a gradient.
    ///
    /// - Parameter tensor: Must stay unchanged while the tape is in use.
    public func constant(_ tensor: DeviceTensor) -> TapeValue { record(TapeNode(tensor, slot: nil)) }

    /// Records an operation of the device's.
    func apply(_ operation: TensorOperation, _ inputs: TapeValue...) -> TapeValue {
        precondition(inputs.allSatisfy { $0.tape === self }, "values of two tapes")
        let parents = inputs.map(\.node)
        let result = device.apply(operation, to: parents.map(\.value))
        guard parents.contains(where: { $0.slot != nil }) else { return constant(result.value) }
        let node = TapeNode(result.value, slot: GradientSlot(of: result.value)) { upstream in
            result.pullback(upstream, parents.map(\.slot))
        }
        return record(node)
    }

    /// Records a value whose gradient the caller knows.
    ///
    /// - Parameters:
    ///   - input: What it was computed from.
    ///   - value: Its value, `[1, 1]`.
    ///   - gradient: ∂value/∂input, of the input's shape.
    public func differentiated(_ input: TapeValue, value: Float, gradient: DeviceTensor) -> TapeValue {
        let tensor = device.tensor(Matrix(rows: 1, columns: 1, elements: [value]))
        guard let slot = input.node.slot else { return constant(tensor) }
        let node = TapeNode(tensor, slot: GradientSlot(of: tensor)) { [device] upstream in
            let term = device.apply(.combine(.multiply), to: [upstream, gradient]).value
            let (sum, holdsSum) = slot.next { term }
            if holdsSum {
                device.add(term, to: sum)
            } else if sum !== term {
                device.copy(0..<term.rows, of: term, to: sum, fromRow: 0)
            }
        }
        return record(node)
    }

    /// Computes the gradients of all leaves.
    ///
    /// - Parameter scalar: What is differentiated, `[1, 1]`.
    public func backward(from scalar: TapeValue) {
        precondition(scalar.tape === self && scalar.rows == 1 && scalar.columns == 1, "a loss is one number")
        for node in nodes { node.slot?.clear() }
        if let slot = scalar.node.slot {
            device.fill(slot.next { device.makeTensor(rows: 1, columns: 1) }.tensor, with: 1)
        }
        for node in nodes.reversed() {
            guard let pullback = node.pullback, let gradient = node.slot?.tensor else { continue }
            pullback(gradient)
            node.slot?.clear()
        }
        for node in nodes {
            if let lent = node.lent, node.slot?.tensor == nil { device.fill(lent, with: 0) }
        }
    }

    /// The gradient of a leaf after ``backward(from:)``; nil where the loss does not depend on it.
    public func gradientTensor(of leaf: TapeValue) -> DeviceTensor? { leaf.node.slot?.tensor }

    /// The gradient of a leaf after ``backward(from:)``: zeros where the loss does not depend on it.
    public func gradient(of leaf: TapeValue) -> Matrix {
        gradientTensor(of: leaf).map(device.matrix) ?? Matrix(rows: leaf.rows, columns: leaf.columns)
    }

    private func record(_ node: TapeNode) -> TapeValue {
        nodes.append(node)
        return TapeValue(tape: self, node: node)
    }
}

/// A value on the tape, and how a gradient goes on from it.
///
/// Nodes know the nodes they came from (through their pullbacks) and never the tape, so a tape is freed when its user
/// lets go of it.
final class TapeNode {
    let value: DeviceTensor
    /// Where the gradient is added up; nil where none is wanted.
    let slot: GradientSlot?
    /// Memory that a caller lent for the gradient.
    let lent: DeviceTensor?
    /// Hands the gradient of this value on to what it was computed from; nil for leaves and constants.
    let pullback: ((_ upstream: DeviceTensor) -> Void)?

    init(
        _ value: DeviceTensor,
        slot: GradientSlot?,
        lent: DeviceTensor? = nil,
        pullback: ((DeviceTensor) -> Void)? = nil
    ) {
        self.value = value
        self.slot = slot
        self.lent = lent
        self.pullback = pullback
    }
}

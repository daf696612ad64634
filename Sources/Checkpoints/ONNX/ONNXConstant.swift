internal import ArtifactFiles

/// A whole number that may be a multiple of the unknown number of faces in a batch.
struct SymbolicInteger: Hashable, CustomStringConvertible {
    /// The number, or how many times the batch size.
    var coefficient: Int
    /// Whether the batch size is a factor.
    var isBatchMultiple = false

    /// The batch size itself.
    static let batch = SymbolicInteger(coefficient: 1, isBatchMultiple: true)

    /// The number, nil when it depends on the batch.
    var known: Int? { isBatchMultiple && coefficient != 0 ? nil : coefficient }

    var description: String { isBatchMultiple ? (coefficient == 1 ? "N" : "\(coefficient)·N") : "\(coefficient)" }
}

/// A tensor that is known when the graph is read: a weight, or what a chain of `Shape`, `Gather`, `Concat` computes.
struct ONNXConstant {
    /// Numbers of one kind.
    enum Payload {
        case floats([Float])
        case integers([SymbolicInteger])
    }

    private(set) var shape: [Int]
    private(set) var payload: Payload

    /// The most elements that an operator may make out of fewer: a hostile file cannot make us fill memory.
    static let largestExpansion = 1 << 24

    /// - Parameter shape: Its product must be the payload's count.
    init(shape: [Int], payload: Payload) {
        self.shape = shape
        self.payload = payload
        precondition(shape.reduce(1, *) == count, "shape \(shape) does not hold \(count) values")
    }

    /// A vector of whole numbers.
    init(_ integers: [SymbolicInteger]) { self.init(shape: [integers.count], payload: .integers(integers)) }

    /// The number of elements.
    var count: Int {
        switch payload {
        case .floats(let values): values.count
        case .integers(let values): values.count
        }
    }

    /// The elements as single precision; nil when one depends on the batch.
    var floats: [Float]? {
        switch payload {
        case .floats(let values): return values
        case .integers(let values):
            let known = values.compactMap(\.known)
            return known.count == values.count ? known.map(Float.init) : nil
        }
    }

    /// The elements of a floating-point tensor; nil for whole numbers, which are no weights.
    var weightValues: [Float]? {
        if case .floats(let values) = payload { values } else { nil }
    }

    /// The elements as whole numbers, symbolic ones included; nil for floats.
    var integers: [SymbolicInteger]? {
        switch payload {
        case .floats: nil
        case .integers(let values): values
        }
    }

    /// The elements as known whole numbers.
    var knownIntegers: [Int]? {
        guard let integers else { return nil }
        let known = integers.compactMap(\.known)
        return known.count == integers.count ? known : nil
    }

    /// The one element.
    var scalar: Float? { count == 1 ? floats?.first : nil }

    /// The same elements under another shape of the same count.
    func reshaped(_ shape: [Int]) -> ONNXConstant { ONNXConstant(shape: shape, payload: payload) }

    /// Elements picked by flat index; each index must be in bounds.
    func picking(_ indices: [Int], shape: [Int]) -> ONNXConstant {
        switch payload {
        case .floats(let values): ONNXConstant(shape: shape, payload: .floats(indices.map { values[$0] }))
        case .integers(let values): ONNXConstant(shape: shape, payload: .integers(indices.map { values[$0] }))
        }
    }

    /// The axes in another order.
    ///
    /// - Parameter order: A permutation of the axes: result axis i is axis `order[i]`.
    func transposed(_ order: [Int]) -> ONNXConstant {
        let strides = Self.strides(shape)
        let newShape = order.map { shape[$0] }
        return picking(Self.indices(newShape, strides: order.map { strides[$0] }), shape: newShape)
    }

    /// Repeated along axes of length 1 until it has `target`'s shape; nil when it does not broadcast to that.
    func broadcast(to target: [Int]) -> ONNXConstant? {
        if shape == target { return self }
        guard target.count >= shape.count, elementCount(target, limit: Self.largestExpansion) != nil else { return nil }
        let missing = target.count - shape.count
        let strides = Self.strides(shape)
        var steps = [Int](repeating: 0, count: target.count)
        for axis in shape.indices where shape[axis] != 1 {
            guard shape[axis] == target[axis + missing] else { return nil }
            steps[axis + missing] = strides[axis]
        }
        return picking(Self.indices(target, strides: steps), shape: target)
    }

    /// The shape that two shapes broadcast to.
    static func broadcastShape(_ left: [Int], _ right: [Int]) -> [Int]? {
        var result: [Int] = []
        for axis in 0..<max(left.count, right.count) {
            let a = axis < left.count ? left[left.count - 1 - axis] : 1
            let b = axis < right.count ? right[right.count - 1 - axis] : 1
            guard a == b || a == 1 || b == 1 else { return nil }
            result.append(a == 1 ? b : a)
        }
        return result.reversed()
    }

    private static func strides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        return strides
    }

    /// The flat source index of every element of `shape`, given each axis's step in the source.
    private static func indices(_ shape: [Int], strides: [Int]) -> [Int] {
        var result = [0]
        for (length, step) in zip(shape, strides) {
            result = result.flatMap { base in (0..<length).map { base + $0 * step } }
        }
        return result
    }
}

internal import ArtifactFiles

// Picking elements, and arithmetic element by element.
extension ONNXFolding {
    static func gather(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        guard let picked = node.constants.dropFirst().first ?? nil, let indices = picked.knownIntegers,
            node.integer("axis", default: 0) == 0, let length = value.shape.first, length > 0
        else { throw node.unsupported("only the first axis of a known constant") }
        let stride = value.count / length
        guard let total = elementCount([indices.count, stride], limit: ONNXConstant.largestExpansion) else {
            throw node.unsupported("picks too many elements")
        }
        try importer.charge(total)
        var flat: [Int] = []
        for index in indices {
            let row = index < 0 ? index + length : index
            guard (0..<length).contains(row) else {
                throw node.malformed("an index is out of range", found: "\(index)")
            }
            flat += row * stride..<(row + 1) * stride
        }
        return value.picking(flat, shape: picked.shape + value.shape.dropFirst())
    }

    static func slice(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        guard value.count > 0 else { throw node.unsupported("slices an empty constant") }
        var kept = value.shape.map { Array(0..<$0) }
        for (axis, range) in try ONNXSlice(node, rank: value.shape.count).ranges(value.shape) {
            kept[axis] = range
        }
        var flat = [0]
        for (axis, positions) in kept.enumerated() {
            flat = flat.flatMap { base in positions.map { base * value.shape[axis] + $0 } }
        }
        return value.picking(flat, shape: kept.map(\.count))
    }

    static func concatenate(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let parts = node.constants.compactMap { $0 }
        guard let head = parts.first, parts.count == node.constants.count, node.integer("axis", default: 0) == 0,
            parts.allSatisfy({ !$0.shape.isEmpty && $0.shape.dropFirst() == head.shape.dropFirst() })
        else { throw node.unsupported("only constants along the first axis") }
        let shape = [parts.reduce(0) { $0 + $1.shape[0] }] + head.shape.dropFirst()
        let integers = parts.compactMap(\.integers)
        if integers.count == parts.count {
            return ONNXConstant(shape: shape, payload: .integers(integers.flatMap(\.self)))
        }
        let floats = parts.compactMap(\.floats)
        guard floats.count == parts.count else { throw node.unsupported("mixes kinds of constants") }
        return ONNXConstant(shape: shape, payload: .floats(floats.flatMap(\.self)))
    }

    static func reduceProduct(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        guard let integers = value.integers, value.shape.count <= 1 else {
            throw node.unsupported("only the product of a shape")
        }
        var product = SymbolicInteger(coefficient: 1)
        for integer in integers { product = try SymbolicArithmetic(node).multiply(product, integer) }
        let keeps = node.integer("keepdims", default: 1) == 1
        return ONNXConstant(shape: keeps ? [1] : [], payload: .integers([product]))
    }

    static func negate(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        switch value.payload {
        case .floats(let values): return ONNXConstant(shape: value.shape, payload: .floats(values.map { -$0 }))
        case .integers(let values):
            var negated: [SymbolicInteger] = []
            for integer in values {
                negated.append(
                    try SymbolicArithmetic(node).multiply(integer, SymbolicInteger(coefficient: -1))
                )
            }
            return ONNXConstant(shape: value.shape, payload: .integers(negated))
        }
    }

    static func reciprocal(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try mapFloats(node) { 1 / $0 }
    }

    static func squareRoot(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try mapFloats(node) { $0.squareRoot() }
    }

    private static func mapFloats(
        _ node: ONNXOperator,
        _ transform: (Float) -> Float
    ) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        guard case .floats(let values) = value.payload else {
            throw node.unsupported("only floating-point constants")
        }
        return ONNXConstant(shape: value.shape, payload: .floats(values.map(transform)))
    }

    static func add(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try binary(node, &importer, +, SymbolicArithmetic.add)
    }

    static func subtract(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try binary(node, &importer, -, SymbolicArithmetic.subtract)
    }

    static func multiply(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try binary(node, &importer, *, SymbolicArithmetic.multiply)
    }

    static func divide(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try binary(node, &importer, /, SymbolicArithmetic.divide)
    }

    static func maximum(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try binary(node, &importer, { max($0, $1) }, SymbolicArithmetic.maximum)
    }

    static func minimum(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try binary(node, &importer, { min($0, $1) }, SymbolicArithmetic.minimum)
    }

    static func equal(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try binary(node, &importer, { $0 == $1 ? 1 : 0 }, SymbolicArithmetic.equal)
    }

    /// `Where`.
    static func choose(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        guard node.constants.count == 3, let condition = node.constants[0], let yes = node.constants[1],
            let no = node.constants[2],
            let partial = ONNXConstant.broadcastShape(condition.shape, yes.shape),
            let shape = ONNXConstant.broadcastShape(partial, no.shape),
            let flags = condition.broadcast(to: shape)?.knownIntegers,
            let yesValues = yes.broadcast(to: shape)?.integers, let noValues = no.broadcast(to: shape)?.integers
        else { throw node.unsupported("only a choice between known integers") }
        return ONNXConstant(
            shape: shape,
            payload: .integers(flags.indices.map { flags[$0] != 0 ? yesValues[$0] : noValues[$0] })
        )
    }

    private typealias IntegerRule =
        (SymbolicArithmetic) -> (SymbolicInteger, SymbolicInteger) throws(InputError) -> SymbolicInteger

    private static func binary(
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter,
        _ floatRule: (Float, Float) -> Float,
        _ integerRule: IntegerRule
    ) throws(InputError) -> ONNXConstant {
        guard node.constants.count == 2, let left = node.constants[0], let right = node.constants[1],
            let shape = ONNXConstant.broadcastShape(left.shape, right.shape),
            let count = elementCount(shape, limit: ONNXConstant.largestExpansion)
        else { throw node.unsupported("only two constants whose shapes fit") }
        try importer.charge(count)
        guard let a = left.broadcast(to: shape), let b = right.broadcast(to: shape) else {
            throw node.malformed("the shapes do not fit")
        }
        if let a = a.integers, let b = b.integers {
            var result: [SymbolicInteger] = []
            let rule = integerRule(SymbolicArithmetic(node))
            for (x, y) in zip(a, b) { result.append(try rule(x, y)) }
            return ONNXConstant(shape: shape, payload: .integers(result))
        }
        guard let a = a.floats, let b = b.floats else { throw node.unsupported("mixes kinds of constants") }
        return ONNXConstant(shape: shape, payload: .floats(zip(a, b).map(floatRule)))
    }
}

/// Arithmetic on whole numbers, some of which are multiples of the batch size.
struct SymbolicArithmetic {
    private let node: ONNXOperator

    init(_ node: ONNXOperator) { self.node = node }

    func add(_ a: SymbolicInteger, _ b: SymbolicInteger) throws(InputError) -> SymbolicInteger {
        let isBatch = try common(a, b)
        return try made(a.coefficient.addingReportingOverflow(b.coefficient), isBatch)
    }

    func subtract(_ a: SymbolicInteger, _ b: SymbolicInteger) throws(InputError) -> SymbolicInteger {
        let isBatch = try common(a, b)
        return try made(a.coefficient.subtractingReportingOverflow(b.coefficient), isBatch)
    }

    func multiply(_ a: SymbolicInteger, _ b: SymbolicInteger) throws(InputError) -> SymbolicInteger {
        guard a.known != nil || b.known != nil else { throw unknown() }
        return try made(
            a.coefficient.multipliedReportingOverflow(by: b.coefficient),
            a.known == nil || b.known == nil
        )
    }

    func divide(_ a: SymbolicInteger, _ b: SymbolicInteger) throws(InputError) -> SymbolicInteger {
        guard b.coefficient != 0 else { throw node.malformed("divides by zero") }
        if a.known != nil, b.known == nil { throw unknown() }
        if a.known == nil, b.known != nil,
            a.coefficient.remainderReportingOverflow(dividingBy: b.coefficient).partialValue != 0
        {
            throw unknown()
        }
        return try made(
            a.coefficient.dividedReportingOverflow(by: b.coefficient),
            a.known == nil && b.known != nil
        )
    }

    func maximum(_ a: SymbolicInteger, _ b: SymbolicInteger) throws(InputError) -> SymbolicInteger {
        guard let x = a.known, let y = b.known else { throw unknown() }
        return SymbolicInteger(coefficient: max(x, y))
    }

    func minimum(_ a: SymbolicInteger, _ b: SymbolicInteger) throws(InputError) -> SymbolicInteger {
        guard let x = a.known, let y = b.known else { throw unknown() }
        return SymbolicInteger(coefficient: min(x, y))
    }

    /// A batch size is no number that a file writes down: it differs from all known ones.
    func equal(_ a: SymbolicInteger, _ b: SymbolicInteger) throws(InputError) -> SymbolicInteger {
        SymbolicInteger(coefficient: a == b ? 1 : 0)
    }

    private func common(_ a: SymbolicInteger, _ b: SymbolicInteger) throws(InputError) -> Bool {
        if a.coefficient == 0 { return b.isBatchMultiple }
        if b.coefficient == 0 { return a.isBatchMultiple }
        guard a.isBatchMultiple == b.isBatchMultiple else { throw unknown() }
        return a.isBatchMultiple
    }

    private func unknown() -> InputError { node.unsupported("the result depends on the batch size") }

    private func made(
        _ result: (partialValue: Int, overflow: Bool),
        _ isBatch: Bool
    ) throws(InputError) -> SymbolicInteger {
        guard !result.overflow else { throw node.malformed("an integer overflows") }
        return SymbolicInteger(coefficient: result.partialValue, isBatchMultiple: isBatch)
    }
}

/// The ranges that a `Slice` keeps.
struct ONNXSlice {
    private let node: ONNXOperator
    private let starts: [Int]
    private let ends: [Int]
    private let axes: [Int]
    private let steps: [Int]

    /// Attributes up to operator set 9, node.constants later.
    init(_ node: ONNXOperator, rank: Int) throws(InputError) {
        self.node = node
        func list(_ index: Int, _ attribute: String) throws(InputError) -> [Int]? {
            guard let input = try node.optionalConstant(index, "a bound") else { return node.integers(attribute) }
            guard let values = input.knownIntegers else { throw node.unsupported("its \(attribute) are not known") }
            return values
        }
        guard let starts = try list(1, "starts"), let ends = try list(2, "ends"), starts.count == ends.count,
            starts.count <= rank
        else { throw node.malformed("no starts and ends") }
        self.starts = starts
        self.ends = ends
        let axes = try list(3, "axes") ?? Array(starts.indices)
        steps = try list(4, "steps") ?? Array(repeating: 1, count: starts.count)
        self.axes = axes.map { $0 < 0 ? $0 + rank : $0 }
        guard self.axes.count == starts.count, steps.count == starts.count, Set(self.axes).count == starts.count,
            self.axes.allSatisfy({ (0..<rank).contains($0) })
        else { throw node.malformed("axes or steps do not fit") }
    }

    /// The positions that are kept, by axis.
    func ranges(_ shape: [Int]) throws(InputError) -> [(axis: Int, positions: [Int])] {
        var result: [(Int, [Int])] = []
        for index in axes.indices {
            let length = shape[axes[index]]
            // Steps longer than the axis all take one element; clamped, they cannot overflow.
            let step = max(-length - 1, min(steps[index], length + 1))
            guard step != 0 else { throw node.malformed("a step of 0") }
            let positions =
                step > 0
                ? stride(from: clamp(starts[index], length), to: clamp(ends[index], length), by: step)
                : stride(from: last(starts[index], length), to: last(ends[index], length), by: step)
            result.append((axes[index], Array(positions)))
        }
        return result
    }

    /// Whether everything is kept.
    func isWhole(_ shape: [Int]) -> Bool {
        axes.indices.allSatisfy { index in
            let length = shape[axes[index]]
            return steps[index] == 1 && clamp(starts[index], length) == 0 && clamp(ends[index], length) == length
        }
    }

    private func clamp(_ index: Int, _ length: Int) -> Int {
        max(0, min(length, index < 0 ? index + length : index))
    }

    /// A bound of a slice that runs backwards: −1 stands before the first element.
    private func last(_ index: Int, _ length: Int) -> Int {
        max(-1, min(length - 1, index < 0 ? index + length : index))
    }
}

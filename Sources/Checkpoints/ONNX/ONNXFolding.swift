internal import ArtifactFiles

/// Operators on constants: the chains that compute shapes, and what exporters leave unfolded before weights.
enum ONNXFolding {
    static func constant(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        if let tensor = operation.tensor("value") { return try importer.constant(tensor) }
        if operation.has("value_float") {
            return ONNXConstant(shape: [], payload: .floats([operation.float("value_float", default: 0)]))
        }
        if operation.has("value_int") {
            let value = SymbolicInteger(coefficient: operation.integer("value_int", default: 0))
            return ONNXConstant(shape: [], payload: .integers([value]))
        }
        if operation.has("value_floats"), let values = operation.floats("value_floats") {
            return ONNXConstant(shape: [values.count], payload: .floats(values))
        }
        if operation.has("value_ints"), let values = operation.integers("value_ints") {
            return ONNXConstant(values.map { SymbolicInteger(coefficient: $0) })
        }
        throw operation.unsupported("a constant of a kind that is not supported")
    }

    static func constantOfShape(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        guard let shape = inputs.first??.knownIntegers,
            let count = elementCount(shape, limit: ONNXConstant.largestExpansion)
        else { throw operation.unsupported("the shape is not known or too large") }
        try importer.charge(count)
        guard let tensor = operation.tensor("value") else {
            return ONNXConstant(shape: shape, payload: .floats(Array(repeating: 0, count: count)))
        }
        let value = try importer.constant(tensor)
        guard value.count == 1, let filled = value.reshaped([]).broadcast(to: shape) else {
            throw operation.malformed("the value is no scalar")
        }
        return filled
    }

    static func identity(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant { try first(operation, inputs) }

    static func cast(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let value = try first(operation, inputs)
        return try convert(
            value,
            toFloat: ONNXTensorReader.isFloatingPoint(operation.integer("to", default: 1)),
            operation
        )
    }

    static func castLike(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let value = try first(operation, inputs)
        return try convert(value, toFloat: inputs.last??.integers == nil, operation)
    }

    private static func convert(
        _ value: ONNXConstant,
        toFloat: Bool,
        _ operation: ONNXOperator
    ) throws(InputError) -> ONNXConstant {
        switch value.payload {
        case .floats(let values) where !toFloat:
            var integers: [SymbolicInteger] = []
            for number in values {
                guard let whole = Int(exactly: number.rounded(.towardZero)) else {
                    throw operation.unsupported("casts a value that is no integer", found: "\(number)")
                }
                integers.append(SymbolicInteger(coefficient: whole))
            }
            return ONNXConstant(shape: value.shape, payload: .integers(integers))
        case .integers where toFloat:
            guard let floats = value.floats else { return value }
            return ONNXConstant(shape: value.shape, payload: .floats(floats))
        default:
            return value
        }
    }

    static func shape(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let shape = try first(operation, inputs).shape.map { SymbolicInteger(coefficient: $0) }
        return ONNXConstant(try ONNXAxes(operation).shapeRange(shape))
    }

    static func reshape(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let value = try first(operation, inputs)
        guard let target = inputs.dropFirst().first??.knownIntegers else {
            throw operation.unsupported("the shape is not known")
        }
        var lengths: [Int] = []
        let keepsZero = operation.integer("allowzero", default: 0) == 1
        for (axis, length) in target.enumerated() {
            let copied = length == 0 && !keepsZero && axis < value.shape.count
            lengths.append(copied ? value.shape[axis] : length)
        }
        if let free = lengths.firstIndex(of: -1) {
            lengths[free] = 1
            guard let others = elementCount(lengths), others > 0 else { throw operation.malformed("the shape") }
            lengths[free] = value.count / others
        }
        guard elementCount(lengths) == value.count else {
            throw operation.malformed("the shape does not fit", expected: "\(value.count)", found: "\(target)")
        }
        return value.reshaped(lengths)
    }

    static func flatten(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let value = try first(operation, inputs)
        let number = operation.integer("axis", default: 1)
        let axis = number < 0 ? number + value.shape.count : number
        guard (0...value.shape.count).contains(axis) else { throw operation.malformed("the axis is out of range") }
        let rows = value.shape[..<axis].reduce(1, *)
        let columns = value.shape[axis...].reduce(1, *)
        return value.reshaped([rows, columns])
    }

    static func transpose(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let value = try first(operation, inputs)
        let order = operation.integers("perm") ?? Array(value.shape.indices.reversed())
        guard order.sorted() == Array(value.shape.indices) else { throw operation.malformed("perm is no permutation") }
        return value.transposed(order)
    }

    static func squeeze(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let value = try first(operation, inputs)
        let units = value.shape.indices.filter { value.shape[$0] == 1 }
        let axes = try ONNXAxes(operation).given(inputs.dropFirst().first ?? nil, rank: value.shape.count) ?? units
        guard axes.allSatisfy({ value.shape[$0] == 1 }) else {
            throw operation.malformed("squeezes an axis that is not 1")
        }
        return value.reshaped(value.shape.indices.filter { !axes.contains($0) }.map { value.shape[$0] })
    }

    static func unsqueeze(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let value = try first(operation, inputs)
        let axes = try ONNXAxes(operation).inserted(inputs.dropFirst().first ?? nil, rank: value.shape.count)
        var rest = value.shape[...]
        let rank = value.shape.count + axes.count
        return value.reshaped((0..<rank).map { axes.contains($0) ? 1 : rest.popFirst() ?? 1 })
    }

    static func expand(
        _ operation: ONNXOperator,
        _ inputs: [ONNXConstant?],
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        let value = try first(operation, inputs)
        guard let target = inputs.dropFirst().first??.knownIntegers,
            let shape = ONNXConstant.broadcastShape(value.shape, target),
            let count = elementCount(shape, limit: ONNXConstant.largestExpansion)
        else { throw operation.unsupported("the shape is not known or too large") }
        try importer.charge(count)
        guard let expanded = value.broadcast(to: shape) else { throw operation.malformed("the shape does not fit") }
        return expanded
    }

    static func first(_ operation: ONNXOperator, _ inputs: [ONNXConstant?]) throws(InputError) -> ONNXConstant {
        guard let value = inputs.first ?? nil else { throw operation.malformed("an input is missing") }
        return value
    }
}

/// Axis lists, which operators take as an attribute or, in later operator sets, as an input.
struct ONNXAxes {
    private let operation: ONNXOperator

    init(_ operation: ONNXOperator) { self.operation = operation }

    /// The axes as they are written; nil when none are given.
    func written(_ input: ONNXConstant?) throws(InputError) -> [Int]? {
        guard let input else { return operation.integers("axes") }
        guard let axes = input.knownIntegers, axes.count <= 8 else {
            throw operation.unsupported("the axes are not known")
        }
        return axes
    }

    /// Axes of a tensor, counted from 0.
    func given(_ input: ONNXConstant?, rank: Int) throws(InputError) -> [Int]? {
        try written(input).map { axes throws(InputError) in try normalised(axes, rank: rank) }
    }

    /// Axes that are put into a tensor, counted from 0 in the result.
    func inserted(_ input: ONNXConstant?, rank: Int) throws(InputError) -> [Int] {
        guard let axes = try written(input) else { throw operation.malformed("no axes") }
        return try normalised(axes, rank: rank + axes.count)
    }

    private func normalised(_ axes: [Int], rank: Int) throws(InputError) -> [Int] {
        let counted = axes.map { $0 < 0 ? $0 + rank : $0 }
        guard counted.allSatisfy({ (0..<rank).contains($0) }), Set(counted).count == counted.count else {
            throw operation.malformed("axes out of range", found: "\(axes)")
        }
        return counted
    }

    /// What `Shape`'s start and end leave.
    func shapeRange(_ shape: [SymbolicInteger]) throws(InputError) -> [SymbolicInteger] {
        let start = clamp(operation.integer("start", default: 0), shape.count)
        let end = clamp(operation.integer("end", default: shape.count), shape.count)
        return start < end ? Array(shape[start..<end]) : []
    }

    private func clamp(_ index: Int, _ count: Int) -> Int {
        max(0, min(count, index < 0 ? index + count : index))
    }
}

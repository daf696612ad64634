internal import ArtifactFiles

/// Operators on constants: the chains that compute shapes, and what exporters leave unfolded before weights.
enum ONNXFolding {
    static func constant(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        if let tensor = node.tensor("value") { return try importer.constant(tensor) }
        if node.has("value_float") {
            return ONNXConstant(shape: [], payload: .floats([node.float("value_float", default: 0)]))
        }
        if node.has("value_int") {
            let value = SymbolicInteger(coefficient: node.integer("value_int", default: 0))
            return ONNXConstant(shape: [], payload: .integers([value]))
        }
        if node.has("value_floats"), let values = node.floats("value_floats") {
            return ONNXConstant(shape: [values.count], payload: .floats(values))
        }
        if node.has("value_ints"), let values = node.integers("value_ints") {
            return ONNXConstant(values.map { SymbolicInteger(coefficient: $0) })
        }
        throw node.unsupported("a constant of a kind that is not supported")
    }

    static func constantOfShape(
        _ node: ONNXOperator,
        _ importer: inout ONNXImporter
    ) throws(InputError) -> ONNXConstant {
        guard let shape = node.constants.first??.knownIntegers,
            let count = elementCount(shape, limit: ONNXConstant.largestExpansion)
        else { throw node.unsupported("the shape is not known or too large") }
        try importer.charge(count)
        guard let tensor = node.tensor("value") else {
            return ONNXConstant(shape: shape, payload: .floats(Array(repeating: 0, count: count)))
        }
        let value = try importer.constant(tensor)
        guard value.count == 1, let filled = value.reshaped([]).broadcast(to: shape) else {
            throw node.malformed("the value is no scalar")
        }
        return filled
    }

    static func identity(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        try first(node)
    }

    static func cast(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        return try convert(
            value,
            toFloat: ONNXTensorReader.isFloatingPoint(node.integer("to", default: 1)),
            node
        )
    }

    static func castLike(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        return try convert(value, toFloat: node.constants.last??.integers == nil, node)
    }

    private static func convert(
        _ value: ONNXConstant,
        toFloat: Bool,
        _ node: ONNXOperator
    ) throws(InputError) -> ONNXConstant {
        switch value.payload {
        case .floats(let values) where !toFloat:
            var integers: [SymbolicInteger] = []
            for number in values {
                guard let whole = Int(exactly: number.rounded(.towardZero)) else {
                    throw node.unsupported("casts a value that is no integer", found: "\(number)")
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

    static func shape(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let shape = try first(node).shape.map { SymbolicInteger(coefficient: $0) }
        return ONNXConstant(try ONNXAxes(node).shapeRange(shape))
    }

    static func reshape(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        guard let target = node.constants.dropFirst().first??.knownIntegers else {
            throw node.unsupported("the shape is not known")
        }
        var lengths: [Int] = []
        let keepsZero = node.integer("allowzero", default: 0) == 1
        for (axis, length) in target.enumerated() {
            let copied = length == 0 && !keepsZero && axis < value.shape.count
            lengths.append(copied ? value.shape[axis] : length)
        }
        if let free = lengths.firstIndex(of: -1) {
            lengths[free] = 1
            guard let others = elementCount(lengths), others > 0 else { throw node.malformed("the shape") }
            lengths[free] = value.count / others
        }
        guard elementCount(lengths) == value.count else {
            throw node.malformed("the shape does not fit", expected: "\(value.count)", found: "\(target)")
        }
        return value.reshaped(lengths)
    }

    static func flatten(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        let number = node.integer("axis", default: 1)
        let axis = number < 0 ? number + value.shape.count : number
        guard (0...value.shape.count).contains(axis) else { throw node.malformed("the axis is out of range") }
        let rows = value.shape[..<axis].reduce(1, *)
        let columns = value.shape[axis...].reduce(1, *)
        return value.reshaped([rows, columns])
    }

    static func transpose(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        let order = node.integers("perm") ?? Array(value.shape.indices.reversed())
        guard order.sorted() == Array(value.shape.indices) else { throw node.malformed("perm is no permutation") }
        return value.transposed(order)
    }

    static func squeeze(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        let units = value.shape.indices.filter { value.shape[$0] == 1 }
        let axes = try ONNXAxes(node).given(rank: value.shape.count) ?? units
        guard axes.allSatisfy({ value.shape[$0] == 1 }) else {
            throw node.malformed("squeezes an axis that is not 1")
        }
        return value.reshaped(value.shape.indices.filter { !axes.contains($0) }.map { value.shape[$0] })
    }

    static func unsqueeze(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        let axes = try ONNXAxes(node).inserted(rank: value.shape.count)
        var rest = value.shape[...]
        let rank = value.shape.count + axes.count
        return value.reshaped((0..<rank).map { axes.contains($0) ? 1 : rest.popFirst() ?? 1 })
    }

    static func expand(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXConstant {
        let value = try first(node)
        guard let target = node.constants.dropFirst().first??.knownIntegers,
            let shape = ONNXConstant.broadcastShape(value.shape, target),
            let count = elementCount(shape, limit: ONNXConstant.largestExpansion)
        else { throw node.unsupported("the shape is not known or too large") }
        try importer.charge(count)
        guard let expanded = value.broadcast(to: shape) else { throw node.malformed("the shape does not fit") }
        return expanded
    }

    static func first(_ node: ONNXOperator) throws(InputError) -> ONNXConstant {
        guard let value = node.constants.first ?? nil else { throw node.malformed("an input is missing") }
        return value
    }
}

/// Axis lists, which operators take as an attribute or, in later operator sets, as an input.
struct ONNXAxes {
    private let node: ONNXOperator

    init(_ node: ONNXOperator) { self.node = node }

    /// The axes as they are written, in an input or as an attribute; nil when none are given.
    func written(input index: Int = 1) throws(InputError) -> [Int]? {
        guard let input = try node.optionalConstant(index, "the axes") else { return node.integers("axes") }
        guard let axes = input.knownIntegers, axes.count <= 8 else {
            throw node.unsupported("the axes are not known")
        }
        return axes
    }

    /// Axes of a tensor, counted from 0.
    func given(input index: Int = 1, rank: Int) throws(InputError) -> [Int]? {
        try written(input: index).map { axes throws(InputError) in try normalised(axes, rank: rank) }
    }

    /// Axes that are put into a tensor, counted from 0 in the result.
    func inserted(rank: Int) throws(InputError) -> [Int] {
        guard let axes = try written() else { throw node.malformed("no axes") }
        return try normalised(axes, rank: rank + axes.count)
    }

    private func normalised(_ axes: [Int], rank: Int) throws(InputError) -> [Int] {
        let counted = axes.map { $0 < 0 ? $0 + rank : $0 }
        guard counted.allSatisfy({ (0..<rank).contains($0) }), Set(counted).count == counted.count else {
            throw node.malformed("axes out of range", found: "\(axes)")
        }
        return counted
    }

    /// What `Shape`'s start and end leave.
    func shapeRange(_ shape: [SymbolicInteger]) throws(InputError) -> [SymbolicInteger] {
        let start = clamp(node.integer("start", default: 0), shape.count)
        let end = clamp(node.integer("end", default: shape.count), shape.count)
        return start < end ? Array(shape[start..<end]) : []
    }

    private func clamp(_ index: Int, _ count: Int) -> Int {
        max(0, min(count, index < 0 ? index + count : index))
    }
}

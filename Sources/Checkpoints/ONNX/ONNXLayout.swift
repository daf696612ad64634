internal import ArtifactFiles
internal import NeuralGraph

/// Operators that move or rename axes, and those that do nothing in inference.
enum ONNXLayout {
    static func alias(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        guard let value = node.inputs.first ?? nil else { throw node.malformed("an input is missing") }
        return value
    }

    static func cast(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        guard ONNXTensorReader.isFloatingPoint(node.integer("to", default: 1)) else {
            throw node.unsupported("casts the network's value to integers")
        }
        return try alias(node, &importer)
    }

    static func shape(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let lengths = try node.activation().axes
            .map { $0.role == .batch ? SymbolicInteger.batch : SymbolicInteger(coefficient: $0.length) }
        return .constant(ONNXConstant(try ONNXAxes(node).shapeRange(lengths)))
    }

    static func transpose(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        var result = try node.activation()
        let order = node.integers("perm") ?? Array(result.axes.indices.reversed())
        guard order.sorted() == Array(result.axes.indices) else { throw node.malformed("perm is no permutation") }
        guard order.first == 0 else { throw node.unsupported("moves the batch axis") }
        result.axes = order.map { result.axes[$0] }
        return .activation(result)
    }

    static func concatenate(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        var parts: [ONNXActivation] = []
        for index in node.inputs.indices { parts.append(try node.plainActivation(index)) }
        guard var result = parts.first, let axis = result.axis(node.integer("axis", default: 1)),
            result.axes[axis].role == .channel, parts.allSatisfy({ $0.axes.map(\.role) == result.axes.map(\.role) })
        else { throw node.unsupported("only values of one layout, along the channels") }
        result.value = try importer.append(.concatenate, parts.map(\.value), name: node.name)
        result.axes[axis].length = importer.shape(of: result.value).channels
        return .activation(result)
    }

    static func pad(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        var result = try node.plainActivation()
        let mode = node.text("mode", default: "constant")
        guard mode == "constant" else { throw node.unsupported("the mode", expected: "constant", found: mode) }
        let given = try node.optionalConstant(1, "the widths")
        let value =
            try node.optionalConstant(2, "the value")?.scalar ?? node.float("value", default: 0)
        guard let widths = given?.knownIntegers ?? node.integers("pads") else {
            throw node.unsupported("the widths are not known")
        }
        let rank = result.axes.count
        let axes =
            try ONNXAxes(node).given(input: 3, rank: rank)
            ?? Array(0..<rank)
        guard widths.count == 2 * axes.count else { throw node.malformed("wrong number of widths") }
        var padding = Padding()
        for (index, axis) in axes.enumerated() {
            let (before, after) = (widths[index], widths[index + axes.count])
            guard before >= 0, after >= 0, before < 1 << 20, after < 1 << 20 else {
                throw node.unsupported("only borders that add", found: "\(widths)")
            }
            switch result.axes[axis].role {
            case .row: (padding.top, padding.bottom) = (before, after)
            case .column: (padding.left, padding.right) = (before, after)
            default: guard before == 0, after == 0 else { throw node.unsupported("only rows and columns") }
            }
            result.axes[axis].length += before + after
        }
        if padding.isZero { return .activation(result) }
        result.value = try importer.append(.pad(padding, value: value), [result.value], name: node.name)
        return .activation(result)
    }

    /// Only a slice that keeps everything: detectors and split networks are not face embedders.
    static func slice(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let value = try node.activation()
        let slice = try ONNXSlice(node, rank: value.axes.count)
        guard slice.isWhole(value.axes.map(\.length)) else { throw node.unsupported("takes a part of a value") }
        return .activation(value)
    }

    /// A value or a norm that is already of the shape, or is about to be broadcast anyway.
    static func expand(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        if case .norm? = node.inputs.first ?? nil { return try alias(node, &importer) }
        let value = try node.activation()
        let target = try node.constant(1, "the shape").integers ?? []
        let missing = value.axes.count - target.count
        let isSame = target.enumerated()
            .allSatisfy { axis, length in
                guard missing >= 0 else { return false }
                let own = value.axes[axis + missing]
                return own.role == .batch || length.known == own.length || length.known == 1
            }
        guard isSame else { throw node.unsupported("repeats a value") }
        return .activation(value)
    }

    static func flatten(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        let value = try node.activation()
        let number = node.integer("axis", default: 1)
        guard number == 1 || number + value.axes.count == 1 else { throw node.unsupported("only axis 1") }
        return .activation(
            try ONNXReshaping(node, value).perFace([value.lengths.reduce(1, *)], &importer)
        )
    }

    static func reshape(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        if case .norm? = node.inputs.first ?? nil { return try alias(node, &importer) }
        let value = try node.activation()
        guard let target = try node.optionalConstant(1, "the shape")?.integers else {
            throw node.unsupported("the shape is not known")
        }
        let lengths = try ONNXReshaping(node, value).perFaceLengths(target, fixedBatch: importer.fixedBatch)
        return .activation(try ONNXReshaping(node, value).perFace(lengths, &importer))
    }

    static func squeeze(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        if case .norm? = node.inputs.first ?? nil { return try alias(node, &importer) }
        let value = try node.activation()
        let given = try ONNXAxes(node).given(rank: value.axes.count)
        // Without axes all of length 1 go; the batch's, of a file fixed to one face, is kept in mind.
        let axes = given ?? value.axes.indices.filter { value.axes[$0].role != .batch && value.axes[$0].length == 1 }
        guard axes.allSatisfy({ value.axes[$0].length == 1 && value.axes[$0].role != .batch }) else {
            throw node.unsupported("only axes of length 1, not the batch", found: value.shapeText)
        }
        let left = value.axes.indices.filter { !axes.contains($0) && value.axes[$0].role != .batch }
        return .activation(try ONNXReshaping(node, value).perFace(left.map { value.axes[$0].length }, &importer))
    }

    static func unsqueeze(_ node: ONNXOperator, _ importer: inout ONNXImporter) throws(InputError) -> ONNXValue {
        if case .norm? = node.inputs.first ?? nil { return try alias(node, &importer) }
        let value = try node.activation()
        let rank = value.axes.count
        let axes = try ONNXAxes(node).inserted(rank: rank)
        guard !axes.contains(0) else { throw node.unsupported("puts an axis before the batch") }
        var rest = value.lengths[...]
        let lengths = (1..<rank + axes.count).map { axes.contains($0) ? 1 : rest.popFirst() ?? 1 }
        return .activation(try ONNXReshaping(node, value).perFace(lengths, &importer))
    }
}

/// A change of shape that keeps the order of a face's elements.
struct ONNXReshaping {
    private let node: ONNXOperator
    private let value: ONNXActivation

    init(_ node: ONNXOperator, _ value: ONNXActivation) {
        self.node = node
        self.value = value
    }

    private func mismatch(_ target: String) -> InputError {
        node.unsupported("a reshape that is no flatten", expected: value.shapeText, found: target)
    }

    /// The lengths behind the batch axis of a target such as `[N, -1]`, `[0, 512]`, `[-1, 512]`, `[1, -1]`.
    func perFaceLengths(_ target: [SymbolicInteger], fixedBatch: Int?) throws(InputError) -> [Int] {
        let count = value.lengths.reduce(1, *)
        let text = "\(target)"
        guard let first = target.first else { throw mismatch(text) }
        let keepsZero = node.integer("allowzero", default: 0) == 1
        var lengths: [Int] = []
        for (axis, length) in target.enumerated().dropFirst() {
            guard var known = length.known else { throw mismatch(text) }
            if known == 0, !keepsZero, axis < value.axes.count { known = value.axes[axis].length }
            lengths.append(known)
        }
        if let free = lengths.firstIndex(of: -1) {
            lengths[free] = 1
            guard let others = elementCount(lengths), others > 0 else { throw mismatch(text) }
            lengths[free] = count / others
        }
        let isBatch = first == .batch || first.coefficient == 0 || first.known == -1 || first.known == fixedBatch ?? 1
        guard isBatch, elementCount(lengths) == count else { throw mismatch(text) }
        return lengths
    }

    /// The value under other lengths.
    func perFace(_ lengths: [Int], _ importer: inout ONNXImporter) throws(InputError) -> ONNXActivation {
        guard elementCount(lengths) == value.lengths.reduce(1, *) else { throw mismatch("\(lengths)") }
        if lengths == value.lengths { return value }
        let wide = lengths.filter { $0 != 1 }
        guard wide.count <= 1 else { throw mismatch("\(lengths)") }
        // What is left is a vector: flatten the picture, unless it is one already.
        var result = value
        if case .spatial(let rows, let columns, let channels) = importer.shape(of: value.value) {
            result.value = try importer.append(.flatten, [value.value], name: node.name)
            let order = value.axes.filter { $0.role != .batch && $0.length != 1 }.map(\.role)
            if order == [.row, .column, .channel] || order == [.row, .channel] || order == [.column, .channel] {
                result.flattenedFrom = (rows, columns, channels)
            } else if ![.channel, .row, .column].filter(order.contains).elementsEqual(order) {
                throw node.unsupported("flattens axes in an order other than channel, row, column")
            }
        }
        let unit = ONNXActivation.Axis(role: .unit, length: 1)
        let channel = ONNXActivation.Axis(role: .channel, length: value.lengths.reduce(1, *))
        let place = lengths.firstIndex { $0 != 1 } ?? 0
        result.axes = [ONNXActivation.Axis(role: .batch, length: 1)]
        result.axes += lengths.indices.map { $0 == place ? channel : unit }
        return result
    }
}

internal import ArtifactFiles
internal import NeuralGraph

/// One node of an ONNX graph, with checked access to its attributes.
struct ONNXOperator {
    let node: ONNXNode
    /// What the node reads; nil where an input is left out.
    let inputs: [ONNXValue?]
    /// The default domain's operator set.
    let opset: Int
    /// The node's name, or its first output's when it has none.
    let name: String
    private let attributes: [String: ONNXAttribute]

    init(_ node: ONNXNode, opset: Int, inputs: [ONNXValue?] = []) {
        self.node = node
        self.inputs = inputs
        self.opset = opset
        name = node.name.isEmpty ? (node.output.first ?? node.opType) : node.name
        attributes = Dictionary(node.attribute.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The operator's name, with its domain where that is not ONNX's own: `com.microsoft.FusedConv`.
    var qualifiedType: String {
        node.domain.isEmpty || node.domain == "ai.onnx" ? node.opType : "\(node.domain).\(node.opType)"
    }

    /// Where an error is: `node 'conv1' (Conv)`.
    var place: String { "node '\(name)' (\(node.opType))" }

    /// The name of an input; nil when it is left out.
    func input(_ index: Int) -> String? {
        guard node.input.indices.contains(index), !node.input[index].isEmpty else { return nil }
        return node.input[index]
    }

    /// The inputs where all are constants.
    var constants: [ONNXConstant?] {
        inputs.map { if case .constant(let constant)? = $0 { constant } else { nil } }
    }

    /// An error at this node.
    func unsupported(_ problem: String, expected: String? = nil, found: String? = nil) -> InputError {
        InputError(.unsupported, problem, place: place, expected: expected, found: found)
    }

    /// An error at this node.
    func malformed(_ problem: String, expected: String? = nil, found: String? = nil) -> InputError {
        InputError(.malformed, problem, place: place, expected: expected, found: found)
    }

    /// Whether the attribute is there.
    func has(_ attribute: String) -> Bool { attributes[attribute] != nil }

    /// An integer attribute; one that is there without a value is 0, as proto3 writers leave it out.
    func integer(_ attribute: String, default value: Int) -> Int {
        attributes[attribute].map { Int($0.i) } ?? value
    }

    /// A list of integers; nil when it is left out.
    func integers(_ attribute: String) -> [Int]? {
        guard let found = attributes[attribute] else { return nil }
        return found.ints.map { Int($0) }
    }

    /// A number.
    func float(_ attribute: String, default value: Float) -> Float {
        attributes[attribute].map(\.f) ?? value
    }

    /// A text.
    func text(_ attribute: String, default value: String) -> String {
        attributes[attribute].map { String(decoding: $0.s, as: UTF8.self) } ?? value
    }

    /// A tensor.
    func tensor(_ attribute: String) -> ONNXTensor? {
        guard let found = attributes[attribute], found.hasT else { return nil }
        return found.t
    }

    /// A list of numbers; nil when it is left out.
    func floats(_ attribute: String) -> [Float]? { attributes[attribute]?.floats }

    /// Two lengths for rows and columns.
    func extent(_ attribute: String, default value: Extent) throws(InputError) -> Extent {
        guard let values = integers(attribute), !values.isEmpty else { return value }
        guard values.count == 2 else {
            throw unsupported("only two-dimensional \(attribute)", expected: "2 values", found: "\(values.count)")
        }
        return Extent(values[0], values[1])
    }

    /// Explicit or automatic padding.
    ///
    /// - Parameters:
    ///   - size: Rows and columns of the input.
    ///   - span: Rows and columns that one window covers, dilation included.
    func padding(size: Extent, span: Extent, stride: Extent) throws(InputError) -> Padding {
        let mode = text("auto_pad", default: "NOTSET")
        switch mode {
        case "NOTSET":
            guard let pads = integers("pads"), !pads.isEmpty else { return Padding() }
            guard pads.count == 4, pads.allSatisfy({ (0...1 << 20).contains($0) }) else {
                throw unsupported("pads", expected: "4 values of at least 0", found: "\(pads)")
            }
            return Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
        case "VALID":
            return Padding()
        case "SAME_UPPER", "SAME_LOWER":
            let rows = try automatic(size.height, span: span.height, stride: stride.height)
            let columns = try automatic(size.width, span: span.width, stride: stride.width)
            let isUpper = mode == "SAME_UPPER"
            return Padding(
                top: isUpper ? rows / 2 : rows - rows / 2,
                left: isUpper ? columns / 2 : columns - columns / 2,
                bottom: isUpper ? rows - rows / 2 : rows / 2,
                right: isUpper ? columns - columns / 2 : columns / 2
            )
        default:
            throw unsupported("auto_pad", expected: "NOTSET, VALID, SAME_UPPER, SAME_LOWER", found: mode)
        }
    }

    private func automatic(_ size: Int, span: Int, stride: Int) throws(InputError) -> Int {
        guard (1...1 << 20).contains(stride), (1...1 << 20).contains(span) else {
            throw malformed("stride or kernel is out of range")
        }
        return max(0, ((size + stride - 1) / stride - 1) * stride + span - size)
    }
}

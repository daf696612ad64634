internal import ArtifactFiles
internal import Foundation
internal import NeuralGraph
internal import SwiftProtobuf

/// Writes a graph as ONNX, operator set 13, for any number of faces: `input [batch, 3, H, W]` → `embedding [batch, D]`.
///
/// Operator set 13 is the first with every form used here that later sets did not change again, and every runtime of
/// the last years reads it. Parameters keep their names, so that reading the file gives them back.
struct ONNXExporter {
    static let opset: Int64 = 13
    static let irVersion: Int64 = 8
    static let inputName = "input"
    static let outputName = "embedding"

    private let source: Graph
    let weights: Weights
    private var graph = ONNXGraph()
    /// The ONNX name of every value.
    private var names: [String] = []
    private var constants: [String: String] = [:]
    private var written = Set<String>()
    private var used: Set<String>

    init(graph: Graph, weights: Weights) {
        source = graph
        self.weights = weights
        used = Set(weights.names)
        used.formUnion([Self.inputName, Self.outputName])
    }

    /// The file's bytes; the same input gives the same bytes.
    ///
    /// - Parameter metadata: Text by key, kept in the file's metadata.
    mutating func bytes(metadata: [String: String]) throws(InputError) -> [UInt8] {
        var model = ONNXModel()
        model.irVersion = Self.irVersion
        model.producerName = "verifar"
        var operatorSet = ONNXOperatorSet()
        operatorSet.version = Self.opset
        model.opsetImport = [operatorSet]
        model.metadataProps = metadata.sorted { $0.key < $1.key }
            .map { key, value in
                var pair = ONNXStringPair()
                pair.key = key
                pair.value = value
                return pair
            }
        try build()
        model.graph = graph
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        do {
            return Array(try model.serializedData(partial: true, options: options) as Data)
        } catch {
            throw InputError(.limitExceeded, "the network is too large for an ONNX file", expected: "below 2 GiB")
        }
    }

    private mutating func build() throws(InputError) {
        guard case .spatial(let height, let width, let channels) = source.inputShape else {
            throw InputError(.unsupported, "only networks that take pictures can be written as ONNX")
        }
        graph.name = "verifar"
        graph.input = [Self.valueInfo(Self.inputName, [channels, height, width])]
        names = [Self.inputName]
        for (index, node) in source.nodes.enumerated() {
            let operands = node.inputs.map { Operand(name: names[$0.index], shape: source.shape(of: $0)) }
            do {
                names.append(try append(node, operands, result: source.shapes[index + 1]))
            } catch {
                throw error.at("node '\(node.name)'")
            }
        }
        let result = Operand(name: names[source.output.index], shape: source.shape(of: source.output))
        // The output's name is fixed: one more node gives it, and makes it a vector where it is none.
        var flat = [result.shape.count]
        if case .spatial(let height, let width, let channels) = result.shape, (height, width) != (1, 1) {
            flat = [channels, height, width]
            emit("Identity", name: "output", [result.name], output: Self.outputName)
        } else {
            emit("Flatten", name: "output", [result.name], output: Self.outputName, [.int("axis", 1)])
        }
        graph.output = [Self.valueInfo(Self.outputName, flat)]
    }

    struct Operand {
        var name: String
        var shape: ActivationShape
        var isVector: Bool {
            if case .vector = shape { true } else { false }
        }
    }

    private static func valueInfo(_ name: String, _ lengths: [Int]) -> ONNXValueInfo {
        var batch = ONNXTensorShape.Dimension()
        batch.dimParam = "batch"
        var info = ONNXValueInfo()
        info.name = name
        info.type.tensorType.elemType = 1
        info.type.tensorType.shape.dim =
            [batch]
            + lengths.map { length in
                var dimension = ONNXTensorShape.Dimension()
                dimension.dimValue = Int64(length)
                return dimension
            }
        return info
    }
}

// MARK: - Pieces

extension ONNXExporter {
    /// Appends an ONNX node.
    ///
    /// - Returns: The name of its output.
    @discardableResult
    mutating func emit(
        _ type: String,
        name: String,
        _ inputs: [String],
        output: String? = nil,
        _ attributes: [ONNXAttribute] = []
    ) -> String {
        var node = ONNXNode()
        node.opType = type
        node.name = name
        node.input = inputs
        node.output = [output ?? unused(name)]
        node.attribute = attributes
        graph.node.append(node)
        return node.output[0]
    }

    mutating func unused(_ name: String) -> String {
        var candidate = name
        var count = 1
        while !used.insert(candidate).inserted {
            count += 1
            candidate = "\(name)#\(count)"
        }
        return candidate
    }

    func tensor(_ name: String) throws(InputError) -> [Float] {
        guard let tensor = weights[name] else {
            throw InputError(.missing, "the parameter is missing", place: "parameter '\(name)'")
        }
        return tensor.values
    }

    /// The initialiser that holds a parameter.
    ///
    /// - Parameter shape: The shape to write; the parameter's own when nil. A parameter that is needed in two shapes
    ///   is written twice.
    mutating func parameter(_ name: String, shape: [Int]? = nil) throws(InputError) -> String {
        guard let tensor = weights[name] else {
            throw InputError(.missing, "the parameter is missing", place: "parameter '\(name)'")
        }
        let shape = shape ?? tensor.shape
        let key = "\(name) \(shape)"
        if let known = constants[key] { return known }
        let made = written.insert(name).inserted ? name : unused(name)
        constants[key] = made
        append(made, shape, LittleEndian.bytes(tensor.values), dataType: 1)
        return made
    }

    /// An initialiser for numbers that are no parameter; equal ones of one hint share it.
    mutating func constant(_ values: [Float], shape: [Int], hint: String) -> String {
        let key = "\(hint) \(shape) \(values.map(\.bitPattern))"
        if let known = constants[key] { return known }
        let made = unused(hint)
        constants[key] = made
        append(made, shape, LittleEndian.bytes(values), dataType: 1)
        return made
    }

    mutating func constant(integers: [Int], hint: String) -> String {
        let key = "\(hint) \(integers)"
        if let known = constants[key] { return known }
        let made = unused(hint)
        constants[key] = made
        let bytes = integers.flatMap { value in withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) } }
        append(made, [integers.count], bytes, dataType: 7)
        return made
    }

    private mutating func append(_ name: String, _ shape: [Int], _ bytes: [UInt8], dataType: Int32) {
        var tensor = ONNXTensor()
        tensor.name = name
        tensor.dims = shape.map(Int64.init)
        tensor.dataType = dataType
        tensor.rawData = Data(bytes)
        graph.initializer.append(tensor)
    }
}

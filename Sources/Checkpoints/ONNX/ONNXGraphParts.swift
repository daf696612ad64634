internal import ArtifactFiles
internal import NeuralGraph

/// The picture that a graph takes.
struct ONNXInput {
    let name: String
    let shape: ActivationShape
    let axes: [ONNXActivation.Axis]
    let fixedBatch: Int?
    /// Whether pixels go in as they are.
    let takesBytes: Bool
    private(set) var notes: [String] = []

    private static let usualSide = 112
    private static let longestSide = 1 << 14

    /// Finds the one input that is no initialiser.
    init(graph: ONNXGraph, initializers: Set<String>, givenSize: Extent?) throws(InputError) {
        let input = try Self.input(of: graph, initializers)
        name = input.name
        let place = "input '\(input.name)'"
        let dimensions = input.type.tensorType.shape.dim.map { $0.dimValue > 0 ? Int($0.dimValue) : nil }
        guard dimensions.count == 4 else {
            throw InputError(
                .unsupported,
                "the input is no batch of pictures",
                place: place,
                expected: "[N, 3, height, width]",
                found: "\(dimensions.count) axes"
            )
        }
        let isChannelsLast = dimensions[3] == 3 && dimensions[1] != 3
        let channels = (isChannelsLast ? dimensions[3] : dimensions[1]) ?? 3
        let rows = isChannelsLast ? dimensions[1] : dimensions[2]
        let columns = isChannelsLast ? dimensions[2] : dimensions[3]
        let height = try Self.side(rows, given: givenSize?.height, place: place)
        let width = try Self.side(columns, given: givenSize?.width, place: place)
        guard channels <= Self.longestSide else {
            throw InputError(.limitExceeded, "the input has too many channels", place: place, found: "\(channels)")
        }
        if (rows == nil || columns == nil) && givenSize == nil {
            notes.append("the file leaves the input's size open: \(height) × \(width) is assumed")
        }
        takesBytes = try Self.takesBytes(input, place: place)
        if takesBytes { notes.append("the network takes bytes: pixels of 0 … 255") }
        shape = .spatial(height: height, width: width, channels: channels)
        fixedBatch = dimensions[0]
        let batch = ONNXActivation.Axis(role: .batch, length: 1)
        let channel = ONNXActivation.Axis(role: .channel, length: channels)
        let row = ONNXActivation.Axis(role: .row, length: height)
        let column = ONNXActivation.Axis(role: .column, length: width)
        axes = isChannelsLast ? [batch, row, column, channel] : [batch, channel, row, column]
    }

    private static func takesBytes(_ input: ONNXValueInfo, place: String) throws(InputError) -> Bool {
        let type = Int(input.type.tensorType.elemType)
        guard type == 2 || ONNXTensorReader.isFloatingPoint(type) else {
            throw InputError(
                .unsupported,
                "the input's type",
                place: place,
                expected: "floats or bytes",
                found: "\(type)"
            )
        }
        return type == 2
    }

    private static func input(of graph: ONNXGraph, _ initializers: Set<String>) throws(InputError) -> ONNXValueInfo {
        let inputs = graph.input.filter { !initializers.contains($0.name) }
        if let input = inputs.first, inputs.count == 1 { return input }
        let made = Set(graph.node.flatMap(\.output))
        let unmade = graph.node.lazy.flatMap(\.input).first { !made.contains($0) && !initializers.contains($0) }
        let names = inputs.isEmpty ? unmade.map { "0, but nothing makes '\($0)'" } : nil
        throw InputError(
            .unsupported,
            "the network must have one input",
            expected: "1",
            found: names ?? "\(inputs.count): " + inputs.map(\.name).joined(separator: ", ")
        )
    }

    private static func side(_ stated: Int?, given: Int?, place: String) throws(InputError) -> Int {
        if let stated, let given, stated != given {
            throw InputError(
                .mismatch,
                "the file fixes another input size",
                place: place,
                expected: "\(given)",
                found: "\(stated)"
            )
        }
        let side = stated ?? given ?? usualSide
        guard (1...longestSide).contains(side) else {
            throw InputError(.limitExceeded, "the input is too large", place: place, found: "\(side)")
        }
        return side
    }
}

/// The embedding among a graph's outputs.
struct ONNXOutput {
    let name: String
    private(set) var notes: [String] = []

    /// Prefers an output that is named as an embedding, then the first that is a vector, then the first.
    init(graph: ONNXGraph) throws(InputError) {
        guard let first = graph.output.first else { throw InputError(.malformed, "the graph has no output") }
        guard graph.output.count > 1 else {
            name = first.name
            return
        }
        let vectors = graph.output.filter {
            $0.type.tensorType.shape.dim.count == 2 && $0.type.tensorType.shape.dim[1].dimValue != 1
        }
        let named = graph.output.first { output in
            ["embed", "feature", "fc1"].contains { output.name.lowercased().contains($0) }
        }
        name = (named ?? vectors.first ?? first).name
        let others = graph.output.map(\.name).filter { $0 != name }.joined(separator: ", ")
        notes.append("of \(graph.output.count) outputs '\(name)' is taken as the embedding; not used: \(others)")
    }
}

/// Which nodes an output needs.
struct ONNXReachability {
    let graph: ONNXGraph

    /// Indices in the file's order, which ONNX requires to be an order of computation.
    func nodes(for output: String) throws(InputError) -> [Int] {
        var makers: [String: Int] = [:]
        for (index, node) in graph.node.enumerated() {
            for name in node.output where !name.isEmpty {
                guard makers.updateValue(index, forKey: name) == nil else {
                    throw InputError(.malformed, "two nodes make '\(name)'", place: "node '\(node.name)'")
                }
            }
        }
        var needed = Set<Int>()
        var pending = [output]
        while let name = pending.popLast() {
            guard let maker = makers[name], needed.insert(maker).inserted else { continue }
            pending += graph.node[maker].input
        }
        return needed.sorted()
    }
}

public import Backbones
public import NeuralGraph

/// What `checkpoint inspect` shows.
public struct CheckpointInspection: Hashable, Sendable {
    /// A parameter in a line.
    public struct TensorSummary: Hashable, Sendable {
        /// The name.
        public var name: String
        /// Axis lengths.
        public var shape: [Int]
        /// What it is for.
        public var role: ParameterSpecification.Role
        /// Its values in short; nil for an empty tensor.
        public var range: ValueRange?
    }

    /// A tensor's values in short.
    public struct ValueRange: Hashable, Sendable {
        /// The least.
        public var low: Float
        /// The greatest.
        public var high: Float
        /// The mean.
        public var mean: Double
    }

    /// The architecture's name.
    public var architecture: String
    /// Its configuration, when it is the catalogue's.
    public var configuration: BackboneConfiguration?
    /// A face's rows, columns and channels.
    public var inputShape: ActivationShape
    /// Length of the embedding.
    public var embeddingSize: Int
    /// Parameters as the literature counts them.
    public var parameterCount: Int
    /// Multiply-accumulates for one face.
    public var multiplyAccumulateCount: Int
    /// Nodes of the graph.
    public var nodeCount: Int
    /// What the file says.
    public var metadata: CheckpointMetadata
    /// Every parameter.
    public var tensors: [TensorSummary]
    /// What was stripped, skipped or assumed.
    public var notes: [String]

    /// Inspects.
    public init(_ checkpoint: ResolvedCheckpoint) {
        let graph = checkpoint.graph
        architecture = checkpoint.architectureName
        configuration = checkpoint.configuration
        inputShape = graph.inputShape
        embeddingSize = graph.shape(of: graph.output).count
        parameterCount = graph.parameterCount
        multiplyAccumulateCount = graph.multiplyAccumulateCount
        nodeCount = graph.nodes.count
        metadata = checkpoint.metadata
        notes = checkpoint.notes
        tensors = graph.parameters.map { parameter in
            let tensor = checkpoint.weights[parameter.name]
            return TensorSummary(
                name: parameter.name,
                shape: tensor?.shape ?? parameter.shape,
                role: parameter.role,
                range: tensor.flatMap { Self.range($0.values) }
            )
        }
    }

    private static func range(_ values: [Float]) -> ValueRange? {
        guard let low = values.min(), let high = values.max() else { return nil }
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        return ValueRange(low: low, high: high, mean: mean)
    }

    /// The inspection as text, one line per element.
    ///
    /// - Parameter listsTensors: Whether every parameter gets a line.
    public func lines(listsTensors: Bool = true) -> [String] {
        var lines = [
            "format        \(metadata.format)",
            "sha256        \(metadata.digest)",
            "architecture  \(architecture)",
            "input         \(inputShape)",
            "embedding     \(embeddingSize)",
            "parameters    \(Self.grouped(parameterCount))",
            "MACs          \(Self.grouped(multiplyAccumulateCount))",
            "nodes         \(nodeCount)",
            "stored as     \(metadata.elementTypeSummary)",
        ]
        if let configuration, configuration.widthMultiplier != 1 {
            lines.append("width         × \(configuration.widthMultiplier)")
        }
        lines += metadata.externalDigests.sorted { $0.key < $1.key }.map { "external      \($0.key) \($0.value)" }
        lines += metadata.preprocessing.sorted { $0.key < $1.key }.map { "preprocessing \($0.key) = \($0.value)" }
        lines += metadata.strings.sorted { $0.key < $1.key }.map { "metadata      \($0.key) = \($0.value)" }
        lines += notes.map { "note          \($0)" }
        if listsTensors { lines += tensors.map(Self.line) }
        return lines.map(Self.printable)
    }

    private static func line(_ tensor: TensorSummary) -> String {
        var line = "tensor        \(tensor.name) \(tensor.shape) \(tensor.role.rawValue)"
        if let range = tensor.range { line += " \(range.low) … \(range.high), mean \(Float(range.mean))" }
        return line
    }

    /// 2056832 as `2 056 832`.
    private static func grouped(_ number: Int) -> String {
        var groups: [Substring] = []
        var rest = Substring("\(number)")
        while rest.count > 3 {
            groups.insert(rest.suffix(3), at: 0)
            rest = rest.dropLast(3)
        }
        return ([rest] + groups).joined(separator: " ")
    }

    /// Names come from foreign files: control characters are escaped, so that none reaches a terminal.
    private static func printable(_ text: String) -> String {
        text.unicodeScalars
            .map { scalar in
                let isControl =
                    scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                return isControl ? scalar.escaped(asASCII: true) : String(scalar)
            }
            .joined()
    }
}

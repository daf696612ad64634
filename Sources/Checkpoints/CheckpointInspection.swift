public import ArtifactFiles
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
        /// What it is for; nil in a file whose architecture is not known.
        public var role: ParameterSpecification.Role?
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

    /// What follows from the graph.
    public struct Network: Hashable, Sendable {
        /// Its catalogue configuration, when it has one.
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
    }

    /// The architecture's name, or why there is none.
    public var architecture: String
    /// What follows from the graph; nil where the architecture is not known.
    public var network: Network?
    /// What the file says.
    public var metadata: CheckpointMetadata
    /// Every parameter.
    public var tensors: [TensorSummary]
    /// What was stripped, skipped or assumed.
    public var notes: [String]

    /// Inspects a network.
    public init(_ checkpoint: ResolvedCheckpoint) {
        let graph = checkpoint.graph
        architecture = checkpoint.architectureName
        network = Network(
            configuration: checkpoint.configuration,
            inputShape: graph.inputShape,
            embeddingSize: graph.shape(of: graph.output).count,
            parameterCount: graph.parameterCount,
            multiplyAccumulateCount: graph.multiplyAccumulateCount,
            nodeCount: graph.nodes.count
        )
        metadata = checkpoint.metadata
        notes = checkpoint.notes
        tensors = graph.parameters.map { Self.summary($0.name, $0.role, checkpoint.weights) }
    }

    /// Inspects a file; one whose parameters are no known network's is shown as far as it goes.
    ///
    /// - Throws: ``InputError`` when the file cannot be read.
    public init(
        path: String,
        architecture: String? = nil,
        inputSize: Extent? = nil
    ) throws(InputError) {
        var problem: InputError?
        do {
            self.init(try CheckpointReader.read(path: path, architecture: architecture, inputSize: inputSize))
            return
        } catch  where error.code == .mismatch && architecture == nil {
            problem = error
        } catch {
            throw error
        }
        let checkpoint = try CheckpointReader.readUnresolved(path: path, inputSize: inputSize)
        self.init(unknown: checkpoint, because: problem)
    }

    private init(unknown checkpoint: Checkpoint, because problem: InputError?) {
        architecture = "unknown"
        metadata = checkpoint.metadata
        notes = checkpoint.notes + [problem?.description].compactMap { $0 }
        tensors = checkpoint.weights.names.map { Self.summary($0, nil, checkpoint.weights) }
    }

    private static func summary(
        _ name: String,
        _ role: ParameterSpecification.Role?,
        _ weights: Weights
    ) -> TensorSummary {
        let tensor = weights[name]
        return TensorSummary(
            name: name,
            shape: tensor?.shape ?? [],
            role: role,
            range: tensor.flatMap { range($0.values) }
        )
    }

    private static func range(_ values: [Float]) -> ValueRange? {
        guard let low = values.min(), let high = values.max() else { return nil }
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        return ValueRange(low: low, high: high, mean: mean)
    }
}

extension CheckpointInspection {
    /// The inspection as text, one line per element.
    public var lines: [String] {
        var lines = [
            "format        \(metadata.format)",
            "sha256        \(metadata.digest)",
            "architecture  \(architecture)",
        ]
        if let network { lines += Self.lines(network) }
        lines.append("stored as     \(metadata.elementTypeSummary)")
        lines += metadata.externalDigests.sorted { $0.key < $1.key }.map { "external      \($0.key) \($0.value)" }
        lines += metadata.preprocessing.sorted { $0.key < $1.key }.map { "preprocessing \($0.key) = \($0.value)" }
        lines += metadata.strings.sorted { $0.key < $1.key }.map { "metadata      \($0.key) = \($0.value)" }
        lines += notes.map { "note          \($0)" }
        lines += tensors.map(Self.line)
        return lines.map(Self.printable)
    }

    private static func lines(_ network: Network) -> [String] {
        var lines = [
            "input         \(network.inputShape)",
            "embedding     \(network.embeddingSize)",
            "parameters    \(grouped(network.parameterCount))",
            "MACs          \(grouped(network.multiplyAccumulateCount))",
            "nodes         \(network.nodeCount)",
        ]
        if let configuration = network.configuration, configuration.widthMultiplier != 1 {
            lines.append("width         × \(configuration.widthMultiplier)")
        }
        return lines
    }

    private static func line(_ tensor: TensorSummary) -> String {
        var line = "tensor        \(tensor.name) \(tensor.shape)"
        if let role = tensor.role { line += " " + role.rawValue }
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
                let category = scalar.properties.generalCategory
                return category == .control || category == .format ? scalar.escaped(asASCII: true) : String(scalar)
            }
            .joined()
    }
}

/// What `checkpoint inspect --json` prints. What a file does not tell is left out; ``tensors`` when there are none to list.
extension CheckpointInspection: Encodable {
    /// A key as it is spelt; foreign names are keys, too.
    private struct Key: CodingKey, ExpressibleByStringLiteral {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init(stringLiteral value: String) { stringValue = value }
        init?(intValue: Int) { nil }
    }

    /// Encodes what is known, foreign names as keys in their order.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        func encode<Value>(_ values: [String: Value], _ key: Key, _ form: (Value) -> some Encodable) throws {
            var entries = object.nestedContainer(keyedBy: Key.self, forKey: key)
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                try entries.encode(form(value), forKey: Key(stringValue: name))
            }
        }
        try object.encode(metadata.format, forKey: "format")
        try object.encode("\(metadata.digest)", forKey: "sha256")
        try encode(metadata.externalDigests, "external") { "\($0)" }
        try object.encode(architecture, forKey: "architecture")
        if let network {
            let shape = network.inputShape
            try encode(
                ["height": shape.extent.height, "width": shape.extent.width, "channels": shape.channels],
                "input"
            ) { $0 }
            try object.encode(network.embeddingSize, forKey: "embedding")
            try object.encode(network.parameterCount, forKey: "parameters")
            try object.encode(network.multiplyAccumulateCount, forKey: "macs")
            try object.encode(network.nodeCount, forKey: "nodes")
            try object.encodeIfPresent(network.configuration?.widthMultiplier, forKey: "width")
        }
        try encode(
            Dictionary(metadata.elementTypes.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: +),
            "storedAs"
        ) { $0 }
        try encode(metadata.preprocessing, "preprocessing") { $0 }
        try encode(metadata.strings, "metadata") { $0 }
        try object.encode(notes, forKey: "notes")
        if !tensors.isEmpty { try object.encode(tensors, forKey: "tensors") }
    }
}

extension CheckpointInspection.TensorSummary: Encodable {
    private enum CodingKeys: String, CodingKey { case name, shape, role, low, high, mean }

    /// Encodes name, shape and range; a bound that is no finite number is null.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(name, forKey: .name)
        try object.encode(shape, forKey: .shape)
        try object.encodeIfPresent(role?.rawValue, forKey: .role)
        guard let range else { return }
        for (value, key) in [(Double(range.low), CodingKeys.low), (Double(range.high), .high), (range.mean, .mean)] {
            // JSON has no infinity and no NaN.
            if value.isFinite { try object.encode(value, forKey: key) } else { try object.encodeNil(forKey: key) }
        }
    }
}

public import ArtifactFiles

/// A value inside a graph: 0 is the input, `i + 1` what node `i` makes.
public struct ValueID: Hashable, Sendable, Codable, Comparable {
    /// The number.
    public var index: Int

    /// Wraps a number.
    public init(_ index: Int) { self.index = index }

    /// The graph's input.
    public static let input = ValueID(0)

    /// By number, which is also the order of computation.
    public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// One step of a ``Graph``.
public struct Node: Hashable, Sendable, Codable {
    /// A dotted name, as the reference PyTorch module's; unique in a graph.
    public var name: String
    /// What it computes.
    public var operation: Operation
    /// What it reads; each is made before it.
    public var inputs: [ValueID]

    /// Creates a node.
    public init(name: String, operation: Operation, inputs: [ValueID]) {
        self.name = name
        self.operation = operation
        self.inputs = inputs
    }
}

/// The one intermediate representation of a network: a checked, ordered list of operations on one face.
///
/// Backbones build it, checkpoints are read into it and written from it, inference and training plans compile it.
/// Values are per face and channels last; parameters are named and keep PyTorch's layouts.
public struct Graph: Hashable, Sendable {
    /// The input's shape.
    public let inputShape: ActivationShape
    /// The steps, each after what it reads.
    public let nodes: [Node]
    /// The value that is the result: the embedding.
    public let output: ValueID
    /// The shape of every value, indexed by ``ValueID/index``.
    public let shapes: [ActivationShape]

    /// Checks order, operands and shapes.
    ///
    /// - Parameters:
    ///   - inputShape: One face's shape.
    ///   - nodes: The steps in order.
    ///   - output: The result; the last node's value when nil.
    /// - Throws: ``InputError`` that names the node, what it needs and what it gets.
    public init(inputShape: ActivationShape, nodes: [Node], output: ValueID? = nil) throws(InputError) {
        // A graph may come from a file: its input is bounded like every other value.
        var shapes = [try Operation.identity.outputShape(of: [inputShape])]
        var names = Set<String>()
        for (index, node) in nodes.enumerated() {
            guard names.insert(node.name).inserted else {
                throw InputError(.malformed, "two nodes have this name", place: "node '\(node.name)'")
            }
            var operands: [ActivationShape] = []
            for input in node.inputs {
                guard shapes.indices.contains(input.index), input.index <= index else {
                    throw InputError(.malformed, "reads a value that is not made yet", place: "node '\(node.name)'")
                }
                operands.append(shapes[input.index])
            }
            do throws(InputError) {
                shapes.append(try node.operation.outputShape(of: operands))
            } catch {
                throw error.at("node '\(node.name)'")
            }
        }
        let output = output ?? ValueID(nodes.count)
        guard shapes.indices.contains(output.index) else {
            throw InputError(.malformed, "the output is no value of the graph", found: "\(output.index)")
        }
        self.inputShape = inputShape
        self.nodes = nodes
        self.output = output
        self.shapes = shapes
    }

    /// The shape of a value.
    public func shape(of value: ValueID) -> ActivationShape { shapes[value.index] }

    /// The value that the node of this name makes.
    public func value(named name: String) -> ValueID? {
        nodes.firstIndex { $0.name == name }.map { ValueID($0 + 1) }
    }

    /// How many nodes read each value; the output counts as one more reader.
    public var readerCounts: [Int] {
        var counts = [Int](repeating: 0, count: shapes.count)
        for node in nodes { for input in node.inputs { counts[input.index] += 1 } }
        counts[output.index] += 1
        return counts
    }
}

extension Graph: Codable {
    private enum CodingKeys: String, CodingKey {
        case inputShape
        case nodes
        case output
    }

    /// Decodes and checks a graph.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            inputShape: container.decode(ActivationShape.self, forKey: .inputShape),
            nodes: container.decode([Node].self, forKey: .nodes),
            output: container.decode(ValueID.self, forKey: .output)
        )
    }

    /// Encodes everything that is not derived.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(inputShape, forKey: .inputShape)
        try container.encode(nodes, forKey: .nodes)
        try container.encode(output, forKey: .output)
    }
}

/// The shape of one face's activation: no batch axis, channels last.
public enum ActivationShape: Hashable, Sendable, Codable, CustomStringConvertible {
    /// `[height, width, channels]`.
    case spatial(height: Int, width: Int, channels: Int)
    /// `[count]`.
    case vector(Int)

    /// The number of scalars.
    public var count: Int {
        switch self {
        case .spatial(let height, let width, let channels): height * width * channels
        case .vector(let count): count
        }
    }

    /// The last axis.
    public var channels: Int {
        switch self {
        case .spatial(_, _, let channels): channels
        case .vector(let count): count
        }
    }

    /// Rows and columns; a vector has one of each.
    public var extent: (height: Int, width: Int) {
        switch self {
        case .spatial(let height, let width, _): (height, width)
        case .vector: (1, 1)
        }
    }

    /// `112×112×3` or `512`.
    public var description: String {
        switch self {
        case .spatial(let height, let width, let channels): "\(height)×\(width)×\(channels)"
        case .vector(let count): "\(count)"
        }
    }
}

extension Graph {
    /// The same function in fewer steps, for inference only.
    ///
    /// Dropout and identities go; normalisations become per-channel affine maps and are folded into the convolution or
    /// fully connected layer before or behind them; non-linearities and additions become a convolution's epilogue.
    /// A normalisation *before* a padded convolution leaves ``Convolution/borderValues`` behind.
    ///
    /// - Parameter weights: The parameters of this graph.
    /// - Returns: The rewritten graph and its parameters.
    /// - Throws: ``InputError`` that names a missing or misshapen parameter.
    public func rewrittenForInference(_ weights: Weights) throws(InputError) -> (graph: Graph, weights: Weights) {
        var folding = AffineFolding(graph: self, weights: weights)
        let folded = try folding.run()
        let fused = try EpilogueFusion(graph: folded).run()
        return (try fused.withoutDeadNodes(), folding.weights)
    }

    /// The graph without nodes whose values nobody reads.
    package func withoutDeadNodes() throws(InputError) -> Graph {
        try Graph(inputShape: inputShape, pruning: nodes, output: output)
    }

    /// The graph of those of some nodes that the output needs.
    package init(inputShape: ActivationShape, pruning nodes: [Node], output: ValueID) throws(InputError) {
        var isLive = [Bool](repeating: false, count: nodes.count + 1)
        isLive[output.index] = true
        for index in nodes.indices.reversed() where isLive[index + 1] {
            for input in nodes[index].inputs { isLive[input.index] = true }
        }
        var newValue = [ValueID](repeating: .input, count: nodes.count + 1)
        var kept: [Node] = []
        for (index, node) in nodes.enumerated() where isLive[index + 1] {
            var copy = node
            copy.inputs = node.inputs.map { newValue[$0.index] }
            kept.append(copy)
            newValue[index + 1] = ValueID(kept.count)
        }
        try self.init(inputShape: inputShape, nodes: kept, output: newValue[output.index])
    }
}

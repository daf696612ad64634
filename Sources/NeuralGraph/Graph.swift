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
            do {
                shapes.append(try node.operation.outputShape(of: operands))
            } catch {
                var located = error
                located.place = "node '\(node.name)'"
                throw located
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

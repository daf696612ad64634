internal import CKernels
internal import NeuralGraph

/// How a value's numbers lie in memory.
enum StoredType: Hashable, Sendable {
    case float32
    case bfloat16

    /// Bytes per number.
    var size: Int { self == .float32 ? 4 : 2 }

    /// The kernels' name for it.
    var native: vf_stored { self == .float32 ? VF_F32 : VF_BF16 }

    /// The nearest bfloat16, ties to even; NaN stays NaN.
    static func bfloat16Bits(_ value: Float) -> UInt16 {
        guard !value.isNaN else { return 0x7fc0 }
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
    }
}

/// Chooses which values are stored in half precision: those that only kernels with such a variant touch.
struct StoredTypes {
    private let graph: Graph
    private var types: [StoredType]

    /// All values in single precision.
    static func single(_ graph: Graph) -> [StoredType] { graph.shapes.map { _ in .float32 } }

    /// As many values as possible in bfloat16; the output stays single precision.
    static func half(_ graph: Graph) -> [StoredType] {
        var choice = StoredTypes(graph)
        choice.settle()
        return choice.types
    }

    private init(_ graph: Graph) {
        self.graph = graph
        types = graph.shapes.map { _ in .bfloat16 }
        types[graph.output.index] = .float32
    }

    private mutating func settle() {
        for (index, node) in graph.nodes.enumerated() where !usesKernel(node) && !isReadThrough(index) {
            types[index + 1] = .float32
            for input in node.inputs { types[input.index] = .float32 }
        }
        var before: [StoredType] = []
        while before != types {
            before = types
            for (index, node) in graph.nodes.enumerated() { demote(node, output: index + 1) }
        }
    }

    private mutating func demote(_ node: Node, output: Int) {
        switch node.operation {
        case .convolution:
            guard node.inputs.count > 1, types[node.inputs[1].index] != types[output] else { return }
            types[node.inputs[1].index] = .float32
            types[output] = .float32
        case .linear:
            // Half-precision products take two inputs at a time.
            if !graph.shape(of: node.inputs[0]).count.isMultiple(of: 2) { types[node.inputs[0].index] = .float32 }
        case .flatten:
            // Read through: both sides of it are one value.
            guard types[node.inputs[0].index] != types[output] else { return }
            types[node.inputs[0].index] = .float32
            types[output] = .float32
        default:
            return
        }
    }

    private func usesKernel(_ node: Node) -> Bool {
        switch node.operation {
        case .convolution, .linear: true
        default: false
        }
    }

    /// Whether a flattening is only there for fully connected layers, which read its source.
    private func isReadThrough(_ index: Int) -> Bool {
        guard case .flatten = graph.nodes[index].operation, graph.output != ValueID(index + 1) else { return false }
        let shape = graph.shape(of: graph.nodes[index].inputs[0])
        return (shape.extent.width * shape.channels).isMultiple(of: 2)
            && graph.nodes.allSatisfy { node in
                guard node.inputs.contains(ValueID(index + 1)) else { return true }
                if case .linear = node.operation { return true }
                return false
            }
    }
}

internal import NeuralGraph

/// An affine map of the pixels at the beginning of a graph: the network normalises its own input.
struct InputNormalization {
    private let scale: Float
    private let mean: Float
    private let graph: Graph

    /// - Returns: nil when the graph does not begin with one scale and shift for all pixels.
    init?(_ graph: Graph) {
        var (scale, shift): (Float, Float) = (1, 0)
        var current = ValueID.input
        for (index, node) in graph.nodes.enumerated() where node.inputs == [current] {
            guard case .scalarAffine(let nextScale, let nextShift) = node.operation else { break }
            scale *= nextScale
            shift = shift * nextScale + nextShift
            current = ValueID(index + 1)
        }
        guard current != .input, scale != 0 else { return nil }
        self.scale = scale
        self.graph = graph
        mean = -shift / scale
    }

    var note: String { "the network normalises its own input: (x − \(mean)) · \(scale)" }

    /// How faces must go in: as they are, where the constants are in units of pixels; nothing is known otherwise.
    var preprocessing: [String: String] { mean > 2 || scale < 0.1 ? Self.none(graph) : [:] }

    /// Pixels of 0 … 255, not normalised, at the network's size.
    static func none(_ graph: Graph) -> [String: String] {
        let extent = graph.inputShape.extent
        return ["mean": "0,0,0", "std": "1,1,1", "size": "\(extent.width)x\(extent.height)"]
    }
}

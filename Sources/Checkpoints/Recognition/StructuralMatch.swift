internal import Backbones
internal import NeuralGraph

/// Recognises a catalogue architecture in a graph that a file describes, folded or not, whatever its names.
struct StructuralMatch {
    var name: String
    var configuration: BackboneConfiguration
    /// Whether the nodes and parameters are the catalogue's own, normalisations included.
    var isExact: Bool

    /// The architecture that computes what the graph does.
    static func find(_ graph: Graph, among backbones: [any Backbone]) -> StructuralMatch? {
        let signature = GraphSignature(graph, isExact: false).value
        for backbone in backbones {
            guard let candidate = candidate(for: graph, backbone),
                let published = try? backbone.graph(candidate),
                GraphSignature(published, isExact: false).value == signature
            else { continue }
            let isExact =
                GraphSignature(published, isExact: true).value == GraphSignature(graph, isExact: true).value
            return StructuralMatch(name: backbone.name, configuration: candidate, isExact: isExact)
        }
        return nil
    }

    /// The configuration with the graph's input, embedding and stem width.
    private static func candidate(for graph: Graph, _ backbone: any Backbone) -> BackboneConfiguration? {
        guard case .spatial(let height, let width, _) = graph.inputShape,
            let published = try? backbone.graph(backbone.defaultConfiguration),
            let stem = stemChannels(graph), let publishedStem = stemChannels(published),
            layerCount(graph) == layerCount(published)
        else { return nil }
        return BackboneConfiguration(
            inputHeight: height,
            inputWidth: width,
            embeddingSize: graph.shape(of: graph.output).count,
            widthMultiplier: Double(stem) / Double(publishedStem)
        )
    }

    private static func stemChannels(_ graph: Graph) -> Int? {
        for node in graph.nodes {
            if case .convolution(let convolution) = node.operation { return convolution.outChannels }
        }
        return nil
    }

    private static func layerCount(_ graph: Graph) -> Int {
        graph.nodes.count { node in
            switch node.operation {
            case .convolution, .linear: true
            default: false
            }
        }
    }
}

/// A number for what a graph computes, the same for every order of its nodes.
///
/// Each value's number is mixed from its operation and the numbers of what that reads; equal numbers mean the same
/// structure except with a probability of about 2⁻⁶⁴, and serve for naming only.
private struct GraphSignature {
    let value: UInt64

    init(_ graph: Graph, isExact: Bool) {
        var numbers = [Self.number("input \(graph.inputShape)", [])]
        for (index, node) in graph.nodes.enumerated() {
            let inputs = node.inputs.map { numbers[$0.index] }
            let text =
                isExact
                ? Self.exactDescription(node.operation)
                : Self.description(
                    node.operation,
                    input: node.inputs.first.map(graph.shape(of:)),
                    graph.shapes[index + 1]
                )
            guard let text else {
                numbers.append(inputs.first ?? 0)
                continue
            }
            // Only sums and products have several operands whose order does not matter; concatenations have one.
            let isOrdered = node.operation == .concatenate
            numbers.append(Self.number(text, isOrdered ? inputs : inputs.sorted()))
        }
        value = numbers[graph.output.index]
    }

    /// nil for what does nothing.
    private static func exactDescription(_ operation: Operation) -> String? {
        switch operation {
        case .dropout, .identity: return nil
        case .batchNormalization(var normalization):
            normalization.scaleIsFixed = false
            return "\(normalization)"
        default: return "\(operation)"
        }
    }

    /// nil for what folding removes or adds: normalisations, constant scales and shifts, flattens, dropout.
    private static func description(
        _ operation: Operation,
        input: ActivationShape?,
        _ output: ActivationShape
    ) -> String? {
        switch operation {
        case .batchNormalization, .channelAffine, .scalarAffine, .dropout, .identity, .flatten: return nil
        case .linear(let linear): return "matrix \(linear.outFeatures)"
        case .convolution(let layer):
            if let input, input.extent == (1, 1), layer.kernel == Extent(1) { return "matrix \(layer.outChannels)" }
            return "convolution \(layer.outChannels) \(layer.kernel) \(layer.stride) \(layer.padding) "
                + "\(layer.dilation) \(layer.groups) \(layer.epilogue)"
        case .activation(.prelu): return "prelu"
        case .activation(let activation): return "\(activation)"
        default: return "\(operation)"
        }
    }

    private static func number(_ text: String, _ inputs: [UInt64]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for input in inputs {
            hash = (hash ^ input) &* 0x9e37_79b9_7f4a_7c15
            hash ^= hash >> 29
        }
        return hash
    }
}

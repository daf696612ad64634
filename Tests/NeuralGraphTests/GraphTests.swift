import ArtifactFiles
import Foundation
import NeuralGraph
import Testing

@Suite struct GraphTests {
    private func spatial(_ height: Int, _ width: Int, _ channels: Int) -> ActivationShape {
        .spatial(height: height, width: width, channels: channels)
    }

    @Test func shapesFollowPyTorchsFormulas() throws {
        var builder = GraphBuilder(inputShape: spatial(113, 97, 3))
        let stem = builder.convolution("a", .input, outChannels: 8, kernel: Extent(3), stride: 2, padding: 1)
        let pooled = builder.append(
            "b",
            .pool(Pool(kind: .maximum, kernel: Extent(3), stride: Extent(2), roundsUp: true)),
            stem
        )
        builder.append("c", .flatten, pooled)
        let graph = try builder.graph()
        #expect(graph.shapes[1] == spatial(57, 49, 8))
        #expect(graph.shapes[2] == spatial(28, 24, 8))
        #expect(graph.shapes[3] == .vector(28 * 24 * 8))
    }

    @Test func errorsNameTheNode() {
        var builder = GraphBuilder(inputShape: spatial(4, 4, 3))
        builder.convolution("too.large", .input, outChannels: 8, kernel: Extent(7))
        expectError(builder, containing: "too.large")
        builder = GraphBuilder(inputShape: spatial(4, 4, 3))
        builder.convolution("odd.groups", .input, outChannels: 8, kernel: Extent(1), groups: 2)
        expectError(builder, containing: "odd.groups")
        builder = GraphBuilder(inputShape: spatial(4, 4, 3))
        builder.append("future", .identity, ValueID(5))
        expectError(builder, containing: "future")
        // A shape that would need terabytes is refused before anybody allocates.
        builder = GraphBuilder(inputShape: spatial(1 << 20, 1 << 20, 3))
        builder.convolution("huge", .input, outChannels: 1 << 20, kernel: Extent(1))
        expectError(builder, containing: "out of bounds")
    }

    private func expectError(_ builder: GraphBuilder, containing name: String) {
        do {
            _ = try builder.graph()
            Issue.record("no error for \(name)")
        } catch {
            #expect(error.description.contains(name))
        }
    }

    @Test func countsByHand() throws {
        var builder = GraphBuilder(inputShape: spatial(8, 8, 4))
        let convolution = builder.convolution("c", .input, outChannels: 6, kernel: Extent(3), padding: 1, groups: 2)
        let norm = builder.batchNormalization("n", convolution)
        let activated = builder.prelu("p", norm)
        let flat = builder.append("f", .flatten, activated)
        builder.linear("l", flat, outFeatures: 5)
        let graph = try builder.graph()
        #expect(graph.multiplyAccumulateCount == 64 * 6 * 9 * 2 + 5 * 384)
        #expect(graph.parameterCount == 6 * 2 * 9 + 6 + 6 + 6 + 5 * 384 + 5)
        #expect(graph.parameters.map(\.name).contains("n.running_var"))
    }

    @Test func survivesJSON() throws {
        var builder = GraphBuilder(inputShape: spatial(8, 8, 4))
        let convolution = builder.convolution("c", .input, outChannels: 4, kernel: Extent(3), padding: 1)
        let activated = builder.append("a", .activation(.clip(low: 0, high: 6)), convolution)
        builder.append("s", .add, activated, .input)
        let graph = try builder.graph()
        let copy = try JSONDecoder().decode(Graph.self, from: JSONEncoder().encode(graph))
        #expect(copy == graph)
    }

    @Test func deadNodesGo() throws {
        var builder = GraphBuilder(inputShape: spatial(2, 2, 1))
        builder.append("dead", .activation(.relu), .input)
        builder.append("live", .activation(.sigmoid), .input)
        let graph = try builder.graph().withoutDeadNodes()
        #expect(graph.nodes.map(\.name) == ["live"])
        #expect(graph.nodes[0].inputs == [.input])
    }
}

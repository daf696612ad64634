import ArtifactFiles
import Backbones
import NeuralGraph
import Testing

/// What methods on intermediate features may rely on.
@Suite struct FeatureTapTests {
    @Test(arguments: BackboneCatalogue.all.map(\.name))
    func tapsAreValuesOfTheGraph(_ name: String) throws {
        let backbone = try BackboneCatalogue.backbone(named: name)
        let graph = try backbone.graph()
        let taps = backbone.featureTaps
        #expect(taps.count >= 4)
        var values: [ValueID] = []
        for tap in taps {
            let output = try #require(graph.value(named: tap.output), "\(tap.output)")
            let before = try #require(graph.value(named: tap.preactivation), "\(tap.preactivation)")
            let node = graph.nodes[output.index - 1]
            if tap.output == tap.preactivation {
                if case .activation = node.operation { Issue.record("\(tap.output) is behind a non-linearity") }
            } else {
                guard case .activation = node.operation else {
                    Issue.record("\(tap.output) is no non-linearity")
                    continue
                }
                #expect(node.inputs == [before])
            }
            values.append(output)
        }
        #expect(values == values.sorted(), "in the order of computation")
        let areas = values.dropFirst()
            .map { value in
                guard case .spatial(let height, let width, _) = graph.shape(of: value) else { return 0 }
                return height * width
            }
        #expect(zip(areas, areas.dropFirst()).allSatisfy { $0 > $1 } && (areas.last ?? 0) > 1, "\(areas)")
    }

    /// RepDistiller's `resnet8x4`: shapes of `[f0, f1, f2, f3]` as its `is_feat` gives them.
    @Test func tapsOfACIFARNetworkAreRepDistillersFeatures() throws {
        let backbone = try BackboneCatalogue.backbone(named: "resnet8x4")
        let graph = try backbone.graph()
        let shapes = backbone.featureTaps.compactMap { graph.value(named: $0.output).map(graph.shape(of:)) }
        let expected: [(Int, Int)] = [(32, 32), (32, 64), (16, 128), (8, 256)]
        #expect(shapes == expected.map { .spatial(height: $0, width: $0, channels: $1) })
        #expect(graph.shape(of: graph.output).count == 256)
    }

    @Test func aCIFARNetworksEmbeddingIsItsLastStage() throws {
        let backbone = try BackboneCatalogue.backbone(named: "resnet8")
        var configuration = backbone.defaultConfiguration
        configuration.embeddingSize = 128
        do {
            _ = try backbone.graph(configuration)
            Issue.record("no error")
        } catch {
            #expect(error.expected == "64" && error.found == "128")
        }
    }

    @Test func aCIFARNetworkStartsAsItsReference() throws {
        let backbone = try BackboneCatalogue.backbone(named: "resnet20")
        let weights = try backbone.initialWeights(backbone.defaultConfiguration, seed: 1)
        // kaiming_normal_ by fan-out: √(2 / (64 · 9)) over 36,864 numbers.
        let values = try #require(weights["layer3.1.conv1.weight"]).values.map(Double.init)
        let deviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        #expect(abs(deviation / (2.0 / 576).squareRoot() - 1) < 0.02)
        #expect(weights["layer3.1.bn1.weight"]?.values.allSatisfy { $0 == 1 } == true)
        #expect(weights["layer3.1.bn1.bias"]?.values.allSatisfy { $0 == 0 } == true)
    }
}

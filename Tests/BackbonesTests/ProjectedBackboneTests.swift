import ArtifactFiles
import Backbones
import NeuralGraph
import Testing

@Suite("Projectors behind a backbone")
struct ProjectedBackboneTests {
    private static func shapes(_ graph: Graph) -> [String: [Int]] {
        Dictionary(
            uniqueKeysWithValues: graph.parameters.filter { $0.name.hasPrefix("projector.") && $0.countsAsParameter }
                .map { ($0.name, $0.shape) }
        )
    }

    @Test("Behind features: the parameters of DefangChen/SimKD's `transfer`, then the mean over positions")
    func features() throws {
        let base = try BackboneCatalogue.backbone(named: "resnet8")
        let backbone = try ProjectedBackbone(base, Projector(length: 8, place: .features))
        let graph = try backbone.graph()
        // As Scripts/oracles/rival_losses.py --official prints them for 5 → 8, here from 64 channels.
        #expect(
            Self.shapes(graph) == [
                "projector.0.weight": [4, 64, 1, 1], "projector.1.weight": [4], "projector.1.bias": [4],
                "projector.3.weight": [4, 4, 3, 3], "projector.4.weight": [4], "projector.4.bias": [4],
                "projector.6.weight": [8, 4, 1, 1], "projector.7.weight": [8], "projector.7.bias": [8],
            ]
        )
        #expect(graph.shape(of: graph.output) == .vector(8))
        let tap = try #require(backbone.featureTaps.last)
        #expect(graph.value(named: tap.output).map(graph.shape(of:)) == .spatial(height: 8, width: 8, channels: 8))
        #expect(backbone.featureTaps.count == base.featureTaps.count)
        #expect(graph.value(named: "avgpool") == nil, "what the projector replaces is gone")
    }

    @Test("Behind an embedding: linear layers, no ReLU at the end, for every architecture")
    func embeddings() throws {
        for base in BackboneCatalogue.all {
            let graph = try ProjectedBackbone(base, Projector(length: 48, factor: 4)).graph()
            let plain = try base.graph()
            let length = plain.shape(of: plain.output).count
            #expect(Self.shapes(graph)["projector.0.weight"] == [12, length], "\(base.name)")
            #expect(graph.shape(of: graph.output) == .vector(48))
            guard case .batchNormalization = graph.nodes.last?.operation else {
                Issue.record("\(base.name) ends in \(graph.nodes.last?.name ?? "nothing")")
                continue
            }
        }
    }

    @Test("The base begins with the weights that it has alone")
    func initialWeights() throws {
        let base = try BackboneCatalogue.backbone(named: "resnet8")
        let plain = try base.initialWeights(base.defaultConfiguration, seed: 3)
        for place in Projector.Place.allCases {
            let backbone = try ProjectedBackbone(base, Projector(length: 32, place: place))
            let weights = try backbone.initialWeights(backbone.defaultConfiguration, seed: 3)
            #expect(plain.names.allSatisfy { plain[$0] == weights[$0] })
            let bound = weights["projector.3.weight"].map { 1 / Float($0.values.count / 16).squareRoot() } ?? 0
            #expect(weights["projector.3.weight"]?.values.allSatisfy { abs($0) <= bound } == true)
        }
    }

    @Test("Inner layers without a channel are refused")
    func noChannels() throws {
        let base = try BackboneCatalogue.backbone(named: "resnet8")
        for projector in [Projector(length: 4, factor: 5), Projector(length: 4, factor: 0)] {
            #expect(throws: InputError.self) { try ProjectedBackbone(base, projector) }
        }
    }
}

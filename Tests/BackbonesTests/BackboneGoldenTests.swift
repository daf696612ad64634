import ArtifactFiles
import Backbones
import Foundation
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// Every backbone against PyTorch, on the same formula-made weights.
@Suite struct BackboneGoldenTests {
    struct Golden: Decodable, CustomTestStringConvertible {
        struct InputTensor: Decodable {
            var shape: [Int]
        }

        var architecture: String
        var gain: Double
        var input: InputTensor
        var parameterCount: Int
        var multiplyAccumulates: Int
        var tensorListDigest: String

        var testDescription: String { architecture }
    }

    /// Golden file → architecture in the catalogue.
    static let names: [(file: String, backbone: String)] =
        [
            ("mbf", "mbf"), ("mbf_large", "mbf_large"), ("mobilefacenet_112x112", "mobilefacenet"),
            ("mobilefacenet_112x96", "mobilefacenet"), ("mobilefacenet_relu6", "mobilefacenet-relu6"),
            ("iresnet18", "r18"), ("iresnet34", "r34"), ("iresnet50", "r50"), ("iresnet100", "r100"),
            ("iresnet200", "r200"),
        ] + CIFARResNet.all.map { ($0.name, $0.name) }

    private func network(_ file: String, _ name: String) throws -> (golden: Golden, graph: Graph) {
        let golden = try JSONDecoder().decode(Golden.self, from: Fixture.data("Backbones/\(file).json"))
        let backbone = try BackboneCatalogue.backbone(named: name)
        var configuration = backbone.defaultConfiguration
        configuration.inputHeight = golden.input.shape[2]
        configuration.inputWidth = golden.input.shape[3]
        return (golden, try backbone.graph(configuration))
    }

    @Test func everyBackboneHasAGolden() {
        #expect(Set(BackboneCatalogue.all.map(\.name)) == Set(Self.names.map(\.backbone)))
    }

    @Test(arguments: names)
    func countsAndNamesAreTheReferenceCodes(_ name: (file: String, backbone: String)) throws {
        let (golden, graph) = try network(name.file, name.backbone)
        #expect(graph.parameterCount == golden.parameterCount)
        #expect(graph.multiplyAccumulateCount == golden.multiplyAccumulates)
    }

    @Test(arguments: names)
    func embeddingsAgreeWithPyTorch(_ name: (file: String, backbone: String)) throws {
        let (golden, graph) = try network(name.file, name.backbone)
        let formula = FormulaTensors(gain: golden.gain)
        let plan = try CPUDevice()
            .inferencePlan(
                graph: graph,
                weights: formula.weights(for: graph),
                options: InferenceOptions(facesPerPass: 2)
            )
        let input = channelsLast(
            formula.tensor("input", .signal, shape: golden.input.shape).values,
            shape: golden.input.shape
        )
        let size = plan.outputShape.count
        var output = [Float](repeating: 0, count: 2 * size)
        input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { plan.makeWorker().run(input, count: 2, output: $0) }
        }
        let expected = try Fixture.floats("Backbones/\(name.file).npy")
        for face in 0..<2 {
            let range = face * size..<(face + 1) * size
            let norm = expected[range].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            let difference = range.map { Double(abs(output[$0] - expected[$0])) }.max() ?? .infinity
            #expect(difference <= 1e-4 * norm, "face \(face): \(difference / norm) of the norm")
            // What it really reaches, so that a loss of accuracy is seen long before the bound.
            #expect(difference <= 5e-6 * norm, "face \(face): \(difference / norm) of the norm")
        }
    }

    @Test(arguments: BackboneCatalogue.all.map(\.name))
    func configurationsAreReadOffTheShapes(_ name: String) throws {
        let backbone = try BackboneCatalogue.backbone(named: name)
        var configuration = backbone.defaultConfiguration
        configuration.widthMultiplier = 0.5
        configuration.embeddingSize = (backbone as? CIFARResNet)?.embeddingSize(widthMultiplier: 0.5) ?? 64
        let graph = try backbone.graph(configuration)
        let shapes = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0.shape) })
        #expect(backbone.configuration(suggestedBy: shapes) == configuration)
    }

    @Test func unknownNamesListTheKnown() {
        do {
            _ = try BackboneCatalogue.backbone(named: "vgg")
            Issue.record("no error")
        } catch {
            #expect(error.code == .unknownName)
            #expect(error.description.contains("mbf_large"))
        }
    }
}

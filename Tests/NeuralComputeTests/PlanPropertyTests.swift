import Backbones
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// What a plan promises beyond single operations.
@Suite struct PlanPropertyTests {
    private static func smallNetwork() throws -> (Graph, Weights) {
        let configuration = BackboneConfiguration(
            inputHeight: 48,
            inputWidth: 32,
            embeddingSize: 24,
            widthMultiplier: 0.25
        )
        let graph = try InsightFaceMobileFaceNet.mbf.graph(configuration)
        return (graph, FormulaTensors().weights(for: graph))
    }

    private static func embeddings(
        _ backend: any ComputeBackend,
        faces: [Float],
        count: Int,
        facesPerPass: Int
    ) throws -> [Float] {
        let (graph, weights) = try smallNetwork()
        let plan = try backend.inferencePlan(
            graph: graph,
            weights: weights,
            options: InferenceOptions(facesPerPass: facesPerPass)
        )
        var output = [Float](repeating: 0, count: count * plan.outputShape.count)
        faces.withUnsafeBufferPointer { faces in
            output.withUnsafeMutableBufferPointer { plan.makeWorker().run(faces, count: count, output: $0) }
        }
        return output
    }

    @Test func aFaceDoesNotSeeItsCompany() throws {
        let faces = FormulaTensors().tensor("company", .signal, shape: [7, 48, 32, 3]).values
        let alone = try Self.embeddings(CPUBackend(), faces: faces, count: 7, facesPerPass: 1)
        for facesPerPass in [2, 3, 7, 8] {
            let together = try Self.embeddings(CPUBackend(), faces: faces, count: 7, facesPerPass: facesPerPass)
            #expect(alone == together, "bytes differ at \(facesPerPass) faces per pass")
        }
    }

    @Test func cpuAgreesWithReferenceOnAWholeNetwork() throws {
        let faces = FormulaTensors().tensor("whole", .signal, shape: [2, 48, 32, 3]).values
        let fast = try Self.embeddings(CPUBackend(), faces: faces, count: 2, facesPerPass: 2)
        let slow = try Self.embeddings(ReferenceBackend(), faces: faces, count: 2, facesPerPass: 1)
        let norm = slow.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let difference = zip(fast, slow).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference < 1e-5 * norm)
    }

    @Test func rewritingKeepsTheFunction() throws {
        for backbone in [IResNet.r18 as any Backbone, MobileFaceNetReLU6(), MobileFaceNet()] {
            let graph = try backbone.graph(
                BackboneConfiguration(inputHeight: 32, inputWidth: 32, embeddingSize: 16, widthMultiplier: 0.125)
            )
            let weights = FormulaTensors().weights(for: graph)
            let rewritten = try graph.rewrittenForInference(weights)
            #expect(rewritten.graph.nodes.count < graph.nodes.count / 2)
            let face = FormulaTensors().tensor("rewrite", .signal, shape: [1, 32, 32, 3]).values
            let before = try run(graph, weights, face)
            let after = try run(rewritten.graph, rewritten.weights, face)
            let norm = before.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let difference = zip(before, after).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 2e-6 * norm, "\(backbone.name)")
        }
    }

    private func run(_ graph: Graph, _ weights: Weights, _ face: [Float]) throws -> [Float] {
        let plan = try ReferenceBackend().inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
        var output = [Float](repeating: 0, count: plan.outputShape.count)
        face.withUnsafeBufferPointer { face in
            output.withUnsafeMutableBufferPointer { plan.makeWorker().run(face, count: 1, output: $0) }
        }
        return output
    }

    @Test func brokenNumbersStayVisible() throws {
        var faces = FormulaTensors().tensor("nan", .signal, shape: [2, 48, 32, 3]).values
        faces[1000] = .nan
        let output = try Self.embeddings(CPUBackend(), faces: faces, count: 2, facesPerPass: 2)
        #expect(output[..<24].contains { $0.isNaN })
        #expect(!output[24...].contains { $0.isNaN })
    }

    @Test func missingAndMisshapenParametersAreNamed() throws {
        var (graph, weights) = try Self.smallNetwork()
        weights["conv_sep.layers.0.weight"] = Tensor(shape: [1], values: [0])
        #expect(throws: (any Error).self) {
            _ = try CPUBackend().inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
        }
        graph = try MobileFaceNet().graph()
        do {
            _ = try CPUBackend().inferencePlan(graph: graph, weights: Weights(), options: InferenceOptions())
            Issue.record("no error")
        } catch {
            #expect("\(error)".contains("conv1.conv.weight"))
        }
    }
}

import Backbones
import CKernels
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// One face split between threads: the same bytes as on one thread.
@Suite struct TeamTests {
    private static let precisions = vf_has_bf16() != 0 ? InferencePrecision.allCases : [.float32]

    private func check(
        _ graph: Graph,
        _ weights: Weights,
        _ precision: InferencePrecision,
        faces: Int,
        threads: [Int],
        _ name: String
    ) throws {
        let plan = try CPUBackend()
            .inferencePlan(graph: graph, weights: weights, options: InferenceOptions(precision: precision))
        let size = graph.inputShape.count
        let input = FormulaTensors().tensor("team", .signal, shape: [faces, size]).values
        func run(_ worker: any InferenceWorker) -> [Float] {
            var output = [Float](repeating: 0, count: faces * plan.outputShape.count)
            input.withUnsafeBufferPointer { input in
                output.withUnsafeMutableBufferPointer { worker.run(input, count: faces, output: $0) }
            }
            return output
        }
        let alone = run(plan.makeWorker())
        for threads in threads {
            let team = plan.makeTeam(threads: threads)
            // More than once: a share that was only right because memory was fresh shows.
            for _ in 0..<3 { #expect(run(team) == alone, "\(name), \(precision), \(threads) threads") }
        }
    }

    @Test func wholeNetworksGiveTheSameBytes() throws {
        let backbones: [any Backbone] = [
            InsightFaceMobileFaceNet.mbf, MobileFaceNet(), MobileFaceNetReLU6(), IResNet.r18,
        ]
        for backbone in backbones {
            let graph = try backbone.graph(
                BackboneConfiguration(inputHeight: 48, inputWidth: 80, embeddingSize: 40, widthMultiplier: 0.5)
            )
            let weights = FormulaTensors().weights(for: graph)
            for precision in Self.precisions {
                try check(graph, weights, precision, faces: 3, threads: [1, 2, 3, 8], backbone.name)
            }
        }
    }

    @Test(arguments: OperationCase.all.filter { $0.inputs.count == 1 })
    func operationsGiveTheSameBytes(_ golden: OperationCase) throws {
        var builder = GraphBuilder(inputShape: OperationCase.shape(golden.inputs[0].shape))
        builder.append("case", golden.graphOperation, .input)
        for precision in Self.precisions {
            try check(builder.graph(), golden.weights, precision, faces: 2, threads: [2, 5], golden.name)
        }
    }

    @Test func aTeamThatNeverRunsEnds() throws {
        let graph = try IResNet.r18.graph(
            BackboneConfiguration(inputHeight: 32, inputWidth: 32, embeddingSize: 16, widthMultiplier: 0.125)
        )
        let plan = try CPUBackend()
            .inferencePlan(graph: graph, weights: FormulaTensors().weights(for: graph), options: InferenceOptions())
        for threads in [2, 4, 16] { _ = plan.makeTeam(threads: threads) }
    }
}

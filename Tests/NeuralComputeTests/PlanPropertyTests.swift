import Backbones
import Dispatch
import NeuralCompute
import NeuralGraph
import Synchronization
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
        _ backend: any Device,
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
        let alone = try Self.embeddings(CPUDevice(), faces: faces, count: 7, facesPerPass: 1)
        for facesPerPass in [2, 3, 7, 8] {
            let together = try Self.embeddings(CPUDevice(), faces: faces, count: 7, facesPerPass: facesPerPass)
            #expect(alone == together, "bytes differ at \(facesPerPass) faces per pass")
        }
    }

    /// A fully connected layer, Winograd's products, 1×1 products of few pixels, rows that an addend follows, all large
    /// enough for every form of a library's kernel: a face's bytes do not depend on its place, its company, its thread.
    @Test func aFaceIsTheSameBytesInAnyPlaceOnAnyThread() throws {
        var builder = GraphBuilder(inputShape: .spatial(height: 13, width: 9, channels: 48))
        let wide = builder.convolution("wide", .input, outChannels: 200, kernel: Extent(3), padding: 1)
        let strided = builder.convolution("strided", wide, outChannels: 72, kernel: Extent(3), stride: 2)
        let narrow = builder.convolution("narrow", strided, outChannels: 140, kernel: Extent(1))
        let flat = builder.append("flat", .flatten, narrow)
        builder.linear("features", flat, outFeatures: 130)
        let graph = try builder.graph()
        let weights = FormulaTensors().weights(for: graph)
        let (size, distinct) = (graph.inputShape.count, 3)
        let images = FormulaTensors().tensor("place", .signal, shape: [distinct, size]).values
        func plan(_ facesPerPass: Int) throws -> any InferencePlan {
            try CPUDevice()
                .inferencePlan(
                    graph: graph,
                    weights: weights,
                    options: InferenceOptions(facesPerPass: facesPerPass)
                )
        }
        @Sendable func embed(_ plan: any InferencePlan, _ order: [Int]) -> [[Float]] {
            let faces = order.flatMap { images[$0 * size..<($0 + 1) * size] }
            var output = [Float](repeating: 0, count: order.count * 130)
            faces.withUnsafeBufferPointer { faces in
                output.withUnsafeMutableBufferPointer { plan.makeWorker().run(faces, count: order.count, output: $0) }
            }
            return order.indices.map { Array(output[$0 * 130..<($0 + 1) * 130]) }
        }
        let alone = try (0..<distinct).map { embed(try plan(1), [$0])[0] }
        for facesPerPass in [1, 2, 5, 9] {
            let plan = try plan(facesPerPass)
            let threads = Mutex([Bool](repeating: false, count: 4))
            DispatchQueue.concurrentPerform(iterations: 4) { thread in
                let order = (0..<9).map { ($0 * 2 + thread) % distinct }
                let isSame = zip(embed(plan, order), order).allSatisfy { $0 == alone[$1] }
                threads.withLock { $0[thread] = isSame }
            }
            #expect(threads.withLock { $0 } == [true, true, true, true], "\(facesPerPass) faces per pass")
        }
    }

    @Test func cpuAgreesWithReferenceOnAWholeNetwork() throws {
        let faces = FormulaTensors().tensor("whole", .signal, shape: [2, 48, 32, 3]).values
        let fast = try Self.embeddings(CPUDevice(), faces: faces, count: 2, facesPerPass: 2)
        let slow = try Self.embeddings(ReferenceDevice(), faces: faces, count: 2, facesPerPass: 1)
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
        let plan = try ReferenceDevice().inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
        var output = [Float](repeating: 0, count: plan.outputShape.count)
        face.withUnsafeBufferPointer { face in
            output.withUnsafeMutableBufferPointer { plan.makeWorker().run(face, count: 1, output: $0) }
        }
        return output
    }

    @Test func brokenNumbersStayVisible() throws {
        var faces = FormulaTensors().tensor("nan", .signal, shape: [2, 48, 32, 3]).values
        faces[1000] = .nan
        let output = try Self.embeddings(CPUDevice(), faces: faces, count: 2, facesPerPass: 2)
        #expect(output[..<24].contains { $0.isNaN })
        #expect(!output[24...].contains { $0.isNaN })
    }

    @Test func missingAndMisshapenParametersAreNamed() throws {
        var (graph, weights) = try Self.smallNetwork()
        weights["conv_sep.layers.0.weight"] = Tensor(shape: [1], values: [0])
        #expect(throws: (any Error).self) {
            _ = try CPUDevice().inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
        }
        graph = try MobileFaceNet().graph()
        do {
            _ = try CPUDevice().inferencePlan(graph: graph, weights: Weights(), options: InferenceOptions())
            Issue.record("no error")
        } catch {
            #expect("\(error)".contains("conv1.conv.weight"))
        }
    }
}

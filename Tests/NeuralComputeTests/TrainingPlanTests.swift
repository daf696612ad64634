import ArtifactFiles
import Backbones
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// What a training plan promises beyond gradients.
@Suite struct TrainingPlanTests {
    private static func network() throws -> (graph: Graph, weights: Weights) {
        let graph = try MobileFaceNetReLU6()
            .graph(BackboneConfiguration(inputHeight: 32, inputWidth: 32, embeddingSize: 8, widthMultiplier: 0.125))
        return (graph, FormulaTensors().weights(for: graph))
    }

    private static func faces(_ graph: Graph, _ count: Int) -> [Float] {
        FormulaTensors().tensor("faces", .signal, shape: [count, graph.inputShape.count]).values
    }

    @Test(arguments: BackboneCatalogue.all.map(\.name))
    func everyBackboneEvaluatesAsItsInferencePlan(_ name: String) throws {
        let backbone = try BackboneCatalogue.backbone(named: name)
        let size = (backbone as? CIFARResNet)?.embeddingSize(widthMultiplier: 0.125) ?? 8
        let graph = try backbone.graph(
            BackboneConfiguration(inputHeight: 32, inputWidth: 48, embeddingSize: size, widthMultiplier: 0.125)
        )
        // Deep residual networks grow under weights that are made for shallow ones.
        let weights = FormulaTensors(gain: 0.6).weights(for: graph)
        let plan = try CPUDevice(threads: 2)
            .trainingPlan(graph: graph, weights: weights, options: TrainingOptions(batchSize: 4))
        let faces = Self.faces(graph, 2)
        plan.forward(faces, 2, .evaluation)
        let inference = try CPUDevice().inferencePlan(graph: graph, weights: weights, options: InferenceOptions())
        var expected = [Float](repeating: 0, count: 2 * size)
        faces.withUnsafeBufferPointer { faces in
            expected.withUnsafeMutableBufferPointer { inference.makeWorker().run(faces, count: 2, output: $0) }
        }
        let scale = expected.map(abs).max() ?? 0
        #expect(zip(plan.outputs, expected).allSatisfy { abs($0 - $1) < 2e-5 * scale })
        #expect(plan.weights == weights)
        // And all of them train.
        plan.forward(faces, 2, .training(randomSeed: 1))
        let seed = [Float](repeating: 0.1, count: 2 * size)
        plan.backward(seed)
        #expect(plan.allGradients.contains { $0 != 0 })
        #expect(plan.allGradients.allSatisfy { $0.isFinite })
    }

    @Test func fewerFacesThanRoomGiveTheSameBytes() throws {
        let (graph, weights) = try Self.network()
        let faces = Self.faces(graph, 3)
        let results = try [3, 20]
            .map { batchSize in
                let plan = try CPUDevice(threads: 2)
                    .trainingPlan(
                        graph: graph,
                        weights: weights,
                        options: TrainingOptions(batchSize: batchSize, taps: ["conv1.0"])
                    )
                if batchSize > 3 { plan.forward(Self.faces(graph, 20), 20, .evaluation) }
                plan.forward(faces, 3, .training(randomSeed: 1))
                let seed = plan.outputs.map { $0 * $0 }
                plan.backward(seed)
                #expect(plan.features(at: 0).count == 3 * plan.tapShape(0).count)
                return plan.outputs + plan.allGradients + plan.allValues
            }
        let isSame = results[0] == results[1]
        #expect(isSame)
    }

    @Test func dropoutKeepsTheMeanAndItsMask() throws {
        var builder = GraphBuilder(inputShape: .vector(4000))
        let norm = builder.append("shift", .batchNormalization(Self.shiftOnly), .input)
        builder.append("drop", .dropout(rate: 0.25), norm)
        let graph = try builder.graph()
        var weights = Weights()
        for (name, value) in [("n.mean", Float(0)), ("n.variance", 1), ("n.shift", 1)] {
            weights[name] = Tensor(shape: [4000], values: [Float](repeating: value, count: 4000))
        }
        let plan = try CPUDevice(threads: 2)
            .trainingPlan(graph: graph, weights: weights, options: TrainingOptions(batchSize: 2))
        // The same face twice: the normalised input is 0, the shift 1.
        let faces = [Float](repeating: 0.5, count: 8000)
        plan.forward(faces, 2, .training(randomSeed: 9))
        let first = plan.outputs
        #expect(first.allSatisfy { $0 == 0 || abs($0 - 4 / 3) < 1e-5 })
        let dropped = first.count { $0 == 0 }
        #expect(abs(dropped - 2000) < 200)
        let isAlike = Array(first[..<4000]) == Array(first[4000...])
        #expect(!isAlike, "faces draw their own")
        let ones = [Float](repeating: 1, count: 8000)
        plan.backward(ones)
        let shift = plan.gradient(of: "n.shift")
        for index in 0..<4000 { #expect(abs(shift[index] - first[index] - first[4000 + index]) < 1e-5) }
        plan.forward(faces, 2, .training(randomSeed: 9))
        // The running statistics have moved: values may differ in the last places, the mask may not.
        let mask = first.map { $0 == 0 }
        let isSameMask = plan.outputs.map { $0 == 0 } == mask
        #expect(isSameMask)
        plan.forward(faces, 2, .training(randomSeed: 10))
        let isOtherMask = plan.outputs.map { $0 == 0 } != mask
        #expect(isOtherMask)
        plan.set("n.shift", [7] + [Float](repeating: 1, count: 3999))
        plan.forward(faces, 2, .evaluation)
        #expect(abs(plan.outputs[0] - 7) < 1 && plan.outputs.allSatisfy { $0 != 0 }, "nothing is dropped")
    }

    private static let shiftOnly = BatchNormalization(
        mean: "n.mean",
        variance: "n.variance",
        scale: nil,
        shift: "n.shift"
    )

    @Test func theFirstBrokenNodeIsNamed() throws {
        let (graph, weights) = try Self.network()
        let plan = try CPUDevice(threads: 2)
            .trainingPlan(graph: graph, weights: weights, options: TrainingOptions(batchSize: 2))
        var faces = Self.faces(graph, 2)
        plan.forward(faces, 2, .training(randomSeed: 1))
        #expect(plan.firstNonFiniteNode() == nil)
        let trained = plan.parameters.filter {
            [.convolutionWeight, .normalizationScale].contains($0.specification.role)
        }
        for parameter in [trained[0], trained[1], trained[12], trained[13]] {
            let name = parameter.specification.name
            let saved = plan.weights
            var broken = plan.value(of: name)
            broken[0] = .nan
            plan.set(name, broken)
            plan.forward(faces, 2, .training(randomSeed: 1))
            #expect(plan.firstNonFiniteNode() == name.replacing(".weight", with: ""))
            // The running statistics are broken too.
            for name in saved.names { plan.set(name, saved[name]?.values ?? []) }
        }
        faces[100] = .infinity
        plan.forward(faces, 2, .evaluation)
        #expect(plan.firstNonFiniteNode() == "input")
    }

    @Test func badRequestsAreNamed() throws {
        let (graph, weights) = try Self.network()
        func error(_ device: any Device, _ graph: Graph, _ weights: Weights, _ options: TrainingOptions)
            -> InputError?
        {
            do throws(InputError) {
                _ = try device.trainingPlan(graph: graph, weights: weights, options: options)
                return nil
            } catch { return error }
        }
        let options = TrainingOptions(batchSize: 2)
        let tapped = TrainingOptions(batchSize: 2, taps: ["layer9"])
        var missing = weights
        missing["conv1.0.weight"] = nil
        let rewritten = try graph.rewrittenForInference(weights)
        for device in try TestDevices.names.map(TestDevices.open) {
            #expect(error(device, graph, weights, tapped)?.code == .unknownName)
            #expect(error(device, graph, weights, TrainingOptions(batchSize: 0))?.code == .malformed)
            #expect(error(device, graph, missing, options)?.code == .missing)
            #expect(error(device, rewritten.graph, rewritten.weights, options)?.code == .unsupported)
        }
        // More memory than there is.
        let huge = TrainingOptions(batchSize: 1 << 40)
        #expect(error(CPUDevice(), graph, weights, huge)?.code == .limitExceeded)
    }

    @Test func oneSharedSlopeIsTrained() throws {
        var builder = GraphBuilder(inputShape: .spatial(height: 4, width: 4, channels: 3))
        let x = builder.batchNormalization("n", builder.convolution("c", .input, outChannels: 6, kernel: Extent(3)))
        builder.prelu("a", x)
        let graph = try builder.graph()
        var weights = FormulaTensors().weights(for: graph)
        let apart = weights
        weights["a.weight"] = Tensor(shape: [1], values: [0.3])
        var expanded = apart
        expanded["a.weight"] = Tensor(shape: [6], values: [Float](repeating: 0.3, count: 6))
        let gradients = try [weights, expanded]
            .map { weights in
                let plan = try CPUDevice(threads: 2)
                    .trainingPlan(graph: graph, weights: weights, options: TrainingOptions(batchSize: 3))
                plan.forward(Self.faces(graph, 3), 3, .training(randomSeed: 1))
                let seed = plan.outputs
                plan.backward(seed)
                #expect(plan.weights["a.weight"] == weights["a.weight"])
                return plan.gradient(of: "a.weight").reduce(0, +)
            }
        #expect(abs(gradients[0] - gradients[1]) < 1e-5 * abs(gradients[1]))
    }
}

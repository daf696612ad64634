import ArtifactFiles
import Backbones
import NeuralCompute
import NeuralGraph
import TestSupport
import Testing

/// Every operation's gradients against central differences of ``DoubleNetwork``.
@Suite struct TrainingGradientTests {
    private static let faces = 3

    /// Σ weight · output, and Σ weight · value at a tap.
    private static func loss(_ network: DoubleNetwork, _ seeds: [(value: ValueID, seed: [Float])]) -> Double {
        let values = network.values()
        return seeds.reduce(0) { sum, term in
            zip(values[term.value.index].joined(), term.seed).reduce(sum) { $0 + $1.0 * Double($1.1) }
        }
    }

    private static func signal(_ name: String, _ count: Int) -> [Float] {
        FormulaTensors().tensor(name, .signal, shape: [count]).values
    }

    @Test(arguments: TestDevices.names.flatMap { name in TrainingCase.all.map { (name, $0) } }, [true, false])
    func agreeWithFiniteDifferences(_ subject: (device: String, tested: TrainingCase), trains: Bool) throws {
        let tested = subject.tested
        let graph = try tested.graph()
        let weights = FormulaTensors().weights(for: graph)
        // The first node is a tap: its gradient comes from outside and from its readers.
        let plan = try TestDevices.open(subject.device)
            .trainingPlan(
                graph: graph,
                weights: weights,
                options: TrainingOptions(batchSize: Self.faces, taps: ["first"])
            )
        let input = Self.signal("faces", Self.faces * graph.inputShape.count)
        plan.forward(input, Self.faces, trains ? .training(randomSeed: 3) : .evaluation)
        let seed = Self.signal("seed", plan.output.count)
        let tapSeed = Self.signal("tap", plan.features(at: 0).count)
        var network = DoubleNetwork(
            graph: graph,
            parameters: Dictionary(
                uniqueKeysWithValues: weights.names.map { ($0, (weights[$0]?.values ?? []).map(Double.init)) }
            ),
            faces: (0..<Self.faces)
                .map { face in
                    (0..<graph.inputShape.count).map { Double(input[face * graph.inputShape.count + $0]) }
                },
            usesBatchStatistics: trains
        )
        let expected = network.values()[graph.output.index].joined()
        for (found, wanted) in zip(plan.outputs, expected) { try #require(abs(Double(found) - wanted) < 2e-5) }
        plan.backward(seed, taps: [0: tapSeed])
        let seeds = [(graph.output, seed), (ValueID(1), tapSeed)]
        for parameter in plan.parameters {
            try compare(plan, parameter, &network, seeds)
        }
        #expect(plan.firstNonFiniteNode() == nil)
    }

    private func compare(
        _ plan: any TrainingPlan,
        _ parameter: NetworkParameter,
        _ network: inout DoubleNetwork,
        _ seeds: [(value: ValueID, seed: [Float])]
    ) throws {
        let name = parameter.specification.name
        let gradient = plan.gradient(of: name)
        guard parameter.specification.isTrainable else {
            #expect(gradient.allSatisfy { $0 == 0 }, "\(name) is not trained")
            return
        }
        let original = try #require(network.parameters[name])
        var worst = 0.0
        var scale = 1e-2
        // At most some forty numbers of a large parameter.
        for index in stride(from: 0, to: original.count, by: 1 + original.count / 40) {
            let step = 1e-5
            network.parameters[name]?[index] = original[index] + step
            let above = Self.loss(network, seeds)
            network.parameters[name]?[index] = original[index] - step
            let below = Self.loss(network, seeds)
            network.parameters[name]?[index] = original[index]
            let expected = (above - below) / (2 * step)
            scale = max(scale, abs(expected))
            worst = max(worst, abs(Double(gradient[index]) - expected))
        }
        #expect(worst < 1e-4 * scale, "\(name): \(worst) of \(scale)")
    }
}

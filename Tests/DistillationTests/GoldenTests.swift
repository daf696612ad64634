import Distillation
import NeuralCompute
import NeuralGraph
import NeuralTraining
import TestSupport
import Testing

@Suite("Distillation losses against PyTorch")
struct GoldenTests {
    @Test("There are goldens for every method")
    func coverage() {
        #expect(Set(GoldenCase.all.map(\.method)) == Set(DistillationMethods.all.map { $0.name }))
    }

    @Test(
        "Terms, gradients and the state after a step agree on every device",
        arguments: GoldenCase.all,
        Devices.tested
    )
    func values(_ golden: GoldenCase, _ device: String) throws {
        let method = try golden.makeMethod()
        if !golden.state.isEmpty { try method.restore(golden.state.mapValues(\.tensor)) }
        let tape = Tape(device: try Devices.open(device, threads: 2))
        let (context, leaves) = try golden.makeContext(tape: tape)
        let terms = try method.terms(context)
        #expect(Set(terms.map(\.name)) == Set(golden.terms.keys))
        for term in terms {
            let expected = try #require(golden.terms[term.name])
            // Single against double precision, over sums of at most a few hundred entries.
            #expect(abs(Double(term.value.scalar) - expected) < 2e-5 * max(1, abs(expected)), "\(term.name)")
        }
        let loss = try #require(terms.weightedSum)
        #expect(abs(Double(loss.scalar) - golden.loss) < 2e-5 * max(1, abs(golden.loss)))
        tape.backward(from: loss)
        for (name, leaf) in leaves {
            let gradient = tape.gradient(of: leaf).elements.map { Double($0) }
            if let expected = golden.gradients[name] {
                #expect(FiniteDifferences.relativeError(gradient, expected, floor: 1e-3) < 2e-4, "\(name)")
            } else {
                #expect(gradient.allSatisfy { $0 == 0 }, "\(name) has no gradient")
            }
        }
        method.finishStep(context)
        for (name, expected) in golden.stateAfter {
            let values = try #require(method.state[name]).values.map { Double($0) }
            #expect(FiniteDifferences.relativeError(values, expected.values) < 1e-5, "\(name)")
        }
    }
}

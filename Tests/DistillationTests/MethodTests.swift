import ArtifactFiles
import Distillation
import NeuralCompute
import NeuralGraph
import NeuralTraining
import TestSupport
import Testing

@Suite("Every distillation method")
struct MethodTests {
    @Test("Terms are finite, named once and alike from step to step", arguments: MethodCase.all)
    func terms(_ methodCase: MethodCase) throws {
        let method = try methodCase.make()
        let inputs = MethodCase.Inputs(for: method)
        var names: [[String]] = []
        for step in 0..<3 {
            let (context, _) = inputs.context(Tape(threads: 2), step: step)
            let terms = try method.terms(context)
            method.finishStep(context)
            #expect(!terms.isEmpty && terms.allSatisfy { $0.value.scalar.isFinite && $0.weight.isFinite })
            #expect(terms.allSatisfy { $0.name.hasPrefix(method.name) })
            names.append(terms.map(\.name))
        }
        #expect(Set(names).count == 1 && Set(names[0]).count == names[0].count)
    }

    @Test("Gradients agree with finite differences, those of extra parameters too", arguments: MethodCase.all)
    func finiteDifferences(_ methodCase: MethodCase) throws {
        let inputs = MethodCase.Inputs(for: try methodCase.make())
        func loss(_ tape: Tape, _ moved: [String: Matrix] = [:]) throws -> (TapeValue, [String: TapeValue]) {
            // A fresh method each time: some change their state on the way.
            let (context, leaves) = inputs.context(tape, replacing: moved)
            let terms = try methodCase.make().terms(context)
            return (try #require(terms.weightedSum), leaves)
        }
        let tape = Tape()
        let (value, leaves) = try loss(tape)
        tape.backward(from: value)
        var largest: Float = 0
        for (name, leaf) in leaves {
            let gradient = tape.gradient(of: leaf).elements
            largest = max(largest, gradient.map { abs($0) }.max() ?? 0)
            let differences = try FiniteDifferences.gradient(at: leaf.matrix.elements, step: 0.01) { point in
                let moved = Matrix(rows: leaf.rows, columns: leaf.columns, elements: point)
                return Double(try loss(Tape(), [name: moved]).0.scalar)
            }
            // Losses of up to 50 in single precision, divided by a step of 0.01.
            let floor = max(0.05, abs(Double(value.scalar)) * 0.01)
            let error = FiniteDifferences.relativeError(gradient.map { Double($0) }, differences, floor: floor)
            #expect(error < 1e-2, "\(name)")
        }
        #expect(largest > 1e-4, "something depends on something")
    }

    @Test("Saved state goes on with the same bytes", arguments: MethodCase.all)
    func stateRoundTrip(_ methodCase: MethodCase) throws {
        let inputs = MethodCase.Inputs(for: try methodCase.make())
        func steps(_ range: Range<Int>, _ method: any DistillationMethod) throws -> [Matrix] {
            try range.flatMap { step in
                let tape = Tape()
                let (context, leaves) = inputs.context(tape, step: step)
                let terms = try method.terms(context)
                let sum = try #require(terms.weightedSum)
                tape.backward(from: sum)
                method.finishStep(context)
                return [sum.matrix] + leaves.sorted { $0.key < $1.key }.map { tape.gradient(of: $0.value) }
            }
        }
        let whole = try methodCase.make()
        let undisturbed = try steps(0..<4, whole)
        let first = try methodCase.make()
        let before = try steps(0..<2, first)
        let second = try methodCase.make()
        try second.restore(first.state)
        let after = try steps(2..<4, second)
        #expect(before + after == undisturbed)
        #expect(second.state == whole.state)
    }

    @Test("State that is missing or of another shape is refused, and the old one stays", arguments: MethodCase.all)
    func badState(_ methodCase: MethodCase) throws {
        let method = try methodCase.make()
        let state = method.state
        guard let key = state.keys.sorted().first else { return }
        var missing = state
        missing[key] = nil
        #expect { try method.restore(missing) } throws: { "\($0)".contains(key) }
        var misshapen = state
        misshapen[key] = Tensor(shape: [1, 1], values: [1])
        #expect { try method.restore(misshapen) } throws: { ($0 as? InputError)?.code == .mismatch }
        #expect(method.state == state)
    }

    @Test("Extra parameters have names of their own and depend on the seed alone", arguments: MethodCase.all)
    func parameters(_ methodCase: MethodCase) throws {
        let (first, second) = (try methodCase.make().parameters, try methodCase.make().parameters)
        #expect(first.map(\.initial) == second.map(\.initial))
        #expect(Set(first.map(\.name)).count == first.count)
        #expect(first.allSatisfy { $0.name.hasPrefix(methodCase.method) && $0.initial.values.allSatisfy(\.isFinite) })
    }

    @Test(
        "A problem that lacks a need is refused with the method's name and what is missing",
        arguments: MethodCase.all
    )
    func needs(_ methodCase: MethodCase) throws {
        let needs = try methodCase.make().needs
        func refused(_ need: DistillationNeeds, _ change: (inout DistillationProblem) -> Void) {
            guard needs.contains(need) else { return }
            var problem = MethodCase.problem
            change(&problem)
            let settings = JSONSettings(methodCase.settings)
            #expect {
                try DistillationMethods.make(methodCase.method, settings: settings, problem: problem)
            } throws: {
                $0 is InputError && "\($0)".contains("'\(methodCase.method)'")
            }
        }
        refused(.teacherClassifier) { $0.teacherHead = nil }
        refused(.teacherLogits) { $0.teacherHead = nil }
        refused(.teacherLogits) { $0.teacherClassCount = 9 }
        refused(.studentClassifier) { $0.studentHead = nil }
        refused(.frozenStudentClassifier) { $0.isStudentHeadFrozen = false }
        refused(.equalDimensions) { $0.studentDimensions = 3 }
        refused(.featureTaps) { $0.studentTaps = [] }
        refused(.sampleNumbers) { $0.sampleLabels = [] }
    }

    @Test("An unknown name lists the known ones; a setting out of range names its key")
    func badNames() {
        func listsAll(_ text: String) -> Bool { DistillationMethods.all.allSatisfy { text.contains($0.name) } }
        #expect {
            try DistillationMethods.named("kdd")
        } throws: {
            ($0 as? InputError)?.code == .unknownName && listsAll("\($0)")
        }
        #expect {
            try DistillationMethods.make(
                "kd",
                settings: JSONSettings(#"{"temperature": 0}"#),
                problem: MethodCase.problem
            )
        } throws: {
            "\($0)".contains("temperature")
        }
    }

    @Test("A projector takes the place of equal lengths, and is trained")
    func projector() throws {
        let projector = EmbeddingProjector(studentDimensions: 3, teacherDimensions: 5, seed: 1)
        #expect(projector.parameter.initial.shape == [5, 3])
        let tape = Tape()
        let weight = tape.leaf(Matrix(rows: 5, columns: 3, elements: projector.parameter.initial.values))
        let student = tape.leaf(Matrix(rows: 2, columns: 3, elements: [1, 2, 3, -1, 0, 2]))
        let context = LossContext(
            step: 0,
            epoch: 0,
            seed: 0,
            labels: [0, 1],
            embeddings: projector.project(student, weight: weight),
            headEmbeddings: student,
            teacherEmbeddings: tape.constant(Matrix(rows: 2, columns: 5, elements: [1, 2, 3, 4, 5, 5, 4, 3, 2, 1]))
        )
        let method = try EmbeddingDistance.make(settings: .init(), problem: MethodCase.problem)
        let terms = try method.terms(context)
        tape.backward(from: try #require(terms.weightedSum))
        #expect(tape.gradient(of: weight).elements.contains { $0 != 0 })
        #expect(tape.gradient(of: student).elements.contains { $0 != 0 })
    }
}

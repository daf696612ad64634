import NeuralCompute
import NeuralTraining
import SeededRandom
import TestSupport
import Testing

@Suite("The tape's derivatives")
struct TapeTests {
    /// A scalar that gives every element of an operation's value a weight of its own.
    static func weighted(_ value: TapeValue) -> TapeValue {
        let weights = (0..<value.rows * value.columns).map { Float(($0 * 37 + 11) % 23) / 23 - 0.4 }
        return (value * value.tape.constant(Matrix(rows: value.rows, columns: value.columns, elements: weights))).sum
    }

    @Test(
        "Every operation's gradient agrees with finite differences on every device",
        arguments: TapeOperationCase.all,
        Devices.tested
    )
    func finiteDifferences(_ operation: TapeOperationCase, _ name: String) throws {
        let device = try Devices.open(name, threads: 1)
        let inputs = operation.inputs(seed: 7)
        let tape = Tape(device: device)
        let leaves = inputs.map { tape.leaf($0) }
        tape.backward(from: Self.weighted(operation.apply(leaves)))
        for (place, input) in inputs.enumerated() {
            let differences = FiniteDifferences.gradient(at: input.elements) { point in
                let moved = Tape(device: device)
                var matrices = inputs
                matrices[place].elements = point
                return Double(Self.weighted(operation.apply(matrices.map { moved.leaf($0) })).scalar)
            }
            let gradient = tape.gradient(of: leaves[place]).elements.map { Double($0) }
            // Sums of magnitude 10 in single precision, divided by a step of 0.02: differences are good to about 1e-4.
            #expect(FiniteDifferences.relativeError(gradient, differences, floor: 0.05) < 2e-3, "input \(place)")
        }
    }

    @Test("Every device computes the reference's values and gradients", arguments: TapeOperationCase.all)
    func devicesAgree(_ operation: TapeOperationCase) throws {
        let results = try Devices.tested.map { name in
            let tape = Tape(device: try Devices.open(name, threads: 2))
            let leaves = operation.inputs(seed: 3).map { tape.leaf($0) }
            let value = operation.apply(leaves)
            tape.backward(from: Self.weighted(value))
            return ([value.matrix] + leaves.map { tape.gradient(of: $0) }).map { $0.elements.map { Double($0) } }
        }
        for other in results.dropFirst() {
            for (found, expected) in zip(results[0], other) {
                #expect(FiniteDifferences.relativeError(found, expected, floor: 1e-2) < 2e-5)
            }
        }
    }

    @Test("A number of threads changes no bit", arguments: TapeOperationCase.all)
    func threads(_ operation: TapeOperationCase) {
        let results = [1, 2, 3]
            .map { threads in
                let tape = Tape(threads: threads)
                let leaves = operation.inputs(seed: 3).map { tape.leaf($0) }
                let value = operation.apply(leaves)
                tape.backward(from: Self.weighted(value))
                return [value.matrix] + leaves.map { tape.gradient(of: $0) }
            }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test("Large values take the same path through threads as small ones, to the bit")
    func largeThreads() {
        func run(_ threads: Int) -> [Matrix] {
            var generator = SeededGenerator(seed: 5)
            func random(_ rows: Int, _ columns: Int) -> Matrix {
                Matrix(
                    rows: rows,
                    columns: columns,
                    elements: (0..<rows * columns).map { _ in Float(generator.uniform(-1, 1)) }
                )
            }
            let tape = Tape(threads: threads)
            let (f, w) = (tape.leaf(random(40, 70)), tape.leaf(random(3000, 70)))
            let head = ClassifierHead(kind: .cosine(scale: 30), weights: w)
            let logits = head.unscaledLogits(of: f)
            let labels = (0..<40).map { $0 * 70 }
            let loss = MarginLoss.arcFace(marginRadians: 0.5, gradient: .exact)
                .loss(logits, head: head, labels: labels)
            let divergence = head.logits(fromUnscaled: logits)
                .klDivergence(fromTeacher: tape.constant(random(40, 3000)), temperature: 4)
            let total = loss + divergence + (logits - logits.squared).rowSums.mean
            tape.backward(from: total)
            return [total.matrix, tape.gradient(of: f), tape.gradient(of: w)]
        }
        let one = run(1)
        #expect(one == run(2) && one == run(5))
    }

    @Test("A lent gradient is written, not accumulated, and zeros where the loss does not depend on it")
    func borrowedGradients() {
        let device = CPUDevice()
        let (used, unused) = (device.tensor(Matrix(row: [9, 9])), device.tensor(Matrix(column: [9, 9])))
        let tape = Tape(device: device)
        let leaf = tape.leaf(device.tensor(Matrix(row: [1, 2])), gradient: used)
        _ = tape.leaf(device.tensor(Matrix(column: [3, 4])), gradient: unused)
        let loss = leaf.squared.sum
        tape.backward(from: loss)
        tape.backward(from: loss)
        #expect(device.matrix(of: used).elements == [2, 4])
        #expect(device.matrix(of: unused).elements == [0, 0])
    }

    @Test("A constant and a detached value get no gradient")
    func constants() {
        let tape = Tape()
        let (leaf, constant) = (tape.leaf(Matrix(row: [1, 2])), tape.constant(Matrix(row: [3, 4])))
        tape.backward(from: (leaf.detached * constant + 0 * leaf).sum)
        #expect(tape.gradient(of: leaf) == Matrix(row: [0, 0]))
        #expect(tape.gradient(of: constant) == Matrix(row: [0, 0]))
        #expect(!leaf.detached.isDifferentiated)
    }

    @Test("NaN and infinity reach the loss from wherever they are")
    func notFinite() {
        for bad in [Float.nan, .infinity] {
            for place in 0..<20 {
                var logits = Matrix(rows: 1, columns: 20, repeating: 0.1)
                logits[0, place] = bad
                let value = Tape().constant(logits)
                #expect(!value.crossEntropy(labels: [3]).scalar.isFinite)
                let teacher = value.tape.constant(Matrix(rows: 1, columns: 20))
                #expect(!value.klDivergence(fromTeacher: teacher, temperature: 4).scalar.isFinite)
            }
        }
    }

    @Test("Logits of ±1e4 do not overflow")
    func extremeLogits() {
        let tape = Tape()
        let leaf = tape.leaf(Matrix(row: [1e4, -1e4, 0]))
        let loss = leaf.crossEntropy(labels: [1])
        tape.backward(from: loss)
        #expect(loss.scalar == 2e4)
        #expect(tape.gradient(of: leaf) == Matrix(row: [1, -1, 0]))
    }
}

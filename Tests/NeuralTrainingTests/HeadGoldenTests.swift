import Foundation
import NeuralCompute
import NeuralTraining
import TestSupport
import Testing

@Suite("Heads and margins")
struct HeadGoldenTests {
    struct Golden: Decodable {
        struct Inputs: Decodable {
            var embeddings: [Double]
            var weights: [Double]
            var bias: [Double]
            var labels: [Int]
        }

        struct Case: Decodable {
            var name: String
            var loss: Double
            var gradients: [[Double]]
        }

        var batch: Int
        var classes: Int
        var dimensions: Int
        var scale: Float
        var inputs: Inputs
        var cases: [Case]
    }

    static func matrix(_ rows: Int, _ values: [Double]) -> Matrix {
        Matrix(rows: rows, columns: values.count / rows, elements: values.map { Float($0) })
    }

    @Test("Losses and all gradients agree with PyTorch, also where θ + m > π")
    func goldens() throws {
        let golden = try JSONDecoder().decode(Golden.self, from: Fixture.data("NeuralTraining/heads.json"))
        #expect(golden.cases.count == 7)
        for expected in golden.cases {
            let words = expected.name.split(separator: " ").map(String.init)
            let loss = try HeadLoss.named(words[0])
            let gradient = words.count > 1 ? try #require(MarginLoss.Gradient(rawValue: words[1])) : .exact
            let tape = Tape(threads: 2)
            let leaves = [
                tape.leaf(Self.matrix(golden.batch, golden.inputs.embeddings)),
                tape.leaf(Self.matrix(golden.classes, golden.inputs.weights)),
                tape.leaf(Self.matrix(1, golden.inputs.bias)),
            ]
            let head = ClassifierHead(kind: loss.kind(scale: golden.scale), weights: leaves[1], bias: leaves[2])
            let beyondPi = words.count > 2 ? try #require(MarginLoss.BeyondPi(rawValue: words[2])) : .cosine
            let value = loss.marginLoss(gradient: gradient, beyondPi: beyondPi)
                .loss(head.unscaledLogits(of: leaves[0]), head: head, labels: golden.inputs.labels)
            tape.backward(from: value)
            #expect(abs(Double(value.scalar) - expected.loss) < 1e-5 * expected.loss, "\(expected.name)")
            for (leaf, numbers) in zip(leaves, expected.gradients) {
                let found = tape.gradient(of: leaf).elements.map { Double($0) }
                // The face near θ = π: its gradient has a digit or two less than the rest in single precision.
                #expect(FiniteDifferences.relativeError(found, numbers) < 1e-4, "\(expected.name)")
            }
        }
    }

    @Test("The label's derivative is s (p − 1) sin(θ+m) / sinθ, exact, and s (p − 1), straight through")
    func labelDerivative() {
        // Also beyond π − m = 2.64, where nothing special happens.
        for theta in stride(from: 0.05, through: 3.1, by: 0.15) {
            for gradient in MarginLoss.Gradient.allCases {
                let tape = Tape()
                let cosines = [Foundation.cos(theta), 0.3, -0.2]
                let logits = tape.leaf(Matrix(row: cosines.map { Float($0) }))
                let head = ClassifierHead(kind: .cosine(scale: 10), weights: tape.constant(Matrix(rows: 3, columns: 1)))
                let loss = MarginLoss.arcFace(marginRadians: 0.5, gradient: gradient)
                    .loss(logits, head: head, labels: [0])
                tape.backward(from: loss)
                let scaled = [10 * Foundation.cos(theta + 0.5), 3, -2]
                let share = exp(scaled[0]) / scaled.reduce(0) { $0 + exp($1) }
                let factor = gradient == .exact ? sin(theta + 0.5) / sin(theta) : 1
                let expected = 10 * (share - 1) * factor
                #expect(abs(Double(tape.gradient(of: logits)[0, 0]) - expected) < 2e-4 * abs(expected) + 1e-5)
                #expect(abs(Double(loss.scalar) + log(share)) < 1e-4)
            }
        }
    }

    @Test("∂cosθⱼ/∂f = (ŵⱼ − cosθⱼ f̂) / ‖f‖")
    func cosineDerivative() {
        let (f, w): ([Double], [Double]) = ([0.5, -1.5, 2], [1, 0.25, 0.5])
        let tape = Tape()
        let leaf = tape.leaf(Matrix(row: f.map { Float($0) }))
        tape.backward(from: leaf.cosines(with: tape.constant(Matrix(row: w.map { Float($0) }))))
        let (nf, nw) = (sqrt(f.reduce(0) { $0 + $1 * $1 }), sqrt(w.reduce(0) { $0 + $1 * $1 }))
        let cosine = zip(f, w).reduce(0) { $0 + $1.0 * $1.1 } / (nf * nw)
        let expected = zip(f, w).map { ($1 / nw - cosine * $0 / nf) / nf }
        let found = tape.gradient(of: leaf).elements.map { Double($0) }
        #expect(FiniteDifferences.relativeError(found, expected) < 1e-6)
    }

    @Test(
        "Value and gradients stay finite at cosθ = ±1 and at a zero embedding",
        arguments: HeadLoss.allCases,
        [Float(1), -1, 0]
    )
    func edges(_ loss: HeadLoss, _ factor: Float) {
        for gradient in MarginLoss.Gradient.allCases {
            let tape = Tape()
            let weights = tape.leaf(Matrix(rows: 2, columns: 3, elements: [1, 2, 3, -3, 0, 1]))
            let embeddings = tape.leaf(Matrix(row: [1 * factor, 2 * factor, 3 * factor]))
            let head = ClassifierHead(kind: loss.kind(), weights: weights)
            let value = loss.marginLoss(gradient: gradient)
                .loss(head.unscaledLogits(of: embeddings), head: head, labels: [0])
            tape.backward(from: value)
            #expect(value.scalar.isFinite)
            #expect(tape.gradient(of: weights).elements.allSatisfy { $0.isFinite })
            #expect(tape.gradient(of: embeddings).elements.allSatisfy { $0.isFinite })
        }
    }

    @Test("The margin lowers the logit for every angle, and the branch beyond π − m goes on falling")
    func monotone() {
        let tape = Tape()
        let head = ClassifierHead(kind: .cosine(scale: 1), weights: tape.constant(Matrix(rows: 2, columns: 1)))
        var last = -Float.infinity
        for step in 0...200 {
            let cosine = 1 - Float(step) / 100
            let loss = MarginLoss.arcFace(marginRadians: 0.5, gradient: .straightThrough, beyondPi: .linear)
                .loss(tape.constant(Matrix(row: [cosine, 0])), head: head, labels: [0]).scalar
            let plain = MarginLoss.softmax.loss(tape.constant(Matrix(row: [cosine, 0])), head: head, labels: [0]).scalar
            #expect(loss > plain)
            // At π − m itself the two branches differ: the step there goes down in the published code too.
            if abs(cosine + Foundation.cos(0.5)) > 0.011 { #expect(loss > last, "cos \(cosine)") }
            last = loss
        }
    }

    @Test("Logits have no margin, and scale replaces the head's own")
    func logits() {
        let tape = Tape()
        let (f, w) = (
            tape.constant(Matrix(row: [3, 4])), tape.constant(Matrix(rows: 2, columns: 2, elements: [1, 0, 0, 2]))
        )
        let cosine = ClassifierHead(kind: .cosine(scale: 10), weights: w)
        #expect(cosine.logits(of: f).matrix.elements.elementsEqual([6, 8]) { abs($0 - $1) < 1e-5 })
        #expect(cosine.logits(of: f, scale: 5).matrix.elements.elementsEqual([3, 4]) { abs($0 - $1) < 1e-5 })
        let bias = tape.constant(Matrix(row: [0.5, -1]))
        let linear = ClassifierHead(kind: .linear, weights: w, bias: bias)
        #expect(linear.logits(of: f).matrix == Matrix(row: [3.5, 7]))
        #expect(linear.isFrozen)
        #expect(!ClassifierHead(kind: .linear, weights: tape.leaf(w.matrix)).isFrozen)
    }

    @Test("An unknown loss is an error that lists the known ones")
    func unknown() {
        #expect { try HeadLoss.named("sphereface") } throws: {
            "\($0)".contains("arcface") && "\($0)".contains("sphereface")
        }
    }
}

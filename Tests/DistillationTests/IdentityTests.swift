import Distillation
import Foundation
import NeuralCompute
import NeuralGraph
import NeuralTraining
import SeededRandom
import TestSupport
import Testing

/// Closed forms in Double, independent of the tape.
@Suite("Identities of distillation losses")
struct IdentityTests {
    static let (batch, classes, dimensions) = (5, 6, 4)

    static func numbers(_ rows: Int, _ columns: Int, seed: UInt64) -> [[Double]] {
        var generator = SeededGenerator(seed: seed)
        // Numbers that single precision holds.
        return (0..<rows).map { _ in (0..<columns).map { _ in Double(Float(2 * generator.normal())) } }
    }

    static func matrix(_ rows: [[Double]]) -> Matrix {
        Matrix(rows: rows.count, columns: rows[0].count, elements: rows.joined().map { Float($0) })
    }

    static func softmax(_ logits: [Double], _ temperature: Double) -> [Double] {
        let largest = logits.max() ?? 0
        let powers = logits.map { exp(($0 - largest) / temperature) }
        return powers.map { $0 / powers.reduce(0, +) }
    }

    static func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
        a.map { row in b.map { other in zip(row, other).reduce(0) { $0 + $1.0 * $1.1 } } }
    }

    /// A method over linear heads; the student's is the first leaf, embeddings are the second.
    func differentiate(
        _ method: any DistillationMethod,
        student: [[Double]],
        embeddings: [[Double]],
        teacher: [[Double]],
        teacherEmbeddings: [[Double]]
    ) throws -> (loss: Double, weights: Matrix, embeddings: Matrix) {
        let tape = Tape()
        let (w, f) = (tape.leaf(Self.matrix(student)), tape.leaf(Self.matrix(embeddings)))
        let context = LossContext(
            step: 0,
            epoch: 0,
            seed: 0,
            labels: [Int](repeating: 0, count: embeddings.count),
            embeddings: f,
            teacherEmbeddings: tape.leaf(Self.matrix(teacherEmbeddings)),
            studentHead: ClassifierHead(kind: .linear, weights: w),
            teacherHead: ClassifierHead(kind: .linear, weights: tape.leaf(Self.matrix(teacher)))
        )
        let terms = try method.terms(context)
        let loss = try #require(terms.weightedSum)
        tape.backward(from: loss)
        return (Double(loss.scalar), tape.gradient(of: w), tape.gradient(of: f))
    }

    static let problem = DistillationProblem(
        studentDimensions: dimensions,
        teacherDimensions: dimensions,
        classCount: classes,
        studentHead: .linear,
        teacherHead: .linear
    )

    @Test("KD: ∂/∂z_s = (T/B)(q_s − q_t), seen through the classifier", arguments: [1.0, 4, 10])
    func knowledgeDistillation(_ temperature: Double) throws {
        let method = try KnowledgeDistillation.make(
            settings: .init(temperature: Float(temperature)),
            problem: Self.problem
        )
        let (w, f) = (
            Self.numbers(Self.classes, Self.dimensions, seed: 1), Self.numbers(Self.batch, Self.dimensions, seed: 2)
        )
        let (wt, ft) = (
            Self.numbers(Self.classes, Self.dimensions, seed: 3), Self.numbers(Self.batch, Self.dimensions, seed: 4)
        )
        let result = try differentiate(method, student: w, embeddings: f, teacher: wt, teacherEmbeddings: ft)
        let (zs, zt) = (Self.product(f, w), Self.product(ft, wt))
        let difference = zip(zs, zt)
            .map { pair in
                zip(Self.softmax(pair.0, temperature), Self.softmax(pair.1, temperature))
                    .map { temperature / Double(Self.batch) * ($0 - $1) }
            }
        let byEmbeddings = (0..<Self.batch)
            .flatMap { face in
                (0..<Self.dimensions).map { d in (0..<Self.classes).reduce(0) { $0 + difference[face][$1] * w[$1][d] } }
            }
        let found = result.embeddings.elements.map { Double($0) }
        #expect(FiniteDifferences.relativeError(found, byEmbeddings) < 1e-5)
        let value = zip(zs, zt)
            .reduce(0.0) { sum, pair in
                let (q, p) = (Self.softmax(pair.0, temperature), Self.softmax(pair.1, temperature))
                return sum + zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
            }
        #expect(abs(result.loss - value * temperature * temperature / Double(Self.batch)) < 1e-5 * max(1, value))
    }

    @Test("TH-KD: ∂/∂f = (T/B) W_tᵀ (q − p), and W_t keeps its bytes under steps with weight decay")
    func teacherHead() throws {
        let settings = TeacherHeadDistillation.Settings(temperature: 3, studentWeight: 0, headWeight: 1)
        let method = try TeacherHeadDistillation.make(settings: settings, problem: Self.problem)
        let wt = Self.numbers(Self.classes, Self.dimensions, seed: 3)
        var (f, ft) = (
            Self.numbers(Self.batch, Self.dimensions, seed: 2), Self.numbers(Self.batch, Self.dimensions, seed: 4)
        )
        let result = try differentiate(method, student: wt, embeddings: f, teacher: wt, teacherEmbeddings: ft)
        let expected = zip(Self.product(f, wt), Self.product(ft, wt))
            .flatMap { pair in
                let (q, p) = (Self.softmax(pair.0, 3), Self.softmax(pair.1, 3))
                return (0..<Self.dimensions)
                    .map { d in
                        (0..<Self.classes).reduce(0) { $0 + 3 / Double(Self.batch) * (q[$1] - p[$1]) * wt[$1][d] }
                    }
            }
        #expect(FiniteDifferences.relativeError(result.embeddings.elements.map { Double($0) }, expected) < 1e-5)

        let device = CPUDevice()
        let weights = device.tensor(Self.matrix(wt))
        var losses: [Double] = []
        for _ in 0..<20 {
            let tape = Tape(device: device)
            // Even as a leaf with a gradient to write, the teacher's classifier is a constant to the method.
            let gradient = device.makeTensor(rows: Self.classes, columns: Self.dimensions)
            device.fill(gradient, with: 1)
            let embeddings = tape.leaf(Self.matrix(f))
            let context = LossContext(
                step: 0,
                epoch: 0,
                seed: 0,
                labels: [Int](repeating: 0, count: Self.batch),
                embeddings: embeddings,
                teacherEmbeddings: tape.constant(Self.matrix(ft)),
                teacherHead: ClassifierHead(kind: .linear, weights: tape.leaf(weights, gradient: gradient))
            )
            let loss = try #require(try method.terms(context).weightedSum)
            tape.backward(from: loss)
            losses.append(Double(loss.scalar))
            let step = tape.gradient(of: embeddings)
            for face in 0..<Self.batch {
                for d in 0..<Self.dimensions { f[face][d] -= 0.1 * Double(step[face, d]) + 1e-4 * f[face][d] }
            }
            #expect(device.matrix(of: gradient).elements.allSatisfy { $0 == 0 })
        }
        #expect(device.matrix(of: weights) == Self.matrix(wt))
        #expect(losses.count == 20 && (losses.last ?? 0) < 0.5 * losses[0])
        ft.removeAll()
    }

    @Test("Σ‖f̂_s − f̂_t‖² = Σ 2(1 − cos), and its gradient is orthogonal to f")
    func embeddingDistance() throws {
        let (f, t) = (
            Self.numbers(Self.batch, Self.dimensions, seed: 2), Self.numbers(Self.batch, Self.dimensions, seed: 4)
        )
        func run(_ method: any DistillationMethod) throws -> (loss: Double, gradient: Matrix) {
            let result = try differentiate(method, student: f, embeddings: f, teacher: t, teacherEmbeddings: t)
            return (result.loss, result.embeddings)
        }
        let squares = try run(EmbeddingDistance.make(settings: .init(reduction: .sum), problem: Self.problem))
        let cosine = try run(CosineDistance.make(settings: .init(reduction: .sum), problem: Self.problem))
        #expect(abs(squares.loss - 2 * cosine.loss) < 1e-5)
        let expected = zip(f, t)
            .reduce(0.0) { sum, pair in
                let dot = zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 }
                let norms = [pair.0, pair.1].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
                return sum + 2 * (1 - dot / norms[0] / norms[1])
            }
        #expect(abs(squares.loss - expected) < 1e-5)
        for face in 0..<Self.batch {
            let along = zip(squares.gradient.row(face), f[face]).reduce(0) { $0 + Double($1.0) * $1.1 }
            #expect(abs(along) < 1e-5)
        }
    }

    @Test("A method comes once in a run: its terms, parameters and state are known by its name")
    func twice() throws {
        let head = try TeacherHeadDistillation.make(settings: .init(), problem: MethodCase.problem)
        let error = #expect(throws: (any Error).self) {
            try TrainingObjective(losses: [.init(head), .init(head)], device: CPUDevice(), seed: 1)
        }
        #expect("\(try #require(error))".contains("'th-kd'"))
    }

    static func kd() throws -> any DistillationMethod {
        try KnowledgeDistillation.make(settings: .init(), problem: MethodCase.problem)
    }

    @Test("AdaDistill without any agreement takes the teacher's embedding; repeated labels build on each other")
    func adaptiveCentres() throws {
        let problem = DistillationProblem(studentDimensions: 2, teacherDimensions: 2, classCount: 2)
        let method = try AdaptiveDistillation.make(settings: .init(), problem: problem)
        let key = try #require(method.state.keys.first)
        try method.restore([key: Tensor(shape: [2, 2], values: [1, 0, 0, 1])])
        let tape = Tape()
        // The first face agrees fully; the second, of the same class, is orthogonal: the centre becomes its teacher's.
        let context = LossContext(
            step: 0,
            epoch: 0,
            seed: 0,
            labels: [0, 0],
            embeddings: tape.leaf(Matrix(rows: 2, columns: 2, elements: [3, 0, 1, 0])),
            teacherEmbeddings: tape.constant(Matrix(rows: 2, columns: 2, elements: [2, 0, 0, 5]))
        )
        _ = try method.terms(context)
        let centres = try #require(method.state[key]).values
        #expect(abs(centres[0]) < 1e-5 && abs(centres[1] - 1) < 1e-5 && centres[2] == 0 && centres[3] == 1)
    }
}

import Distillation
import Foundation
import NeuralCompute
import NeuralGraph
import NeuralTraining
import SeededRandom
import TestSupport
import Testing

/// Closed forms and invariances of methods that compare predictions, orders and kernels.
@Suite("Identities of further distillation losses")
struct RivalMethodTests {
    static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        let values = (0..<rows * columns).map { _ in Float(generator.normal()) }
        return Matrix(rows: rows, columns: columns, elements: values)
    }

    /// The terms of a method for logits that are given: linear heads whose weights are the unit matrix.
    static func terms(
        _ name: String,
        _ settings: String = "{}",
        student: Matrix,
        teacher: Matrix,
        labels: [Int]
    ) throws -> [String: Float] {
        let classes = student.columns
        let problem = DistillationProblem(
            studentDimensions: classes,
            teacherDimensions: teacher.columns,
            classCount: classes,
            studentHead: .linear,
            teacherHead: .linear
        )
        let tape = Tape()
        func unit(_ count: Int) -> ClassifierHead {
            var matrix = Matrix(rows: count, columns: count)
            for index in 0..<count { matrix[index, index] = 1 }
            return ClassifierHead(kind: .linear, weights: tape.constant(matrix))
        }
        let method = try DistillationMethods.make(name, settings: JSONSettings(settings), problem: problem)
        let context = LossContext(
            step: 0,
            epoch: 0,
            seed: 0,
            labels: labels,
            embeddings: tape.leaf(student),
            teacherEmbeddings: tape.constant(teacher),
            studentHead: unit(classes),
            teacherHead: unit(teacher.columns)
        )
        let terms = try method.terms(context)
        return Dictionary(uniqueKeysWithValues: terms.map { ($0.name, $0.value.scalar) })
    }

    static func near(_ a: Float?, _ b: Float, _ tolerance: Float = 1e-5) -> Bool {
        a.map { abs($0 - b) < tolerance * max(1, abs(b)) } ?? false
    }

    @Test(
        "Standardised logits: any scale and shift of either side's rows gives the same loss",
        arguments: ["kd", "dkd"]
    )
    func standardized(_ name: String) throws {
        let (student, teacher) = (Self.random(4, 6, seed: 1), Self.random(4, 6, seed: 2))
        var moved = teacher
        for row in 0..<4 { for column in 0..<6 { moved[row, column] = 7 * moved[row, column] + Float(3 * row) } }
        let settings =
            name == "kd" ? #"{"standardize": true}"# : #"{"standardize": true, "warm-up-epochs": 0}"#
        let labels = [0, 1, 2, 5]
        let plain = try Self.terms(name, settings, student: student, teacher: teacher, labels: labels)
        let scaled = try Self.terms(name, settings, student: student, teacher: moved, labels: labels)
        for (term, value) in plain { #expect(Self.near(scaled[term], value, 1e-4), "\(term)") }
        let without = try Self.terms(name, student: student, teacher: teacher, labels: labels)
        let changed = try Self.terms(name, student: student, teacher: moved, labels: labels)
        #expect(without != changed, "the knob is what makes it so")
    }

    @Test("DIST is 0 for the teacher's own predictions, and at most 2 for each of its terms")
    func dist() throws {
        let (student, teacher) = (Self.random(5, 6, seed: 3), Self.random(5, 6, seed: 4))
        let labels = [0, 1, 2, 3, 4]
        let own = try Self.terms("dist", student: teacher, teacher: teacher, labels: labels)
        #expect(own.count == 2 && own.values.allSatisfy { abs($0) < 1e-5 })
        let other = try Self.terms("dist", student: student, teacher: teacher, labels: labels)
        #expect(other.values.allSatisfy { $0 > 0.01 && $0 <= 2 })
    }

    @Test("CCKD's series approaches the Gaussian kernel that it stands for")
    func cckd() throws {
        let (student, teacher) = (Self.random(4, 3, seed: 5), Self.random(4, 3, seed: 6))
        let value = try Self.terms(
            "cckd",
            #"{"gamma": 0.4, "order": 14}"#,
            student: student,
            teacher: teacher,
            labels: [0, 1, 2, 0]
        )
        func kernel(_ matrix: Matrix, _ i: Int, _ j: Int) -> Double {
            func unit(_ row: Int) -> [Double] {
                let values = matrix.row(row).map { Double($0) }
                let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return values.map { $0 / norm }
            }
            return exp(-0.4 * zip(unit(i), unit(j)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
        }
        var sum = 0.0
        for i in 0..<4 { for j in 0..<4 { sum += pow(kernel(student, i, j) - kernel(teacher, i, j), 2) } }
        #expect(Self.near(value["cckd"], Float(sum / 16)))
    }

    @Test("DarkRank of samples that are equally far apart is ln 4!, and of the teacher's own order less")
    func darkRank() throws {
        var simplex = Matrix(rows: 5, columns: 5)
        for index in 0..<5 { simplex[index, index] = 2 }
        let teacher = Self.random(5, 5, seed: 7)
        let labels = [0, 1, 2, 3, 4]
        let even = try Self.terms("darkrank", student: simplex, teacher: teacher, labels: labels)
        #expect(Self.near(even["darkrank"], Float(log(24.0))))
        let own = try Self.terms("darkrank", student: teacher, teacher: teacher, labels: labels)
        #expect((own["darkrank"] ?? 9) < Float(log(24.0)))
        let alone = try Self.terms(
            "darkrank",
            student: Self.random(1, 5, seed: 8),
            teacher: Self.random(1, 5, seed: 9),
            labels: [0]
        )
        #expect(alone["darkrank"] == 0)
    }

    @Test("DarkRank's likelihoods of all orders of the others sum to 1")
    func darkRankIsADistribution() throws {
        // Teachers on a line that see the first sample's three others in every order; the student stays.
        let student = Self.random(4, 3, seed: 10)
        var total = 0.0
        for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
            var teacher = Matrix(rows: 4, columns: 1)
            for (place, sample) in order.enumerated() { teacher[sample, 0] = Float(place + 1) }
            // The other anchors' parts are those of the same call with the first sample far away: taken off by brute force.
            let all = try Self.terms(
                "darkrank",
                #"{"normalized": false, "length": 3, "alpha": 0.5}"#,
                student: student,
                teacher: teacher,
                labels: [0, 1, 2, 0]
            )
            let others = (1..<4).reduce(0.0) { $0 + Self.surprise(student, anchor: $1, teacher) }
            total += exp(-(4 * Double(all["darkrank"] ?? .nan) - others))
        }
        #expect(abs(total - 1) < 1e-4)
    }

    /// −ln of the likelihood of one anchor's order, from the definition.
    static func surprise(_ student: Matrix, anchor: Int, _ teacher: Matrix) -> Double {
        func distance(_ matrix: Matrix, _ other: Int) -> Double {
            zip(matrix.row(anchor), matrix.row(other)).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }.squareRoot()
        }
        let others = (0..<4).filter { $0 != anchor }
            .sorted { (distance(teacher, $0), $0) < (distance(teacher, $1), $1) }
        let weights = others.map { exp(-0.5 * pow(distance(student, $0), 3)) }
        return weights.indices.reduce(0) { $0 - log(weights[$1] / weights[$1...].reduce(0, +)) }
    }

    @Test("GKD: binary divergence plus the share-weighted one within a group is the whole, where the rest is one class")
    func groups() throws {
        let (student, teacher) = (Self.random(1, 5, seed: 11), Self.random(1, 5, seed: 12))
        let settings = #"{"classes": 4, "temperature": 1, "warm-up-epochs": 0}"#
        let parts = try Self.terms("gkd", settings, student: student, teacher: teacher, labels: [2])
        let whole = try Self.terms("kd", #"{"temperature": 1}"#, student: student, teacher: teacher, labels: [2])
        var scores = Array(student.elements)
        scores[2] = .infinity
        let outside = try #require(scores.indices.min { scores[$0] < scores[$1] })
        let powers = teacher.elements.map { exp(Double($0)) }
        let share = 1 - powers[outside] / powers.reduce(0, +)
        let (binary, primary) = (try #require(parts["gkd.binary"]), try #require(parts["gkd.primary"]))
        #expect(Self.near(whole["kd"], binary + Float(share) * primary))
    }

    @Test("GKD: the label is in the group whatever its logit; a group of all classes is plain KD")
    func groupOfAll() throws {
        let (student, teacher) = (Self.random(3, 5, seed: 13), Self.random(3, 5, seed: 14))
        let whole = try Self.terms("kd", student: student, teacher: teacher, labels: [0, 1, 2])
        for settings in [#"{"classes": 5}"#, #"{"share": 1, "growth": 7}"#] {
            let all = try Self.terms("gkd", settings, student: student, teacher: teacher, labels: [0, 1, 2])
            #expect(Self.near(all["gkd.primary"], try #require(whole["kd"])) && all["gkd.binary"] == 0)
        }
        // A group of one class is the label's: no divergence within, and the binary one is DKD's target part.
        let one = try Self.terms("gkd", #"{"classes": 1}"#, student: student, teacher: teacher, labels: [0, 1, 2])
        let target = try Self.terms("dkd", student: student, teacher: teacher, labels: [0, 1, 2])
        #expect(abs(one["gkd.primary"] ?? 1) < 1e-6)
        #expect(Self.near(one["gkd.binary"], try #require(target["dkd.target"])))
    }

    @Test("SimKD refuses feature maps that its projector was not made for, and says which would fit")
    func projectedMaps() {
        func made(_ student: ActivationShape) throws {
            var problem = MethodCase.problem
            problem.studentTaps = [student]
            problem.teacherTaps = [.spatial(height: 4, width: 4, channels: 8)]
            _ = try DistillationMethods.make(
                "simkd",
                settings: JSONSettings(#"{"features": "taps"}"#),
                problem: problem
            )
        }
        #expect(throws: Never.self) { try made(.spatial(height: 4, width: 2, channels: 8)) }
        for shape: ActivationShape in [
            .spatial(height: 4, width: 4, channels: 6), .spatial(height: 8, width: 4, channels: 8),
        ] {
            #expect { try made(shape) } throws: { "\($0)".contains("network.projector: {length: 8, behind: features}") }
        }
    }

    @Test("ShrinkTeaNet's loss is the square of the cosine distance")
    func angular() throws {
        let (student, teacher) = (Self.random(1, 5, seed: 15), Self.random(1, 5, seed: 16))
        let squared = try Self.terms("shrinkteanet", student: student, teacher: teacher, labels: [0])
        let plain = try #require(try Self.terms("cosine", student: student, teacher: teacher, labels: [0])["cosine"])
        #expect(Self.near(squared["shrinkteanet"], plain * plain))
    }
}

import Distillation
import NeuralCompute
import NeuralGraph
import NeuralTraining
import SeededRandom
import Testing

/// A tiny problem that meets every need, with settings under which a method's loss has no part that the gradient passes
/// over, so that finite differences see what the gradient says.
struct MethodCase: Sendable, CustomTestStringConvertible {
    var method: String
    var settings = "{}"
    /// State to begin from, given the method's own.
    var state: @Sendable ([String: Tensor]) -> [String: Tensor] = { $0 }

    var testDescription: String { method }

    static let labels = [0, 3, 3, 2, 1, 0]
    static let classes = 4
    static let dimensions = 5
    static let taps = ActivationShape.spatial(height: 3, width: 3, channels: 2)

    static let all: [MethodCase] = DistillationMethods.all.map { type in
        var methodCase = MethodCase(method: type.name)
        switch type.name {
        case "arc-distill", "margin-distill": methodCase.settings = #"{"scale": 8}"#
        // With students opposite to their teachers α' is at its lower bound and does not depend on the student.
        case "adadistill": methodCase.settings = #"{"scale": 8, "loss": "cosface"}"#
        // Anchors that stay where they are.
        case "ekd": methodCase.settings = #"{"momentum": 0, "temperature": 0.5, "hardest": 100}"#
        // Constants that do not come from the batch.
        case "crd":
            methodCase.settings = #"{"negatives": 6, "temperature": 0.7, "dimensions": 3}"#
            methodCase.state = { state in
                state.merging(["crd.constants": Tensor(shape: [2], values: [30, 20])]) { $1 }
            }
        case "dkd": methodCase.settings = #"{"warm-up-epochs": 0}"#
        case "gkd": methodCase.settings = #"{"classes": 2, "warm-up-epochs": 0}"#
        case "qud": methodCase.settings = #"{"queue-length": 12, "temperature": 0.5}"#
        case "th-kd": methodCase.settings = #"{"classification-weight": 0.5}"#
        default: break
        }
        return methodCase
    }

    static let problem = DistillationProblem(
        studentDimensions: dimensions,
        teacherDimensions: dimensions,
        classCount: classes,
        studentHead: .cosine(scale: 6),
        isStudentHeadFrozen: true,
        teacherHead: .cosine(scale: 6),
        studentTaps: [taps],
        teacherTaps: [taps],
        sampleLabels: (0..<12).map { $0 % 4 },
        seed: 4
    )

    func make() throws -> any DistillationMethod {
        let method = try DistillationMethods.make(self.method, settings: JSONSettings(settings), problem: Self.problem)
        if !method.state.isEmpty { try method.restore(state(method.state)) }
        return method
    }

    /// Everything a step starts from.
    struct Inputs: Sendable {
        var embeddings: Matrix
        var teacher: Matrix
        var studentWeights: Matrix
        var teacherWeights: Matrix
        var studentTap: Matrix
        var teacherTap: Matrix
        var parameters: [String: Matrix] = [:]

        init() {
            var generator = SeededGenerator(seed: 11)
            func random(_ rows: Int, _ columns: Int) -> Matrix {
                let values = (0..<rows * columns).map { _ in Float(generator.normal()) }
                return Matrix(rows: rows, columns: columns, elements: values)
            }
            embeddings = random(labels.count, dimensions)
            teacher = random(labels.count, dimensions)
            studentWeights = random(classes, dimensions)
            teacherWeights = random(classes, dimensions)
            studentTap = random(labels.count, taps.count)
            teacherTap = random(labels.count, taps.count)
        }

        init(for method: any DistillationMethod) {
            self.init()
            if method.name == "adadistill" {
                embeddings.elements = zip(embeddings.elements, teacher.elements).map { 0.2 * $0 - $1 }
            }
            for parameter in method.parameters {
                let shape = parameter.initial.shape
                let rows = shape.count > 1 ? shape[0] : 1
                var values = parameter.initial.values
                // Away from the kink of the regressor's ReLU.
                if parameter.name.hasSuffix("bn.bias") { values = values.map { _ in 4 } }
                parameters[parameter.name] = Matrix(rows: rows, columns: values.count / rows, elements: values)
            }
        }

        /// The differentiable inputs by name.
        var leaves: [String: Matrix] {
            parameters.merging(
                ["embeddings": embeddings, "studentWeights": studentWeights, "studentTap": studentTap]
            ) { $1 }
        }

        func context(_ tape: Tape, step: Int = 0, replacing moved: [String: Matrix] = [:]) -> (
            LossContext, [String: TapeValue]
        ) {
            let values = leaves.merging(moved) { $1 }.mapValues { tape.leaf($0) }
            let context = LossContext(
                step: step,
                epoch: Double(step),
                seed: UInt64(step),
                labels: labels,
                samples: [0, 3, 7, 2, 1, 4],
                embeddings: values["embeddings"] ?? tape.leaf(embeddings),
                teacherEmbeddings: tape.constant(teacher),
                studentHead: ClassifierHead(
                    kind: .cosine(scale: 6),
                    weights: values["studentWeights"] ?? tape.leaf(studentWeights)
                ),
                teacherHead: ClassifierHead(kind: .cosine(scale: 6), weights: tape.constant(teacherWeights)),
                studentTaps: [FeatureMaps(values["studentTap"] ?? tape.leaf(studentTap), shape: taps)],
                teacherTaps: [FeatureMaps(tape.constant(teacherTap), shape: taps)],
                parameters: values
            )
            return (context, values)
        }
    }
}

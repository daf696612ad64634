import NeuralCompute
import NeuralTraining
import SeededRandom
import Testing

/// An operation under test: two inputs in, one value out; `shift` and `spread` keep inputs off kinks and poles.
struct TapeOperationCase: Sendable, CustomTestStringConvertible {
    var name: String
    var shapes: [[Int]]
    var shift: Float = 0
    var spread: Float = 1
    var apply: @Sendable ([TapeValue]) -> TapeValue

    var testDescription: String { name }

    func inputs(seed: UInt64) -> [Matrix] {
        var generator = SeededGenerator(seed: seed)
        return shapes.map { shape in
            Matrix(
                rows: shape[0],
                columns: shape[1],
                elements: (0..<shape[0] * shape[1]).map { _ in shift + spread * Float(generator.uniform(-1, 1)) }
            )
        }
    }

    static let all: [TapeOperationCase] = elementwise + products + reductions + selections + losses

    static let elementwise: [TapeOperationCase] = [
        .init(name: "squared", shapes: [[3, 4]]) { $0[0].squared },
        .init(name: "squareRoot", shapes: [[3, 4]], shift: 2) { $0[0].squareRoot },
        .init(name: "exponential", shapes: [[3, 4]]) { $0[0].exponential },
        .init(name: "logarithm", shapes: [[3, 4]], shift: 2) { $0[0].logarithm },
        .init(name: "rectified above", shapes: [[3, 4]], shift: 2) { $0[0].rectified },
        .init(name: "rectified below", shapes: [[3, 4]], shift: -2) { $0[0].rectified },
        .init(name: "magnitude", shapes: [[3, 4]], shift: -2) { $0[0].magnitude },
        .init(name: "sigmoid", shapes: [[3, 4]], spread: 4) { $0[0].sigmoid },
        .init(name: "smoothAbsolute inside", shapes: [[3, 4]], spread: 0.9) { $0[0].smoothAbsolute },
        .init(name: "smoothAbsolute outside", shapes: [[3, 4]], shift: 3) { $0[0].smoothAbsolute },
        .init(name: "clamped inside", shapes: [[3, 4]]) { $0[0].clamped(to: -2...2) },
        .init(name: "clamped outside", shapes: [[3, 4]], shift: 4) { $0[0].clamped(to: -2...2) },
        .init(name: "with numbers", shapes: [[3, 4]]) { -(2 - (3 * $0[0] - 1) / 4 + 1) * 5 + (2 + $0[0]) },
        .init(name: "sum", shapes: [[3, 4], [3, 4]]) { $0[0] + $0[1] },
        .init(name: "difference", shapes: [[3, 4], [1, 4]]) { $0[0] - $0[1] },
        .init(name: "product with column", shapes: [[3, 4], [3, 1]]) { $0[0] * $0[1] },
        .init(name: "product with scalar", shapes: [[1, 1], [3, 4]]) { $0[0] * $0[1] },
        .init(name: "column by row", shapes: [[3, 1], [1, 4]]) { $0[0] * $0[1] },
        .init(name: "quotient", shapes: [[3, 4], [3, 4]], shift: 2) { $0[0] / $0[1] },
        .init(name: "quotient by row", shapes: [[3, 4], [1, 4]], shift: 2) { $0[0] / $0[1] },
        .init(name: "used twice", shapes: [[3, 4]]) { $0[0] * $0[0] + $0[0].detached * $0[0] - $0[0].detached * $0[0] },
    ]

    static let products: [TapeOperationCase] = [
        .init(name: "times", shapes: [[3, 4], [4, 5]]) { $0[0].times($0[1]) },
        .init(name: "times transposed", shapes: [[3, 4], [5, 4]]) { $0[0].times(transposed: $0[1]) },
        .init(name: "times own transpose", shapes: [[3, 4]]) { $0[0].times(transposed: $0[0]) },
        .init(name: "transposed", shapes: [[3, 4]]) { $0[0].transposed },
        .init(name: "cosines", shapes: [[3, 4], [5, 4]], shift: 0.3) { $0[0].cosines(with: $0[1]) },
        .init(name: "cosines with itself", shapes: [[3, 4]], shift: 0.3) { $0[0].cosines(with: $0[0]) },
    ]

    static let reductions: [TapeOperationCase] = [
        .init(name: "rowSums", shapes: [[3, 4]]) { $0[0].squared.rowSums },
        .init(name: "columnSums", shapes: [[3, 4]]) { $0[0].squared.columnSums },
        .init(name: "sum of all", shapes: [[3, 4]]) { $0[0].squared.sum },
        .init(name: "mean", shapes: [[3, 4]]) { $0[0].squared.mean },
        .init(name: "normalizedRows", shapes: [[3, 4]], shift: 0.3) { $0[0].normalizedRows() },
        .init(name: "logSoftmax", shapes: [[3, 9]], spread: 3) { $0[0].logSoftmax },
    ]

    static let selections: [TapeOperationCase] = [
        .init(name: "reshaped", shapes: [[3, 4]]) { $0[0].reshaped(rows: 2, columns: 6) },
        .init(name: "rows", shapes: [[3, 4]]) { $0[0].rows([2, 0, 2, 1]) },
        .init(name: "elements", shapes: [[3, 4]]) { $0[0].elements(inColumns: [1, 3, 0]) },
        .init(name: "gatheringPositions", shapes: [[2, 12]]) {
            $0[0].gatheringPositions([[0, 1, -1], [1, 3, 3]], channels: 3)
        },
        .init(name: "beside", shapes: [[3, 4], [3, 2]]) { $0[0].beside($0[1]) },
        .init(name: "elements of both", shapes: [[3, 4], [3, 4]]) {
            ($0[0] * $0[1]).elements(at: [(row: 2, column: 1), (row: 0, column: 3)])
        },
        .init(name: "candidate products", shapes: [[2, 4]]) { inputs in
            let memory = Matrix(rows: 3, columns: 4, elements: (0..<12).map { Float($0) / 7 - 0.5 })
            return inputs[0].products(withRows: [0, 2, 2, 1, 0, 1], of: inputs[0].tape.device.tensor(memory))
        },
        .init(name: "differentiated", shapes: [[3, 4]]) { inputs in
            // 3 Σ x²: its gradient is known.
            let x = inputs[0].detached
            let value = 3 * x.squared.sum
            return inputs[0].tape.differentiated(inputs[0], value: value.scalar, gradient: (6 * x).tensor)
        },
    ]

    static let losses: [TapeOperationCase] = [
        .init(name: "crossEntropy", shapes: [[3, 11]], spread: 3) { $0[0].crossEntropy(labels: [0, 10, 4]) },
        .init(name: "klDivergence", shapes: [[3, 11]], spread: 3) {
            $0[0]
                .klDivergence(
                    fromTeacher: $0[0].tape.constant(Matrix(rows: 3, columns: 11, repeating: 0.5)),
                    temperature: 2
                )
        },
        head("linear head", .linear, .softmax),
        head("normalised softmax", .cosine(scale: 8), .softmax),
        head("CosFace", .cosine(scale: 8), .cosFace(margin: 0.4)),
        head("ArcFace, exact", .cosine(scale: 8), .arcFace(marginRadians: 0.5, gradient: .exact)),
        head("ArcFace, falling", .cosine(scale: 8), .arcFace(marginRadians: 0.5, gradient: .exact, beyondPi: .linear)),
    ]

    static func head(_ name: String, _ kind: ClassifierHead.Kind, _ loss: MarginLoss) -> TapeOperationCase {
        .init(name: name, shapes: [[3, 4], [5, 4], [1, 5]], shift: 0.2) { inputs in
            let head = ClassifierHead(kind: kind, weights: inputs[1], bias: inputs[2])
            return loss.loss(head.unscaledLogits(of: inputs[0]), head: head, labels: [0, 4, 2])
        }
    }
}

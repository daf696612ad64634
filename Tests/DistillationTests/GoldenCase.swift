import ArtifactFiles
import Distillation
import Foundation
import NeuralCompute
import NeuralGraph
import NeuralTraining
import StrictYAML
import TestSupport
import Testing

/// Settings as JSON, read as the YAML that it also is.
struct JSONSettings: DistillationSettingsSource {
    var text: String

    init(_ text: String) { self.text = text }

    func decoded<Settings: Decodable>(as type: Settings.Type) throws(InputError) -> Settings {
        try YAMLDocument(text: text).decode(type)
    }
}

/// One case of `Fixtures/Distillation/methods.json` or `rivals.json`.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Numbers: Decodable, Sendable {
        var shape: [Int]
        var values: [Double]

        var tensor: Tensor { Tensor(shape: shape, values: values.map { Float($0) }) }
        /// The first axis is rows; one axis is a row.
        var matrix: Matrix {
            let rows = shape.count > 1 ? shape[0] : 1
            return Matrix(rows: rows, columns: values.count / rows, elements: values.map { Float($0) })
        }
    }

    struct Problem: Decodable, Sendable {
        var head: String?
        var scale: Float?
        var sampleLabels: [Int]?
        var studentTap: [Int]?
        var teacherTap: [Int]?
    }

    /// Settings of any method.
    enum Scalar: Codable, Sendable {
        case bool(Bool)
        case number(Double)
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            }
        }
    }

    var title: String
    var method: String
    var settings: [String: Scalar]
    var problem: Problem
    var inputs: [String: Numbers]
    var terms: [String: Double]
    var loss: Double
    var gradients: [String: [Double]]
    var state: [String: Numbers]
    var stateAfter: [String: Numbers]
    var labels: [Int]
    var samples: [Int]?
    var epoch: Double?
    var seed: UInt64?

    var testDescription: String { title }

    static let all: [GoldenCase] = {
        ["methods", "rivals"]
            .flatMap { name in
                guard let data = try? Fixture.data("Distillation/\(name).json"),
                    let cases = try? JSONDecoder().decode([GoldenCase].self, from: data)
                else { return [GoldenCase]() }
                return cases
            }
    }()

    func makeMethod() throws -> any DistillationMethod {
        let kind: ClassifierHead.Kind? = problem.head
            .map { $0 == "linear" ? .linear : .cosine(scale: problem.scale ?? 64) }
        func shapes(_ shape: [Int]?) -> [ActivationShape] {
            shape.map { [.spatial(height: $0[0], width: $0[1], channels: $0[2])] } ?? []
        }
        let description = DistillationProblem(
            studentDimensions: inputs["embeddings"]?.shape[1] ?? 0,
            teacherDimensions: inputs["teacherEmbeddings"]?.shape[1] ?? 0,
            classCount: 7,
            studentHead: kind,
            teacherHead: kind,
            studentTaps: shapes(problem.studentTap),
            teacherTaps: shapes(problem.teacherTap),
            sampleLabels: problem.sampleLabels ?? [],
            batchSize: labels.count
        )
        let text = String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
        return try DistillationMethods.make(method, settings: JSONSettings(text), problem: description)
    }

    /// The inputs on a tape, and a context over them.
    func makeContext(tape: Tape) throws -> (context: LossContext, leaves: [String: TapeValue]) {
        let leaves = inputs.mapValues { tape.leaf($0.matrix) }
        let kind: ClassifierHead.Kind = problem.head == "linear" ? .linear : .cosine(scale: problem.scale ?? 64)
        func head(_ who: String) -> ClassifierHead? {
            leaves[who + "Weights"].map { ClassifierHead(kind: kind, weights: $0, bias: leaves[who + "Bias"]) }
        }
        func taps(_ name: String, _ shape: [Int]?) -> [FeatureMaps] {
            guard let shape, let value = leaves[name] else { return [] }
            return [FeatureMaps(value, shape: .spatial(height: shape[0], width: shape[1], channels: shape[2]))]
        }
        let context = LossContext(
            step: 0,
            epoch: epoch ?? 0,
            seed: seed ?? 0,
            labels: labels,
            samples: samples ?? [],
            embeddings: try #require(leaves["embeddings"]),
            teacherEmbeddings: leaves["teacherEmbeddings"],
            studentHead: head("student"),
            teacherHead: head("teacher"),
            studentTaps: taps("studentTap", problem.studentTap),
            teacherTaps: taps("teacherTap", problem.teacherTap),
            parameters: leaves
        )
        return (context, leaves)
    }
}

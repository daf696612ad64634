import Foundation
import Testing
import VerificationMetrics

/// What `Scripts/oracles/metrics.py` wrote, by scikit-learn, SciPy and NumPy.
enum Goldens {
    static func scoreSets() throws -> [ScoreSetGolden] { try load("score_sets.json") }

    static func closedForms() throws -> ClosedFormsGolden { try load("closed_forms.json") }

    static func folds() throws -> [FoldsGolden] { try load("folds.json") }

    private static func load<Value: Decodable>(_ name: String) throws -> Value {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .appendingPathComponent("../../Fixtures/VerificationMetrics")
        return try JSONDecoder().decode(Value.self, from: Data(contentsOf: folder.appendingPathComponent(name)))
    }
}

struct ScoreSetGolden: Decodable, Sendable, CustomTestStringConvertible {
    struct AtMost: Decodable, Sendable {
        let target: String
        let allowed: Int
        let acceptedImpostors: Int
        let acceptedGenuine: Int
    }

    struct Nearest: Decodable, Sendable {
        let target: String
        let tar: Double
        let far: Double
        let threshold: Double?
    }

    let name: String
    let double: Bool
    let scores: [Double]
    let labels: [UInt8]
    let atMost: [AtMost]
    let nearest: [Nearest]
    let corners: [[Int]]
    let wholeCurvePoints: Int
    let area: Double
    let equalErrorRate: Double
    let dPrime: Double?

    var testDescription: String { name }

    var values: ScoreValues { double ? .double(scores) : .single(scores.map { Float($0) }) }

    func scoreSet() throws -> ScoreSet { try ScoreSet(scores: values, labels: labels) }
}

struct ClosedFormsGolden: Decodable, Sendable {
    struct Floor: Decodable, Sendable {
        let target: String
        let count: Int
        let allowed: Int

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            target = try container.decode(String.self)
            count = try container.decode(Int.self)
            allowed = try container.decode(Int.self)
        }
    }

    let normalDeviates: [[Double]]
    let floors: [Floor]
    let wilson: [[Double]]
}

struct FoldsGolden: Decodable, Sendable {
    let scores: [Double]
    let labels: [UInt8]
    let sizes: [Int]
    let thresholds: [Double]
    let accuracies: [Double]
    let mean: Double
    let standardDeviation: Double
}

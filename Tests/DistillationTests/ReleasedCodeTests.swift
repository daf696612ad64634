import Foundation
import TestSupport
import Testing

/// What Scripts/oracles/official_losses.py wrote when it ran the fixtures' inputs through the code that authors released.
@Suite("Fixtures beside released code")
struct ReleasedCodeTests {
    private struct Record: Decodable {
        struct Case: Decodable {
            var `case`: String
            var loss: Double
            var code: String?
            var without: String?
            var lossDifference: Double?
            var gradientDifference: Double?
            var stateDifference: Double?
        }

        struct Other: Decodable {
            var `case`: String
            var difference: Double
        }

        var commits: [String: String]
        var cases: [Case]
        var others: [Other]
    }

    private struct Fixture: Decodable {
        var title: String?
        var name: String?
        var loss: Double
    }

    private struct Heads: Decodable { var cases: [Fixture] }

    @Test(
        "Every case agrees with released code in loss, gradient and state, or says why none was run; the record is of today's fixtures"
    )
    func agreement() throws {
        let record = try JSONDecoder().decode(Record.self, from: TestSupport.Fixture.data("Distillation/official.json"))
        let methods = try JSONDecoder()
            .decode([Fixture].self, from: TestSupport.Fixture.data("Distillation/methods.json"))
        let heads = try JSONDecoder().decode(Heads.self, from: TestSupport.Fixture.data("NeuralTraining/heads.json"))
        let fixtures =
            methods.map { (title: $0.title ?? "", loss: $0.loss) }
            + heads.cases.map { (title: "head: " + ($0.name ?? ""), loss: $0.loss) }
        #expect(record.cases.map(\.case) == fixtures.map(\.title), "run official_losses.py again")
        for (found, fixture) in zip(record.cases, fixtures) {
            #expect(
                found.loss == fixture.loss,
                "\(fixture.title): the fixture has changed; run official_losses.py again"
            )
            if let reason = found.without {
                #expect(!reason.isEmpty && found.code == nil, "\(fixture.title)")
                continue
            }
            let repository = try #require(found.code?.split(separator: " ").first)
            #expect(record.commits[String(repository)]?.count == 40, "\(repository)")
            // Fixtures have nine digits; near θ = π two of them are lost in the exact factor.
            #expect(try #require(found.lossDifference) < 1e-8, "\(fixture.title)")
            #expect(try #require(found.gradientDifference) < 1e-7, "\(fixture.title)")
            #expect((found.stateDifference ?? 0) < 1e-8, "\(fixture.title)")
        }
        // Partial FC's second version and the schedule, by the formulas that the package's own tests hold it to.
        #expect(record.others.count == 3 && record.others.allSatisfy { $0.difference < 1e-12 })
    }
}

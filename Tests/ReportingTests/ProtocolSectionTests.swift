import ArtifactFiles
import Foundation
import Reporting
import SeededRandom
import Testing
import VerificationMetrics

/// What a report says of folds and of galleries, as it is written, read and held against itself.
@Suite struct ProtocolSectionTests {
    /// A report with 4 folds of 50 pairs and two galleries.
    private func report(
        seed: UInt64 = 1,
        levels: Double = 20,
        failures: Double = 0,
        subjects: Int = 20,
        unmatedShare: Double = 0.4
    ) throws -> VerificationReport {
        var report = VerificationReport(
            name: "sections",
            protocol: ProtocolSummary(name: "sample", genuine: 30, impostor: 1740),
            measured: try SampleRun().measurement()
        )
        var generator = SeededGenerator(seed: seed)
        report.folded = try folded(&generator)
        func search(_ name: String) throws -> (
            name: String, templates: Int, subjects: Int, result: IdentificationResult
        ) {
            let gallery = Gallery(subjects: (0..<subjects + 5).map { UInt32($0 % subjects) })
            let probes = try (0..<150)
                .map { _ in
                    let isStranger = generator.uniform() < unmatedShare
                    let subject = UInt32(generator.index(below: subjects)) + (isStranger ? 1000 : 0)
                    let hasFailed = generator.uniform() < failures
                    let scores = gallery.subjects.map { other in
                        let score = generator.normal() + (other == subject ? 2.5 : 0)
                        return hasFailed ? -Float.infinity : Float((score * levels).rounded() / levels)
                    }
                    return try ProbeOutcome(scores: scores, gallery: gallery, subject: subject)
                }
            return (name, subjects + 5, subjects, IdentificationResult(probes: probes))
        }
        report.identification = IdentificationSummary(
            [try search("G1"), try search("G2")],
            targets: try ["0.01", "0.1", "0.5"].map { try FARTarget($0) },
            bootstrap: try SubjectBootstrap(replicates: 50, seed: 1)
        )
        return report
    }

    private func folded(_ generator: inout SeededGenerator) throws -> FoldedSummary {
        let count = 2000
        let labels = (0..<count).map { UInt8($0 % 2) }
        let scores = labels.map { 0.2 * generator.normal() + ($0 == 1 ? 0.6 : 0) }
        let folds = try Folds(pairs: count, folds: 4)
        let target = try FARTarget("0.1")
        let rows = try [FoldedSummary.Row.exact, FoldedSummary.Row.grid]
            .map { rule in
                FoldedSummary.Row(
                    flip: "sum",
                    rule: rule,
                    measured: try FoldedVerification(
                        scores: scores,
                        labels: labels,
                        folds: folds,
                        farTarget: target,
                        candidates: rule == FoldedSummary.Row.grid ? FoldedVerification.squaredDistanceGrid : nil
                    )
                )
            }
        return FoldedSummary(folds: 4, pairs: count, farTarget: target.value, rows: rows)
    }

    /// Whatever is measured can be written and read: ties, failures, galleries of one, a class without probes.
    @Test(arguments: [
        (levels: 20.0, failures: 0.0, subjects: 20, unmatedShare: 0.4), (1, 0, 20, 0.4), (20, 0.3, 20, 0.4),
        (20, 1, 20, 0.4), (20, 0, 1, 0.4), (20, 0, 20, 0), (20, 0, 20, 1), (0.2, 0.1, 3, 0.9), (1e6, 0, 80, 0.98),
    ])
    func whatIsMeasuredIsAccepted(levels: Double, failures: Double, subjects: Int, unmatedShare: Double) throws {
        for seed in 0..<4 as Range<UInt64> {
            let report = try report(
                seed: seed,
                levels: levels,
                failures: failures,
                subjects: subjects,
                unmatedShare: unmatedShare
            )
            let text = try report.jsonText()
            #expect(try VerificationReport(json: Array(text.utf8)) == report)
        }
    }

    @Test(arguments: [
        ("cmc", "[1.5]"), ("cmc", "[-0.5]"), ("unmated", "-1"), ("dir", "[{\"fpir\": 2, \"tpir\": 0.5}]"), ("dir", "7"),
        ("mated", "\"many\""), ("openSet", "null"),
    ])
    func damagedSearchesAreRefused(key: String, value: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        let data = Data(try report().jsonText().utf8)
        var root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var identification = try #require(root["identification"] as? [String: Any])
        var galleries = try #require(identification["galleries"] as? [[String: Any]])
        galleries[0][key] = value
        identification["galleries"] = galleries
        root["identification"] = identification
        let bytes = Array(try JSONSerialization.data(withJSONObject: root))
        let error = #expect(throws: InputError.self) { try VerificationReport(json: bytes, file: "report.json") }
        #expect(error?.code == .malformed && error?.place?.contains("identification.galleries") == true)
    }

    @Test func sectionsStandInEveryForm() throws {
        let report = try report()
        let rate = try #require(report.identification?.average.ranks[1].outcome.value?.rate)
        let accuracy = try #require(report.folded?.rows[0].accuracy.mean)
        for form in ["md", "html", "tex", "txt"] {
            let text = try report.document().text(form)
            #expect(text.contains(NumberText.percent(rate)) && text.contains(NumberText.percent(accuracy)), "\(form)")
        }
        let files = try report.document().files(["csv", "svg"]).map(\.name)
        #expect(Set(files).isSuperset(of: ["folds.csv", "identification.csv", "cmc.svg", "dir.svg"]))
    }
}

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
    ) async throws -> VerificationReport {
        var report = VerificationReport(
            name: "sections",
            protocol: ProtocolSummary(name: "sample", genuine: 30, impostor: 1740),
            measured: try await SampleRun().measurement()
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
    func whatIsMeasuredIsAccepted(levels: Double, failures: Double, subjects: Int, unmatedShare: Double) async throws {
        for seed in 0..<4 as Range<UInt64> {
            let report = try await report(
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

    /// A value in a report by its key, `galleries[0].mated`; nil takes it out.
    private func changed(_ node: Any, _ path: ArraySlice<Substring>, to value: Any?) throws -> Any {
        guard let key = path.first else { return value ?? NSNull() }
        if var list = node as? [Any], let index = Int(key) {
            try #require(list.indices.contains(index), "\(path)")
            list[index] = try changed(list[index], path.dropFirst(), to: value)
            return list
        }
        var object = try #require(node as? [String: Any], "\(path)")
        let old = try #require(object[String(key)], "\(path)")
        object[String(key)] = path.count == 1 ? value : try changed(old, path.dropFirst(), to: value)
        return object
    }

    private func damaged(_ text: String, _ path: String, _ value: String?) throws -> [UInt8] {
        let root = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let value = try value.map { try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed) }
        let keys = path.split { ".[]".contains($0) }
        return Array(try JSONSerialization.data(withJSONObject: try changed(root, keys[...], to: value)))
    }

    @Test(arguments: [
        ("folded.folds", "1", "folded.folds"),
        ("folded.folds", "5", "folded.rows[0].foldAccuracies"),
        ("folded.folds", "2001", "folded.folds"),
        ("folded.pairs", "1769", "folded.pairs"),
        ("folded.pairs", "-1", "folded.pairs"),
        ("folded.farTarget", "0", "folded.farTarget"),
        ("folded.rows", "[]", "folded.rows"),
        ("folded.rows[1].rule", "\"exact\"", "folded.rows[1]"),
        ("folded.rows[1].foldAccuracies[2]", "1.01", "folded.rows[1].foldAccuracies[2]"),
        ("folded.rows[0].foldAccuracies[0]", "0.25", "folded.rows[0].accuracy.mean"),
        ("folded.rows[0].accuracy.mean", "0.5", "folded.rows[0].accuracy.mean"),
        ("folded.rows[0].accuracy.standardDeviation", "0.2", "folded.rows[0].accuracy.standardDeviation"),
        ("folded.rows[0].accuracy.standardDeviation", "-0.01", "folded.rows[0].accuracy.standardDeviation"),
        ("folded.rows[0].tar.mean", "-0.1", "folded.rows[0].tar.mean"),
        ("folded.rows[1].tar.standardDeviation", "0.6", "folded.rows[1].tar.standardDeviation"),
        ("folded.rows[1].far.mean", "1e9", "folded.rows[1].far.mean"),
    ])
    func damagedFoldsAreRefused(path: String, value: String, place: String) async throws {
        try await expectRefusal(path, value, place)
    }

    @Test(arguments: [
        ("galleries", "[]", "galleries"),
        ("galleries[1].name", "\"G1\"", "galleries[1].name"),
        ("galleries[0].templates", "-1", "galleries[0].templates"),
        ("galleries[0].subjects", "26", "galleries[0].subjects"),
        ("galleries[0].mated", "-3", "galleries[0].mated"),
        ("galleries[0].mated", "0", "galleries[0].ranks[0].outcome"),
        ("galleries[0].mated", "997", "galleries[0].ranks[0].outcome.rate"),
        ("galleries[0].unmated", "0", "galleries[0].openSet[0].outcome"),
        ("galleries[0].unmated", "99999999999999999", "galleries[0].unmated"),
        ("galleries[1].ranks[0].rank", "0", "galleries[1].ranks[0].rank"),
        ("galleries[1].ranks[1].rank", "1", "galleries[1].ranks[1].rank"),
        ("galleries[1].ranks[1].rank", "4", "galleries[1].cmc[3]"),
        ("galleries[1].ranks[1].outcome.rate", "1.5", "galleries[1].ranks[1].outcome.rate"),
        ("galleries[1].ranks[1].outcome.rate", "0", "galleries[1].ranks[1].outcome.rate"),
        ("galleries[1].ranks[1].outcome", "{\"undefined\": \"no-mated-probe\"}", "galleries[1].ranks[1].outcome"),
        ("galleries[1].ranks[0].outcome.interval.low", "-1", "galleries[1].ranks[0].outcome.interval.low"),
        ("galleries[1].ranks[0].outcome.interval.high", "0", "galleries[1].ranks[0].outcome.interval"),
        ("galleries[1].ranks[0].outcome.interval.level", "1", "galleries[1].ranks[0].outcome.interval.level"),
        ("galleries[0].cmc", "[]", "galleries[0].cmc"),
        ("galleries[0].cmc[0]", "0.123456", "galleries[0].cmc[0]"),
        ("galleries[0].cmc[5]", "0", "galleries[0].cmc[5]"),
        ("galleries[0].cmc[4]", "1", "galleries[0].cmc[5]"),
        ("galleries[0].cmc[19]", "1.0001", "galleries[0].cmc[19]"),
        ("galleries[0].openSet[0].fpirTarget", "0", "galleries[0].openSet[0].fpirTarget"),
        ("galleries[0].openSet[0].fpirTarget", "0.02", "galleries[0].openSet"),
        ("galleries[0].openSet[1].outcome.rate", "0.0501", "galleries[0].openSet[1].outcome.rate"),
        ("galleries[0].openSet[2].outcome.rate", "0", "galleries[0].openSet[2].outcome.rate"),
        ("galleries[0].openSet[2].outcome.rate", "1", "galleries[0].openSet[2].outcome.rate"),
        ("galleries[0].openSet[0].outcome.rate", "0", "galleries[0].dir"),
        ("galleries[0].openSet[1].fpir", "0.9", "galleries[0].openSet[1].fpir"),
        ("galleries[0].openSet[1].fpir", "null", "galleries[0].openSet[1].fpir"),
        ("galleries[0].openSet[2].fpir", "0", "galleries[0].openSet[2].fpir"),
        ("galleries[0].openSet[2].threshold", "99", "galleries[0].openSet[2].threshold"),
        ("galleries[0].openSet[1].resolved", "false", "galleries[0].openSet[1].resolved"),
        ("galleries[0].openSet[2].outcome.interval.high", "2", "galleries[0].openSet[2].outcome.interval.high"),
        ("galleries[0].dir", "{\"undefined\": \"no-spread\"}", "galleries[0].dir"),
        ("galleries[0].dir[3].fpir", "7", "galleries[0].dir[3].fpir"),
        ("galleries[0].dir[2].tpir", "1", "galleries[0].dir[2].tpir"),
        ("galleries[0].dir[9].tpir", "0", "galleries[0].dir[9]"),
        ("average.ranks[0].rank", "2", "galleries[0].ranks"),
        ("average.ranks", "[]", "galleries[0].ranks"),
        ("average.ranks[0].outcome.rate", "0.001", "average.ranks[0].outcome.rate"),
        ("average.ranks[2].outcome", "{\"undefined\": \"no-mated-probe\"}", "average.ranks[2].outcome"),
        ("average.ranks[2].outcome.interval.high", "1.5", "average.ranks[2].outcome.interval.high"),
        ("average.openSet[1].outcome.rate", "1", "average.openSet"),
        ("average.openSet[1].resolved", "false", "average.openSet[1].resolved"),
    ])
    func damagedSearchesAreRefused(path: String, value: String, place: String) async throws {
        try await expectRefusal("identification." + path, value, place)
    }

    private func expectRefusal(_ path: String, _ value: String, _ place: String) async throws {
        let text = try await report().jsonText()
        #expect(try VerificationReport(json: try damaged(text, "name", "\"sections\"")) == (try await report()))
        let bytes = try damaged(text, path, value)
        let error = #expect(throws: InputError.self) { try VerificationReport(json: bytes, file: "report.json") }
        let found = try #require(error)
        #expect(found.code == .malformed && found.file == "report.json")
        #expect(found.place?.contains(place) == true, "\(found)")
        #expect(found.expected != nil && found.found != nil, "\(found)")
    }

    /// What cannot be read back is not written either.
    @Test func contradictionsAreNotWritten() async throws {
        var report = try await report()
        report.identification?.galleries[0].cmc[3] = .nan
        #expect(throws: InputError.self) { try report.jsonText() }
        report = try await self.report()
        report.folded?.rows[0].accuracy.mean = .nan
        #expect(throws: InputError.self) { try report.jsonText() }
    }
}

import ArtifactFiles
import Foundation
import Reporting
import Testing
import VerificationMetrics

/// Runs on a protocol with folds: compared and ranked by accuracy, paired over folds and pairs.
@Suite struct FoldedRunTests {
    /// 300 pairs, half of them genuine, in ten folds.
    private func write(seed: UInt64, shift: Double, to folder: String, folds: Folds) throws -> [Double] {
        var run = SampleRun(seed: seed, shift: shift, subjects: 150)
        let genuine = run.labels.indices.filter { run.labels[$0] == 1 }
        let impostor = run.labels.indices.filter { run.labels[$0] == 0 }
        let kept = (0..<150).flatMap { [genuine[$0], impostor[40 * $0]] }
        run.scores = kept.map { run.scores[$0] }
        run.labels = kept.map { run.labels[$0] }
        run.first = kept.map { run.first[$0] }
        run.second = kept.map { run.second[$0] }
        let scores = run.scores.map(Double.init)
        let measured = try FoldedVerification(
            scores: scores,
            labels: run.labels,
            folds: folds,
            farTarget: FARTarget("1e-3")
        )
        var report = VerificationReport(
            name: "shift \(shift)",
            protocol: ProtocolSummary(name: "pairs", genuine: 150, impostor: 150),
            measured: try run.measurement(replicates: 8)
        )
        report.policy = PolicySummary(flip: "sum", norm: "keep", detectorScore: "on", aggregate: "media-mean")
        report.folded = FoldedSummary(
            folds: folds.count,
            pairs: 300,
            farTarget: 1e-3,
            rows: [.init(flip: "sum", rule: FoldedSummary.Row.exact, measured: measured)]
        )
        try run.write(to: folder, report: report)
        try NPYFile.write(folds.foldOfPair.map { UInt32($0) }, to: folder + "/folds.npy")
        return measured.folds.map(\.accuracy)
    }

    private func withRuns(
        _ shifts: [Double],
        _ body: ([RunFolder], [[Double]], [String]) throws -> Void
    ) throws {
        let folders = try shifts.map { _ in try TemporaryFolder() }
        defer { for folder in folders { folder.remove() } }
        // Every tenth pair of a fold: unlike the consecutive folds that a missing file would mean.
        let folds = try Folds(foldOfPair: (0..<300).map { $0 / 2 % 10 })
        var accuracies: [[Double]] = []
        for (index, shift) in shifts.enumerated() {
            accuracies.append(
                try write(seed: UInt64(index + 1), shift: shift, to: folders[index].path, folds: folds)
            )
        }
        try body(try folders.map { try RunFolder(path: $0.path) }, accuracies, folders.map(\.path))
    }

    private let bootstrap: SubjectBootstrap

    init() throws { bootstrap = try SubjectBootstrap(replicates: 200, seed: 1) }

    /// The paired t-test by hand; the chance is that of the table for 9 degrees of freedom.
    @Test func accuraciesArePairedOverFolds() throws {
        try withRuns([1.5, 4]) { runs, accuracies, _ in
            let comparison = try RunComparison(runs[0], runs[1], bootstrap: bootstrap)
            let found = try #require(comparison.folded)
            let differences = zip(accuracies[1], accuracies[0]).map { $0 - $1 }
            let mean = differences.reduce(0, +) / 10
            let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 9 / 10
            #expect(abs(found.difference - mean) < 1e-12)
            #expect(abs(found.high - mean - 2.262157162741 * variance.squareRoot()) < 1e-9)
            #expect(found.pValue < 0.001 && found.low > 0 && found.pairPValue < 0.001)
            // Folds are of equal size, so mean accuracies count pairs.
            #expect(abs(Double(found.gained - found.lost) / 300 - mean) < 1e-12)
            #expect(comparison.document().summary.contains("B decides more pairs rightly"))
            let itself = try #require(try RunComparison(runs[0], runs[0], bootstrap: bootstrap).folded)
            #expect(itself.pValue == 1 && itself.pairPValue == 1 && itself.difference == 0)
        }
    }

    @Test func theLeaderboardRanksByAccuracy() throws {
        try withRuns([1.5, 4, 1.5, 4.1]) { runs, _, _ in
            let board = try Leaderboard(
                runs: runs,
                includesPublished: false,
                sortFAR: try FARTarget("1e-5"),
                bootstrap: bootstrap
            )
            let text = try board.document().text("md")
            #expect(text.contains("|     Accuracy |") && !text.contains("not resolved"))
            let ranks = text.split(separator: "\n").filter { $0.contains("| shift") }
                .map { $0.split(separator: "|")[0].filter { $0 != " " } }
            #expect(ranks == ["1–2", "1–2", "3–4", "3–4"])
        }
    }

    @Test func foldsThatDidNotMakeTheReportAreRefused() throws {
        try withRuns([1.5, 4]) { runs, _, paths in
            FileSystem.remove(paths[1] + "/folds.npy")
            let error = #expect(throws: InputError.self) {
                _ = try RunComparison(runs[0], runs[1], bootstrap: bootstrap)
            }
            #expect(error?.description.contains("did not make report.json") == true)
        }
    }
}

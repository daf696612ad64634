import ArtifactFiles
import Foundation
import Reporting
import SeededRandom
import Testing
import VerificationMetrics

@Suite struct RunComparisonTests {
    private let bootstrap: SubjectBootstrap

    init() throws { bootstrap = try SubjectBootstrap(replicates: 200, seed: 3) }

    /// Writes two runs and compares them.
    private func compare(
        _ first: SampleRun,
        _ second: SampleRun,
        change: (String) throws -> Void = { _ in }
    ) throws -> RunComparison {
        let (one, other) = (try TemporaryFolder(), try TemporaryFolder())
        defer {
            one.remove()
            other.remove()
        }
        try first.writeScoresAlone(to: one.path, name: "one")
        try second.writeScoresAlone(to: other.path, name: "other")
        try change(other.path)
        return try RunComparison(
            try RunFolder(path: one.path),
            try RunFolder(path: other.path),
            bootstrap: bootstrap
        )
    }

    @Test func countsAgreeWithBruteForce() throws {
        let (first, second) = (SampleRun(seed: 7), SampleRun(seed: 8, shift: 4))
        let comparison = try compare(first, second)
        #expect(comparison.differences.map(\.farTarget) == [1e-4, 1e-3, 1e-2, 1e-1])
        for difference in comparison.differences {
            let found = try #require(difference.outcome.value)
            let accepted = [first, second]
                .map { run -> Set<Int> in
                    let impostors = zip(run.scores, run.labels).filter { $0.1 == 0 }.map(\.0).sorted(by: >)
                    let allowed = Int((difference.farTarget * 1740).rounded(.down))
                    return Set(run.scores.indices.filter { run.scores[$0] > impostors[allowed] })
                }
            func count(_ indices: Set<Int>, _ label: UInt8) -> Int { indices.count { first.labels[$0] == label } }
            #expect(found.genuineGained == count(accepted[1].subtracting(accepted[0]), 1))
            #expect(found.genuineLost == count(accepted[0].subtracting(accepted[1]), 1))
            #expect(found.impostorsGained == count(accepted[1].subtracting(accepted[0]), 0))
            #expect(found.impostorsLost == count(accepted[0].subtracting(accepted[1]), 0))
            #expect(found.difference == found.secondTAR - found.firstTAR)
            #expect(found.secondTAR == Double(count(accepted[1], 1)) / 30)
        }
        let flips = try #require(comparison.flips)
        #expect(flips.farTarget == 1e-3)
        for flip in flips.genuineGained {
            #expect(first.labels[flip.comparison] == 1 && flip.firstMargin < 0 && flip.secondMargin >= 0)
            #expect(flip.templates[0] == 100 + 7 * first.first[flip.comparison])
        }
        let widths = flips.genuineGained.map { $0.secondMargin - $0.firstMargin }
        #expect(!widths.isEmpty && widths == widths.sorted(by: >))
    }

    @Test func gridHoldsEveryPairOnce() throws {
        let (first, second) = (SampleRun(seed: 7), SampleRun(seed: 8))
        let agreement = try compare(first, second).agreement
        let (genuine, impostor) = (try #require(agreement.genuine.value), try #require(agreement.impostor.value))
        #expect(genuine.counts.reduce(0, +) == 30 && impostor.counts.reduce(0, +) == 1740)
        let pairs = zip(zip(first.scores, second.scores), first.labels).filter { $0.1 == 1 }.map(\.0)
        let means = (pairs.map { Double($0.0) }.reduce(0, +) / 30, pairs.map { Double($0.1) }.reduce(0, +) / 30)
        let products = pairs.map { (Double($0.0) - means.0) * (Double($0.1) - means.1) }.reduce(0, +)
        let squares = pairs.map { pow(Double($0.0) - means.0, 2) }.reduce(0, +)
        let others = pairs.map { pow(Double($0.1) - means.1, 2) }.reduce(0, +)
        #expect(abs(genuine.correlation - products / (squares * others).squareRoot()) < 1e-12)
    }

    @Test func aRunDoesNotDifferFromItself() throws {
        let comparison = try compare(SampleRun(), SampleRun())
        for difference in comparison.differences {
            let found = try #require(difference.outcome.value)
            #expect(found.difference == 0 && found.pValue == 1 && found.genuineGained + found.genuineLost == 0)
        }
        #expect(comparison.document().summary.contains("not told apart"))
    }

    /// Words and numbers agree: the finding follows p by Holm's correction, and says so where p alone would find more.
    @Test func theFindingFollowsP() throws {
        var words = Set<String>()
        for step in 0..<12 {
            let comparison = try compare(SampleRun(seed: 7), SampleRun(seed: 8, shift: 3.2 + 0.15 * Double(step)))
            let lines = comparison.document().summary.split(separator: "\n")
            for difference in comparison.differences {
                let found = try #require(difference.outcome.value)
                let isOutside = found.interval.low > 0 || found.interval.high < 0
                #expect(isOutside == (found.pValue <= 0.05))
                guard let adjusted = found.adjustedPValue else {
                    #expect(!found.resolved)
                    continue
                }
                #expect(adjusted >= found.pValue)
                let line = try #require(
                    lines.first { $0.hasPrefix("1e") && $0.split(separator: " ").first == Substring(rate(difference)) }
                )
                let expected =
                    found.pValue > 0.05
                    ? "not told apart"
                    : adjusted <= 0.05 ? "accepts more genuine" : "accepts more genuine, were this FAR the only one"
                #expect(line.contains(expected), "\(line)")
                let isCertain = expected != "accepts more genuine" || !line.contains("were this FAR the only one")
                #expect(isCertain, "\(line)")
                words.insert(expected)
            }
        }
        #expect(words.count >= 2)
    }

    private func rate(_ difference: AtFAR<RunComparison.Measured>) -> String {
        "1e\(Int(log10(difference.farTarget).rounded()))"
    }

    /// The file was written before keys were sorted.
    @Test func theJSONIsThatOfTheSchema() throws {
        let comparison = try compare(SampleRun(seed: 7), SampleRun(seed: 8, shift: 4))
        try GoldenText.expectSameValues(try comparison.document().text("json"), as: "compare.json")
    }

    enum Change: String, CaseIterable {
        case protocolName, labels, order, templates, subject, noSubjects, noTemplates, fewer
    }

    @Test(arguments: Change.allCases) func differentRunsAreRefusedByName(change: Change) throws {
        var second = SampleRun(seed: 8)
        var expected: [String] = []
        switch change {
        case .labels:
            second.labels.swapAt(0, 1)
            expected = ["labels.npy: comparison 0: the runs have different labels"]
        case .order:
            second.first.swapAt(1, 1700)
            second.second.swapAt(1, 1700)
            expected = ["comparison 1: the runs compare different templates", "as in"]
        case .templates:
            second.second[4] = 59
            expected = [
                "comparison 4: the runs compare different templates", "expected 100 and 135", "found 100 and 513",
            ]
        case .subject: expected = ["subjects.csv: template 114", "different subjects", "found 'subject, 0'"]
        case .noSubjects: expected = ["subjects.csv", "only the other run states its subjects"]
        case .noTemplates: expected = ["comparisons.npy", "which templates"]
        case .fewer:
            second.scores.removeLast()
            second.labels.removeLast()
            second.first.removeLast()
            second.second.removeLast()
            expected = ["different numbers of comparisons", "expected 1770 as in", "found 1769"]
        case .protocolName: expected = ["different protocols", "expected 'sample' as in", "found 'other'"]
        }
        let changed = second
        let error = #expect(throws: InputError.self) {
            _ = try compare(SampleRun(seed: 7), changed) { folder in
                switch change {
                case .subject:
                    let text = try String(contentsOfFile: folder + "/subjects.csv", encoding: .utf8)
                    try AtomicFile.write(
                        text.replacing("114,\"subject, 1\"", with: "114,\"subject, 0\""),
                        to: folder + "/subjects.csv"
                    )
                case .noSubjects: FileSystem.remove(folder + "/subjects.csv")
                case .noTemplates: FileSystem.remove(folder + "/comparisons.npy")
                case .protocolName:
                    let text = try String(contentsOfFile: folder + "/report.json", encoding: .utf8)
                    try AtomicFile.write(
                        text.replacing("\"name\" : \"sample\"", with: "\"name\" : \"other\""),
                        to: folder + "/report.json"
                    )
                default: break
                }
            }
        }
        let text = error?.description ?? ""
        #expect(expected.allSatisfy { text.contains($0) }, "\(text)")
    }

    @Test func formsAreWellFormedWhateverTheNames() throws {
        let (one, other) = (try TemporaryFolder(), try TemporaryFolder())
        defer {
            one.remove()
            other.remove()
        }
        try SampleRun(seed: 7).writeScoresAlone(to: one.path, name: HostileText.all)
        try SampleRun(seed: 8).writeScoresAlone(to: other.path, name: HostileText.all)
        let comparison = try RunComparison(
            try RunFolder(path: one.path),
            try RunFolder(path: other.path),
            bootstrap: bootstrap
        )
        let page = try comparison.document().text("html")
        let elements = try MarkupElements(page: page)
        #expect(elements.elements.filter { $0.name == "svg" }.count == 3)
        #expect(!elements.elements.contains { $0.name == "script" || $0.name == "img" })
        #expect(elements.text.contains(HostileText.script))
    }
}

extension SampleRun {
    /// Writes the run with a short report of its own scores.
    func writeScoresAlone(to folder: String, name: String) throws {
        let measured = try measurement(replicates: 8)
        let genuine = labels.reduce(0) { $0 + Int($1) }
        var report = VerificationReport(
            name: name,
            protocol: ProtocolSummary(name: "sample", genuine: genuine, impostor: labels.count - genuine),
            measured: measured
        )
        report.checkpoint = CheckpointSummary(
            file: "net.onnx",
            sha256: String(repeating: "cd", count: 32),
            architecture: "mobilefacenet",
            parameters: 993_920,
            macs: 221_000_000,
            embeddingSize: 128
        )
        try write(to: folder, report: report)
    }
}

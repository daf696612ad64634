import ArtifactFiles
import Foundation
import Reporting
import Testing
import VerificationMetrics

@Suite struct RunFolderTests {
    @Test func givesBackWhatWasWritten() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let run = SampleRun()
        try run.write(to: temporary.path)
        let folder = try RunFolder(path: temporary.path)
        #expect(folder.report == (try run.report()))
        let scores = try folder.scores()
        #expect(scores.values == .single(run.scores) && Array(scores.labels) == run.labels)
        #expect(scores.subjectNames?[100] == "subject, 0")
        #expect(try folder.pictures()["f3.jpg"] == [0xff, 0xd8, 0xff, 3])
        let (found, expected) = (try #require(try scores.comparisonSubjects()), try run.comparisonSubjects())
        for index in stride(from: 0, to: run.scores.count, by: 17) {
            let (pair, wanted) = (found.subjects(of: index), expected.subjects(of: index))
            #expect((pair.first == pair.second) == (wanted.first == wanted.second))
        }
    }

    @Test func sameReportFromTheFolderAlone() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let run = SampleRun()
        try run.write(to: temporary.path)
        let folder = try RunFolder(path: temporary.path)
        let scores = try folder.scores()
        var options = VerificationMeasurement.Options(
            farTargets: try ["1e-4", "1e-3", "1e-2", "1e-1"].map { try FARTarget($0) },
            bootstrap: try SubjectBootstrap(replicates: 64, seed: 1)
        )
        options.pointsPerDecade = 8
        let again = try VerificationMeasurement(
            scores: scores.values,
            labels: scores.labels,
            subjects: try scores.comparisonSubjects(),
            options: options
        )
        #expect(again.results.nearestFAR == folder.report.verification.nearestFAR)
        #expect(again.curves.roc == folder.report.curves.roc)
        let points = zip(again.results.operatingPoints, folder.report.verification.operatingPoints)
        for (found, expected) in points { #expect(found.outcome.value?.tar == expected.outcome.value?.tar) }
    }

    @Test func withoutSubjectsGenuineComparisonsImplyThem() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let run = SampleRun()
        try run.write(to: temporary.path)
        try FileManager.default.removeItem(atPath: temporary.file("subjects.csv"))
        let scores = try RunFolder(path: temporary.path).scores()
        let subjects = try #require(try scores.comparisonSubjects())
        #expect(Set(subjects.subjectOfTemplate).count == SampleRun.subjects)
        #expect(subjects.contradictions(labels: run.labels) == (0, 0))
    }

    @Test func doublePrecisionStaysDouble() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let run = SampleRun()
        try run.write(to: temporary.path)
        try NPYFile.write(run.scores.map { Double($0) + 1e-12 }, to: temporary.file("scores.npy"))
        guard case .double = try RunFolder(path: temporary.path).scores().values else {
            Issue.record("read as single precision")
            return
        }
    }

    @Test func excludedFailuresAreLeftOut() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        var run = SampleRun()
        var report = try run.report()
        report.policy?.failures = "exclude"
        run.scores.insert(-.infinity, at: 5)
        run.labels.insert(1, at: 5)
        run.first.insert(0, at: 5)
        run.second.insert(1, at: 5)
        try run.write(to: temporary.path, report: report)
        let scores = try RunFolder(path: temporary.path).scores()
        #expect(Array(scores.labels) == SampleRun().labels && scores.values == .single(SampleRun().scores))
        #expect(scores.templates?.count == 2 * scores.labels.count)
    }

    enum Damage: String, CaseIterable {
        case noReport, noScores, noLabels, fewerLabels, labelTwo, otherLabels, otherScores, nanScore, pairShape
        case fewerPairs, subjectColumns, subjectTwice, openQuote, tableScores, truncatedScores
    }

    @Test(arguments: Damage.allCases) func damageIsNamed(damage: Damage) throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let run = SampleRun()
        try run.write(to: temporary.path)
        let expected = try inflict(damage, on: run, temporary)
        let error = #expect(throws: InputError.self) { _ = try RunFolder(path: temporary.path).scores() }
        let text = error?.description ?? ""
        #expect(expected.allSatisfy { text.contains($0) }, "\(text)")
    }

    private func inflict(_ damage: Damage, on run: SampleRun, _ folder: TemporaryFolder) throws -> [String] {
        switch damage {
        case .noReport:
            try FileManager.default.removeItem(atPath: folder.file("report.json"))
            return ["no report.json"]
        case .noScores:
            try FileManager.default.removeItem(atPath: folder.file("scores.npy"))
            return ["scores.npy"]
        case .noLabels:
            try FileManager.default.removeItem(atPath: folder.file("labels.npy"))
            return ["labels.npy"]
        case .fewerLabels:
            try NPYFile.write(Array(run.labels.dropLast()), to: folder.file("labels.npy"))
            return ["labels.npy", "expected 1770, found 1769"]
        case .labelTwo:
            try NPYFile.write([2] + run.labels.dropFirst(), to: folder.file("labels.npy"))
            return ["labels.npy: row 0", "found 2"]
        case .otherLabels:
            try NPYFile.write([1 - run.labels[0]] + run.labels.dropFirst(), to: folder.file("labels.npy"))
            return ["genuine comparisons", "expected 30, found 29"]
        case .otherScores:
            try NPYFile.write(run.scores.map { -$0 }, to: folder.file("scores.npy"))
            return ["did not make report.json", "FAR 1e-4"]
        case .nanScore:
            try NPYFile.write([.nan] + run.scores.dropFirst(), to: folder.file("scores.npy"))
            return ["scores.npy", "row 0", "not a score"]
        case .pairShape:
            try NPYFile.write(run.first + run.second, shape: [2, run.first.count], to: folder.file("comparisons.npy"))
            return ["comparisons.npy", "[comparisons, 2]"]
        case .fewerPairs:
            try NPYFile.write([1, 2] as [UInt32], shape: [1, 2], to: folder.file("comparisons.npy"))
            return ["comparisons.npy", "expected 1770, found 1"]
        case .subjectColumns:
            try AtomicFile.write("template,subject\n1,a\n2\n", to: folder.file("subjects.csv"))
            return ["subjects.csv: line 3"]
        case .subjectTwice:
            try AtomicFile.write("1,a\n1,b\n", to: folder.file("subjects.csv"))
            return ["subjects.csv: line 2", "twice"]
        case .openQuote:
            try AtomicFile.write("1,\"a\n2,b\n", to: folder.file("subjects.csv"))
            return ["subjects.csv", "not CSV"]
        case .tableScores:
            try NPYFile.write(run.scores, shape: [1, run.scores.count / 2, 2], to: folder.file("scores.npy"))
            return ["scores.npy", "one axis"]
        case .truncatedScores:
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("scores.npy")))
            try bytes.dropLast(2).write(to: URL(fileURLWithPath: folder.file("scores.npy")))
            return ["scores.npy"]
        }
    }

    @Test func pictureNamesCannotLeaveTheFolder() throws {
        var report = try SampleRun().report()
        report.contactSheet = [PicturedFace(image: "x", template: nil, picture: "../report.json")]
        let text = try report.jsonText()
        let error = #expect(throws: InputError.self) { try VerificationReport(json: Array(text.utf8)) }
        #expect(error?.code == .forbidden)
    }
}

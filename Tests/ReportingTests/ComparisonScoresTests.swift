import ArtifactFiles
import LargeArrays
import Reporting
import Testing
import VerificationMetrics

/// Scores of any system, as `verifar metrics` reads them.
@Suite struct ComparisonScoresTests {
    /// Reads texts; template ids are written as an array.
    private func read(
        _ scores: String,
        _ labels: String,
        pairs: [UInt32]? = nil,
        subjects: String? = nil
    ) throws -> ComparisonScores {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try AtomicFile.write(scores, to: folder.file("scores.txt"))
        try AtomicFile.write(labels, to: folder.file("labels.txt"))
        if let pairs { try NPYFile.write(pairs, shape: [pairs.count / 2, 2], to: folder.file("pairs.npy")) }
        if let subjects { try AtomicFile.write(subjects, to: folder.file("subjects.csv")) }
        return try ComparisonScores(
            scores: folder.file("scores.txt"),
            labels: folder.file("labels.txt"),
            comparisons: pairs.map { _ in folder.file("pairs.npy") },
            subjects: subjects.map { _ in folder.file("subjects.csv") }
        )
    }

    /// Reads the arrays of a folder.
    private func arrays(
        _ folder: TemporaryFolder,
        comparisons: String? = nil,
        subjects: String? = nil
    ) throws -> ComparisonScores {
        try ComparisonScores(
            scores: folder.file("scores.npy"),
            labels: folder.file("labels.npy"),
            comparisons: comparisons.map(folder.file),
            subjects: subjects.map(folder.file)
        )
    }

    @Test func textHoldsANumberOnEachLine() throws {
        let scores = try read("\u{feff}0.5\r\n -inf\t\n1e-3\n2\n\n \n", "1\n0\n0\n1.0")
        #expect(scores.values == .double([0.5, -.infinity, 0.001, 2]))
        #expect(scores.labels == [1, 0, 0, 1])
    }

    struct Refusal: CustomTestStringConvertible {
        var scores = "1\n2\n"
        var labels = "1\n0\n"
        var pairs: [UInt32]?
        var subjects: String?
        var expected: [String]
        var testDescription: String { expected.joined(separator: ", ") }
    }

    static let refusals: [Refusal] = [
        Refusal(scores: "1\n\n2\n", labels: "1\n0\n0\n", expected: ["scores.txt: line 2", "a blank line"]),
        Refusal(scores: "\n1\n2\n", expected: ["scores.txt: line 1", "a blank line"]),
        Refusal(scores: "1\n2 x\n", expected: ["scores.txt: line 2", "'2 x'"]),
        Refusal(scores: "0.5 1\n0.25 0\n", expected: ["scores.txt: line 1", "'0.5 1'"]),
        Refusal(scores: "1\n0,5\n", expected: ["scores.txt: line 2", "'0,5'"]),
        Refusal(scores: "1\nNaN\n", expected: ["scores.txt: line 2", "'NaN'"]),
        Refusal(scores: "1\n-nan(0x1)\n", expected: ["scores.txt: line 2", "not a score"]),
        Refusal(scores: "1\n1e309\n", expected: ["scores.txt: line 2", "below infinity"]),
        Refusal(scores: "1\n0.4\0junk\n", expected: ["scores.txt: line 2", "not a score"]),
        Refusal(labels: "1\n0\0\0\0", expected: ["labels.txt: line 2", "0 or 1"]),
        Refusal(scores: "1\n" + String(repeating: "9", count: 401) + "\n", expected: ["scores.txt: line 2"]),
        Refusal(scores: "1\n2\n3\n", expected: ["labels.txt", "not as many rows as scores.txt", "3", "2"]),
        Refusal(labels: "1\n2\n", expected: ["labels.txt: line 2", "0 or 1", "'2'"]),
        Refusal(labels: "1\n0.5\n", expected: ["labels.txt: line 2", "0 or 1"]),
        Refusal(pairs: [1, 2], expected: ["pairs.npy", "not as many rows"]),
        Refusal(pairs: [1, 2, 3, 4], subjects: "1,a\n2\n", expected: ["subjects.csv: line 2", "template,subject"]),
        Refusal(pairs: [1, 2, 3, 4], subjects: "1,a\n1,a\n", expected: ["subjects.csv: line 2", "twice"]),
    ]

    @Test(arguments: refusals) func otherTextIsRefused(_ refusal: Refusal) {
        let error = #expect(throws: InputError.self) {
            try read(refusal.scores, refusal.labels, pairs: refusal.pairs, subjects: refusal.subjects)
        }
        for words in refusal.expected { #expect(error?.description.contains(words) == true, "\(error as Any)") }
    }

    @Test func subjectsMayHaveCommasAndBeMissing() throws {
        let scores = try read(
            "1\n2\n3\n",
            "1\n0\n0\n",
            pairs: [7, 900, 7, 5, 900, 4_000_000_000],
            subjects: "template,subject\n7,\"ann, b\"\n900,\"ann, b\"\n5,c\n"
        )
        let subjects = try #require(try scores.comparisonSubjects())
        let found = (0..<3).map { subjects.subjects(of: $0) }
        #expect(found[0].first == found[0].second && found[1].first == found[0].first)
        #expect(found[1].second != found[0].first)
        // Nobody said whose the last template is.
        #expect(found[2].first == found[0].first && ![found[0].first, found[1].second].contains(found[2].second))
    }

    @Test func subjectsThatContradictLabelsAreCounted() throws {
        // 1 and 2 are genuine but two people, 1 and 3 an impostor but one person; 4 is nobody's, so not 2's.
        let scores = try read(
            "1\n2\n3\n4\n",
            "1\n0\n1\n0\n",
            pairs: [1, 2, 1, 3, 2, 4, 2, 3],
            subjects: "1,a\n2,b\n3,a\n"
        )
        let error = #expect(throws: InputError.self) { try scores.comparisonSubjects() }
        #expect(error?.file?.hasSuffix("subjects.csv") == true && error?.code == .mismatch)
        #expect(error?.found == "2 genuine comparisons of two subjects, 1 impostor comparisons of one")
    }

    @Test func subjectsOfOtherTemplatesAreRefused() throws {
        let scores = try read("1\n2\n", "1\n0\n", pairs: [10, 20, 10, 30], subjects: "1,a\n2,b\n")
        let error = #expect(throws: InputError.self) { try scores.comparisonSubjects() }
        #expect(error?.description.contains("no template of the comparisons has a subject here") == true)
        #expect(error?.found == "2 lines, the lowest id 1" && error?.expected == "lines of ids such as 10")
    }

    @Test(arguments: ["\"a\"\"\u{301},b\"", "ann\r\r", "\"x\r\"", "\"a\n\"\"b\"", "", " a "])
    func subjectsSurviveBeingWritten(_ field: String) throws {
        let scores = try read("1\n2\n", "1\n0\n", pairs: [1, 2, 1, 3], subjects: "1,\(field)\n2,b\r\n")
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try scores.write(to: folder.path)
        let copy = try arrays(folder, comparisons: "comparisons.npy", subjects: "subjects.csv")
        #expect(copy.subjectNames == scores.subjectNames && scores.subjectNames?[2] == "b")
        #expect(copy.values == scores.values && copy.labels == scores.labels && copy.templates == scores.templates)
    }

    @Test(arguments: ["scores", "labels"]) func aTableIsNoList(_ list: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try NPYFile.write(
            [0.5, 0.25] as [Float],
            shape: list == "scores" ? [2, 1] : nil,
            to: folder.file("scores.npy")
        )
        try NPYFile.write([1, 0] as [UInt8], shape: list == "labels" ? [2, 1] : nil, to: folder.file("labels.npy"))
        let error = #expect(throws: InputError.self) {
            try arrays(folder)
        }
        #expect(error?.file == folder.file("\(list).npy") && error?.found == "[2, 1]")
    }

    @Test func arraysAreReadInBlocks() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let count = LargeArray<Float>.blockLength + 3
        let values = (0..<count).map { Float($0) }
        try NPYFile.write(values, to: folder.file("scores.npy"))
        try NPYFile.write(values.map { UInt8(Int($0) % 2) }, to: folder.file("labels.npy"))
        let ids = (0..<UInt32(2 * count)).map { $0 % 1000 }
        try NPYFile.write(ids, shape: [count, 2], to: folder.file("pairs.npy"))
        let scores = try arrays(folder, comparisons: "pairs.npy")
        #expect(scores.values == .single(values))
        #expect(scores.labels[count - 1] == UInt8((count - 1) % 2))
        #expect(scores.templates.map { Array($0) } == ids)
        let subjects = try #require(try scores.comparisonSubjects())
        #expect(subjects.firstTemplate[count - 1] == ids[2 * count - 2])
        #expect(subjects.secondTemplate[count - 1] == ids[2 * count - 1])
    }

    @Test func aLabelBehindTheFirstBlockIsNamed() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let count = LargeArray<UInt8>.blockLength + 3
        try NPYFile.write([UInt8](repeating: 1, count: count - 1) + [9], to: folder.file("labels.npy"))
        try NPYFile.write([Float](repeating: 0, count: count), to: folder.file("scores.npy"))
        let error = #expect(throws: InputError.self) {
            try arrays(folder)
        }
        #expect(error?.place == "row \(count - 1)" && error?.found == "9")
    }
}

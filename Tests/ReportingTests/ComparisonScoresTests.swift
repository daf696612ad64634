import ArtifactFiles
import Reporting
import TestSupport
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

    /// Tables as programs write them: quotes, other separators, other columns around.
    @Test(arguments: [
        "a,score,label\nx,0.5,1\ny,-inf,0\nz,1e-3,0\n",
        "label;score\r\n1; 0.5 \r\n-1;-inf\r\n-1;0.001\r\n",
        "\u{feff}\"name\"\t\"label\"\t\"score\"\n\"a\tb\"\tTrue\t\"0.5\"\nc\tFalse\t-inf\nd\tfalse\t1e-3",
    ])
    func columnsAreFoundByName(_ table: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.file("table.csv")
        try AtomicFile.write(table, to: path)
        func read(_ score: String?, _ label: String?) throws -> ComparisonScores {
            try ComparisonScores(
                scores: path,
                labels: path,
                comparisons: nil,
                subjects: nil,
                columns: (score, label)
            )
        }
        let scores = try read("score", "label")
        #expect(scores.values == .double([0.5, -.infinity, 0.001]) && scores.labels == [1, 0, 0])
        let missing = #expect(throws: InputError.self) { try read("scores", "label") }
        #expect(missing?.place == "line 1" && missing?.problem == "no column has the name 'scores'")
        let unnamed = #expect(throws: InputError.self) { try read(nil, nil) }
        #expect(unnamed?.problem.contains("--score-column") == true)
        let text = #expect(throws: InputError.self) { try read("label", "score") }
        #expect(text?.place?.hasPrefix("line ") == true)
    }

    @Test(arguments: [
        ("1\n-1\n1\n", [1, 0, 1]), ("1\n0\n-1\n", nil), ("-1\n0\n1\n", nil), ("1.0\n-1.0\n1\n", [1, 0, 1]),
    ])
    func impostorsAreZeroOrMinusOneThroughout(_ text: String, _ expected: [UInt8]?) throws {
        let found = try? read("1\n2\n3\n", text).labels
        #expect(found.map { Array($0) } == expected)
    }

    @Test func distancesChangeTheirSign() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        func read(_ ending: String) throws -> ScoreValues {
            try ComparisonScores(
                scores: folder.file("scores." + ending),
                labels: folder.file("labels.txt"),
                comparisons: nil,
                subjects: nil,
                areDistances: true
            )
            .values
        }
        try AtomicFile.write("1\n0\n0\n", to: folder.file("labels.txt"))
        try AtomicFile.write("0.5\ninf\n2\n", to: folder.file("scores.txt"))
        try NPYFile.write([0.5, .infinity, 2] as [Float], to: folder.file("scores.npy"))
        #expect(try read("txt") == .double([-0.5, -.infinity, -2]))
        #expect(try read("npy") == .single([-0.5, -.infinity, -2]))
        try NPYFile.write([0.5, -.infinity, 2] as [Float], to: folder.file("scores.npy"))
        let error = #expect(throws: InputError.self) { try read("npy") }
        #expect(error?.place == "row 1" && error?.expected == "a distance above -infinity")
    }

    /// Archives, byte orders and shapes as NumPy wrote them (`Scripts/oracles/score_lists.py`).
    @Test(arguments: ["lists.npz", "named.npz", "big-endian", "column", "fortran"]) func numpyFilesAreRead(
        _ name: String
    ) throws {
        let folder = Fixture.path("Reporting/score-lists/")
        let isArchive = name.hasSuffix("npz")
        let scores = try ComparisonScores(
            scores: folder + (isArchive ? name : name + "-scores.npy"),
            labels: folder + (isArchive ? name : name + "-labels.npy"),
            comparisons: nil,
            subjects: nil,
            columns: name == "named.npz" ? ("cosine", "same.npy") : (nil, nil)
        )
        #expect(scores.labels == [1, 0, 0, 1])
        let expected: [Double] = [0.5, -.infinity, 0.125, -2]
        #expect((0..<4).map { scores.values[$0] } == expected)
    }

    @Test func anArchiveSaysWhatIsInIt() {
        let path = Fixture.path("Reporting/score-lists/named.npz")
        let missing = #expect(throws: InputError.self) {
            try ComparisonScores(scores: path, labels: path, comparisons: nil, subjects: nil)
        }
        #expect(missing?.found == "cosine.npy, same.npy" && missing?.problem.contains("--score-column") == true)
        let packed = Fixture.path("Reporting/score-lists/compressed.npz")
        let compressed = #expect(throws: InputError.self) {
            try ComparisonScores(scores: packed, labels: packed, comparisons: nil, subjects: nil)
        }
        #expect(compressed?.expected?.contains("numpy.savez") == true && compressed?.file == packed)
    }

    @Test(arguments: ["scores", "labels"]) func aTableIsNoList(_ list: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try NPYFile.write(
            [0.5, 0.25] + (list == "scores" ? [1, 2] : []) as [Float],
            shape: list == "scores" ? [1, 2, 2] : nil,
            to: folder.file("scores.npy")
        )
        try NPYFile.write(
            [1, 0, 0, 0] as [UInt8],
            shape: list == "labels" ? [2, 2] : nil,
            to: folder.file("labels.npy")
        )
        let error = #expect(throws: InputError.self) {
            try arrays(folder)
        }
        #expect(error?.file == folder.file("\(list).npy") && error?.found?.hasSuffix("2, 2]") == true)
    }

    @Test func arraysAreReadInBlocks() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let count = NPYFile.pieceLength + 3
        let values = (0..<count).map { Float($0) }
        try NPYFile.write(values, to: folder.file("scores.npy"))
        try NPYFile.write(values.map { UInt8(Int($0) % 2) }, to: folder.file("labels.npy"))
        let ids = (0..<UInt32(2 * count)).map { $0 % 1000 }
        try NPYFile.write(ids, shape: [count, 2], to: folder.file("pairs.npy"))
        let scores = try arrays(folder, comparisons: "pairs.npy")
        #expect(scores.values == .single(values))
        #expect(scores.labels[count - 1] == UInt8((count - 1) % 2))
        #expect(scores.templates == ids)
        let subjects = try #require(try scores.comparisonSubjects())
        #expect(subjects.firstTemplate[count - 1] == ids[2 * count - 2])
        #expect(subjects.secondTemplate[count - 1] == ids[2 * count - 1])
    }

    @Test func aLabelBehindTheFirstBlockIsNamed() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let count = NPYFile.pieceLength + 3
        try NPYFile.write([UInt8](repeating: 1, count: count - 1) + [9], to: folder.file("labels.npy"))
        try NPYFile.write([Float](repeating: 0, count: count), to: folder.file("scores.npy"))
        let error = #expect(throws: InputError.self) {
            try arrays(folder)
        }
        #expect(error?.place == "row \(count - 1)" && error?.found == "9")
    }
}

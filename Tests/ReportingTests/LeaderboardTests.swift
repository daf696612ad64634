import ArtifactFiles
import Foundation
import Reporting
import Testing
import VerificationMetrics

@Suite struct LeaderboardTests {
    private let bootstrap: SubjectBootstrap

    init() throws { bootstrap = try SubjectBootstrap(replicates: 200, seed: 1, threads: 2) }

    private func files(_ board: Leaderboard) throws -> [String: String] {
        Dictionary(uniqueKeysWithValues: try board.document().files(Leaderboard.forms).map { ($0.name, $0.text) })
    }

    private func rows(_ csv: String?) -> [[String: String]] {
        let lines = (csv ?? "").split(separator: "\n")
            .map { line in
                // No field of these tests holds a quote.
                var fields: [String] = [""]
                var isQuoted = false
                for character in line {
                    if character == "\"" {
                        isQuoted.toggle()
                    } else if character == ",", !isQuoted {
                        fields.append("")
                    } else {
                        fields[fields.count - 1].append(character)
                    }
                }
                return fields
            }
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
    }

    @Test func publishedRowsAreThoseOfThePapers() throws {
        let board = try Leaderboard(
            runs: [],
            includesPublished: true,
            sortFAR: try FARTarget("1e-5"),
            bootstrap: bootstrap
        )
        let rows = rows(try files(board)["leaderboard.csv"])
        #expect(rows.allSatisfy { $0["quoted"] == "true" && $0["source"]?.isEmpty == false })
        func tar(_ family: String, _ system: String, _ far: String) -> [Double] {
            rows.filter { $0["family"]?.hasPrefix(family) == true && $0["system"] == system && $0["far_target"] == far }
                .compactMap { $0["tar"].flatMap { Double($0) } }
        }
        #expect(tar("A.", "MobileFaceNet, SH-KD", "1e-6") == [0.9024])
        #expect(tar("A.", "MobileFaceNet, no distillation", "1e-5") == [0.9275, 0.9220])
        #expect(tar("B.", "MobileFaceNet", "1e-4") == [0.9504, 0.9423, 0.9361])
        #expect(tar("C.", "QUD", "1e-5") == [0.816])
        // Sums over all rows, added up from the tables apart from this code: no digit is mistyped.
        func sum(_ family: String, _ far: String) -> Double {
            rows.filter { $0["family"]?.hasPrefix(family) == true && $0["far_target"] == far }
                .compactMap { $0["tar"].flatMap { Double($0) } }.reduce(0, +) * 100
        }
        #expect(abs(sum("A.", "1e-6") - 539.62) < 1e-6 && abs(sum("A.", "1e-5") - 843.22) < 1e-6)
        #expect(abs(sum("A.", "1e-4") - 861.63) < 1e-6)
        #expect(abs(sum("B.", "1e-5") - 463.72) < 1e-6 && abs(sum("B.", "1e-4") - 476.10) < 1e-6)
        #expect(rows.filter { $0["family"]?.hasPrefix("C.") == true }.count == 40)
        #expect(abs(sum("C.", "1e-5") - 1641.16) < 1e-6 && abs(sum("C.", "1e-4") - 1797.75) < 1e-6)
    }

    @Test func rowsWithoutScoresHaveAPlaceByValueAndNoRank() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let yaml = """
            families:
              - name: ranks
                genuine: 10000
                rows:
                  - {name: worst, tar: {1e-5: 80}}
                  - {name: best, tar: {1e-5: 90}}
                  - {name: near best, tar: {1e-5: 89.9}}
                  - {name: third, tar: {1e-5: 85}}
                  - {name: elsewhere, tar: {1e-4: 99}}
            """
        try AtomicFile.write(yaml, to: folder.file("rows.yml"))
        let board = try Leaderboard(
            runs: [],
            includesPublished: false,
            additions: [folder.file("rows.yml")],
            sortFAR: try FARTarget("1e-5"),
            bootstrap: bootstrap
        )
        let order = rows(try files(board)["leaderboard.csv"])
            .map { ($0["system"] ?? "") + " " + ($0["place_by_value"] ?? "") + ($0["rank_best"] ?? "-") }
        #expect(order == ["best 1", "near best 2", "third 3", "worst 4", "elsewhere "])
        let text = try #require(try files(board)["leaderboard.md"])
        #expect(text.contains("Place by value") && !text.contains("| Rank") && text.contains("Without scores"))
        let other = try Leaderboard(
            runs: [],
            includesPublished: false,
            additions: [folder.file("rows.yml")],
            sortFAR: try FARTarget("1e-4"),
            bootstrap: bootstrap
        )
        #expect(rows(try files(other)["leaderboard.csv"]).first?["system"] == "elsewhere")
    }

    @Test func runsOfOneProtocolFormAFamilyAndUnresolvedRatesHaveNoRank() throws {
        let folders = try (0..<2).map { _ in try TemporaryFolder() }
        defer { for folder in folders { folder.remove() } }
        for (index, folder) in folders.enumerated() {
            try SampleRun(seed: UInt64(index)).writeScoresAlone(to: folder.path, name: "run \(index)")
        }
        let runs = try folders.map { try RunFolder(path: $0.path) }
        let board = try Leaderboard(
            runs: runs,
            includesPublished: true,
            sortFAR: try FARTarget("1e-4"),
            bootstrap: bootstrap
        )
        let files = try files(board)
        let markdown = try #require(files["leaderboard.md"])
        #expect(markdown.components(separatedBy: "\n## ").count == 6)
        #expect(markdown.contains("## Measured here: sample, 30 genuine and 1,740 impostor comparisons"))
        #expect(markdown.contains("|    – | run 0"))
        #expect(markdown.contains("not resolved"))
        let page = try MarkupElements(page: try #require(files["leaderboard.html"]))
        #expect(page.elements.filter { $0.name == "table" && $0.attributes["class"] == "sortable" }.count == 4)
        #expect(!board.document().summary.contains("Quoted") && board.document().summary.contains("Rank"))
        let named = try Leaderboard(
            runs: runs,
            names: [nil, "the second"],
            includesPublished: false,
            sortFAR: try FARTarget("1e-4"),
            bootstrap: bootstrap
        )
        let table = try #require(try self.files(named)["leaderboard.md"])
        #expect(table.contains("| run 0") && table.contains("| the second") && !table.contains("run 1"))
    }

    /// Runs of 120 people, 28,560 impostors: 2 are allowed at 1e-4.
    private func rankedBoard(
        _ systems: [(seed: UInt64, shift: Double)],
        published: Bool = false,
        change: ([String]) throws -> Void = { _ in }
    ) throws -> Leaderboard {
        let folders = try systems.map { _ in try TemporaryFolder() }
        defer { for folder in folders { folder.remove() } }
        for (folder, system) in zip(folders, systems) {
            let run = SampleRun(seed: system.seed, shift: system.shift, subjects: 120)
            try run.writeScoresAlone(to: folder.path, name: "shift \(system.shift)")
        }
        try change(folders.map(\.path))
        return try Leaderboard(
            runs: try folders.map { try RunFolder(path: $0.path) },
            includesPublished: published,
            sortFAR: try FARTarget("1e-4"),
            bootstrap: bootstrap
        )
    }

    @Test func runsOfTheSameComparisonsHaveIntervalsOfRanksInTheOrderOfTheirTAR() throws {
        let board = try rankedBoard([(1, 2.5), (2, 7), (3, 2.5), (4, 7.1)], published: true)
        let found = rows(try files(board)["leaderboard.csv"])
            .filter { $0["quoted"] == "false" && $0["far_target"] == "1e-4" }
        #expect(found.map { $0["rank_best"] } == ["1", "1", "3", "3"])
        #expect(found.map { $0["rank_worst"] } == ["2", "2", "4", "4"])
        let tars = found.compactMap { $0["tar"].flatMap { Double($0) } }
        #expect(tars == tars.sorted(by: >) && tars.count == 4)
        let text = try #require(try files(board)["leaderboard.md"])
        #expect(text.contains("|  1–2 |") && text.contains("|  3–4 |"))
        // A sample is not the benchmark of the published rows.
        #expect(text.contains("Not the full IJB-C 1:1 benchmark (19,557 genuine and 15,638,932 impostor comparisons)"))
        #expect(text.contains("Of the full IJB-C 1:1 benchmark"))
        let json = try board.document().text("json")
        #expect(json.contains("\"rankBest\" : 1") && json.contains("\"rankWorst\" : 4"))
    }

    /// The same counts and the same protocol name are not the same comparisons.
    @Test func otherComparisonsOfTheSameCountsAreAnotherFamily() throws {
        let board = try rankedBoard([(1, 4), (2, 7)]) { folders in
            let file = folders[1] + "/comparisons.npy"
            let pairs = try NPYFile(path: file)
            var ids = try pairs.integers().map { UInt32($0) }
            // The second templates of two impostor comparisons.
            ids.swapAt(11, 19)
            try NPYFile.write(ids, shape: pairs.shape, to: file)
        }
        #expect(try #require(try files(board)["leaderboard.md"]).components(separatedBy: "(comparisons ").count == 3)
        let found = rows(try files(board)["leaderboard.csv"])
        #expect(Set(found.compactMap { $0["rank_worst"] }) == ["1"])
    }

    /// Names of subjects and of the protocol do not tell comparisons apart.
    @Test func aProtocolUnderAnotherNameIsTheSameFamily() throws {
        let board = try rankedBoard([(1, 4), (2, 7)]) { folders in
            let file = folders[1] + "/report.json"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try AtomicFile.write(text.replacing("\"name\" : \"sample\"", with: "\"name\" : \"other\""), to: file)
        }
        #expect(rows(try files(board)["leaderboard.csv"]).contains { $0["rank_worst"] == "2" })
    }

    @Test(arguments: [
        ("families: []", "needs runs"),
        ("famlies: []", "unknown key 'famlies'"),
        ("families: [{name: a, rows: [{name: b, tar: {1e-5: 190}}]}]", "in percent"),
        ("families: [{name: a, rows: [{name: b, tar: {fast: 90}}]}]", "row 'b'"),
        ("families: [{name: a, rows: [{name: b, tar: {1e-5: 90, 0.00001: 91}}]}]", "occurs twice"),
        ("families: [{name: a, rows: [{name: b, tarr: {1e-5: 90}}]}]", "unknown key 'tarr'"),
        ("families: [{name: a, rows: [{name: b, tar: {1e-5: high}}]}]", "tar"),
    ])
    func mistakesInAFileOfRowsAreNamed(yaml: String, word: String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try AtomicFile.write(yaml, to: folder.file("rows.yml"))
        let error = #expect(throws: InputError.self) {
            _ = try Leaderboard(
                runs: [],
                includesPublished: false,
                additions: [folder.file("rows.yml")],
                sortFAR: try FARTarget("1e-5"),
                bootstrap: bootstrap
            )
        }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }

    @Test func unknownColumnListsTheKnown() throws {
        let error = #expect(throws: InputError.self) {
            _ = try Leaderboard(
                runs: [],
                includesPublished: true,
                sortFAR: try FARTarget("1e-3"),
                bootstrap: bootstrap
            )
        }
        #expect(error?.description == "unknown column to sort by '1e-3' (expected one of 1e-4, 1e-5, 1e-6)")
    }

    @Test func hostileRowsChangeTextOnly() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        func shape(_ name: String) throws -> (shape: [String], tex: String) {
            let quoted = "'" + name.replacing("'", with: "''") + "'"
            let yaml = "families: [{name: \(quoted), rows: [{name: \(quoted), source: \(quoted), tar: {1e-5: 90}}]}]"
            try AtomicFile.write(yaml, to: folder.file("rows.yml"))
            let board = try Leaderboard(
                runs: [],
                includesPublished: false,
                additions: [folder.file("rows.yml")],
                sortFAR: try FARTarget("1e-5"),
                bootstrap: bootstrap
            )
            let files = try files(board)
            let page = try MarkupElements(page: try #require(files["leaderboard.html"]))
            return (page.shape, try #require(files["leaderboard.tex"]))
        }
        let hostile = HostileText.script + HostileText.attribute + HostileText.latex + HostileText.template
        let found = try shape(hostile.replacing("&", with: ""))
        #expect(found.shape == (try shape("plain").shape))
        #expect(!found.tex.contains("\\input"))
    }
}

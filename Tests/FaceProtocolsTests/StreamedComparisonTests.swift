import ArtifactFiles
import FaceProtocols
import Foundation
import LargeArrays
import SeededRandom
import Testing

/// Lists as long as IJB-C's covariates: read piece by piece into a file, nothing of them held twice.
@Suite struct StreamedComparisonTests {
    private struct Outcome: Hashable {
        let comparisons: Comparisons
        let findings: FindingList
    }

    private static func lines(_ random: inout SeededGenerator, _ count: Int, errorRate: Double) -> [UInt8] {
        let errors = ["", "1", "1,2,3", "x,1", "1, 2", "99,1", " ", "1,99999999999999999999", "1,2\r"]
        var text = ""
        for _ in 0..<count {
            if random.uniform() < errorRate {
                text += errors[random.index(below: errors.count)]
            } else {
                text += "\(1 + random.index(below: 9)),\(1 + random.index(below: 9))"
            }
            text += random.uniform() < 0.1 ? "\r\n" : "\n"
        }
        return Array(text.utf8)
    }

    private static func parse(
        _ bytes: UnsafeRawBufferPointer,
        cuts: [Int]?,
        workers: Int,
        place: LargeArrayPlace,
        isMapped: Bool = false
    ) -> Outcome? {
        var findings = FindingList(limitPerKind: 4)
        return TextRows(bytes, file: "pairs.csv", isMapped: isMapped, findings: &findings)
            .map { rows in
                let parser = TemplatePairParser(
                    rows: rows,
                    lookup: TemplateLookup(ids: Array(1...9)),
                    subjects: [0, 0, 1, 1, 1, 2, 3, 3, 4],
                    workers: workers,
                    place: place
                )
                return Outcome(comparisons: parser.parse(cuts: cuts, findings: &findings), findings: findings)
            }
    }

    @Test func piecesInAFileAreTheWholeInMemory() throws {
        var random = SeededGenerator(seed: 31)
        for round in 0..<100 {
            let bytes = Self.lines(&random, random.index(below: 80), errorRate: round % 2 == 0 ? 0 : 0.2)
            try bytes.withUnsafeBytes { raw in
                let whole = try #require(Self.parse(raw, cuts: [], workers: 1, place: .memory))
                let cuts = (0..<random.index(below: 12)).map { _ in random.index(below: bytes.count + 2) }.sorted()
                #expect(Self.parse(raw, cuts: cuts, workers: 2, place: .file) == whole)
            }
        }
    }

    /// Many pages, each given back as soon as it is read or written.
    @Test func whatIsGivenBackIsReadAgain() throws {
        var random = SeededGenerator(seed: 32)
        let bytes = Self.lines(&random, 200_000, errorRate: 0.0001)
        let path = NSTemporaryDirectory() + "verifar-pairs-\(UUID().uuidString).csv"
        defer { FileSystem.remove(path) }
        try AtomicFile.write(bytes, to: path)
        let whole = try #require(bytes.withUnsafeBytes { Self.parse($0, cuts: [], workers: 1, place: .memory) })
        let file = try MappedFile(path: path)
        let cuts = Array(stride(from: 10_000, to: bytes.count, by: 10_000))
        let streamed = try #require(
            file.withBytes { Self.parse($0, cuts: cuts, workers: 2, place: .file, isMapped: true) }
        )
        #expect(streamed == whole)
        #expect(file.withBytes { $0.elementsEqual(bytes) })
        let comparisons = streamed.comparisons
        comparisons.giveBack(0..<comparisons.count)
        #expect(comparisons == whole.comparisons)
        // Nine bytes per comparison, none of them in memory of the process's own.
        #expect(comparisons.first.isInFile && comparisons.second.isInFile && comparisons.labels.isInFile)
        #expect(!whole.comparisons.first.isInFile && !whole.comparisons.labels.isInFile)
    }
}

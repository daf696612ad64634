import FaceProtocols
import SeededRandom
import Testing

@Suite struct ParallelParseTests {
    /// Lines as files have them, valid and not: separators, CR LF, leading zeros, errors, with or without a last LF.
    private static func randomFile(_ random: inout SeededGenerator, ids: [Int], errorRate: Double) -> [UInt8] {
        var text = ""
        for _ in 0..<random.index(below: 60) {
            let id = { (random: inout SeededGenerator) in
                let zeros = random.uniform() < 0.1 ? String(repeating: "0", count: random.index(below: 20)) : ""
                return zeros + "\(ids[random.index(below: ids.count)])"
            }
            let separator = { (random: inout SeededGenerator) in
                random.uniform() < 0.9 ? " " : ["  ", "\t", " \t "][random.index(below: 3)]
            }
            var line = id(&random) + separator(&random) + id(&random) + separator(&random) + "\(random.index(below: 2))"
            if random.uniform() < errorRate {
                let errors = [
                    "", " ", "x", "1 2", "1 2 3", "1 2 0 1", "-1 2 0", "99999999999999999999 1 0", "4 4 0", "1 2 00",
                    "\r1 2 0",
                    "1 2 0\r\r", "123456789012345678 1 0", "1234567890123456789 1 1", "é 1 0",
                ]
                line = errors[random.index(below: errors.count)]
            }
            text += line + (random.uniform() < 0.1 ? " " : "") + (random.uniform() < 0.1 ? "\r\n" : "\n")
        }
        var bytes = Array(text.utf8)
        if random.uniform() < 0.3, !bytes.isEmpty { bytes.removeLast() }
        return bytes
    }

    private struct Outcome: Hashable {
        let comparisons: Comparisons
        let findings: FindingList
    }

    private static func parse(
        _ bytes: [UInt8],
        ids: [Int],
        form: ComparisonParser.Form = .labelled,
        cuts: [Int]?,
        workers: Int
    ) -> Outcome? {
        bytes.withUnsafeBytes { raw in
            var findings = FindingList(limitPerKind: 3)
            return TextRows(raw, file: "pairs", findings: &findings)
                .map { rows in
                    let parser = ComparisonParser(
                        rows: rows,
                        lookup: TemplateLookup(ids: ids),
                        form: form,
                        workers: workers
                    )
                    let comparisons = parser.parse(cuts: cuts, findings: &findings)
                    return Outcome(comparisons: comparisons, findings: findings)
                }
        }
    }

    /// An independent reading by whole lines as strings; nil for a line that is an error.
    private static func naive(_ bytes: [UInt8], ids: [Int]) -> [[Int]?] {
        var lines = String(decoding: bytes, as: UTF8.self).unicodeScalars
            .split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            .map(String.init)
        while let last = lines.last, last.allSatisfy({ " \t\r\n\r\n".contains($0) }) { lines.removeLast() }
        return lines.enumerated()
            .map { index, line in
                let isLastWithoutLineFeed = index == lines.count - 1 && bytes.last != 10
                var scalars = Array(line.unicodeScalars)
                if scalars.last == "\r", !isLastWithoutLineFeed { scalars.removeLast() }
                let fields = scalars.split { $0 == " " || $0 == "\t" }.map { String(String.UnicodeScalarView($0)) }
                guard fields.count == 3, fields[2] == "0" || fields[2] == "1" else { return nil }
                let numbers = fields.compactMap { $0.utf8.allSatisfy { 48...57 ~= $0 } ? Int($0) : nil }
                guard numbers.count == 3, let first = ids.firstIndex(of: numbers[0]),
                    let second = ids.firstIndex(of: numbers[1])
                else { return nil }
                return [first, second, numbers[2]]
            }
    }

    @Test(arguments: [[0, 1, 2, 3, 5, 17, 4000], [7], [3, 1 << 22, Int.max - 1, Int.max], [(1 << 22) - 1, 1 << 40]])
    func partsAndThreadsChangeNothing(_ ids: [Int]) throws {
        var random = SeededGenerator(seed: 11, stream: UInt64(ids.count))
        for round in 0..<150 {
            let bytes = Self.randomFile(&random, ids: ids, errorRate: round % 3 == 0 ? 0.2 : 0)
            let serial = try #require(Self.parse(bytes, ids: ids, cuts: [], workers: 1))
            let expected = Self.naive(bytes, ids: ids)
            #expect(serial.comparisons.count == expected.count)
            for (index, row) in expected.enumerated() {
                let row = row ?? [0, 0, 0]
                #expect(Int(serial.comparisons.first[index]) == row[0])
                #expect(Int(serial.comparisons.second[index]) == row[1])
                #expect(Int(serial.comparisons.labels[index]) == row[2])
            }
            #expect(serial.findings.isValid == !expected.contains { $0 == nil })
            #expect(serial.findings.count(.error) == expected.count { $0 == nil })
            for _ in 0..<4 {
                let cuts = (0..<random.index(below: 12)).map { _ in random.index(below: bytes.count + 2) }.sorted()
                #expect(Self.parse(bytes, ids: ids, cuts: cuts, workers: 2) == serial)
            }
        }
    }

    private static func randomPairs(_ random: inout SeededGenerator, errorRate: Double) -> [UInt8] {
        let errors = [
            "", "1", "1,2,3", "x,1", "1, 2", "99,1", " ", "1,99999999999999999999", "1,2\r", "\"1\",2", "\"1,2",
        ]
        var text = ""
        for _ in 0..<random.index(below: 80) {
            text +=
                random.uniform() < errorRate
                ? errors[random.index(below: errors.count)]
                : "\(1 + random.index(below: 9)),\(1 + random.index(below: 9))"
            text += random.uniform() < 0.1 ? "\r\n" : "\n"
        }
        return Array(text.utf8)
    }

    @Test func pairsAreLabelledBySubjectInAnyPartsAndThreads() throws {
        let subjects: [UInt32] = [0, 0, 1, 1, 1, 2, 3, 3, 4]
        var random = SeededGenerator(seed: 31)
        for round in 0..<200 {
            let bytes = Self.randomPairs(&random, errorRate: round % 2 == 0 ? 0 : 0.2)
            let parse = { (cuts: [Int], workers: Int) in
                Self.parse(bytes, ids: Array(1...9), form: .bySubject(subjects), cuts: cuts, workers: workers)
            }
            let serial = try #require(parse([], 1))
            if round % 2 == 0 {
                let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
                let pairs = lines.map { $0.split(separator: ",").compactMap { Int($0) } }
                #expect(serial.findings.isValid)
                #expect(serial.comparisons.first.map { Int($0) + 1 } == pairs.map { $0[0] })
                #expect(serial.comparisons.second.map { Int($0) + 1 } == pairs.map { $0[1] })
                let labels = pairs.map { subjects[$0[0] - 1] == subjects[$0[1] - 1] ? 1 : 0 }
                #expect(serial.comparisons.labels.map { Int($0) } == labels)
            }
            for _ in 0..<2 {
                let cuts = (0..<random.index(below: 12)).map { _ in random.index(below: bytes.count + 2) }.sorted()
                #expect(parse(cuts, 2) == serial)
            }
        }
    }

    @Test func landmarkPartsAndThreadsChangeNothing() throws {
        var random = SeededGenerator(seed: 12)
        for _ in 0..<60 {
            let count = 1 + random.index(below: 30)
            let list = (0..<count).map { "\($0).jpg 1 1\n" }.joined()
            var lines = (0..<count)
                .map { row in
                    "\(row).jpg" + (0..<11).map { _ in " \(Float(random.uniform(0, 1)))" }.joined()
                }
            for _ in 0..<random.index(below: 4) {
                let row = random.index(below: count)
                lines[row] =
                    ["9x.jpg 1", lines[row] + " 7", "\(lines[row])z", "", "q" + lines[row]][random.index(below: 5)]
            }
            if lines[0].split(separator: " ").count != 12 { continue }
            let bytes = Array((lines.joined(separator: random.uniform() < 0.2 ? "\r\n" : "\n") + "\n").utf8)
            let serial = Self.parseLandmarks(list, bytes, cuts: [], workers: 1)
            for _ in 0..<4 {
                let cuts = (0..<random.index(below: 9)).map { _ in random.index(below: bytes.count + 2) }.sorted()
                let parallel = Self.parseLandmarks(list, bytes, cuts: cuts, workers: 2)
                #expect(parallel.bits == serial.bits)
                #expect(parallel.findings == serial.findings)
            }
        }
    }

    private static func parseLandmarks(
        _ list: String,
        _ bytes: [UInt8],
        cuts: [Int],
        workers: Int
    ) -> (bits: [UInt32]?, findings: FindingList) {
        var findings = FindingList(limitPerKind: 2)
        var bits: [UInt32]?
        Array(list.utf8)
            .withUnsafeBytes { listBytes in
                bytes.withUnsafeBytes { bytes in
                    let images = ImageList(listBytes, "list", .strict, &findings)
                    guard let rows = TextRows(bytes, file: "landmarks", findings: &findings) else { return }
                    let outcome = LandmarkParser(rows: rows, order: (images.paths, "list"), workers: workers)
                        .parse(cuts: cuts, findings: &findings)
                    bits = outcome.map { ($0.landmarks + $0.detectorScores).map(\.bitPattern) }
                }
            }
        return (bits, findings)
    }
}

@Suite struct FindingListTests {
    @Test func partsAppendedInOrderAreOneList() {
        var random = SeededGenerator(seed: 13)
        let kinds: [ProtocolFinding.Kind] = [.badLabel, .blankLine, .count]
        for _ in 0..<50 {
            var whole = FindingList(limitPerKind: 4)
            var parts: [FindingList] = [FindingList(limitPerKind: 4)]
            for line in 0..<random.index(below: 40) {
                if random.uniform() < 0.2 { parts.append(FindingList(limitPerKind: 4)) }
                let kind = kinds[random.index(below: kinds.count)]
                whole.add(kind, at: .init("f", line), "m")
                parts[parts.count - 1].add(kind, at: .init("f", line), "m")
            }
            var joined = FindingList(limitPerKind: 4)
            for part in parts { joined.append(part) }
            #expect(joined == whole)
        }
    }

    @Test func theRestOfAKindIsCounted() {
        var findings = FindingList(limitPerKind: 2)
        for line in 1...5 {
            findings.add(.badLabel, at: .init("f", line), "bad label", expected: "0 or 1", found: "'7'")
        }
        findings.add(.count, "wrong")
        findings.add(.carriageReturn, at: .init("f"), "CR")
        #expect(findings.count(.error) == 5)
        #expect(findings.count(.warning) == 1)
        #expect(findings.count(.note) == 1)
        #expect(findings.unlistedCount(.badLabel) == 3)
        #expect(
            findings.lines == [
                "error: f: line 1: bad label (expected 0 or 1, found '7')",
                "error: f: line 2: bad label (expected 0 or 1, found '7')",
                "error: … and 3 more of the kind badLabel",
                "warning: wrong",
                "note: f: CR",
            ]
        )
        let error = #expect(throws: (any Error).self) { try findings.requireValid() }
        #expect("\(error.map { "\($0)" } ?? "")".contains("4 more errors"))
    }
}
